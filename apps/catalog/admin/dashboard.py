"""The overview: what there is to do, what happens next, what went wrong, what slips through."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.accounts.models import User
from apps.catalog.models import Title
from apps.catalog.services import releases
from apps.media.models import Job, JobState
from apps.media.models.job import ENDED
from apps.workflow.models import Transition, called
from apps.workflow.moves import State
from apps.workflow.services import comments, moving, planning

from . import gaps
from .refusals import person
from .talk import where
from .title_pages import move_label

QUEUE, SHOWN, RECENT = 8, 5, 10
SHOWN_STATES = [state for state in State if state != State.ARCHIVED]


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """`DASHBOARD_CALLBACK`. Who may not see titles gets the plain list of what they may see."""
    user = person(request)
    if moving.may(user, Title, "view"):
        context["board"] = board(user, timezone.now())
    return context


def board(user: User, at: datetime) -> dict[str, Any]:
    """Every part is a few rows, found by an index or within one pass over the titles."""
    return {
        "states": states(),
        "queue": queue(user),
        "mentions": mentions(user),
        "schedule": releases.status(at),
        "jobs": jobs(),
        "work": work(),
        "recent": [(one, move_label(one.move)) for one in Transition.objects.select_related("by")[:RECENT]],
        "gaps": slips(at),
        "today": at.date(),
    }


def mentions(user: User) -> list[dict[str, Any]]:
    """Where somebody named the person; `url` is empty where what it is about is gone."""
    rows = [(one.comment, one.comment.subject) for one in comments.mentions_of(user)[:SHOWN]]
    return [
        {"comment": one, "about": called(thing) if thing else "", "url": where(thing) if thing else ""}
        for one, thing in rows
    ]


def queue(user: User) -> list[dict[str, Any]]:
    """What waits for the person, most urgent first, and why."""
    return [
        {"title": title, "because": planning.Reason(title.reason).label}  # type: ignore[attr-defined]
        for title in planning.queue_of(user, Title)[:QUEUE]
    ]


def states() -> list[dict[str, Any]]:
    counted = dict(Title.objects.order_by().values_list("state").annotate(Count("pk")))
    titles = reverse("admin:catalog_title_changelist")
    return [
        {
            "state": state,
            "label": state.label,
            "count": counted.get(state, 0),
            "url": f"{titles}?state={state}",
        }
        for state in SHOWN_STATES
    ]


def jobs() -> dict[str, Any]:
    """How many wait, run and have failed; the last that failed."""
    unfinished = ProcrastinateJob.objects.filter(status__in=["todo", "doing", "failed"])
    counted = dict(unfinished.order_by().values_list("status").annotate(Count("id")))
    failed = ProcrastinateJob.objects.filter(status="failed").order_by("-id")[:SHOWN]
    running = ProcrastinateJob.objects.filter(status="doing").order_by("-id")[:SHOWN]
    return {
        "waiting": counted.get("todo", 0),
        "running": counted.get("doing", 0),
        "failed": counted.get("failed", 0),
        "last_failed": [_spoken(job) for job in failed] if counted.get("failed") else [],
        "now": [_spoken(job) for job in running] if counted.get("doing") else [],
    }


def work() -> dict[str, Any]:
    """Videos that are being made playable, and those that were given up in the last days."""
    open_ = Job.objects.exclude(state__in=ENDED).select_related("asset").prefetch_related("steps")
    given_up = Job.objects.filter(state=JobState.QUARANTINED).select_related("asset")
    return {
        "count": open_.count(),
        "now": [
            {"job": job, "percent": round(100 * job.done)}
            for job in open_.order_by("-state", "-priority", "pk")[:SHOWN]
        ],
        "failed": list(given_up.order_by("-ended_at")[:SHOWN]),
    }


def _spoken(job: Any) -> dict[str, Any]:
    """`apps.catalog.tasks.prepare_artwork` as "catalog: prepare artwork"."""
    parts = job.task_name.split(".")
    app = parts[1] if len(parts) > 2 else parts[0]
    return {"id": job.pk, "name": f"{app}: {parts[-1].replace('_', ' ')}", "attempts": job.attempts}


def slips(at: datetime) -> list[dict[str, Any]]:
    titles = reverse("admin:catalog_title_changelist")
    untranslated = [
        _gap(f"Live without {label} synopsis", gaps.live_without_synopsis(code),
             f"{titles}?live=yes&missing=synopsis_{code}")
        for code, label in settings.LANGUAGES if code != settings.LANGUAGE_CODE
    ]  # fmt: skip
    ending = [
        {"name": row["name"], "pk": row["listing_id"], "ends": row["first"]}
        for row in gaps.ending(at)[:SHOWN]
    ]
    return [
        *untranslated,
        _gap("Ready, but not submitted", gaps.forgotten(at), f"{titles}?ready=yes"),
        {"label": "Rights end within 14 days", "rows": ending, "url": f"{titles}?live=yes&rights=ending"},
        _gap("Drafts idle for 30 days", gaps.cold(at), f"{titles}?state=draft&o=8"),
    ]


def _gap(label: str, titles: QuerySet[Title], url: str) -> dict[str, Any]:
    rows = titles.values("pk", "name", "updated_at")[:SHOWN]
    return {"label": label, "rows": list(rows), "url": url}
