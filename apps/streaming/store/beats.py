"""A heartbeat: one script renews the lease, records the position and the events, and only then answers."""

from dataclasses import dataclass

from django.conf import settings

from apps.core import clients
from apps.engagement.store import RECORD_ARGS, RECORD_LUA, Beat, beat_args, record_keys, session_args

from . import keys
from .leases import LEASES_LUA

# A player that was offline sends up to 30 at once; whoever sends more than this in that time is no player.
MOST_BEATS, PER_S = 60, 10
GIVEN = 4

BEAT = clients.Script(
    LEASES_LUA
    + RECORD_LUA
    + """
local leases, ended, session, now = KEYS[1], ARGV[2], ARGV[1], now_ms()
local reason = redis.call('GET', KEYS[2])
if reason and reason ~= 'expired' then return {'lost', reason} end
local count = redis.call('INCR', KEYS[3])
if count == 1 then redis.call('EXPIRE', KEYS[3], PER_S) end
if count > MOST_BEATS then return {'busy', redis.call('TTL', KEYS[3])} end
local expires = tonumber(redis.call('ZSCORE', leases, session))
if not expires or expires <= now then
  expire(leases, ended, now)
  if redis.call('ZCARD', leases) >= tonumber(ARGV[3]) then
    finish(leases, ended, session, 'expired')
    return {'lost', 'expired'}
  end
  redis.call('DEL', KEYS[2])
  redis.call('SADD', KEYS[5], session)
end
local interval = interval_s(KEYS[4], ARGV[4])
keep(leases, session, now, interval)
record(now, {KEYS[6], KEYS[7], KEYS[8]}, {unpack(ARGV, GIVEN + 1, GIVEN + RECORD_ARGS)})
return {'kept', interval}
""".replace("RECORD_ARGS", str(RECORD_ARGS))
    .replace("GIVEN", str(GIVEN))
    .replace("PER_S", str(PER_S))
    .replace("MOST_BEATS", str(MOST_BEATS))
)


@dataclass(frozen=True, slots=True)
class Kept:
    """It is recorded; the next is due in `interval_s`."""

    interval_s: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The lease is gone; nothing was recorded."""

    reason: str


@dataclass(frozen=True, slots=True)
class Busy:
    """Too many in a short time; nothing was recorded."""

    retry_after_s: int


def seat(first: Beat, *, streams: int) -> clients.Call:
    """What `record` needs of a session whose account may play `streams` at once, for all of its beats."""
    account, session = first.account, first.session
    names = [
        keys.leases(account), keys.ended(account, session), keys.beats(account, session), keys.INTERVAL,
        keys.READMITTED, *record_keys(account, first.profile),
    ]  # fmt: skip
    given: list[str | int | bytes] = [session, keys.ended(account), streams, settings.HEARTBEAT_INTERVAL_S]
    return clients.Call(BEAT, names, [*given, *session_args(first)])


def record(
    seat: clients.Call, seq: int, position_ms: int, state: str = "playing", speed: float = 1.0
) -> Kept | Lost | Busy:
    """Keep the session's lease, or bring it back if fewer than its streams are alive; and record the beat.

    The same beat may come twice and late: positions, counts and documents bear it.
    """
    told, value = seat.run(*beat_args(seq, position_ms, state, speed))
    if told == "kept":
        return Kept(int(value))
    return Lost(value) if told == "lost" else Busy(max(1, int(value)))
