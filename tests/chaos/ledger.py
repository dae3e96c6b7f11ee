"""What viewers did and what they were told, kept by themselves."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Content:
    """A video of the stage: `card` is the title that stands for it, `next` the episode after it."""

    slug: str
    card: str
    episode: str | None
    next: str | None

    @property
    def id(self) -> str:
        return self.episode or self.card


@dataclass(frozen=True, slots=True)
class Told:
    """One beat as it is sent, each time the same; `event` is the id of an event that goes along."""

    seq: int
    position_ms: int
    state: str
    speed: float
    event: str | None = None


@dataclass
class Played:
    """A playback session, `number` is its place among all: of one account they begin one after the other.

    `plan` has what is still to be sent, `acked` the beats that were answered with 200, `doubtful` those of
    which nobody knows. Times are the
    client's monotonic seconds: it was `asked` for, it had `begun`, the last acknowledged beat was sent at
    `last_sent`, and answered at `last_came`.
    """

    number: int
    id: str
    token: str
    account: str
    profile: str
    content: Content
    duration_ms: int
    credits_ms: int | None
    asked: float
    begun: float
    last_sent: float
    last_came: float
    plan: list[Told] = field(default_factory=list)
    acked: dict[int, Told] = field(default_factory=dict)
    doubtful: dict[int, Told] = field(default_factory=dict)
    over: bool = False

    @property
    def finishes_ms(self) -> float:
        """docs/api.md: at the credits, or 95 % where none are marked."""
        return self.credits_ms or self.duration_ms * 0.95

    def clamped(self, told: Told) -> int:
        return min(told.position_ms, self.duration_ms)

    def finished(self, told: Told) -> bool:
        return self.clamped(told) >= self.finishes_ms

    def possible(self) -> Iterator[Told]:
        """The beats any of which may be the latest that counts: the latest acknowledged, and what is in doubt
        after it."""
        latest = max(self.acked, default=-1)
        if latest >= 0:
            yield self.acked[latest]
        yield from (told for seq, told in self.doubtful.items() if seq > latest)


@dataclass
class Ledger:
    played: list[Played] = field(default_factory=list)
    sent: int = 0
    repeated: int = 0
    refused: int = 0
    events: dict[str, str] = field(default_factory=dict)
    doubtful_events: dict[str, str] = field(default_factory=dict)
    full: int = 0
    taken_over: int = 0
    ghosts: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def begin(
        self, answer: Any, body: dict[str, Any], account: str, profile: str, content: Content
    ) -> Played:
        """A session that `answer`, of the body, began."""
        marked = [one["start_ms"] for one in body["segments"] if one["kind"] == "credits"]
        played = Played(
            len(self.played), body["session_id"], body["playback_token"], account, profile, content,
            body["duration_ms"], marked[0] if marked else None, answer.sent, answer.came, answer.came,
            answer.came,
        )  # fmt: skip
        self.played.append(played)
        return played

    @property
    def acked(self) -> int:
        """Beats that were answered with 200, repetitions aside."""
        return sum(len(one.acked) for one in self.played)
