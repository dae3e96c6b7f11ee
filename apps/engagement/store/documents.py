"""MongoDB: what was watched, for good. docs/architecture.md has the shapes of the collections.

Every write is acknowledged by a majority. Writes are safe to repeat and to come in any order, for the
stream brings entries at least once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from apps.core import clients

from .recording import POSITIONS_MOST

EVENTS, SESSIONS, HISTORY = "engagement_events", "viewing_sessions", "watch_history"
REMOVED, MARKS, PREFERENCES = "removed_cards", "engagement_marks", "user_preferences"
EVENTS_KEPT_S, MARKS_KEPT_S = 90 * 86400, 400 * 86400
# By which time a document belongs to what was before, or after, a history was cleared.
TIMED = {EVENTS: "at", SESSIONS: "last_at", HISTORY: "at", REMOVED: "at"}
INDEXES: dict[str, list[tuple[list[tuple[str, int]], dict[str, Any]]]] = {
    EVENTS: [
        ([("account", 1)], {}),
        ([("profile", 1), ("at", -1)], {}),
        ([("type", 1), ("at", -1)], {}),
        ([("at", 1)], {"expireAfterSeconds": EVENTS_KEPT_S}),
    ],
    SESSIONS: [
        ([("account", 1)], {}),
        ([("profile", 1), ("last_at", -1)], {}),
        ([("content", 1), ("first_at", -1)], {}),
        ([("last_at", -1)], {}),
    ],
    HISTORY: [([("account", 1)], {}), ([("profile", 1), ("at", -1), ("_id", -1)], {})],
    REMOVED: [([("account", 1)], {}), ([("profile", 1)], {})],
    PREFERENCES: [([("account", 1)], {})],
    MARKS: [([("at", 1)], {"expireAfterSeconds": MARKS_KEPT_S})],
}  # fmt: skip
DUPLICATE = 11000
LOST_A_RACE = 3
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Write:
    """One document to be there: `insert` it unless it is, or bring it up to date by `update`, a pipeline.

    `entries` are the ids of the stream's entries that it came from.
    """

    collection: str
    key: str
    entries: Sequence[str]
    insert: Json | None = None
    update: Sequence[Json] = ()

    def operation(self) -> Any:
        if self.insert is not None:
            return clients.InsertOne({"_id": self.key, **self.insert})
        return clients.UpdateOne({"_id": self.key}, list(self.update), upsert=True)


class Unstorable(Exception):
    """Something among these writes is none that MongoDB can hold."""


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def within(seconds: float) -> AbstractContextManager[object]:
    """All that MongoDB is asked inside ends within these seconds."""
    return clients.mongo_within(seconds)


def collection(name: str) -> "clients.Collection[Json]":
    """It, where a write is one that a majority has."""
    majority = clients.WriteConcern("majority")
    return clients.mongo().get_collection(name, write_concern=majority)


def make_indexes() -> None:
    """Those that are missing."""
    for name, indexes in INDEXES.items():
        for fields, options in indexes:
            collection(name).create_index(fields, **options)


def write(writes: Iterable[Write]) -> dict[str, str]:
    """Write all, whatever the order; entries that MongoDB refused, with its reason.

    Raises `Unstorable` before anything of a collection is written; driver errors when it is not known
    whether all is.
    """
    refused: dict[str, str] = {}
    by_collection: dict[str, list[Write]] = defaultdict(list)
    for one in writes:
        by_collection[one.collection].append(one)
    for name, left in by_collection.items():
        waiting = left
        for _ in range(LOST_A_RACE):
            waiting, lost = _write(name, waiting)
            refused |= lost
            if not waiting:
                break
        refused |= {entry: "Others kept writing the same" for one in waiting for entry in one.entries}
    return refused


def _write(name: str, writes: list[Write]) -> tuple[list[Write], dict[str, str]]:
    """What has to be tried again, for somebody else was inserting the same; and what is refused."""
    try:
        collection(name).bulk_write([one.operation() for one in writes], ordered=False)
    except clients.BulkWriteError as error:
        if error.details["writeConcernErrors"]:
            raise
        again: list[Write] = []
        refused: dict[str, str] = {}
        for told in error.details["writeErrors"]:
            one = writes[told["index"]]
            if told["code"] != DUPLICATE:
                refused |= dict.fromkeys(one.entries, f"MongoDB {told['code']}: {told['errmsg']}")
            elif one.insert is None:
                again.append(one)
        return again, refused
    except (clients.BSONError, OverflowError, clients.DocumentTooLarge) as error:
        raise Unstorable(f"{type(error).__name__}: {error}") from error
    return [], {}


# --- What viewers read ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a history: goes on after it, or with `backwards` before it."""

    at_ms: int
    key: str
    backwards: bool = False


def history(profile: str, most: int, place: Place | None = None) -> list[Json]:
    """Documents of `watch_history`, the latest first."""
    backwards = place is not None and place.backwards
    asked: Json = {"profile": profile}
    if place:
        beyond, at = "$gt" if backwards else "$lt", moment(place.at_ms)
        asked["$or"] = [{"at": {beyond: at}}, {"at": at, "_id": {beyond: place.key}}]
    direction = 1 if backwards else -1
    rows = list(collection(HISTORY).find(asked).sort([("at", direction), ("_id", direction)]).limit(most))
    return rows[::-1] if backwards else rows


def remembered(profile: str) -> tuple[list[Json], dict[str, int]]:
    """The latest of its history, and the epochs at which cards were removed."""
    removed = {row["card"]: row["epoch"] for row in collection(REMOVED).find({"profile": profile})}
    return history(profile, POSITIONS_MOST), removed


# --- Forgetting ----------------------------------------------------------------------------------------


def mark(key: str, before_ms: int | None) -> None:
    """Whatever the stream still brings of this profile, or account, of before then shall go; None: all."""
    told = {"before_ms": before_ms, "at": datetime.now(UTC)}
    collection(MARKS).replace_one({"_id": _hidden(key)}, told, upsert=True)


def marks(keys: Iterable[str]) -> dict[str, int | None]:
    """Those of these profiles and accounts that have one."""
    hidden = {_hidden(key): key for key in keys}
    found = collection(MARKS).find({"_id": {"$in": list(hidden)}})
    return {hidden[row["_id"]]: row["before_ms"] for row in found}


def _hidden(key: str) -> str:
    """A mark knows the id that it is about, and tells nobody: it outlives who is erased."""
    return sha256(key.encode()).hexdigest()


def forget(owner: str, key: str, before_ms: int | None = None) -> dict[str, int]:
    """Delete what is of the `owner` ("profile" or "account") with this id, up to then; how much that was.

    Without a time it takes the preferences along.
    """
    counts = {}
    for name, field in TIMED.items():
        until = {} if before_ms is None else {field: {"$lte": moment(before_ms)}}
        counts[name] = collection(name).delete_many({owner: key, **until}).deleted_count
    if before_ms is None:
        counts[PREFERENCES] = collection(PREFERENCES).delete_many({owner: key}).deleted_count
    return counts


def everything(account: str, most: int) -> Json:
    """All that is held on an account, of each kind the latest so many; beats only by their session."""
    found: Json = {}
    for name in (HISTORY, SESSIONS, PREFERENCES, EVENTS):
        asked: Json = {"account": account, **({"type": {"$ne": "beat"}} if name == EVENTS else {})}
        order = [(TIMED.get(name, "_id"), -1)]
        found[name] = list(_plain(collection(name).find(asked).sort(order).limit(most)))
    return found


def _plain(rows: Iterable[Mapping[str, Any]]) -> Iterator[Json]:
    yield from ({**row, "_id": str(row["_id"])} for row in rows)


def profiles_of(account: str) -> list[str]:
    """Those that there is a history or preferences of."""
    asked = {"account": account}
    rows = (collection(name).distinct("profile", asked) for name in (HISTORY, PREFERENCES))
    return sorted({profile for found in rows for profile in found})
