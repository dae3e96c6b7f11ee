"""Beats out of order and twice, consumers killed at any moment, MongoDB gone for a while: nothing is lost.

STORM_SEED and STORM_BEATS change the run.
"""

import os
import time
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as live
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from apps.core import clients
from apps.engagement.services import consumer, positions
from apps.engagement.store import Beat, keys, remembering, stream
from tests.proxy import FaultProxy

from .players import FILM, Player, Viewer, event_id
from .players import send as send_one
from .storms import Consumers, Storm, audit, send

SEED = int(os.environ.get("STORM_SEED", "20261126"))
BEATS = int(os.environ.get("STORM_BEATS", "3000"))
KILLS = 6


def test_a_storm_with_killed_consumers_and_an_absent_mongodb_loses_and_doubles_nothing(mongo: Any) -> None:
    print(f"seed {SEED}, {BEATS} beats")  # noqa: T201
    storm, random = Storm(SEED, BEATS, places=300), Random(SEED)  # noqa: S311
    parts = urlsplit(live.MONGO_URL)
    proxy = FaultProxy((parts.hostname or "", parts.port or 0))
    consumers = Consumers(os.environ | {"MONGO_URL": proxy.url(live.MONGO_URL), "MONGO_TIMEOUT_S": "1"})
    told: dict[str, int] = {}
    try:
        for _ in range(2):
            consumers.start()
        size = len(storm.beats) // KILLS + 1
        for n, start in enumerate(range(0, len(storm.beats), size)):
            part = storm.beats[start : start + size]
            for beat, watched in zip(part, send(part), strict=True):
                told[beat.session] = max(watched, told.get(beat.session, 0))
            if n == 1:
                proxy.refuse()
            if n == 3:
                proxy.heal()
            time.sleep(random.uniform(0.05, 0.3))
            consumers.kill(random)
        await_empty(60)
    finally:
        consumers.end()
        proxy.refuse()

    assert consumers.killed == KILLS
    assert list(audit(storm.beats, told)) == []


def await_empty(seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    while clients.durable().xlen(keys.STREAM):
        assert time.monotonic() < ends_at, stream.state()
        time.sleep(0.1)


# --- Step by step against a model ----------------------------------------------------------------------


class Watching(RuleBasedStateMachine):
    """One viewer with two series of two episodes and a film; what the model says holds after every step."""

    def __init__(self) -> None:
        super().__init__()
        clients.durable().flushdb()
        for name in clients.mongo().list_collection_names():
            clients.mongo().drop_collection(name)
        self.asha = Viewer()
        self.players: list[Player] = []
        self.sent: list[Beat] = []
        self.latest: dict[str, Beat] = {}
        self.cards: dict[str, Beat] = {}
        self.removed: dict[str, int] = {}
        self.pace = consumer.Pace()

    @rule(content=st.sampled_from(["a1", "a2", "b1", "b2", "film"]))
    def begin(self, content: str) -> None:
        self.asha.at += 1
        following = f"{content[0]}2" if content.endswith("1") else None
        card = content if content == "film" else content[0]
        self.players.append(self.asha.session(content, card=card, next_content=following))

    def _send(self, beat: Beat) -> None:
        send_one(beat, self.asha.at)
        self.sent.append(beat)
        for known, key in ((self.latest, beat.content), (self.cards, beat.card)):
            if key not in known or (beat.epoch, beat.seq) > (known[key].epoch, known[key].seq):
                known[key] = beat

    @precondition(lambda self: self.players)
    @rule(data=st.data(), seconds=st.integers(0, 60), moved=st.sampled_from([0, 10, 10, 600, 6000, -600]))
    def play(self, data: st.DataObject, seconds: int, moved: int) -> None:
        player = data.draw(st.sampled_from(self.players))
        self.asha.at += seconds * 1000
        last = player.last
        player.last = Beat(**{name: getattr(last, name) for name in Beat.__dataclass_fields__} | {
            "seq": last.seq + 1, "position_ms": last.position_ms + moved * 1000})  # fmt: skip
        self._send(player.last)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def repeat_an_old_beat(self, data: st.DataObject) -> None:
        self._send(data.draw(st.sampled_from(self.sent)))

    @precondition(lambda self: self.expected_cards())
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        card = data.draw(st.sampled_from(sorted(self.expected_cards())))
        positions.remove_card(self.asha.account, self.asha.profile, card)
        self.removed[card] = self.cards[card].epoch

    @rule()
    def carry(self) -> None:
        consumer.drain(self.pace)

    @rule()
    def lose_redis(self) -> None:
        """After all of it was carried over: what was not is what an operator loses with a flush."""
        consumer.drain(self.pace)
        clients.durable().flushdb()
        self.pace = consumer.Pace()

    def expected_cards(self) -> dict[str, tuple[str, int]]:
        shown = {}
        for card, beat in self.cards.items():
            position = max(0, min(beat.position_ms, FILM))
            finished = position >= beat.ends_ms
            if self.removed.get(card, -1) >= beat.epoch or (finished and not beat.next_content):
                continue
            shown[card] = (beat.next_content or "", 0) if finished else (beat.content, position)
        return shown

    @invariant()
    def what_is_shown_and_resumed_is_right(self) -> None:
        found = positions.continue_watching(self.asha.account, self.asha.profile)
        assert {one.card: (one.content, one.position_ms) for one in found} == self.expected_cards()
        for content, beat in self.latest.items():
            told = positions.resume(self.asha.account, self.asha.profile, content)
            position = max(0, min(beat.position_ms, FILM))
            finished = position >= beat.ends_ms
            assert told == positions.Resume(0 if finished else position, beat.epoch, finished)

    def teardown(self) -> None:
        consumer.drain(self.pace)
        mongo: Any = clients.mongo()
        assert {row["_id"] for row in mongo.engagement_events.find()} == {event_id(one) for one in self.sent}
        rows = {row["content"]: (row["epoch"], row["seq"]) for row in mongo.watch_history.find()}
        assert rows == {content: (one.epoch, one.seq) for content, one in self.latest.items()}
        for row in mongo.viewing_sessions.find():
            wall = (row["last_at"] - row["first_at"]).total_seconds() * 1000
            assert row["watched_ms"] <= wall
        assert remembering.now_ms()


TestWatching = Watching.TestCase
TestWatching.settings = hypothesis_settings(
    max_examples=int(os.environ.get("STORM_EXAMPLES", "12")), stateful_step_count=25, deadline=None,
    derandomize=True, suppress_health_check=list(HealthCheck),
)  # fmt: skip
pytestmark = pytest.mark.usefixtures("mongo")
