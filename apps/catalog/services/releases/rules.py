"""What releases have in common: how they are locked, and what keeps a title from waiting in one."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from apps.accounts.models import User
from apps.catalog import gates
from apps.catalog.models import Release, ReleaseItem, Title
from apps.core.errors import DomainError, InvalidField
from apps.workflow import moves
from apps.workflow.guards import Unmet
from apps.workflow.moves import Move, State
from apps.workflow.services import moving

log = logging.getLogger(__name__)

Action = Release.Action


class AlreadyScheduled(DomainError):
    """The title waits for its time already; `release` says where: `{id, name, at}`."""

    code = "already_scheduled"
    status = 409

    def __init__(self, release: Release, detail: str) -> None:
        named = {"id": str(release.public_id), "name": release.name, "at": release.at.isoformat()}
        super().__init__(detail, extra={"release": named})


def locked(release: Release) -> tuple[Release, list[ReleaseItem]]:
    """The release and its items with their titles, all locked until the transaction ends, and the titles
    with what the gates look at.

    Titles are always locked before releases, and in the order of their keys: nobody waits in a circle.
    """
    rows = Title.objects.select_for_update(of=("self",), no_key=True).filter(release_items__release=release)
    titles = {title.pk: title for title in rows.order_by("pk")}
    found = Release.objects.select_for_update().filter(pk=release.pk).first()
    items = list(ReleaseItem.objects.filter(release=release).select_related("season").order_by("title_id"))
    if found is None or not titles.keys() >= {item.title_id for item in items}:
        raise DomainError("Somebody else is changing this release. Look again.")
    for item in items:
        item.title = titles[item.title_id]
    gates.read([item.title for item in items])
    return found, items


def taken_in_by(release: Release) -> Move:
    """The move whose sources and guards say whether a title may be put into the waiting release."""
    return moves.SCHEDULE if release.action == Action.PUBLISH else moves.UNPUBLISH


def run_by(release: Release) -> Move:
    return moves.PUBLISH if release.action == Action.PUBLISH else moves.UNPUBLISH


def take_in(release: Release, title: Title, *, by: User) -> None:
    """What is to go live waits in a state of its own; what is to come down stays as it is until then."""
    if release.action == Action.PUBLISH:
        named, due = str(release.public_id), release.at.isoformat()
        moving.move(title, moves.SCHEDULE, by=by, note=release.note, release=named, due=due)


def let_go(release: Release, items: Iterable[ReleaseItem], *, by: User, note: str) -> None:
    """The titles of a release that no longer waits are approved again, as they were."""
    if release.state != Release.State.WAITING or release.action != Action.PUBLISH:
        return
    for item in items:
        if item.title.state == State.SCHEDULED:
            moving.move(item.title, moves.UNSCHEDULE, by=by, note=note, release=str(release.public_id))


# --- What is in the way ------------------------------------------------------------------------------


def clashes(titles: Iterable[Title], release: Release) -> dict[int, AlreadyScheduled]:
    """What another waiting release has against taking a title in, by the title's key. They are locked.

    A title waits in one release per action; and none comes down between its approval and its going live,
    for coming down cancels what would bring it back.
    """
    others = ReleaseItem.objects.filter(title__in=list(titles), release__state=Release.State.WAITING)
    others = others.exclude(release=release.pk).select_related("release", "title").order_by("-release__at")
    found = {other.title_id: _clash(other.title, release, other.release) for other in others}
    return {title: clash for title, clash in found.items() if clash}


def _clash(title: Title, release: Release, other: Release) -> AlreadyScheduled | None:
    when = f"{other.at:%Y-%m-%d %H:%M} UTC (“{other.name}”)"
    if other.action == release.action:
        what = "go live" if other.action == Action.PUBLISH else "come down"
        return AlreadyScheduled(other, f"“{title}” is already to {what} on {when}. Change or cancel that.")
    if release.action == Action.UNPUBLISH and release.at <= other.at:
        return AlreadyScheduled(
            other, f"“{title}” is to go live on {when}. Coming down before would cancel that."
        )
    if release.action == Action.PUBLISH and other.at <= release.at:
        return AlreadyScheduled(
            other, f"“{title}” is to come down on {when}. That would cancel a later schedule."
        )
    return None


def lacking(items: Iterable[ReleaseItem], move: Move, at: datetime) -> list[Unmet]:
    """What keeps any of the titles from the move at that time, by title: “Sintel: Add a rights window.”

    Paths begin with `titles.<public id>`.
    """
    return [
        Unmet(one.code, f"{item.title}: {one.detail}", f"{_path(item)}.{one.path}".rstrip("."))
        for item in items
        for one in _lacking(item, move, at)
    ]


def _lacking(item: ReleaseItem, move: Move, at: datetime) -> Iterator[Unmet]:
    title = item.title
    if State(title.state) not in move.sources:
        yield Unmet("wrong_state", f"It is {State(title.state).label.lower()}.", "state")
    if move is moves.UNPUBLISH:
        yield from gates.is_live(title, None, at)
    else:
        yield from gates.unmet(title, at, releasing=[item.season_id] if item.season_id else [])


def refuse_lacking(release: Release, items: Sequence[ReleaseItem], move: Move) -> None:
    """Raises `GatesUnmet` with what is in the way of any title as of the release's time."""
    clashing = clashes([item.title for item in items], release)
    unmet = [
        Unmet(clash.code, clash.detail, _path(item))
        for item in items
        if (clash := clashing.get(item.title_id))
    ]
    if unmet := unmet + lacking(items, move, release.at):
        raise moving.GatesUnmet(unmet)


def _path(item: ReleaseItem) -> str:
    return f"titles.{item.title.public_id}"


def refuse_action(action: str) -> None:
    if action not in Action.values:
        raise InvalidField("action", "invalid_choice", "It is “publish” or “unpublish”.")


def refuse_time(at: datetime) -> None:
    if timezone.is_naive(at):
        raise InvalidField("at", "invalid", "Say the time zone too, such as 2026-01-31T18:00:00Z.")
    if at <= timezone.now():
        raise InvalidField("at", "past", "That time has passed.")


def refuse_state(release: Release, what: str, *states: str) -> None:
    if release.state not in states:
        raise moving.WrongState(f"{what} is not possible: it is {release.get_state_display().lower()}.")


def spoken(past: timedelta) -> str:
    """Of two and more of a unit: "3 hours", "90 minutes", "40 seconds"."""
    seconds = int(past.total_seconds())
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"


def tell(what: str, release: Release, by: User) -> None:
    """Who did what to a release; the moves of its titles are on record anyway."""
    log.info("release %s", what, extra={"release": str(release.public_id), "account": str(by.public_id)})
