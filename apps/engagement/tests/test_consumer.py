"""From the stream to MongoDB: at least once, and once in effect; what is no event stops no other."""

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from apps.core import clients
from apps.core.errors import STORE_ERRORS
from apps.engagement import folding
from apps.engagement.services import consumer, positions
from apps.engagement.store import documents, keys, stream

from .conftest import Away
from .players import MINUTE, Viewer, send

pytestmark = pytest.mark.usefixtures("mongo")


def length(name: str = keys.STREAM) -> int:
    return int(clients.durable().xlen(name))


def put(**fields: Any) -> str:
    return str(clients.durable().xadd(keys.STREAM, fields))


def dead() -> list[str]:
    return [one.fields["dead_reason"] for one in stream.dead_letters(100)]


def flush() -> None:
    clients.durable().flushdb()


def test_beats_become_an_event_each_a_session_and_a_history(
    asha: Viewer, pace: consumer.Pace, mongo: Any
) -> None:
    player = asha.session("one", card="series", next_content="two", device="$account", asset="asset")
    for _ in range(3):
        player.plays(10)

    assert consumer.drain(pace) == 3

    assert length() == 0
    assert mongo.engagement_events.count_documents({"account": asha.account, "type": "beat"}) == 3
    (session,) = mongo.viewing_sessions.find()
    assert session["_id"] == player.last.session
    told = {name: session[name] for name in ("seq", "position_ms", "watched_ms", "finished", "device")}
    assert told == {"seq": 3, "position_ms": 30_000, "watched_ms": 20_000, "finished": False,
                    "device": "$account"}, "what begins with a dollar is text"  # fmt: skip
    assert (session["last_at"] - session["first_at"]).total_seconds() == 20
    (history,) = mongo.watch_history.find()
    assert history["_id"] == f"{asha.profile}:one"
    told = {name: history[name] for name in ("epoch", "seq", "position_ms", "card", "next", "finished")}
    assert told == {"epoch": player.last.epoch, "seq": 3, "position_ms": 30_000, "card": "series",
                    "next": "two", "finished": False}  # fmt: skip


def test_of_a_kid_only_what_resuming_takes_is_kept(asha: Viewer, pace: consumer.Pace, mongo: Any) -> None:
    asha.session(kid=True).plays(10)

    consumer.drain(pace)

    assert mongo.engagement_events.count_documents({}) == 0
    assert mongo.watch_history.count_documents({"profile": asha.profile}) == 1


def test_any_order_and_any_number_of_times_comes_to_the_same(
    asha: Viewer, pace: consumer.Pace, mongo: Any
) -> None:
    seed = 20261126
    random = Random(seed)  # noqa: S311
    print("seed", seed)  # noqa: T201
    for content in ("one", "two"):
        for _ in range(2):
            player = asha.session(content, card="series")
            for _ in range(5):
                player.plays(random.choice([1, 10, 30]))
    entries = clients.durable().xrange(keys.STREAM)
    facts = [folding.read(one, fields) for one, fields in entries]

    def outcome(order: list[folding.Fact]) -> list[Any]:
        for name in mongo.list_collection_names():
            mongo.drop_collection(name)
        while order:
            part = [order.pop() for _ in range(min(len(order), random.randint(1, 6)))]
            assert documents.write(folding.fold(part)) == {}
        names = ("engagement_events", "viewing_sessions", "watch_history")
        return [list(mongo[name].find().sort("_id")) for name in names]

    expected = outcome(facts[::-1])
    for _ in range(5):
        order = facts + random.choices(facts, k=10)
        random.shuffle(order)
        assert outcome(order) == expected


def test_while_mongodb_is_away_nothing_is_lost_and_positions_work(
    asha: Viewer, pace: consumer.Pace, mongo: Any, mongo_away: Away
) -> None:
    player = asha.session()
    player.plays(10)
    consumer.drain(pace)
    with mongo_away():
        for _ in range(5):
            player.plays(10)
        with pytest.raises(STORE_ERRORS):
            consumer.drain(pace)
        assert consumer.drain(pace) == 0, "it rests"
        assert positions.resume(asha.account, asha.profile, "film").position_ms == 60_000
        assert length() == 5

    pace.rests_until = 0
    consumer.drain(pace)

    assert (length(), dead()) == (0, [])
    assert mongo.engagement_events.count_documents({}) == 6
    assert mongo.watch_history.find_one()["position_ms"] == 60_000


def test_a_long_absence_of_mongodb_wears_out_no_entry(
    asha: Viewer, pace: consumer.Pace, mongo: Any, mongo_away: Away
) -> None:
    asha.session().plays(10)
    stream.begin()
    pace.begun = True
    with mongo_away():
        for _ in range(2 * consumer.DELIVERIES):
            pace.rests_until = 0
            with pytest.raises(STORE_ERRORS):
                consumer.drain(pace)

    pace.rests_until = 0
    assert consumer.drain(pace) == 1
    assert (length(), dead()) == (0, [])


def test_where_mongodb_is_too_slow_for_a_batch_smaller_ones_are_tried(
    asha: Viewer, pace: consumer.Pace, mongo: Any, mongo_away: Away
) -> None:
    consumer.drain(pace)
    with mongo_away():
        asha.session().plays(10)
        for expected in (500, 250, 125, 62, 31, 15, 10, 10):
            pace.rests_until = 0
            with pytest.raises(STORE_ERRORS):
                consumer.drain(pace)
            assert pace.size == expected

    pace.rests_until = 0
    player = asha.session()
    for _ in range(35):
        player.plays(10)
    assert consumer.drain(pace) == 36
    assert pace.size > 10


def test_what_a_dead_consumer_left_is_carried_by_another(
    asha: Viewer, pace: consumer.Pace, mongo: Any, quick_reclaim: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asha.session().plays(10)
    stream.begin()
    with monkeypatch.context() as patch:
        patch.setattr(stream, "member", lambda: "the dead")
        assert len(stream.read(10)) == 1

    assert consumer.drain(pace) == 1
    assert length() == 0
    assert mongo.engagement_events.count_documents({}) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "beat", "told": "{"},
        {"kind": "beat", "told": "{}", "at": "1"},
        {"kind": "event", "told": '{"id": 1}', "at": "1"},
        {"kind": "what is this"},
        {"nothing": "of it"},
        {"kind": "removed", "account": "a", "profile": "p", "card": "c", "epoch": str(2**80)},
    ],
)
def test_what_cannot_be_read_is_a_dead_letter_with_its_reason(
    fields: dict[str, str], asha: Viewer, pace: consumer.Pace, mongo: Any
) -> None:
    entry = put(**fields)
    asha.session().plays(10)

    consumer.drain(pace)

    assert length() == 0
    (letter,) = stream.dead_letters(10)
    assert letter.fields["dead_entry"] == entry
    assert letter.fields["dead_reason"].startswith("Unreadable: ")
    assert {name: letter.fields[name] for name in fields} == fields
    assert mongo.watch_history.count_documents({}) == 1, "the rest goes on"


def test_what_mongodb_cannot_hold_is_a_dead_letter_and_goes_alone(
    asha: Viewer, pace: consumer.Pace, mongo: Any
) -> None:
    told = f'{{"id": "x", "type": "click", "account": "{asha.account}", "profile": "{asha.profile}"'
    put(kind="event", told=f'{told}, "data": {{"n": {2**63}}}}}', at="1")
    asha.session().plays(10)

    consumer.drain(pace)

    assert length() == 0
    assert [reason.partition(":")[0] for reason in dead()] == ["Unstorable"]
    assert mongo.engagement_events.count_documents({"type": "beat"}) == 1


def test_what_mongodb_refuses_is_tried_five_times(
    asha: Viewer, pace: consumer.Pace, mongo: Any, quick_reclaim: None
) -> None:
    mongo.create_collection("engagement_events", validator={"data.state": {"$ne": "paused"}})
    player = asha.session()
    player.plays(10)
    player.plays(10, state="paused")

    left = []
    for _ in range(consumer.DELIVERIES):
        consumer.drain(pace)
        left.append(length())

    assert left == [1, 1, 1, 1, 0]
    assert [reason[:12] for reason in dead()] == ["MongoDB 121:"]


def test_an_entry_whose_readers_keep_dying_is_a_dead_letter(
    asha: Viewer, pace: consumer.Pace, mongo: Any, quick_reclaim: None
) -> None:
    asha.session().plays(10)
    stream.begin()
    stream.read(10)
    for _ in range(consumer.DELIVERIES - 1):
        assert len(stream.claim(stream.left_behind(10))) == 1

    consumer.drain(pace)

    assert length() == 0
    assert dead() == ["Those who read it ended 5 times"]


def test_what_was_read_before_goes_in_ever_smaller_parts() -> None:
    entries = [stream.Entry(str(n), {}, deliveries) for deliveries in (0, 1, 2, 3, 4) for n in range(250)]

    sizes = Counter((part[0].deliveries, len(part)) for part in consumer.shrinking(entries))

    assert sizes == {(0, 250): 1, (1, 100): 2, (1, 50): 1, (2, 10): 25, (3, 1): 250, (4, 1): 250}


def test_after_redis_was_emptied_the_consumer_begins_anew(
    asha: Viewer, pace: consumer.Pace, mongo: Any
) -> None:
    consumer.drain(pace)
    flush()
    asha.session().plays(10)

    for _ in range(2):
        consumer.drain(pace)

    assert length() == 0
    assert mongo.watch_history.count_documents({}) == 1


def test_members_that_are_gone_are_forgotten_unless_they_have_something(
    asha: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "GONE_MS", -1)
    stream.begin()
    asha.session().plays(10)
    for name in ("holds one", "has none"):
        with monkeypatch.context() as patch:
            patch.setattr(stream, "member", lambda name=name: name)
            stream.read(10)

    stream.drop_idle_members()

    told = clients.durable().xinfo_consumers(keys.STREAM, keys.GROUP)
    assert [one["name"] for one in told] == ["holds one"]


def test_the_state_of_the_stream_is_told(asha: Viewer) -> None:
    assert stream.state() == stream.State(0, 0, 0, 0.0)
    asha.session().plays(10)
    stream.begin()
    stream.read(1)

    state = stream.state()

    assert (state.length, state.pending, state.members) == (1, 1, [stream.member()])
    assert 0 <= state.lag_s < 600


# --- After a flush of Redis ----------------------------------------------------------------------------


def test_positions_and_cards_come_back_from_mongodb(asha: Viewer, pace: consumer.Pace) -> None:
    asha.session("film").plays(600)
    asha.session("seen").says(position_ms=99 * MINUTE)
    asha.session("one", card="series", next_content="two").says(position_ms=99 * MINUTE)
    gone = asha.session("gone")
    gone.plays(20)
    positions.remove_card(asha.account, asha.profile, "gone")
    before = positions.continue_watching(asha.account, asha.profile)
    resumes = [positions.resume(asha.account, asha.profile, one) for one in ("film", "seen", "one", "gone")]
    consumer.drain(pace)

    flush()

    assert positions.continue_watching(asha.account, asha.profile) == before
    assert [one.card for one in before] == ["series", "film"]
    again = [positions.resume(asha.account, asha.profile, one) for one in ("film", "seen", "one", "gone")]
    assert again == resumes
    gone.plays(10)
    assert positions.continue_watching(asha.account, asha.profile) == before, "it stays removed"


def test_what_was_played_since_the_flush_is_later_than_what_comes_back(
    asha: Viewer, pace: consumer.Pace
) -> None:
    player = asha.session()
    player.plays(600)
    consumer.drain(pace)
    flush()

    player.plays(10)

    assert positions.resume(asha.account, asha.profile, "film").position_ms == 610_000
    (card,) = positions.continue_watching(asha.account, asha.profile)
    assert card.position_ms == 610_000


def test_time_watched_before_and_after_a_flush_adds_up(asha: Viewer, pace: consumer.Pace, mongo: Any) -> None:
    player = asha.session()
    for _ in range(4):
        player.plays(10)
    consumer.drain(pace)
    flush()
    for _ in range(3):
        player.plays(10)
    for _ in range(2):
        consumer.drain(pace)

    assert mongo.viewing_sessions.find_one()["watched_ms"] == 50_000


def test_a_profile_is_loaded_once_and_without_mongodb_later(
    asha: Viewer, pace: consumer.Pace, mongo_away: Away, mongo: Any
) -> None:
    asha.session().plays(600)
    consumer.drain(pace)
    flush()
    with mongo_away():
        assert positions.continue_watching(asha.account, asha.profile) == []
    assert len(positions.continue_watching(asha.account, asha.profile)) == 1

    mongo.watch_history.delete_many({})
    assert len(positions.continue_watching(asha.account, asha.profile)) == 1


def test_a_cleared_history_is_gone_and_late_events_do_not_bring_it_back(
    asha: Viewer, pace: consumer.Pace, mongo: Any
) -> None:
    other = Viewer(asha.account)
    for viewer in (asha, other):
        viewer.session().plays(600)
    consumer.drain(pace)
    late = asha.session("late")
    send(replace(late.last, seq=1, position_ms=5000))

    positions.clear_history(asha.account, asha.profile)
    consumer.drain(pace)

    for name in ("watch_history", "viewing_sessions", "engagement_events"):
        assert mongo[name].count_documents({"profile": asha.profile}) == 0, name
        assert mongo[name].count_documents({"profile": other.profile}) == 1, name
    assert positions.continue_watching(asha.account, asha.profile) == []
    assert positions.resume(asha.account, asha.profile, "film").position_ms == 0
    send(replace(late.last, seq=2, position_ms=6000))
    consumer.drain(pace)
    assert mongo.watch_history.count_documents({"profile": asha.profile}) == 1, "what comes after stays"
