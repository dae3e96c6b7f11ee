"""Leases on the real Valkey: never one too many, whatever the number that asks, and never one lost."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command

from apps.core import clients
from apps.engagement.store import Beat
from apps.streaming.store import beats, keys, leases
from apps.streaming.store.beats import Busy, Kept, Lost
from apps.streaming.store.leases import Full, Granted, Life

from .steps import lapse


class Household:
    """An account that may play twice at once."""

    limit = 2

    def __init__(self) -> None:
        self.account = str(uuid4())

    def start(self, terminate: str = "") -> tuple[str, Granted | Full]:
        session = str(uuid4())
        return session, leases.start(self.account, session, limit=self.limit, terminate=terminate)

    def play(self) -> str:
        session, granted = self.start()
        assert isinstance(granted, Granted)
        return session

    def beat(self, session: str, seq: int = 1) -> Kept | Lost | Busy:
        first = Beat(
            session, self.account, "profile", "film", "film", epoch=1, seq=0, position_ms=0,
            duration_ms=600_000,
        )  # fmt: skip
        return beats.record(beats.seat(first, streams=self.limit), seq, seq * 1000)

    def life(self, session: str) -> tuple[Life, str]:
        return leases.lives([(self.account, session)])[0]

    def expires_in_s(self, session: str) -> float:
        seconds, micros = clients.durable().time()  # type: ignore[misc]
        score: Any = clients.durable().zscore(keys.leases(self.account), session)
        return float(score / 1000 - seconds - micros / 1e6)

    def events(self) -> int:
        return int(clients.durable().xlen("ottsite:events"))  # type: ignore[arg-type]


@pytest.fixture
def home() -> Household:
    return Household()


# --- Starting ----------------------------------------------------------------------------------------


def test_a_hundred_starts_at_once_get_two_streams(home: Household) -> None:
    with ThreadPoolExecutor(100) as crowd:
        for _ in range(5):
            home = Household()
            outcomes = list(crowd.map(lambda _, it=home: it.start(), range(100)))
            granted = [session for session, outcome in outcomes if isinstance(outcome, Granted)]

            assert len(granted) == 2
            assert sorted(leases.live(home.account)) == sorted(granted)


def test_a_refusal_names_what_plays_and_takes_nothing(home: Household) -> None:
    playing = {home.play(), home.play()}

    _, full = home.start()

    assert isinstance(full, Full)
    assert full.codes.keys() == playing
    assert len(set(full.codes.values())) == 2
    assert all(len(code) >= 20 for code in full.codes.values())
    assert set(leases.live(home.account)) == playing


def test_a_start_that_is_sent_twice_takes_one_lease(home: Household) -> None:
    home.play()
    session = home.play()

    again = leases.start(home.account, session, limit=2)

    assert isinstance(again, Granted)
    assert len(leases.live(home.account)) == 2


def test_accounts_do_not_stand_in_each_other_s_way(home: Household) -> None:
    home.play(), home.play()

    assert Household().play()


# --- Taking over ---------------------------------------------------------------------------------------


def test_a_code_ends_that_one_session_and_makes_room_once(home: Household) -> None:
    first, second = home.play(), home.play()
    _, full = home.start()
    assert isinstance(full, Full)
    code = full.codes[first]

    third, granted = home.start(code)
    fourth, refused = home.start(code)

    assert isinstance(granted, Granted)
    assert granted.taken_over == first
    assert isinstance(refused, Full)
    assert set(leases.live(home.account)) == {second, third}
    assert home.life(first) == (Life.DEAD, "taken_over")
    assert home.beat(first) == Lost("taken_over")
    assert home.life(fourth) == (Life.UNKNOWN, "")


def test_of_a_crowd_with_one_code_one_takes_over(home: Household) -> None:
    first, second = home.play(), home.play()
    _, full = home.start()
    assert isinstance(full, Full)

    with ThreadPoolExecutor(20) as crowd:
        outcomes = list(crowd.map(lambda _: home.start(full.codes[first]), range(20)))

    assert sum(isinstance(outcome, Granted) for _, outcome in outcomes) == 1
    live = leases.live(home.account)
    assert len(live) == 2
    assert second in live


def test_a_code_of_another_account_ends_nothing(home: Household) -> None:
    home.play(), home.play()
    _, full = home.start()
    assert isinstance(full, Full)
    others = Household()
    theirs = {others.play(), others.play()}

    for code in [*full.codes.values(), "-", "", "x" * 64]:
        assert isinstance(others.start(code)[1], Full)
    assert set(leases.live(others.account)) == theirs


def test_where_there_is_room_a_code_ends_nobody(home: Household) -> None:
    first, second = home.play(), home.play()
    _, full = home.start()
    assert isinstance(full, Full)
    leases.end(home.account, second, "stopped")

    _, granted = home.start(full.codes[first])

    assert isinstance(granted, Granted)
    assert granted.taken_over == ""
    assert home.life(first)[0] is Life.ALIVE


def test_a_code_lives_for_two_minutes(home: Household) -> None:
    home.play(), home.play()
    _, full = home.start()
    assert isinstance(full, Full)

    for code in full.codes.values():
        assert 110 < int(clients.durable().ttl(keys.code(home.account, code))) <= 120  # type: ignore[arg-type]


# --- Beating -------------------------------------------------------------------------------------------


def test_a_lease_lives_four_and_a_half_intervals(home: Household) -> None:
    session = home.play()
    assert 44 < home.expires_in_s(session) <= 45

    leases.stretch(20)

    assert home.beat(session) == Kept(20)
    assert 89 < home.expires_in_s(session) <= 90


@pytest.mark.parametrize(("asked", "told"), [(1, 5), (30, 30), (3600, 60), (None, 10)])
def test_operators_stretch_the_interval_within_bounds(home: Household, asked: int | None, told: int) -> None:
    leases.stretch(30)
    leases.stretch(asked)

    _, granted = home.start()

    assert isinstance(granted, Granted)
    assert granted.interval_s == leases.interval() == told
    assert configured.HEARTBEAT_INTERVAL_S == 10


def test_operators_set_the_interval_by_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    for given in (["25"], [], ["default"]):
        call_command("heartbeat_interval", *given)
    for wrong in ("4", "61", "ten", "-1"):
        with pytest.raises(CommandError):
            call_command("heartbeat_interval", "--", wrong)

    assert [line.split()[3] for line in capsys.readouterr().out.splitlines()] == ["25", "25", "10"]
    assert leases.interval() == 10


def test_what_ended_beats_no_more_and_records_nothing(home: Household) -> None:
    session = home.play()
    home.beat(session, 1)
    leases.end(home.account, session, "signed_out")
    leases.end(home.account, session, "stopped")

    assert home.beat(session, 2) == Lost("signed_out")
    assert home.events() == 1
    assert leases.live(home.account) == []


def test_an_expired_lease_comes_back_if_there_is_room(home: Household) -> None:
    first, second = home.play(), home.play()
    lapse(home.account, first)
    assert home.life(first) == (Life.DEAD, "expired")

    assert home.beat(first) == Kept(10)

    assert set(leases.live(home.account)) == {first, second}
    assert leases.readmitted() == [first]


def test_an_expired_lease_whose_place_is_taken_is_lost(home: Household) -> None:
    first, second = home.play(), home.play()
    lapse(home.account, first)
    third = home.play()

    assert home.beat(first) == Lost("expired")
    assert home.life(first) == (Life.DEAD, "expired")
    assert set(leases.live(home.account)) == {second, third}
    assert home.events() == 0

    leases.end(home.account, third, "stopped")
    assert home.beat(first) == Kept(10)


def test_after_a_flush_beats_bring_leases_back_up_to_the_limit(home: Household) -> None:
    playing = [home.play(), home.play()]
    clients.durable().flushdb()
    assert home.life(playing[0]) == (Life.UNKNOWN, "")

    stranger = str(uuid4())
    told = [home.beat(session) for session in (*playing, stranger)]

    assert told == [Kept(10), Kept(10), Lost("expired")]
    assert set(leases.live(home.account)) == set(playing)
    assert set(leases.readmitted()) == set(playing)


def test_a_flood_of_beats_of_one_session_is_turned_away(home: Household) -> None:
    session, other = home.play(), home.play()

    told = [home.beat(session, seq) for seq in range(beats.MOST_BEATS + 5)]

    assert [type(one) for one in told].count(Kept) == beats.MOST_BEATS == home.events()
    assert isinstance(told[-1], Busy)
    assert 1 <= told[-1].retry_after_s <= beats.PER_S
    assert home.beat(other) == Kept(10)


def test_what_is_remembered_of_an_end_outlives_the_token_and_no_longer(home: Household) -> None:
    session = home.play()
    leases.end(home.account, session, "stopped")

    left: Any = clients.durable().ttl(keys.ended(home.account, session))
    assert 86_390 < left <= 86_400
    assert all(
        int(clients.durable().ttl(name)) > 0 for name in clients.durable().keys(f"{{{home.account}}}:*")
    )  # type: ignore[union-attr,arg-type]
