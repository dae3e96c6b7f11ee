"""The work on videos, live: how far it is, what stopped it, and what a person can do about it."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST
from unfold.decorators import display

from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import DomainError
from apps.media.models import Job, JobState, Step
from apps.media.services import ingest, jobs

LABELS = {"waiting": "info", "running": "warning", "done": "success", "quarantined": "danger"}
WORDS = {
    "store": "take in the file",
    "probe": "look at it",
    "trial": "try bit rates",
    "video": "encode the picture",
    "audio": "encode the sound",
    "text": "take out the subtitles",
    "finish": "check and publish",
    "dub": "encode the sound",
    "sidecar": "read the subtitles",
}
STEPS_SHOWN = 200
URGENT = 10


def work_of(job: Job) -> dict[str, Any]:
    """What the page shows of a job, and shows again every other second."""
    steps = list(job.steps.all())
    troubled = next((step for step in steps if step.log and step.state != Step.State.DONE), None)
    return {
        "job": job,
        "percent": round(job.done * 100, 1),
        "eta": spoken(job.eta_s(timezone.now())),
        "steps": [_row(step) for step in steps[:STEPS_SHOWN]],
        "further": max(0, len(steps) - STEPS_SHOWN),
        "log": troubled.log if troubled else "",
        "findings": told(job.asset.findings),
    }


def _row(step: Step) -> dict[str, Any]:
    kind, _, number = step.name.partition("-")
    return {
        "step": step,
        "what": WORDS.get(kind, kind) + (f", part {int(number) + 1}" if kind == "video" else ""),
        "percent": round(step.done * 100),
        "eta": spoken(step.eta_s) if step.state == Step.State.RUNNING else "",
    }


def told(findings: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Findings with their time as people read it."""
    return [
        {**one, "clock": clock(one["start_ms"]) if one.get("start_ms") is not None else ""}
        for one in findings
    ]


def clock(ms: int) -> str:
    """`1:02:03`."""
    seconds = ms // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def spoken(seconds: float | None) -> str:
    """A length of time as people say it: "40 s", "12 min", "3 h 5 min"."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("asset_name", "what", "state_label", "bar", "time_left", "cause", "tries", "created_at")
    list_filter = ("state", "kind")
    search_fields = ("asset__name", "public_id")
    list_fullwidth = True
    list_per_page = 50
    fields = ("created_at", "created_by", "ended_at", "public_id")
    change_form_outer_before_template = "admin/media/job/page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        steps = Step.objects.defer("log", "result", "given")
        found = super().get_queryset(request).defer("plan").select_related("asset", "created_by")
        return found.prefetch_related(Prefetch("steps", steps))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> Any:
        deeds: dict[str, Callable[[Job], object]] = {
            "cancel": jobs.cancel,
            "again": ingest.begin_again,
            "sooner": lambda job: jobs.set_priority(job, job.priority + URGENT),
            "later": lambda job: jobs.set_priority(job, job.priority - URGENT),
        }
        own = [path("<int:pk>/work/", self.admin_site.admin_view(self.work), name="media_job_work")]
        own += [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(require_POST(self._doer(deed))),
                name=f"media_job_{name}",
            )
            for name, deed in deeds.items()
        ]
        return own + super().get_urls()

    def work(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that changes."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        job = get_object_or_404(Job.objects.select_related("asset"), pk=pk)
        return render(request, "admin/media/job/work.html", {**work_of(job), "may": self._may(request)})

    def _doer(self, deed: Callable[[Job], object]) -> Callable[..., HttpResponse]:
        def do(request: HttpRequest, pk: int) -> HttpResponse:
            if not self._may(request):
                return HttpResponse(status=403)
            try:
                deed(get_object_or_404(Job.objects.select_related("asset"), pk=pk))
            except DomainError as refusal:
                messages.error(request, refusal.detail)
            return redirect("admin:media_job_change", pk)

        return do

    def _may(self, request: HttpRequest) -> bool:
        return request.user.has_perm("media.add_asset")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        job = (
            Job.objects.select_related("asset").filter(pk=object_id).first() if object_id.isdigit() else None
        )
        told = {**work_of(job), "may": self._may(request)} if job else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **told})

    @display(description="video", ordering="asset__name")
    def asset_name(self, job: Job) -> str:
        return job.asset.name

    @display(description="what", ordering="kind")
    def what(self, job: Job) -> str:
        return str(job.get_kind_display())

    @display(description="state", ordering="state", label=LABELS)
    def state_label(self, job: Job) -> str:
        return str(job.state)

    @display(description="done")
    def bar(self, job: Job) -> str:
        return f"{job.done:.0%}"

    @display(description="time left")
    def time_left(self, job: Job) -> str:
        return spoken(job.eta_s(timezone.now())) if job.state == JobState.RUNNING else ""

    @display(description="tries")
    def tries(self, job: Job) -> int:
        return 1 + max((step.attempts + step.losses for step in job.steps.all()), default=0)
