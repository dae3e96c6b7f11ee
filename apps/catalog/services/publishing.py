"""The deeds of the workflow: from the desk to the shelf and back."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog import compile as compiling
from apps.catalog import gates, snapshot, sources
from apps.catalog.diff import Change, diff
from apps.catalog.models import Release, Title, TitleVersion
from apps.catalog.signals import title_published, title_unpublished
from apps.core.errors import DomainError
from apps.media.models import Asset, AssetState
from apps.workflow import moves
from apps.workflow.guards import Unmet
from apps.workflow.models import Transition
from apps.workflow.moves import Move
from apps.workflow.services import moving
from apps.workflow.services.editing import editing, refuse_locked

from . import listings, restoring


class NoSuchVersion(DomainError):
    code = "not_found"
    status = 404
    detail = "There is no such version."


Deed = Callable[..., Transition]


# --- Moves that only change the state ----------------------------------------------------------------


def _plain(move: Move) -> Deed:
    def deed(title: Title, *, by: User, note: str = "") -> Transition:
        with transaction.atomic():
            return moving.move(moving.locked(title), move, by=by, note=note)

    deed.__doc__ = move.help
    return deed


submit = _plain(moves.SUBMIT)
withdraw = _plain(moves.WITHDRAW)
request_changes = _plain(moves.REQUEST_CHANGES)
approve = _plain(moves.APPROVE)
revise = _plain(moves.REVISE)
restore = _plain(moves.RESTORE)


def archive(title: Title, *, by: User, note: str = "") -> Transition:
    """Put away; a waiting release goes without it."""
    with transaction.atomic():
        title = moving.locked(title)
        record = moving.move(title, moves.ARCHIVE, by=by, note=note)
        leave_releases(title)
    return record


# --- Going live and coming down ----------------------------------------------------------------------


def publish(title: Title, *, by: User, note: str = "") -> TitleVersion:
    """Make the approved working copy live, now. A schedule to go live is over; one to come down stays."""
    with transaction.atomic():
        title = moving.locked(title)
        at, number = timezone.now(), next_number(title)
        moving.move(title, moves.PUBLISH, by=by, note=note, at=at, version=number)
        leave_releases(title, action=Release.Action.PUBLISH)
        return go_live(title, number, by=by, note=note, at=at)


def publish_due(title: Title, *, by: User | None, note: str, at: datetime, release: Release) -> TitleVersion:
    """`publish` for the ticker: whoever scheduled it was permitted to; gates are judged now.

    The title is locked by the caller.
    """
    number = next_number(title)
    facts = {"version": number, "release": str(release.public_id)}
    moving.carry_out(title, moves.PUBLISH, by=by, note=note, at=at, **facts)
    return go_live(title, number, by=by, note=note, at=at)


def next_number(title: Title) -> int:
    return (title.versions.aggregate(highest=Max("number"))["highest"] or 0) + 1


def go_live(title: Title, number: int, *, by: User | None, note: str, at: datetime) -> TitleVersion:
    """Store the locked working copy as a version and put it on the shelf."""
    taken = snapshot.take(title)
    compiled = compiling.compile(taken.source, taken.facts)
    version = TitleVersion.objects.create(
        title=title,
        number=number,
        at=at,
        by_id=by.pk if by else None,
        note=note,
        source=taken.source,
        columns=compiled.columns,
        documents=compiled.documents,
        checksum=compiling.checksum(taken.source, compiled.columns, compiled.documents),
    )
    title.authors.clear()
    _show(title, version)
    return version


def _show(title: Title, version: TitleVersion) -> None:
    title.live_version = version
    title.save(update_fields=["live_version"])
    listings.project(version)
    transaction.on_commit(lambda: title_published.send(Title, title_id=title.public_id))


def unpublish(title: Title, *, by: User, note: str = "") -> Transition:
    """Take the live version away from viewers, whatever the draft is at. A schedule that would bring it
    back is cancelled."""
    with transaction.atomic():
        title = moving.locked(title)
        record = moving.move(title, moves.UNPUBLISH, by=by, note=note)
        take_down(title)
    return record


def unpublish_due(title: Title, *, by: User | None, note: str, at: datetime, release: Release) -> Transition:
    """`unpublish` for the ticker; the title is locked by the caller."""
    facts = {"release": str(release.public_id)}
    record = moving.carry_out(title, moves.UNPUBLISH, by=by, note=note, at=at, **facts)
    take_down(title, but=release)
    return record


def take_down(title: Title, *, but: Release | None = None) -> None:
    leave_releases(title, but=but)
    title.live_version = None
    title.save(update_fields=["live_version"])
    listings.withdraw(title)
    transaction.on_commit(lambda: title_unpublished.send(Title, title_id=title.public_id))


def leave_releases(title: Title, *, but: Release | None = None, action: str = "") -> None:
    """Take the locked title out of what is waiting (to go live or come down, or either); a release with
    nothing left is cancelled."""
    waiting = Release.objects.waiting().of(title).exclude(pk=but.pk if but else None)
    if action:
        waiting = waiting.filter(action=action)
    # Locked, for of two titles that leave at the same moment one is the last.
    for release in waiting.select_for_update(of=("self",)).order_by("pk"):
        release.items.filter(title=title).delete()
        if not release.items.exists():
            release.state = Release.State.CANCELLED
            release.save(update_fields=["state"])


# --- Versions ----------------------------------------------------------------------------------------


def version_of(title: Title, number: int) -> TitleVersion:
    """Raises `NoSuchVersion`."""
    found = title.versions.filter(number=number).first()
    if found is None:
        raise NoSuchVersion
    return found


def roll_back(
    title: Title, number: int, *, by: User, note: str = "", restore_desk: bool = False
) -> TitleVersion:
    """Make an earlier version live again, at once; with `restore_desk` the working copy becomes it too.

    Refused where a video of that version is no longer ready (`gates_unmet`), and, for the desk, where the
    working copy is locked.
    """
    with transaction.atomic():
        title = moving.locked(title)
        version = version_of(title, number)
        moving.demand(by, title, moves.ROLL_BACK.permission)
        if unmet := _missing_videos(version):
            raise moving.GatesUnmet(unmet)
        if restore_desk:
            refuse_locked(title)
            restoring.restore(title, version.source)
            title.refresh_from_db()
            title.revision += 1
            title.save(update_fields=["revision"])
            title.desk_restored = True
        record = moving.move(title, moves.ROLL_BACK, by=by, note=note, version=number, desk=restore_desk)
        _show(title, version)
        if restore_desk:
            title.authors.clear()
        elif record.source != record.target:
            # What was live is a draft now, by this person. A draft in the making keeps its own authors.
            title.authors.add(by)
    return version


def _missing_videos(version: TitleVersion) -> list[Unmet]:
    wanted = set(_assets_of(version.source))
    ready = Asset.objects.filter(public_id__in=wanted, state=AssetState.READY).count()
    if ready == len(wanted):
        return []
    return [Unmet("asset_ready", "A video of that version is gone or no longer ready.", "asset")]


def _assets_of(source: Any) -> list[str]:
    """Of the main video and the episodes that were shown; extras are left out where theirs is missing."""
    found = [source["asset"]]
    for season in source["seasons"]:
        found += [] if season["held"] else [episode["asset"] for episode in season["episodes"]]
    return [one for one in found if one]


def restore_desk(title: Title, number: int, *, by: User, revision: int | None = None) -> None:
    """Make the working copy what it was in that version; nothing changes for viewers."""
    with editing(title, by=by, revision=revision) as desk:
        restoring.restore(desk, version_of(desk, number).source)


def discard(title: Title, *, by: User, note: str = "") -> Transition:
    """Throw the draft away: the working copy is again what is live."""
    with transaction.atomic():
        title = moving.locked(title)
        record = moving.move(title, moves.DISCARD, by=by, note=note)
        version = title.live_version
        assert version is not None  # noqa: S101 its guard
        restoring.restore(title, version.source)
        Title.objects.filter(pk=title.pk).update(revision=title.revision + 1)
        title.authors.clear()
    return record


def versions(title: Title) -> list[TitleVersion]:
    """Newest first, without their bodies."""
    return list(title.versions.defer("source", "columns", "documents").order_by("-number"))


def compare(title: Title, before: int | None, after: int | None) -> list[Change]:
    """What changed between two versions; None is the working copy. Raises `NoSuchVersion`."""
    taken = snapshot.take(title)

    def source(number: int | None) -> dict[str, Any]:
        return taken.source if number is None else dict(version_of(title, number).source)

    compared = source(before), source(after)
    return diff(*compared, snapshot.names_of(*compared))


def pending_changes(title: Title) -> list[Change]:
    """What publishing would change for viewers; nothing for a title that is not live."""
    if title.live_version is None:
        return []
    live, draft = title.live_version.source, snapshot.take(title).source
    compared = sources.without_held(live), sources.without_held(draft)
    return diff(*compared, snapshot.names_of(*compared))


def checklist(title: Title) -> list[gates.Gate]:
    """Every publish gate as of now."""
    return gates.judge(title, timezone.now())
