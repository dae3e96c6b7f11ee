"""Bundles: several titles, or a season, that go live or come down in one transaction at one instant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from apps.accounts.models import User
from apps.catalog.models import Release, ReleaseItem, Season, Title
from apps.core.errors import InvalidField
from apps.workflow import moves, plain_text
from apps.workflow.services import moving

from . import rules
from .rules import Action
from .schedules import LONGEST_NAME

MOST_TITLES = 100


class Entry(NamedTuple):
    """A title in a release, and the season of it that is no longer held back from then on."""

    title: Title
    season: Season | None = None


def compose(
    name: str, *, action: str, at: datetime, items: Sequence[Entry], by: User, note: str = ""
) -> Release:
    """A bundle that is being put together: nothing happens before it is armed."""
    moving.demand(by, Title, moves.SCHEDULE.permission)
    release = Release(by=by)
    _fill(release, {"name": name, "action": action, "at": at, "note": note})
    with transaction.atomic():
        release.save()
        _set_items(release, items)
    rules.tell("composed", release, by)
    return release


def change(release: Release, *, by: User, items: Sequence[Entry] | None = None, **fields: Any) -> Release:
    """Change `name`, `action`, `at`, `note` or the items of a bundle that is not armed."""
    moving.demand(by, Title, moves.SCHEDULE.permission)
    with transaction.atomic():
        release, there = rules.locked(release)
        rules.refuse_state(release, "Changing it", Release.State.DRAFT)
        _fill(release, fields)
        release.save()
        if items is None:
            items = [Entry(item.title, item.season) for item in there]
        _set_items(release, items)
    rules.tell("changed", release, by)
    return release


def _fill(release: Release, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(release, name, value)
    release.name = plain_text.judged(release.name, path="name", longest=LONGEST_NAME)
    if not release.name:
        raise InvalidField("name", "required", "Give it a name that others recognise.")
    release.note = plain_text.judged(release.note, path="note", longest=moving.LONGEST_NOTE)
    rules.refuse_action(release.action)
    rules.refuse_time(release.at)


def _set_items(release: Release, entries: Sequence[Entry]) -> None:
    if len(entries) > MOST_TITLES:
        raise InvalidField("items", "max_length", f"At most {MOST_TITLES} titles.")
    seen: set[int] = set()
    for index, (title, season) in enumerate(entries):
        if title.pk in seen:
            raise InvalidField(f"items.{index}.title", "unique", f"“{title}” is in it twice.")
        seen.add(title.pk)
        if season is not None:
            _refuse_season(release, title, season, f"items.{index}.season")
    release.items.all().delete()
    ReleaseItem.objects.bulk_create(
        ReleaseItem(release=release, title=title, season=season) for title, season in entries
    )


def _refuse_season(release: Release, title: Title, season: Season, path: str) -> None:
    if season.title_id != title.pk:
        raise InvalidField(path, "invalid", f"That season is not of “{title}”.")
    if release.action != Action.PUBLISH:
        raise InvalidField(path, "invalid", "Only what goes live can release a season.")
    if not season.held:
        raise InvalidField(path, "invalid", f"{season} of “{title}” is not held back.")


def arm(release: Release, *, by: User) -> Release:
    """Schedule all titles of the bundle, or none. Raises `GatesUnmet` with what is in the way of any."""
    moving.demand(by, Title, moves.SCHEDULE.permission)
    with transaction.atomic():
        release, items = rules.locked(release)
        rules.refuse_state(release, "Arming", Release.State.DRAFT)
        rules.refuse_time(release.at)
        if not items:
            raise InvalidField("items", "required", "Add at least one title.")
        rules.refuse_lacking(release, items, rules.taken_in_by(release))
        release.by, release.state = by, Release.State.WAITING
        release.problem, release.ran_at = "", None
        release.save(update_fields=["by", "state", "problem", "ran_at"])
        for item in items:
            rules.take_in(release, item.title, by=by)
    rules.tell("armed", release, by)
    return release


def disarm(release: Release, *, by: User, note: str = "") -> Release:
    """Back to being put together, also one that failed; its titles are approved, as before."""
    moving.demand(by, Title, moves.UNSCHEDULE.permission)
    note = plain_text.judged(note, path="note", longest=moving.LONGEST_NOTE)
    with transaction.atomic():
        release, items = rules.locked(release)
        rules.refuse_state(release, "Disarming", Release.State.WAITING, Release.State.FAILED)
        rules.let_go(release, items, by=by, note=note)
        release.state = Release.State.DRAFT
        release.save(update_fields=["state"])
    rules.tell("disarmed", release, by)
    return release
