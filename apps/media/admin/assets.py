"""The list of videos."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from apps.media.models import Asset

from .uploads import UploadingAdmin
from .video_page import VideoPage


@admin.register(Asset)
class AssetAdmin(VideoPage, UploadingAdmin):
    fields = ("filename", "created_at", "created_by", "master_sha256", "public_id")
    list_display = ("name", "state_mark", "length", "heights", "audio", "subtitles", "created_at")
    list_filter = ("state", "placeholder")
    search_fields = ("name", "public_id")
    list_fullwidth = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Asset]:
        parts = ("renditions", "audio_tracks", "subtitle_tracks")
        return super().get_queryset(request).select_related("created_by").prefetch_related(*parts)

    def get_urls(self) -> Any:
        return self.page_urls(self.admin_site.admin_view) + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        told = {**(extra_context or {}), **self.page_context(request, object_id)}
        return super().change_view(request, object_id, form_url, told)

    # --- Columns ---

    @display(description="state", label={"placeholder": "warning", "ready": "success", "failed": "danger"})
    def state_mark(self, asset: Asset) -> str:
        return "placeholder" if asset.placeholder else str(asset.state)

    @display(description="length")
    def length(self, asset: Asset) -> str:
        seconds = (asset.duration_ms or 0) // 1000
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}" if seconds else ""

    @display(description="renditions")
    def heights(self, asset: Asset) -> str:
        return _listed(asset.renditions.all())

    @display(description="audio")
    def audio(self, asset: Asset) -> str:
        return _listed(asset.audio_tracks.all())

    @display(description="subtitles")
    def subtitles(self, asset: Asset) -> str:
        return _listed(asset.subtitle_tracks.all())


def _listed(rows: Any) -> str:
    return ", ".join(map(str, rows))
