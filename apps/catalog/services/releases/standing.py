"""How the schedule stands: for the dashboard of the newsroom."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.catalog.models import Release, TickerBeat

from . import rules
from .running import RUNS

ALIVE = timedelta(seconds=10)
SHOWN = 5
FAILED_SINCE = timedelta(days=14)
Releases = list[Release]


@dataclass(frozen=True, slots=True)
class Status:
    """The next and the last runs, nearest first, and what failed or will; `says` is about the ticker."""

    looked_at: datetime | None
    alive: bool
    says: str
    next: Releases
    troubled: Releases
    last: Releases
    failed: Releases


def status(at: datetime) -> Status:
    """At most five of each, with their items' titles."""
    looked_at = TickerBeat.objects.filter(name=RUNS).values_list("at", flat=True).first()
    alive = looked_at is not None and at - looked_at <= ALIVE
    releases = Release.objects.select_related("by").prefetch_related("items__title", "items__season")
    waiting = releases.waiting().order_by("at", "pk")
    ran = releases.filter(ran_at__isnull=False).order_by("-ran_at", "-pk")
    failed = ran.filter(state=Release.State.FAILED, ran_at__gte=at - FAILED_SINCE)
    return Status(
        looked_at=looked_at,
        alive=alive,
        says=_said(looked_at, at, alive),
        next=list(waiting[:SHOWN]),
        troubled=list(waiting.exclude(problem="")[:SHOWN]),
        last=list(ran.filter(state=Release.State.DONE)[:SHOWN]),
        failed=list(failed[:SHOWN]),
    )


def _said(looked_at: datetime | None, at: datetime, alive: bool) -> str:
    if alive:
        return "The ticker is alive: schedules run on time."
    if looked_at is None:
        return "The ticker has never looked: schedules do not run. Start a worker."
    ago = rules.spoken(at - looked_at)
    return f"The ticker last looked {ago} ago: schedules do not run. Is a worker running?"
