"""The durable stream of events and its one consumer group, whose members carry them to MongoDB.

An entry stays until MongoDB has acknowledged it, or is moved to the stream of dead letters. Nothing is ever
trimmed away: how long the stream may become is the operator's (`EVENT_STREAM_MOST`, docs/operations.md).
"""

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.core import clients

from . import keys

# A member that was silent for so long has lost its entries to the others.
SILENT_MS = 30_000
GONE_MS = 3_600_000
SEEN_S = 7200

ADD = """
local now = redis.call('TIME')
local at = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
local most = tonumber(ARGV[1])
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) then return -2 end
if redis.call('SCARD', KEYS[2]) + (#ARGV - 3) / 2 > most then return -1 end
local added = 0
for i = 4, #ARGV, 2 do
  if redis.call('SISMEMBER', KEYS[3], ARGV[i]) == 0 and redis.call('SADD', KEYS[2], ARGV[i]) == 1 then
    redis.call('XADD', KEYS[1], '*', 'kind', 'event', 'told', ARGV[i + 1], 'at', at)
    added = added + 1
  end
end
redis.call('EXPIRE', KEYS[2], ARGV[3])
return added
"""
# Only in one step is it sure that it has nothing: it may have begun to read again just now.
DROP_IDLE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return end
for _, told in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local facts = {}
  for i = 1, #told, 2 do facts[told[i]] = told[i + 1] end
  if facts['pending'] == 0 and facts['idle'] > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], facts['name'])
  end
end
"""
REPLAY = """
local found = redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1])
if #found == 0 then return 0 end
local fields, kept = found[1][2], {}
for i = 1, #fields, 2 do
  if fields[i] ~= 'dead_reason' and fields[i] ~= 'dead_entry' then
    kept[#kept + 1], kept[#kept + 2] = fields[i], fields[i + 1]
  end
end
redis.call('XADD', KEYS[1], '*', unpack(kept))
return redis.call('XDEL', KEYS[2], ARGV[1])
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One of the stream; `deliveries` counts how often it was handed out, this time included."""

    id: str
    fields: Mapping[str, str]
    deliveries: int = 1


@dataclass(frozen=True, slots=True)
class State:
    """How the stream is: entries in all, handed out and not acknowledged, dead; seconds the oldest waits."""

    length: int
    pending: int
    dead: int
    lag_s: float
    members: list[str] = field(default_factory=list)


class Full(Exception):
    """No more events of this profile in this hour, or of anybody (`of_all`)."""

    def __init__(self, *, of_all: bool) -> None:
        super().__init__("full")
        self.of_all = of_all


class NoGroup(Exception):
    """The stream, or its group, is gone: somebody emptied Redis."""


def member() -> str:
    """What this process is called in the group."""
    return f"{socket.gethostname()}-{os.getpid()}"


def add(
    account: str, profile: str, events: Sequence[tuple[str, str]], *, hour: int, hourly: int, most: int
) -> int:
    """Append events `(id, told)` of a profile that did not come before; how many did not. Raises `Full`."""
    names = [keys.STREAM, *(keys.seen(account, profile, one) for one in (hour, hour - 1))]
    run = clients.durable().register_script(ADD)
    added = int(run(keys=names, args=[hourly, most, SEEN_S, *(word for event in events for word in event)]))
    if added < 0:
        raise Full(of_all=added == -2)
    return added


def begin() -> None:
    """Make the group, if there is none."""
    try:
        clients.durable().xgroup_create(keys.STREAM, keys.GROUP, id="0", mkstream=True)
    except clients.ResponseError as error:
        if "BUSYGROUP" not in str(error):
            raise


def read(most: int) -> list[Entry]:
    """The next entries that nobody had yet; this process has them now."""
    try:
        found: Any = clients.durable().xreadgroup(keys.GROUP, member(), {keys.STREAM: ">"}, count=most)
    except clients.ResponseError as error:
        raise _told(error) from error
    return [Entry(one, fields) for _, entries in found or [] for one, fields in entries]


def left_behind(most: int) -> list[Entry]:
    """Entries, without their fields, of members that died or gave them back; nobody has them yet."""
    try:
        found: Any = clients.durable().xpending_range(keys.STREAM, keys.GROUP, "-", "+", most, idle=SILENT_MS)
    except clients.ResponseError as error:
        raise _told(error) from error
    return [Entry(one["message_id"], {}, int(one["times_delivered"])) for one in found]


def claim(entries: Sequence[Entry]) -> list[Entry]:
    """Those of them that nobody was quicker to claim; this process has them now."""
    deliveries = {one.id: one.deliveries + 1 for one in entries}
    ids: Any = list(deliveries)
    found: Any = clients.durable().xclaim(keys.STREAM, keys.GROUP, member(), SILENT_MS, ids)
    return [Entry(one, fields, deliveries[one]) for one, fields in found]


def _told(error: Exception) -> Exception:
    return NoGroup(str(error)) if "NOGROUP" in str(error) else error


def release(entries: Sequence[Entry]) -> None:
    """Give entries back that are not to blame: whoever is first has them again, as if for the first time."""
    ids: Any = [one.id for one in entries]
    clients.durable().xclaim(
        keys.STREAM, keys.GROUP, member(), 0, ids, idle=SILENT_MS, retrycount=0, justid=True
    )  # fmt: skip


def acknowledge(ids: Sequence[str]) -> None:
    """They are in MongoDB: the stream may forget them."""
    if ids:
        pipe = clients.durable().pipeline(transaction=True)
        pipe.xack(keys.STREAM, keys.GROUP, *ids)
        pipe.xdel(keys.STREAM, *ids)
        pipe.execute()


def bury(dead: Iterable[tuple[Entry, str]]) -> None:
    """Move entries `(entry, reason)` to the dead letters, each in one step."""
    for entry, reason in dead:
        pipe = clients.durable().pipeline(transaction=True)
        told = {**entry.fields, "dead_reason": reason[:500], "dead_entry": entry.id}
        pipe.xadd(keys.DEAD, told)  # type: ignore[arg-type]
        pipe.xack(keys.STREAM, keys.GROUP, entry.id)
        pipe.xdel(keys.STREAM, entry.id)
        pipe.execute()


def drop_idle_members() -> None:
    """Forget members that have nothing and were not seen for an hour."""
    try:
        clients.durable().register_script(DROP_IDLE)(keys=[keys.STREAM], args=[keys.GROUP, GONE_MS])
    except clients.ResponseError as error:
        raise _told(error) from error


def state() -> State:
    redis = clients.durable()
    pipe = redis.pipeline(transaction=False)
    pipe.xlen(keys.STREAM)
    pipe.xlen(keys.DEAD)
    pipe.xrange(keys.STREAM, count=1)
    pipe.time()
    length, dead, first, (seconds, micros) = pipe.execute()
    oldest = int(first[0][0].partition("-")[0]) if first else 0
    lag = max(0.0, seconds + micros / 1e6 - oldest / 1000) if first else 0.0
    try:
        told: dict[str, Any] = redis.xpending(keys.STREAM, keys.GROUP)  # type: ignore[assignment]
    except clients.ResponseError:
        # No worker has ever looked.
        return State(length, 0, dead, lag)
    return State(length, told["pending"], dead, lag, [one["name"] for one in told["consumers"]])


# --- Dead letters --------------------------------------------------------------------------------------


def dead_letters(most: int, before: str = "+") -> list[Entry]:
    """The latest first, from just below that id on."""
    end = before if before == "+" else f"({before}"
    found: Any = clients.durable().xrevrange(keys.DEAD, end, "-", count=most)
    return [Entry(one, fields) for one, fields in found]


def replay(letter: str) -> bool:
    """Put a dead letter into the stream again, in one step; False: it is gone."""
    run = clients.durable().register_script(REPLAY)
    return bool(run(keys=[keys.STREAM, keys.DEAD], args=[letter]))


def letters_of(account: str) -> list[str]:
    """The ids of dead letters that hold anything of an account."""
    entries: list[tuple[str, dict[str, str]]] = clients.durable().xrange(keys.DEAD)  # type: ignore[assignment]
    return [one for one, fields in entries if any(account in value for value in fields.values())]


def drop(letters: Sequence[str]) -> int:
    return int(clients.durable().xdel(keys.DEAD, *letters)) if letters else 0  # type: ignore[arg-type]
