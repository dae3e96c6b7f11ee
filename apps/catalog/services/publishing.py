"""The deeds of the workflow: from the desk to the shelf and back."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog import compile as compiling
from apps.catalog import gates, snapshot, sources
from apps.catalog.diff import Change, diff
from apps.catalog.models import Listing, Release, Title, TitleVersion
from apps.catalog.signals import title_published, title_unpublished
from apps.core.errors import DomainError
from apps.media.models import Asset, AssetState
from apps.workflow import moves
from apps.workflow.guards import Unmet
from apps.workflow.models import Transition
from apps.workflow.moves import Move
from apps.workflow.services import moving
from apps.workflow.services.editing import editing, refuse_locked

from . import desk, listings, restoring


class NoSuchVersion(DomainError):
    code = "not_found"
    status = 404
    detail = "There is no such version."


class Obstructed(Exception):
    """What was to happen at this time cannot; the message says why, a line for each title and obstacle."""


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
        at, numbers = timezone.now(), next_numbers([title])
        moving.move(title, moves.PUBLISH, by=by, note=note, at=at, version=numbers[title.pk])
        leave_releases(title, action=Release.Action.PUBLISH)
        return go_live([title], numbers, by=by, note=note, at=at)[0]


def publish_due(
    titles: Sequence[Title], *, by: User | None, note: str, at: datetime, release: Release
) -> list[TitleVersion]:
    """`publish` for the ticker: whoever scheduled them was permitted to; gates are judged now.

    The titles are locked by the caller. Raises `Obstructed`; then the transaction must be rolled back.
    """
    numbers = next_numbers(titles)
    facts = {"release": str(release.public_id)}
    _move_due(
        titles,
        lambda title: moving.carry_out(
            title, moves.PUBLISH, by=by, note=note, at=at, version=numbers[title.pk], **facts
        ),
    )
    return go_live(titles, numbers, by=by, note=note, at=at)


def _move_due(titles: Iterable[Title], deed: Callable[[Title], Transition]) -> None:
    """Move all of them, or raise `Obstructed` with what is in the way of any: “Sintel: Add a poster.”"""
    problems: list[str] = []
    for title in titles:
        try:
            deed(title)
        except moving.GatesUnmet as refusal:
            problems += [f"{title}: {one.detail}" for one in refusal.unmet]
        except DomainError as refusal:
            problems.append(f"{title}: {refusal.detail}")
    if problems:
        raise Obstructed("\n".join(problems))


def next_numbers(titles: Iterable[Title]) -> dict[int, int]:
    """Of the next version of each, by the title's key."""
    titles = list(titles)
    rows = TitleVersion.objects.filter(title__in=titles).values("title").annotate(highest=Max("number"))
    highest = dict(rows.values_list("title", "highest"))
    return {title.pk: highest.get(title.pk, 0) + 1 for title in titles}


def go_live(
    titles: Sequence[Title], numbers: dict[int, int], *, by: User | None, note: str, at: datetime
) -> list[TitleVersion]:
    """Store the locked working copies as versions and put them on the shelf, with as few queries for many
    as for one."""
    versions = []
    for title, taken in zip(titles, snapshot.take_many(titles), strict=True):
        compiled = compiling.compile(taken.source, taken.facts)
        versions.append(
            TitleVersion(
                title=title,
                number=numbers[title.pk],
                at=at,
                by_id=by.pk if by else None,
                note=note,
                source=taken.source,
                columns=compiled.columns,
                documents=compiled.documents,
                checksum=compiling.checksum(taken.source, compiled.columns, compiled.documents),
            )
        )
    TitleVersion.objects.bulk_create(versions)
    Title.authors.through.objects.filter(title__in=titles).delete()
    _show(versions)
    return versions


def _show(versions: Sequence[TitleVersion], *, same_address: bool = False) -> None:
    """Put stored versions, whose titles are locked, on the shelf."""
    titles = [version.title for version in versions]
    for version in versions:
        version.title.live_version = version
    Title.objects.bulk_update(titles, ["live_version"])
    listings.project_many(versions, same_address=same_address)
    for title in titles:
        transaction.on_commit(partial(title_published.send_robust, Title, title_id=title.public_id))


def unpublish(title: Title, *, by: User, note: str = "") -> Transition:
    """Take the live version away from viewers, whatever the draft is at. A schedule that would bring it
    back is cancelled."""
    with transaction.atomic():
        title = moving.locked(title)
        record = moving.move(title, moves.UNPUBLISH, by=by, note=note)
        take_down(title)
    return record


def unpublish_due(
    titles: Sequence[Title], *, by: User | None, note: str, at: datetime, release: Release
) -> None:
    """`unpublish` for the ticker, as `publish_due`."""
    facts = {"release": str(release.public_id)}
    _move_due(
        titles, lambda title: moving.carry_out(title, moves.UNPUBLISH, by=by, note=note, at=at, **facts)
    )
    for title in titles:
        take_down(title, but=release)


def take_down(title: Title, *, but: Release | None = None) -> None:
    leave_releases(title, but=but)
    title.live_version = None
    title.save(update_fields=["live_version"])
    listings.withdraw(title)
    transaction.on_commit(partial(title_unpublished.send_robust, Title, title_id=title.public_id))


def leave_releases(title: Title, *, but: Release | None = None, action: str = "") -> None:
    """Take the locked title out of what is waiting (to go live or come down, or either); a release with
    nothing left is cancelled."""
    waiting = Release.objects.waiting().of(title).exclude(pk__in=[but.pk] if but else [])
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
            _take_back(title, version)
            title.refresh_from_db()
            title.revision += 1
            title.save(update_fields=["revision"])
            title.desk_restored = True
        record = moving.move(title, moves.ROLL_BACK, by=by, note=note, version=number, desk=restore_desk)
        version.title = title
        _show([version], same_address=True)
        if not restore_desk and record.source != record.target:
            # What was live is a draft now, by this person. A draft in the making keeps its own authors.
            title.authors.add(by)
    return version


def _take_back(title: Title, version: TitleVersion) -> None:
    """The working copy is that version, at the address that viewers know."""
    restoring.restore(title, version.source)
    if shown := Listing.objects.filter(title=title).first():
        desk.readdress(title, shown.slug)
    known = [season["id"] for season in version.source["seasons"]]
    # A season that is held back and that the version does not know stays, and nobody has approved it.
    if not title.seasons.exclude(public_id__in=known).exists():
        title.authors.clear()


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
    with editing(title, by=by, revision=revision) as working:
        restoring.restore(working, version_of(working, number).source)


def discard(title: Title, *, by: User, note: str = "") -> Transition:
    """Throw the draft away: the working copy is again what is live."""
    with transaction.atomic():
        title = moving.locked(title)
        record = moving.move(title, moves.DISCARD, by=by, note=note)
        version = title.live_version
        assert version is not None  # noqa: S101 its guard
        _take_back(title, version)
        Title.objects.filter(pk=title.pk).update(revision=title.revision + 1)
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
    shown = Listing.objects.filter(title=title).select_related("version").first()
    if shown is None:
        return []
    # An old version is live at the address that the title had when it was rolled back.
    live = {**shown.version.source, "slug": shown.slug}
    draft = snapshot.take(title).source
    compared = sources.without_held(live), sources.without_held(draft)
    return diff(*compared, snapshot.names_of(*compared))


def checklist(title: Title) -> list[gates.Gate]:
    """Every publish gate as of now."""
    return gates.judge(title, timezone.now())
