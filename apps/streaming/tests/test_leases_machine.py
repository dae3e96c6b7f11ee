"""Leases in any order of events: a machine that knows only the promises, against the real Valkey."""

import os
from typing import Any

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from apps.core import clients
from apps.engagement.services import positions
from apps.engagement.store import Beat
from apps.streaming.store import beats, leases
from apps.streaming.store.beats import Busy, Kept, Lost
from apps.streaming.store.leases import Full, Granted, Life

from .steps import lapse

SEED = int(os.environ.get("LEASES_SEED", "20261127"))
EXAMPLES = int(os.environ.get("LEASES_EXAMPLES", "40"))
LIMIT = 2


class Playing(RuleBasedStateMachine):
    """`alive` have a lease, `expired` had one, `ended` are over for good by a reason."""

    def __init__(self) -> None:
        super().__init__()
        clients.durable().flushdb()
        self.account = "account"
        self.alive: set[str] = set()
        self.expired: set[str] = set()
        self.ended: dict[str, str] = {}
        self.forgotten: set[str] = set()
        # In the order in which they were told; each with its session.
        self.codes: list[tuple[str, str]] = []
        self.sent: dict[str, list[tuple[int, int]]] = {}
        self.epoch = 0

    def some(self, data: Any, among: Any) -> str:
        return str(data.draw(st.sampled_from(sorted(among))))

    # --- What happens ---

    @rule()
    def start(self) -> None:
        self._start("", "")

    @precondition(lambda self: self.codes)
    @rule(data=st.data())
    def take_over(self, data: Any) -> None:
        self._start(*data.draw(st.sampled_from(self.codes)))

    def _start(self, victim: str, code: str) -> None:
        session = f"session-{len(self.sent)}"
        told = leases.start(self.account, session, limit=LIMIT, terminate=code)
        self.codes = [one for one in self.codes if one[1] != code]
        has_room = len(self.alive) < LIMIT
        if not has_room and victim in self.alive:
            self.alive.remove(victim)
            self.ended[victim] = "taken_over"
            assert told.taken_over == victim
            has_room = True
        else:
            assert told.taken_over == ""
        if has_room:
            assert isinstance(told, Granted)
            self.alive.add(session)
            self.sent[session] = []
        else:
            assert isinstance(told, Full)
            assert told.codes.keys() == self.alive
            self.codes += sorted(told.codes.items())

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), position=st.integers(-5_000, 700_000), seq=st.integers(0, 12))
    def beat(self, data: Any, position: int, seq: int) -> None:
        """In any order: `seq` may be old, new, or sent before; of positions clients say what they will."""
        session = self.some(data, self.sent)
        self._beat(session, seq, position)

    @precondition(lambda self: any(self.sent.values()))
    @rule(data=st.data())
    def repeat(self, data: Any) -> None:
        session = self.some(data, [one for one, sent in self.sent.items() if sent])
        seq, position = data.draw(st.sampled_from(self.sent[session]))
        self._beat(session, seq, position)

    def _beat(self, session: str, seq: int, position: int) -> None:
        first = Beat(session, self.account, "profile", session, "card", epoch=1, seq=0, position_ms=0,
                     duration_ms=600_000)  # fmt: skip
        told = beats.record(beats.seat(first, streams=LIMIT), seq, position)
        if session in self.ended:
            assert told == Lost(self.ended[session])
        elif session in self.alive or len(self.alive) < LIMIT:
            assert isinstance(told, Kept | Busy)
            if isinstance(told, Kept):
                self.alive.add(session)
                self.expired.discard(session)
                self.forgotten.discard(session)
                self.sent[session].append((seq, position))
        else:
            assert told == Lost("expired") or isinstance(told, Busy)
            if isinstance(told, Lost):
                self.forgotten.discard(session)
                self.expired.add(session)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), reason=st.sampled_from(["stopped", "signed_out", "withdrawn"]))
    def end(self, data: Any, reason: str) -> None:
        session = self.some(data, self.sent)
        leases.end(self.account, session, reason)
        self.ended.setdefault(session, reason)
        for one in (self.alive, self.expired, self.forgotten):
            one.discard(session)

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def expire(self, data: Any) -> None:
        session = self.some(data, self.alive)
        lapse(self.account, session)
        self.alive.remove(session)
        self.expired.add(session)

    @rule()
    def flush(self) -> None:
        """Ends are forgotten with all else; PostgreSQL has them (see `ending.judge_readmitted`)."""
        clients.durable().flushdb()
        self.forgotten = set(self.sent)
        self.alive, self.expired, self.codes = set(), set(), []
        self.ended = {}
        self.sent = {session: [] for session in self.sent}

    # --- What always holds ---

    @invariant()
    def the_limit_is_kept(self) -> None:
        live = leases.live(self.account)
        assert set(live) == self.alive
        assert len(live) <= LIMIT

    @invariant()
    def everybody_s_life_is_known(self) -> None:
        names = sorted(self.sent)
        told = dict(zip(names, leases.lives((self.account, one) for one in names), strict=True))
        for session, (life, reason) in told.items():
            if session in self.alive:
                assert life is Life.ALIVE
            elif session in self.forgotten:
                assert life is Life.UNKNOWN
            else:
                assert (life, reason) == (Life.DEAD, self.ended.get(session, "expired"))

    @invariant()
    def positions_are_those_of_the_latest_beat(self) -> None:
        for session, sent in self.sent.items():
            if sent:
                # Of several with one number the first counts.
                latest = max(seq for seq, _ in sent)
                position = next(position for seq, position in sent if seq == latest)
                expected = max(0, min(position, 600_000))
                found, _, _ = positions.remembering.place(self.account, "profile", session, "")
                assert found
                assert (found.seq, found.position_ms) == (latest, expected)


seed(SEED)(Playing)
TestPlaying = Playing.TestCase
TestPlaying.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
