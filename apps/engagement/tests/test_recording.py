"""One beat, one step: what a position, a card and the time watched become, whatever a player says."""

from dataclasses import replace

import pytest

from apps.core import clients
from apps.engagement.services import positions
from apps.engagement.store import keys
from apps.engagement.store.recording import CARDS_MOST, POSITIONS_MOST, Beat

from .players import FILM, MINUTE, Player, Viewer, held, send

pytestmark = pytest.mark.usefixtures("mongo")


@pytest.fixture
def asha() -> Viewer:
    return Viewer()


def resumed(viewer: Viewer, content: str = "film") -> int:
    return positions.resume(viewer.account, viewer.profile, content).position_ms


def shown(viewer: Viewer) -> list[tuple[str, str, int]]:
    found = positions.continue_watching(viewer.account, viewer.profile)
    return [(one.card, one.content, one.position_ms) for one in found]


def test_a_viewer_resumes_where_they_left_on_another_device(asha: Viewer) -> None:
    asha.session(device="television").plays(1200)

    assert positions.resume(asha.account, asha.profile, "film") == positions.Resume(
        1_200_000, asha.at - 1_200_000, False
    )
    assert resumed(Viewer(asha.account), "film") == 0, "each profile has its own"


def test_what_was_never_played_begins_at_the_beginning(asha: Viewer) -> None:
    assert positions.resume(asha.account, asha.profile, "film") == positions.Resume(0, 0, False)


def test_beats_that_come_late_or_twice_change_no_position(asha: Viewer) -> None:
    player = asha.session()
    player.plays(10)
    early = player.last
    player.plays(10)

    assert send(player.last, asha.at)[0] == 0
    assert send(early, asha.at)[0] == 0
    assert resumed(asha) == 20_000


def test_a_later_session_wins_over_all_beats_of_an_earlier_one(asha: Viewer) -> None:
    old = asha.session()
    old.plays(600)
    new = asha.session()
    new.plays(5, position_ms=5000)

    assert old.plays(10)[0] == 0
    assert resumed(asha) == 5000, "starting over is a session that begins at 0"


@pytest.mark.parametrize(("said", "kept"), [(-5, 0), (2**62, FILM), (FILM + 1, FILM)])
def test_a_position_stays_within_its_video(asha: Viewer, said: int, kept: int) -> None:
    asha.session().says(position_ms=said)

    (found,) = held(asha.account, asha.profile)
    assert found.position_ms == kept


# --- The time watched ----------------------------------------------------------------------------------


def watched(player: Player, *steps: tuple[float, float, str]) -> int:
    """Seconds that count after steps of (seconds that pass, seconds that the position moves, state)."""
    total = 0
    for passes, moves, state in steps:
        player.viewer.at += round(passes * 1000)
        position = player.last.position_ms + round(moves * 1000)
        total = player.says(position_ms=position, state=state)[1]
    return total // 1000


BEGIN = (0, 0, "playing")


def test_time_counts_as_the_picture_moves(asha: Viewer) -> None:
    assert watched(asha.session(), BEGIN, *[(10, 10, "playing")] * 6) == 60


def test_a_jump_counts_no_more_than_the_time_that_passed(asha: Viewer) -> None:
    assert watched(asha.session(), BEGIN, (10, 3000, "playing")) == 10


def test_seeking_and_pausing_and_waiting_count_nothing(asha: Viewer) -> None:
    steps = [(10, 10, "playing"), (10, 900, "seeking"), (3600, 0, "paused"), (10, 0, "buffering")]

    assert watched(asha.session(), BEGIN, *steps) == 10
    assert watched(asha.session(), BEGIN, (3600, 0, "paused"), (1, 3000, "playing")) == 1


def test_going_back_counts_nothing_and_seeing_it_again_does(asha: Viewer) -> None:
    assert watched(asha.session(), BEGIN, (10, 10, "playing"), (1, -10, "playing"), (10, 10, "playing")) == 20


def test_double_speed_counts_double_and_no_more(asha: Viewer) -> None:
    player = asha.session(speed=2.0)
    assert watched(player, BEGIN, (10, 20, "playing"), (10, 900, "playing")) == 40

    liar = asha.session(speed=1000.0)
    assert watched(liar, BEGIN, (10, 900, "playing")) == 40, "nobody plays faster than fourfold"


def test_beats_kept_while_the_network_was_away_count_when_they_come(asha: Viewer) -> None:
    player = asha.session()
    watched(player, BEGIN, (10, 10, "playing"), (110, 10, "playing"))

    assert watched(player, *[(0, 10, "playing")] * 9) == 110


def test_two_sessions_at_once_each_count_for_themselves(asha: Viewer) -> None:
    tablet, phone = asha.session(), asha.session(epoch=asha.at + 1)
    tablet.says()
    phone.says()
    for _ in range(3):
        asha.at += 10_000
        counts, there = tablet.says(position_ms=tablet.last.position_ms + 10_000)
        _, here = phone.says(position_ms=phone.last.position_ms + 10_000)

    assert (counts, there, here) == (0, 30_000, 30_000)


# --- Finishing, and cards ------------------------------------------------------------------------------


def test_a_film_is_finished_where_its_credits_begin(asha: Viewer) -> None:
    player = asha.session(credits_ms=90 * MINUTE)
    player.says(position_ms=90 * MINUTE - 1)
    assert shown(asha) == [("film", "film", 90 * MINUTE - 1)]

    player.says(position_ms=90 * MINUTE)

    assert shown(asha) == []
    found = positions.resume(asha.account, asha.profile, "film")
    assert (found.position_ms, found.finished) == (0, True)


def test_without_credits_a_film_is_finished_at_95_percent(asha: Viewer) -> None:
    player = asha.session()
    player.says(position_ms=95 * MINUTE - 1)
    assert shown(asha)
    player.says(position_ms=95 * MINUTE)
    assert shown(asha) == []


def test_a_series_has_one_card_that_goes_to_the_next_episode(asha: Viewer) -> None:
    first = asha.session("one", card="series", next_content="two")
    first.says(position_ms=MINUTE)
    assert shown(asha) == [("series", "one", MINUTE)]

    first.says(position_ms=99 * MINUTE)
    assert shown(asha) == [("series", "two", 0)]

    first.says(position_ms=98 * MINUTE)
    assert shown(asha) == [("series", "two", 0)], "during the credits it stays there"
    first.says(position_ms=50 * MINUTE)
    assert shown(asha) == [("series", "one", 50 * MINUTE)]

    asha.at += 1
    asha.session("two", card="series").says(position_ms=96 * MINUTE)
    assert shown(asha) == [], "the last episode ends it"
    first.says(position_ms=51 * MINUTE)
    assert shown(asha) == [], "and an old session does not bring it back"


def test_cards_come_latest_first_and_trailers_have_none(asha: Viewer) -> None:
    for content in ("a", "b", "c"):
        asha.session(content).plays(10)
    asha.session("a").plays(10)
    asha.session("trailer", card="").plays(10)

    assert [card for card, _, _ in shown(asha)] == ["a", "c", "b"]
    assert resumed(asha, "trailer") == 10_000


def test_a_removed_card_stays_away_until_another_session_plays(asha: Viewer) -> None:
    player = asha.session()
    player.plays(600)

    positions.remove_card(asha.account, asha.profile, "film")
    player.plays(10)

    assert shown(asha) == []
    assert resumed(asha) == 610_000, "its position stays, and it is not marked as watched"
    asha.session().plays(10, position_ms=620_000)
    assert shown(asha) == [("film", "film", 620_000)]


def test_what_is_not_there_cannot_be_removed(asha: Viewer) -> None:
    with pytest.raises(positions.NoSuchCard):
        positions.remove_card(asha.account, asha.profile, "film")

    asha.session().plays(600)
    positions.remove_card(asha.account, asha.profile, "film")
    with pytest.raises(positions.NoSuchCard):
        positions.remove_card(asha.account, asha.profile, "film")


def test_the_oldest_positions_and_cards_make_room(asha: Viewer) -> None:
    beat = asha.session().last
    for n in range(CARDS_MOST + 1):
        send(replace(beat, content=f"film-{n}", card=f"film-{n}", seq=1), asha.at + n)
    held = clients.durable().hgetall(keys.cards(asha.account, asha.profile))
    assert len(held) <= CARDS_MOST
    assert f"film-{CARDS_MOST}" in held
    assert "film-0" not in held

    entry = f"1 1 5 10 0 {asha.at}"
    full = {f"old-{n}": entry for n in range(POSITIONS_MOST)}
    clients.durable().hset(keys.positions(asha.account, asha.profile), mapping=full)
    send(replace(beat, content="newest", seq=1), asha.at + 10**6)
    held = clients.durable().hgetall(keys.positions(asha.account, asha.profile))
    assert len(held) <= POSITIONS_MOST
    assert "newest" in held


def test_keys_of_an_account_have_its_tag_so_that_a_cluster_keeps_them_together(asha: Viewer) -> None:
    asha.session().plays(1)

    names = [name for name in clients.durable().scan_iter() if name != keys.STREAM]
    assert names
    assert all(name.startswith(f"{{{asha.account}}}:") for name in names)


def test_what_has_no_credits_ends_shortly_before_its_end() -> None:
    beat = Beat("s", "a", "p", "c", "c", epoch=1, seq=7, position_ms=0, duration_ms=100)

    assert beat.ends_ms == 95
    assert Beat("s", "a", "p", "c", "c", epoch=1, seq=7, position_ms=0, duration_ms=0).ends_ms == 1
