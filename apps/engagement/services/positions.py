"""Where viewers are in what they watch: to resume, to go on with, to forget."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apps.core.deadline import Breaker
from apps.core.errors import STORE_ERRORS, DomainError
from apps.engagement.store import documents, remembering
from apps.engagement.store.remembering import DONE, ON, REMOVED, Card, Position

log = logging.getLogger(__name__)
# A frozen MongoDB must not hold up who wants to play.
PATIENCE_S = 0.5
_mongo = Breaker(rest_s=5.0)


@dataclass(frozen=True, slots=True)
class Resume:
    """Where to go on, 0 for what is new or finished; a new session's epoch must be above `epoch`, or a clock
    that was set back would make its beats those of the past."""

    position_ms: int
    epoch: int
    finished: bool


class NoSuchCard(DomainError):
    code = "not_found"
    status = 404
    detail = "There is nothing of it to go on with."


def resume(account: str, profile: str, content: str, card: str = "") -> Resume:
    """Where a profile is in a video, which continue-watching shows by that card, if by any. MongoDB is asked
    only when Redis has forgotten the profile."""
    found, epoch, is_all = remembering.place(account, profile, content, card)
    if not is_all and _load(account, profile):
        found, epoch, _ = remembering.place(account, profile, content, card)
    if found is None:
        return Resume(0, epoch, False)
    return Resume(0 if found.finished else found.position_ms, epoch, found.finished)


def continue_watching(account: str, profile: str) -> list[Card]:
    """What there is to go on with, the latest first, whether or not it may be seen."""
    found, is_all = remembering.cards(account, profile)
    if not is_all and _load(account, profile):
        found, _ = remembering.cards(account, profile)
    return found


def remove_card(account: str, profile: str, card: str) -> None:
    """Take a title away from what there is to go on with, until another session plays it.

    Nothing is marked as watched, and its position stays. Raises `NoSuchCard`.
    """
    continue_watching(account, profile)
    if not remembering.remove_card(account, profile, card):
        raise NoSuchCard


def clear_history(account: str, profile: str) -> None:
    """Forget all that the profile has watched so far, its positions and cards too.

    What the stream still brings of before goes as it comes. Needs MongoDB.
    """
    now = remembering.now_ms()
    documents.mark(profile, now)
    documents.forget("profile", profile, now)
    remembering.forget_positions(account, profile)


def _load(account: str, profile: str) -> bool:
    """Bring back from MongoDB what Redis has not; False when MongoDB does not answer just now."""
    if not _mongo.allows():
        return False
    try:
        with documents.within(PATIENCE_S):
            rows, removed = documents.remembered(profile)
    except STORE_ERRORS as error:
        _mongo.trip()
        log.warning("positions not loaded", extra={"error": type(error).__name__})
        return False
    _mongo.reset()
    remembering.merge(account, profile, [_position(row) for row in rows], _cards(rows, removed))
    return True


def _position(row: dict[str, Any]) -> Position:
    at_ms = documents.milliseconds(row["at"])
    return Position(
        row["content"], row["epoch"], row["seq"], row["position_ms"], row["duration_ms"], row["finished"],
        at_ms,
    )  # fmt: skip


def _cards(rows: Iterable[dict[str, Any]], removed: dict[str, int]) -> list[Card]:
    """What the beats of a history came to; the latest of each card decides."""
    latest: dict[str, dict[str, Any]] = {}
    for row in rows:
        known = latest.get(row["card"])
        if row["card"] and (known is None or _order(row) > _order(known)):
            latest[row["card"]] = row
    return [_card(row, removed.get(card, -1)) for card, row in latest.items()]


def _order(row: dict[str, Any]) -> tuple[int, int]:
    return row["epoch"], row["seq"]


def _card(row: dict[str, Any], removed_at: int) -> Card:
    goes_on = row["finished"] and row["next"]
    state = DONE if row["finished"] and not row["next"] else ON
    state = REMOVED if removed_at >= row["epoch"] else state
    content, position, duration = (
        (row["next"], 0, 0) if goes_on else (row["content"], row["position_ms"], row["duration_ms"])
    )
    at_ms = documents.milliseconds(row["at"])
    return Card(row["card"], row["epoch"], row["seq"], state, content, position, duration, at_ms)
