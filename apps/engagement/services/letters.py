"""Dead letters: what could not be carried to MongoDB, for people to look at, send again or drop."""

import logging
from dataclasses import dataclass
from datetime import datetime

from apps.core.errors import DomainError
from apps.engagement.store import documents, stream
from apps.engagement.store.stream import Entry, State

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """`told`: the fields of the entry as they came."""

    id: str
    at: datetime
    reason: str
    kind: str
    told: dict[str, str]


class NoSuchLetter(DomainError):
    code = "not_found"
    status = 404
    detail = "It is not there any more: somebody sent it again, or dropped it."


def latest(most: int, before: str = "") -> list[Letter]:
    """The latest first, from just below the letter `before` on."""
    return [_letter(one) for one in stream.dead_letters(most, before or "+")]


def _letter(entry: Entry) -> Letter:
    told = {name: value for name, value in entry.fields.items() if not name.startswith("dead_")}
    at = documents.moment(int(entry.id.partition("-")[0]))
    return Letter(entry.id, at, entry.fields.get("dead_reason", ""), told.get("kind", ""), told)


def replay(letter: str, *, by: str) -> None:
    """Put it into the stream again, as new. Raises `NoSuchLetter`."""
    if not stream.replay(letter):
        raise NoSuchLetter
    log.warning("dead letter sent again", extra={"letter": letter, "by": by})


def drop(letter: str, *, by: str) -> None:
    """Throw it away. Raises `NoSuchLetter`."""
    if not stream.drop([letter]):
        raise NoSuchLetter
    log.warning("dead letter dropped", extra={"letter": letter, "by": by})


def state() -> State:
    return stream.state()
