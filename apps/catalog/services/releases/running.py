"""What the ticker does: run what is due, once, and look ahead at what will not be able to."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial

from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.db.models import F, Q

from apps.accounts.models import User
from apps.catalog import gates
from apps.catalog.models import Release, ReleaseItem, TickerBeat, Title
from apps.catalog.services import publishing
from apps.core import jobs
from apps.core.deadline import budget
from apps.workflow import moves
from apps.workflow.moves import State
from apps.workflow.services import moving

from . import rules
from .rules import Action

log = logging.getLogger(__name__)

RUNS, LOOKS = "releases", "look ahead"
TELL_OF_FAILURE = "apps.catalog.tasks.tell_of_failed_release"
BEAT_EVERY = timedelta(seconds=2)
LOOK_EVERY = timedelta(seconds=25)
LOOK_AHEAD = timedelta(days=7)
ON_TIME = timedelta(seconds=5)
OVERDUE = timedelta(seconds=30)
# All waits of one release for PostgreSQL; a large one writes a lot.
RUN_WITHIN_S = 120
LOCK_OF_RUNS = 7_310_001


def run_due(at: datetime) -> None:
    """Run each release whose time has come, in a transaction of its own.

    Any number of callers at once: each release runs once. One that breaks does not hold up the next.
    """
    due = list(Release.objects.due(at).values_list("pk", flat=True))
    _beat(RUNS, at, BEAT_EVERY)
    with ExitStack() as stack:
        # Every callback is called, whatever the ones before it raised.
        for pk in reversed(due):
            stack.callback(partial(_run, pk, at))


def _beat(name: str, at: datetime, every: timedelta) -> bool:
    """Note that somebody looks; whether nobody else did for so long."""
    if TickerBeat.objects.filter(name=name, at__lte=at - every).update(at=at):
        return True
    if TickerBeat.objects.filter(name=name).exists():
        return False
    return TickerBeat.objects.get_or_create(name=name, defaults={"at": at})[1]


def _run(pk: int, at: datetime) -> None:
    with budget(RUN_WITHIN_S), transaction.atomic():
        if not _claimed(pk):
            return
        release, items = rules.locked(Release(pk=pk))
        if release.state != Release.State.WAITING or release.at > at:
            return
        try:
            with transaction.atomic():
                _perform(release, items, at)
        except publishing.Obstructed as obstacle:
            _fail(release, str(obstacle), at)


def _claimed(pk: int) -> bool:
    """Whether this transaction, and no other, is the one that runs the release."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_OF_RUNS, pk])
        row = cursor.fetchone()
    return bool(row and row[0])


def _perform(release: Release, items: Sequence[ReleaseItem], at: datetime) -> None:
    late = at - release.at
    note = release.note if late <= ON_TIME else f"{release.note}\nRan {rules.spoken(late)} late.".strip()
    _release_seasons(items)
    deed = publishing.publish_due if release.action == Action.PUBLISH else publishing.unpublish_due
    deed([item.title for item in items], by=release.by, note=note, at=at, release=release)
    release.state, release.ran_at, release.problem = Release.State.DONE, at, ""
    release.save(update_fields=["state", "ran_at", "problem"])
    told = {"release": str(release.public_id), "titles": len(items), "late_s": late.total_seconds()}
    log.log(logging.INFO if late <= ON_TIME else logging.WARNING, "release ran", extra=told)


def _release_seasons(items: Iterable[ReleaseItem]) -> None:
    """From now on, also for the gates, which have read the titles already."""
    for item in items:
        for season in item.title.seasons.all() if item.season_id else ():
            if season.pk == item.season_id:
                season.held = False
                season.save(update_fields=["held"])
                Title.objects.filter(pk=item.title_id).update(revision=F("revision") + 1)


def _fail(release: Release, problem: str, at: datetime) -> None:
    """Nothing of it happened. It is told loudly, and its titles are approved and wait for somebody."""
    release, items = rules.locked(release)
    for item in items:
        if item.title.state == State.SCHEDULED and release.action == Action.PUBLISH:
            own = [line for line in problem.splitlines() if line.startswith(f"{item.title}: ")]
            told = [f"The schedule “{release.name}” could not run.", *(own or ["Another title kept it."])]
            facts = {"release": str(release.public_id)}
            moving.carry_out(item.title, moves.UNSCHEDULE, by=None, note="\n".join(told), at=at, **facts)
    release.state, release.ran_at, release.problem = Release.State.FAILED, at, problem
    release.save(update_fields=["state", "ran_at", "problem"])
    _tell_of_failure(release)
    log.error("release failed", extra={"release": str(release.public_id), "problem": problem})


def _tell_of_failure(release: Release) -> None:
    may_publish = Permission.objects.filter(content_type__app_label="catalog", codename="publish_title")
    publishers = Q(groups__permissions__in=may_publish) | Q(user_permissions__in=may_publish)
    told = User.objects.filter(publishers | Q(pk=release.by_id), is_active=True, is_staff=True).distinct()
    for account in told.values_list("public_id", flat=True):
        jobs.enqueue(TELL_OF_FAILURE, release=str(release.public_id), account=str(account))


def look_ahead(at: datetime) -> None:
    """Say of every release of the next days whether it could run as things are; of several callers, one
    does it."""
    with budget(RUN_WITHIN_S):
        if _beat(LOOKS, at, LOOK_EVERY):
            _look_ahead(at)


def _look_ahead(at: datetime) -> None:
    soon = Release.objects.waiting().filter(at__lte=at + LOOK_AHEAD).order_by("at", "pk")
    soon = soon.prefetch_related("items__title")
    gates.read([item.title for release in soon for item in release.items.all()])
    for release in soon:
        problem = _problem(release, at)
        if problem == release.problem:
            continue
        waiting = Release.objects.waiting().filter(pk=release.pk, at=release.at)
        if waiting.update(problem=problem) and problem:
            told = {"release": str(release.public_id), "problem": problem}
            log.warning("release could not run as things are", extra=told)


def _problem(release: Release, at: datetime) -> str:
    if release.at + OVERDUE < at:
        return (
            f"It should have run {rules.spoken(at - release.at)} ago; the worker's log says why it did not."
        )
    unmet = rules.lacking(release.items.all(), rules.run_by(release), max(at, release.at))
    return "\n".join(one.detail for one in unmet)
