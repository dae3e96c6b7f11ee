"""Storms of beats: many viewers, duplicates, heavy reordering; consumers killed and MongoDB gone meanwhile.

`Storm` makes the beats and knows what must come of them; `Consumers` are processes of their own, cheap to
start and to kill; `audit` compares. `tests/chaos` is about the whole, by HTTP.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.core import clients
from apps.engagement.store import Beat, keys, record_keys, remembering

from .players import SCRIPT, event_id, held, record_args

HOUR = 3_600_000
CONTENTS, SESSIONS = 4, 2
# A parent that has everything loaded and no connection open; each line on its input is one more consumer.
FORKS = """
import os, signal, sys, time, django
django.setup()
from apps.core.errors import STORE_ERRORS
from apps.engagement.services import consumer
from apps.engagement.store import stream
stream.SILENT_MS = int(sys.argv[1])
consumer.RECLAIM_EVERY_S, consumer.LONGEST_REST_S = 0.2, 1.0
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in sys.stdin:
    child = os.fork()
    if child:
        print(child, flush=True)
        continue
    while True:
        try:
            if not consumer.drain():
                time.sleep(0.05)
        except STORE_ERRORS:
            time.sleep(0.05)
"""


@dataclass
class Storm:
    """`of` beats in their order of arrival; some come twice, all up to `places` out of their turn."""

    seed: int
    of: int
    places: int = 3000
    beats: list[Beat] = field(default_factory=list)
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311
        while len(self.beats) < self.of:
            self._viewer()
        del self.beats[self.of :]
        self.beats += self.random.sample(self.beats, len(self.beats) // 20)
        at = [(n + self.random.uniform(-self.places, self.places), n) for n in range(len(self.beats))]
        self.beats = [self.beats[n] for _, n in sorted(at)]

    def _id(self) -> str:
        return str(UUID(int=self.random.getrandbits(128)))

    def _viewer(self) -> None:
        account, profile, card = self._id(), self._id(), self._id()
        contents = [self._id() for _ in range(CONTENTS)]
        for epoch in range(1, CONTENTS * SESSIONS + 1):
            # No more sessions play one video than are counted side by side, so each has one count.
            place = epoch % CONTENTS
            following = contents[place + 1] if place + 1 < CONTENTS else None
            beat = Beat(
                self._id(), account, profile, contents[place], card, epoch, 0, 0, HOUR, next_content=following
            )  # fmt: skip
            for seq in range(1, self.random.randint(2, 25)):
                moved = self.random.choice([0, 10_000, 10_000, 10_000, -60_000, 2 * HOUR])
                state = self.random.choice(["playing", "playing", "playing", "paused", "seeking"])
                beat = replace(beat, seq=seq, position_ms=beat.position_ms + moved, state=state)
                self.beats.append(beat)


def send(beats: list[Beat]) -> list[int]:
    """All in one pipeline; the milliseconds watched that each was answered with."""
    redis = clients.durable()
    script = redis.script_load(SCRIPT)
    pipe = redis.pipeline(transaction=False)
    for beat in beats:
        pipe.evalsha(script, 3, *record_keys(beat.account, beat.profile), *record_args(beat), 0)  # type: ignore[arg-type]
    return [int(watched) for _, watched in pipe.execute()]


@dataclass
class Consumers:
    """Processes that drain the stream."""

    environ: dict[str, str]
    silent_ms: int = 2000
    pids: list[int] = field(default_factory=list)
    killed: int = 0

    def __post_init__(self) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-c", FORKS, str(self.silent_ms)],
            cwd=settings.BASE_DIR,
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self) -> None:
        assert self._parent.stdin
        assert self._parent.stdout
        self._parent.stdin.write("\n")
        self._parent.stdin.flush()
        self.pids.append(int(self._parent.stdout.readline()))

    def kill(self, random: Random) -> None:
        """SIGKILL one in the middle of whatever it does; another takes its place."""
        pid = self.pids.pop(random.randrange(len(self.pids)))
        os.kill(pid, signal.SIGKILL)
        self.killed += 1
        self.start()

    def end(self) -> None:
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
        self._parent.communicate()


def audit(beats: list[Beat], watched: dict[str, int]) -> Iterator[str]:
    """What is wrong; `beats` are those that were acknowledged, `watched` the most that a session was told."""
    mongo: Any = clients.mongo()
    stored = {row["_id"] for row in mongo.engagement_events.find({"type": "beat"}, {"_id": 1})}
    acknowledged = {event_id(beat) for beat in beats}
    yield from (f"lost: {one}" for one in sorted(acknowledged - stored))
    yield from (f"from nowhere: {one}" for one in sorted(stored - acknowledged))
    redis = clients.durable()
    yield from (f"{name} has {n}" for name in (keys.STREAM, keys.DEAD) if (n := redis.xlen(name)))
    latest: dict[tuple[str, str, str], Beat] = {}
    cards: dict[tuple[str, str, str], Beat] = {}
    sessions: dict[str, Beat] = {}
    for beat in beats:
        for known, key in (
            (latest, (beat.account, beat.profile, beat.content)),
            (cards, (beat.account, beat.profile, beat.card)),
            (sessions, beat.session),
        ):
            found = known.get(key)  # type: ignore[attr-defined]
            if found is None or (beat.epoch, beat.seq) > (found.epoch, found.seq):
                known[key] = beat  # type: ignore[index]
    yield from _audit_positions(mongo, latest)
    yield from _audit_cards(cards)
    yield from _audit_sessions(mongo, sessions, watched)


def _clamped(beat: Beat) -> int:
    return max(0, min(beat.position_ms, beat.duration_ms))


def _audit_positions(mongo: Any, latest: dict[tuple[str, str, str], Beat]) -> Iterator[str]:
    rows = {row["_id"]: row for row in mongo.watch_history.find()}
    profiles = {(account, profile) for account, profile, _ in latest}
    here = {
        (account, profile, one.content): one
        for account, profile in profiles
        for one in held(account, profile)
    }
    for (account, profile, content), beat in latest.items():
        expected = (beat.epoch, beat.seq, _clamped(beat))
        row, one = rows.pop(f"{profile}:{content}", None), here.get((account, profile, content))
        if row is None or (row["epoch"], row["seq"], row["position_ms"]) != expected:
            yield f"history of {profile}:{content} is {row}, not {expected}"
        if one is None or (one.epoch, one.seq, one.position_ms) != expected:
            yield f"position of {profile}:{content} is {one}, not {expected}"
    yield from (f"history from nowhere: {key}" for key in rows)


def _audit_cards(cards: dict[tuple[str, str, str], Beat]) -> Iterator[str]:
    for (account, profile, card), beat in cards.items():
        finished = _clamped(beat) >= beat.ends_ms
        expected = [beat.next_content if finished else beat.content]
        found = [one.content for one in remembering.cards(account, profile)[0] if one.card == card]
        if found != [one for one in expected if one]:
            yield f"card of {profile} leads to {found}, not {expected}"


def _audit_sessions(mongo: Any, sessions: dict[str, Beat], watched: dict[str, int]) -> Iterator[str]:
    rows = {row["_id"]: row for row in mongo.viewing_sessions.find()}
    for session, beat in sessions.items():
        row = rows.pop(session, None)
        if row is None or row["seq"] != beat.seq or row["position_ms"] != _clamped(beat):
            yield f"session {session} is {row}, not at {beat.seq}"
            continue
        wall = (row["last_at"] - row["first_at"]).total_seconds() * 1000 + 1
        if row["watched_ms"] != watched[session] or row["watched_ms"] > wall * beat.speed:
            yield f"session {session} has watched {row['watched_ms']} of {watched[session]} in {wall}"
    yield from (f"session from nowhere: {key}" for key in rows)
