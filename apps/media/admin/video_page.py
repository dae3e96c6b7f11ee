"""A video's page in the newsroom: what it is, what was made of it, what was found, what can be done."""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_POST

from apps.core.errors import DomainError
from apps.media import languages, origin
from apps.media.models import Asset, Job, Step
from apps.media.services import assets, ingest

from .jobs import clock, told

MIB = 1024**2


def about(asset: Asset) -> dict[str, Any]:
    """What the page shows, and shows again every other second while somebody works on it."""
    steps = Step.objects.defer("log", "result", "given")
    sounds = list(asset.audio_tracks.all())
    jobs = list(asset.jobs.select_related("created_by").prefetch_related(Prefetch("steps", steps))[:5])
    notes = _notes(jobs)
    return {
        "asset": asset,
        "length": clock(asset.duration_ms) if asset.duration_ms else "",
        "source": list(_source(asset)),
        "renditions": [_rendition(one) for one in asset.renditions.all()],
        "sounds": [_sound(one) for one in sounds],
        "is_silent_about": any(one.language == languages.UNKNOWN for one in sounds),
        "languages": settings.LANGUAGES,
        "texts": list(asset.subtitle_tracks.all()),
        "findings": told(asset.findings),
        "stills": range(len(asset.stills)),
        "jobs": [{"job": job, "notes": notes.get(job.pk, [])} for job in jobs],
        "goes_on": any(not job.has_ended for job in jobs),
    }


def _notes(jobs: list[Job]) -> dict[int, list[dict[str, str]]]:
    """By job, what is to be said of subtitles that were added; of those within a film its findings tell."""
    read = Step.objects.filter(job__in=jobs, name="sidecar").values_list("job_id", "result__notes")
    return {job: [{"code": "note", "told": told} for told in notes or ()] for job, notes in read}


def _source(asset: Asset) -> Iterable[str]:
    """What was uploaded, in a few words each."""
    source = asset.source
    if not source:
        return
    yield f"{source['container'].partition(',')[0]}, {asset.master_size / MIB:.1f} MB"
    for video in source["videos"][:1]:
        rate = f"{float(_ratio(video['fps'])):.5g}"
        yield f"{video['codec']} {video['width']}x{video['height']}, {rate} frames a second"
        marks = ("interlaced", "variable")
        yield from (f"{mark} frame rate" if mark == "variable" else mark for mark in marks if video[mark])
        if video["bit_depth"] > 8:
            yield f"{video['bit_depth']} bits"
    for audio in source["audios"]:
        layout = audio["layout"] or f"{audio['channels']} channels"
        yield f"sound {audio['language']}: {audio['codec']}, {layout}"


def _ratio(text: str) -> float:
    over, _, under = text.partition("/")
    return int(over) / int(under or 1)


def _rendition(row: Any) -> dict[str, Any]:
    return {"row": row, "average": f"{row.average_bps / 1e6:.2f}", "peak": f"{row.peak_bps / 1e6:.2f}",
            "size": f"{row.size / MIB:.1f}"}  # fmt: skip


def _sound(row: Any) -> dict[str, Any]:
    return {"row": row, "average": f"{row.average_bps / 1e3:.0f}", "size": f"{row.size / MIB:.1f}"}


# What can be said of a file, by its role: flags of `Upload`, and the words for them.
MARKS = {
    "subtitles": [
        ("sdh", "For the deaf and hard of hearing (SDH)"),
        ("forced", "Only what is foreign in picture or sound (forced)"),
    ],
    "audio": [("described", "Describes the picture (audio description)")],
}


def additions() -> list[dict[str, Any]]:
    """What can be uploaded for a video that is here already, in each language of the site."""
    texts = "SubRip, WebVTT or SubStation. One of the kind that is there in this language is replaced."
    sound = "The first sound of the file, cut or filled up to the length of the video."
    film = (
        "What can be played now plays on until the new one is ready. Subtitles and languages added here stay."
    )
    return [
        *(_addition("subtitles", f"Subtitles in {name}", texts, code) for code, name in settings.LANGUAGES),
        *(_addition("audio", f"Sound in {name}", sound, code) for code, name in settings.LANGUAGES),
        _addition("master", "Another film in its place", film),
    ]


def _addition(role: str, label: str, hint: str, language: str = "") -> dict[str, Any]:
    return {
        "role": role, "label": label, "hint": hint, "language": language, "marks": MARKS.get(role, ()),
    }  # fmt: skip


class VideoPage:
    """The page, what it fetches, and its deeds; for the admin of assets."""

    change_form_outer_before_template = "admin/media/asset/page.html"

    def page_urls(self, wrap: Callable[..., Any]) -> list[Any]:
        return [
            path("<int:pk>/about/", wrap(self.about), name="media_asset_about"),
            path("<int:pk>/stills/<int:number>/", wrap(self.still), name="media_asset_still"),
            path(
                "<int:pk>/sound/<int:track>/language/",
                wrap(require_POST(self.say_language)),
                name="media_asset_say_language",
            ),
            path("<int:pk>/again/", wrap(require_POST(self.make_again)), name="media_asset_again"),
        ]

    def about(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that changes."""
        asset = self._asset(request, pk)
        return render(request, "admin/media/asset/about.html", {**about(asset), "may": self._may(request)})

    def still(self, request: HttpRequest, pk: int, number: int) -> FileResponse:
        """A frame of it."""
        asset = self._asset(request, pk)
        if number >= len(asset.stills):
            raise Http404
        answer = FileResponse(origin.opened(asset.stills[number]), content_type="image/jpeg")
        answer["Cache-Control"] = "private, max-age=300"
        return answer

    def make_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        asset = self._asset(request, pk)
        if not self._may(request):
            return HttpResponse(status=403)
        try:
            ingest.make_again(asset, by=request.user)  # type: ignore[arg-type]
        except DomainError as refusal:
            messages.error(request, refusal.detail)
        return redirect("admin:media_asset_change", pk)

    def say_language(self, request: HttpRequest, pk: int, track: int) -> HttpResponse:
        """What one of its sounds is spoken in."""
        asset = self._asset(request, pk)
        if not self._may(request):
            return HttpResponse(status=403)
        sound = get_object_or_404(asset.audio_tracks, pk=track)
        try:
            said = assets.say_language(asset, sound, request.POST.get("language", "")[: languages.MOST])
        except DomainError as refusal:
            reasons = [one["detail"] for one in refusal.extra.get("errors", [])]
            messages.error(request, " ".join(reasons) or refusal.detail)
        else:
            messages.success(request, f"Its sound is in {said.language} from now on.")
        return redirect("admin:media_asset_change", pk)

    def _asset(self, request: HttpRequest, pk: int) -> Asset:
        if not request.user.has_perm("media.view_asset"):  # type: ignore[union-attr]
            raise Http404
        return get_object_or_404(Asset.objects.select_related("duplicate_of"), pk=pk)

    def _may(self, request: HttpRequest) -> bool:
        return request.user.has_perm("media.add_asset")  # type: ignore[union-attr]

    def page_context(self, request: HttpRequest, object_id: str) -> dict[str, Any]:
        asset = Asset.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        return {**about(asset), "may": self._may(request), "additions": additions()} if asset else {}
