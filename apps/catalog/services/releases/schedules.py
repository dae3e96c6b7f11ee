"""Having one title go live, or come down, at a time; and moving or cancelling anything that waits."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.catalog.models import Release, ReleaseItem, Title
from apps.catalog.services import publishing
from apps.workflow import moves, plain_text
from apps.workflow.models import Transition
from apps.workflow.services import moving

from . import rules
from .rules import Action

LONGEST_NAME = 120


def schedule(
    title: Title, *, at: datetime, by: User, note: str = "", action: str = Action.PUBLISH
) -> Release:
    """Have an approved title go live, or a live one come down, at that time.

    Raises `AlreadyScheduled`, `WrongState`, `GatesUnmet` (gates are judged as of that time too), and
    `InvalidField` for a time that has passed or says no time zone.
    """
    moving.demand(by, Title, moves.SCHEDULE.permission)
    rules.refuse_action(action)
    rules.refuse_time(at)
    note = plain_text.judged(note, path="note", longest=moving.LONGEST_NOTE)
    with transaction.atomic():
        title = moving.locked(title)
        release = Release(action=action, at=at, by=by, note=note, state=Release.State.WAITING)
        release.name = str(title)[:LONGEST_NAME]
        for clash in rules.clashes([title], release).values():
            raise clash
        moving.ready_for(title, rules.taken_in_by(release), by=by, at=at)
        release.save()
        ReleaseItem.objects.create(release=release, title=title)
        rules.take_in(release, title, by=by)
    rules.tell("scheduled", release, by)
    return release


def unschedule(title: Title, *, by: User, note: str = "") -> Transition:
    """The title is not to go live by itself after all; a bundle goes without it."""
    with transaction.atomic():
        title = moving.locked(title)
        record = moving.move(title, moves.UNSCHEDULE, by=by, note=note)
        publishing.leave_releases(title, action=Action.PUBLISH)
    return record


def reschedule(release: Release, *, at: datetime, by: User) -> Release:
    """Another time for what waits. Refused with `GatesUnmet` where a title cannot go at that time."""
    moving.demand(by, Title, moves.SCHEDULE.permission)
    rules.refuse_time(at)
    with transaction.atomic():
        release, items = rules.locked(release)
        rules.refuse_state(release, "Another time", Release.State.WAITING)
        release.at, release.problem = at, ""
        rules.refuse_lacking(release, items, rules.run_by(release))
        release.save(update_fields=["at", "problem"])
    rules.tell("rescheduled", release, by)
    return release


def cancel(release: Release, *, by: User, note: str = "") -> Release:
    """It will not happen; its titles are approved, as before."""
    moving.demand(by, Title, moves.UNSCHEDULE.permission)
    note = plain_text.judged(note, path="note", longest=moving.LONGEST_NOTE)
    with transaction.atomic():
        release, items = rules.locked(release)
        rules.refuse_state(release, "Cancelling", Release.State.DRAFT, Release.State.WAITING)
        rules.let_go(release, items, by=by, note=note)
        release.state, release.problem = Release.State.CANCELLED, ""
        release.save(update_fields=["state", "problem"])
    rules.tell("cancelled", release, by)
    return release
