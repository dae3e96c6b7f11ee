"""Players for tests: beats sent by a script that records and does nothing else."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from apps.core import clients
from apps.engagement.store import RECORD_ARGS, RECORD_LUA, Beat, beat_args, keys, record_keys, session_args
from apps.engagement.store.remembering import Position

# The clock is the last argument, 0 for the real one.
SCRIPT = (
    RECORD_LUA
    + """
local now = tonumber(ARGV[#ARGV])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
return record(now, KEYS, ARGV)
"""
)
MINUTE = 60_000
FILM = 100 * MINUTE


@dataclass
class Viewer:
    """A profile that plays; `at` is the clock of Redis in its small world."""

    account: str = field(default_factory=lambda: str(uuid4()))
    profile: str = field(default_factory=lambda: str(uuid4()))
    at: int = 1_780_000_000_000

    def session(self, content: str = "film", **facts: Any) -> "Player":
        told = {"card": content, "duration_ms": FILM} | facts
        beat = Beat(
            session=str(uuid4()), account=self.account, profile=self.profile, content=content,
            epoch=told.pop("epoch", self.at), seq=0, position_ms=0, **told,
        )  # fmt: skip
        return Player(self, beat)


@dataclass
class Player:
    viewer: Viewer
    last: Beat

    def plays(self, seconds: float, **facts: Any) -> tuple[int, int]:
        """Time passes, the position with it, and a beat tells; `(whether it counts, watched ms)`."""
        self.viewer.at += round(seconds * 1000)
        moved = {"position_ms": self.last.position_ms + round(seconds * 1000)} | facts
        return self.says(**moved)

    def says(self, **facts: Any) -> tuple[int, int]:
        self.last = replace(self.last, **({"seq": self.last.seq + 1} | facts))
        return send(self.last, self.viewer.at)


def record_args(beat: Beat) -> list[str | int | bytes]:
    """The `RECORD_ARGS` values of `record`'s `a`."""
    return [*session_args(beat), *beat_args(beat.seq, beat.position_ms, beat.state, beat.speed)]


def event_id(beat: Beat) -> str:
    """What MongoDB knows it by."""
    return f"{beat.session}:{beat.seq}"


def held(account: str, profile: str) -> list[Position]:
    """All positions that Valkey has of a profile."""
    entries: Any = clients.durable().hgetall(keys.positions(account, profile))
    return [Position.of(content, entry) for content, entry in entries.items()]


def send(beat: Beat, at: int = 0) -> tuple[int, int]:
    args = record_args(beat)
    assert len(args) == RECORD_ARGS
    names = record_keys(beat.account, beat.profile)
    counts, watched = clients.durable().register_script(SCRIPT)(keys=names, args=[*args, at])
    return int(counts), int(watched)
