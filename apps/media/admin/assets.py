"""Videos in the newsroom: to look at, and placeholders for demonstrations. Uploads are not done here."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.core.admin import ReadOnlyAdmin
from apps.media.models import Asset
from apps.media.services import assets

from .video_page import VideoPage

HEIGHTS = (360, 480, 720, 1080)


class PlaceholderForm(forms.ModelForm):
    """A video of which only the facts are made up, so that a title can be tried out without one."""

    minutes = forms.IntegerField(min_value=1, max_value=600, widget=UnfoldAdminIntegerFieldWidget)
    height = forms.TypedChoiceField(
        choices=[(one, f"{one}p") for one in HEIGHTS],
        coerce=int,
        initial=720,
        label="Up to",
        widget=UnfoldAdminSelectWidget,
    )
    audio = forms.RegexField(
        r"^[a-z]{2,3}(, ?[a-z]{2,3})*$", initial="en", widget=UnfoldAdminTextInputWidget,
        help_text="Languages, such as en, hi.",
    )  # fmt: skip
    subtitles = forms.RegexField(
        r"^[a-z]{2,3}(, ?[a-z]{2,3})*$", required=False, widget=UnfoldAdminTextInputWidget
    )

    class Meta:
        model = Asset
        fields = ("name",)


@admin.register(Asset)
class AssetAdmin(VideoPage, ReadOnlyAdmin):
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

    # --- Placeholders ---

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("media.add_asset")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs |= {"form": PlaceholderForm, "fields": ("name",)}
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            return super().get_fieldsets(request, obj)
        told = "No media is behind a placeholder. It passes for a ready video and is marked as what it is."
        return ((None, {"fields": ("name", "minutes", "height", "audio", "subtitles"), "description": told}),)

    def save_model(self, request: HttpRequest, obj: Asset, form: Any, change: bool) -> None:
        given = form.cleaned_data
        made = assets.placeholder(
            given["name"],
            duration_ms=given["minutes"] * 60_000,
            heights=[one for one in HEIGHTS if one <= given["height"]],
            audio=_languages(given["audio"]),
            subtitles=_languages(given["subtitles"]),
            by=request.user,  # type: ignore[arg-type]
        )
        obj.pk = made.pk
        obj.__dict__.update(made.__dict__)

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


def _languages(text: str) -> list[str]:
    return list(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))
