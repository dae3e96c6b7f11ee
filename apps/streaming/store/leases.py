"""Leases: how many of an account play at once. Each deed is one script, on the clock of Redis alone.

A lease lives for 4.5 times the interval at which its player was asked to beat. That it ended by a deed is
remembered for as long as its playback token lives, so that no beat brings it back; one that merely expired
comes back with the next beat, if there is room.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from apps.core import clients
from apps.streaming.tokens import PLAYBACK_LIVES_S

from . import keys

EXPIRED = "expired"
BEATS_OF_A_LEASE = 4.5
CODE_LIVES_S = 120
# One for each session that may be told of; a plan has fewer.
CODES = 24
SHORTEST_S, LONGEST_S = 5, 60
AT_ONCE = 500

# `leases`, the names of keys and numbers come from the caller; time is Redis'.
LEASES_LUA = """
local function now_ms()
  local clock = redis.call('TIME')
  return clock[1] * 1000 + math.floor(clock[2] / 1000)
end

local function interval_s(key, default)
  local asked = tonumber(redis.call('GET', key)) or tonumber(default)
  return math.max(SHORTEST, math.min(asked, LONGEST))
end

local function keep(leases, session, now, interval)
  redis.call('ZADD', leases, now + BEATS * 1000 * interval, session)
  redis.call('PEXPIRE', leases, KEPT)
end

local function expire(leases, ended, now)
  local over = redis.call('ZRANGEBYSCORE', leases, '-inf', now)
  for i = 1, #over do
    redis.call('SET', ended .. over[i], 'expired', 'PX', KEPT, 'NX')
    redis.call('ZREM', leases, over[i])
  end
end

local function finish(leases, ended, session, reason)
  local known = redis.call('GET', ended .. session)
  if not known or known == 'expired' then redis.call('SET', ended .. session, reason, 'PX', KEPT) end
  return redis.call('ZREM', leases, session)
end
""".replace("SHORTEST", str(SHORTEST_S)).replace("LONGEST", str(LONGEST_S)).replace(
    "BEATS", str(BEATS_OF_A_LEASE)
).replace("KEPT", str(PLAYBACK_LIVES_S * 1000))  # fmt: skip

START = clients.Script(
    LEASES_LUA
    + """
local leases, limit, now = KEYS[1], tonumber(ARGV[2]), now_ms()
expire(leases, ARGV[4], now)
local victim, taken = redis.call('GETDEL', KEYS[3]), ''
-- The answer to a first try may have got lost.
if redis.call('ZREM', leases, ARGV[1]) == 1 then victim = false end
if victim and redis.call('ZCARD', leases) >= limit and redis.call('ZSCORE', leases, victim) then
  finish(leases, ARGV[4], victim, 'taken_over')
  taken = victim
end
if redis.call('ZCARD', leases) >= limit then
  local told = {'full', taken}
  for i, session in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
    local code = ARGV[6 + i] or ''
    if code ~= '' then redis.call('SET', ARGV[5] .. code, session, 'EX', ARGV[6]) end
    told[#told + 1], told[#told + 2] = session, code
  end
  return told
end
local interval = interval_s(KEYS[2], ARGV[3])
keep(leases, ARGV[1], now, interval)
return {'granted', taken, interval, now}
"""
)
END = clients.Script(LEASES_LUA + "return finish(KEYS[1], ARGV[1], ARGV[2], ARGV[3])")
LIVE = clients.Script(LEASES_LUA + "return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now_ms(), '+inf')")


class Life(StrEnum):
    """UNKNOWN: there is neither a lease nor word of its end, as after a flush."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Granted:
    """The player is to beat every `interval_s`; `now_ms` by the clock of Redis. `taken_over`: the session
    that had to go, or ""."""

    interval_s: int
    now_ms: int
    taken_over: str


@dataclass(frozen=True, slots=True)
class Full:
    """All streams are in use: the sessions, each with a code that ends it once, within `CODE_LIVES_S`."""

    codes: dict[str, str]
    taken_over: str


def start(account: str, session: str, *, limit: int, terminate: str = "") -> Granted | Full:
    """Take a lease, if fewer than `limit` are alive or the code `terminate` makes room."""
    names = [keys.leases(account), keys.INTERVAL, keys.code(account, terminate or "-")]
    codes = [secrets.token_urlsafe(16) for _ in range(CODES)]
    prefixes = keys.ended(account), keys.code(account)
    args: list[str | int] = [session, limit, settings.HEARTBEAT_INTERVAL_S, *prefixes]
    told, taken, *rest = clients.run(START, names, [*args, CODE_LIVES_S, *codes])
    if told == "full":
        return Full(dict(zip(rest[::2], rest[1::2], strict=True)), taken)
    return Granted(int(rest[0]), int(rest[1]), taken)


def end(account: str, session: str, reason: str) -> bool:
    """End a lease for good; the first reason stays. Whether it was there, alive or not."""
    return bool(clients.run(END, [keys.leases(account)], [keys.ended(account), session, reason]))


def live(account: str) -> list[str]:
    """The sessions that have a lease, the one that expires first comes first."""
    return list(clients.run(LIVE, [keys.leases(account)], []))


def lives(sessions: Iterable[tuple[str, str]]) -> list[tuple[Life, str]]:
    """Of each `(account, session)`: how it is, and why it ended where that is known."""
    pipe = clients.durable().pipeline(transaction=False)
    pipe.time()
    for account, session in sessions:
        pipe.zscore(keys.leases(account), session)
        pipe.get(keys.ended(account, session))
    (seconds, micros), *told = pipe.execute()
    now = seconds * 1000 + micros // 1000
    return [_life(score, ended, now) for score, ended in zip(told[::2], told[1::2], strict=True)]


def _life(score: float | None, ended: str | None, now: int) -> tuple[Life, str]:
    if score is not None and score > now:
        return Life.ALIVE, ""
    if score is not None:
        return Life.DEAD, EXPIRED
    return (Life.DEAD, ended) if ended else (Life.UNKNOWN, "")


def readmitted() -> list[str]:
    """Some of the sessions whose leases beats brought back, for PostgreSQL to be asked about them."""
    found: list[str] = clients.durable().srandmember(keys.READMITTED, AT_ONCE)  # type: ignore[assignment]
    return found


def forget_readmitted(sessions: Iterable[str]) -> None:
    if told := list(sessions):
        clients.durable().srem(keys.READMITTED, *told)


def interval() -> int:
    """Seconds between heartbeats, as players are told now."""
    told = clients.durable().get(keys.INTERVAL)
    asked = int(told) if told else settings.HEARTBEAT_INTERVAL_S  # type: ignore[arg-type]
    return int(max(SHORTEST_S, min(asked, LONGEST_S)))


def stretch(seconds: int | None) -> None:
    """Have players beat that often from their next beat on; None: as the setting says."""
    if seconds is None:
        clients.durable().delete(keys.INTERVAL)
    else:
        clients.durable().set(keys.INTERVAL, seconds)
