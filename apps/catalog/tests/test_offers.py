"""May this viewer see it, may they play it, and if not, which code."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.catalog.models import Tier
from apps.catalog.offers import Offer, Rights, Terms, Viewer, decide, locked, sees, terms

from .shelves import NOON, but, only, window

HOUR = timedelta(hours=1)
BEFORE, AFTER = NOON - HOUR, NOON + HOUR
INDIAN = Viewer("IN", Tier.FREE, 13, False, "en", NOON)
ANYWHERE = replace(INDIAN, territory="")
PAYING = replace(INDIAN, tier=Tier.PREMIUM)


def offers(*windows: dict[str, Any]) -> list[Offer]:
    return [Offer.of(one) for one in windows]


def code(viewer: Viewer, *windows: dict[str, Any], maturity: int = 0) -> str:
    return decide(viewer, maturity, offers(*windows)).code


# --- Time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({}, ""),
        ({"starts_at": BEFORE}, ""),
        ({"ends_at": AFTER}, ""),
        ({"starts_at": NOON}, ""),
        ({"starts_at": AFTER}, "not_available_yet"),
        ({"starts_at": NOON + timedelta(microseconds=1)}, "not_available_yet"),
        ({"ends_at": BEFORE}, "no_longer_available"),
        ({"ends_at": NOON}, "no_longer_available"),
        ({"ends_at": NOON + timedelta(microseconds=1)}, ""),
        ({"starts_at": BEFORE, "ends_at": NOON}, "no_longer_available"),
    ],
)
def test_a_window_holds_from_its_start_until_just_before_its_end(times: Any, expected: str) -> None:
    assert code(INDIAN, window(**times)) == expected


def test_what_comes_back_is_not_yet_available_rather_than_no_longer() -> None:
    assert code(INDIAN, window(ends_at=BEFORE), window(starts_at=AFTER)) == "not_available_yet"


def test_without_any_window_nothing_is_on_offer() -> None:
    assert code(INDIAN) == decide(INDIAN, 0).code == "no_longer_available"


# --- Territory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "here", "elsewhere", "unknown"),
    [
        (window(), True, True, True),
        (only("IN"), True, False, False),
        (only("IN", "US"), True, True, False),
        (but("IN"), False, True, False),
        (but("NP"), True, True, False),
    ],
)
def test_a_window_admits_the_territories_it_names(
    one: Any, here: bool, elsewhere: bool, unknown: bool
) -> None:
    offer = Offer.of(one)

    assert [offer.admits("IN"), offer.admits("US"), offer.admits("")] == [here, elsewhere, unknown]


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([only("US")], "territory_restricted"),
        ([but("IN")], "territory_restricted"),
        ([only("US"), only("IN", starts_at=AFTER)], "not_available_yet"),
        ([only("US"), only("IN", ends_at=BEFORE)], "no_longer_available"),
        ([only("US"), only("IN", ends_at=BEFORE), only("IN", starts_at=AFTER)], "not_available_yet"),
        ([only("US", starts_at=AFTER)], "not_available_yet"),
        ([only("US", ends_at=BEFORE)], "no_longer_available"),
        ([only("US"), only("IN")], ""),
    ],
)
def test_what_is_on_offer_elsewhere_says_what_is_here(windows: Any, expected: str) -> None:
    assert code(INDIAN, *windows) == expected


def test_an_unknown_territory_gets_what_is_world_wide_alone() -> None:
    assert code(ANYWHERE, window()) == ""
    assert code(ANYWHERE, only("IN")) == code(ANYWHERE, but("US")) == "territory_restricted"


# --- Plan and maturity -------------------------------------------------------------------------------


def test_a_window_above_the_viewers_plan_names_the_plan_that_would_do() -> None:
    refusal = decide(INDIAN, 0, offers(window(tier=Tier.PREMIUM)))

    assert refusal.code == "plan_required"
    assert "premium" in refusal.detail
    assert decide(PAYING, 0, offers(window(tier=Tier.PREMIUM)))


def test_of_several_windows_here_the_lowest_plan_counts() -> None:
    windows = [window(tier=Tier.PREMIUM), only("IN", tier=Tier.FREE)]

    assert code(INDIAN, *windows) == ""
    assert code(replace(INDIAN, territory="US"), *windows) == "plan_required"


@pytest.mark.parametrize("windows", [[window()], [only("US")], [window(ends_at=BEFORE)], []])
def test_what_is_rated_above_the_ceiling_does_not_exist_whatever_its_windows(windows: Any) -> None:
    assert code(INDIAN, *windows, maturity=16) == "not_found"
    assert sees(INDIAN, 16, True, offers(*windows)).code == "not_found"


def test_the_ceiling_itself_is_allowed() -> None:
    assert code(INDIAN, window(), maturity=13) == ""


# --- Levels ------------------------------------------------------------------------------------------


def test_a_season_or_an_episode_without_windows_inherits() -> None:
    assert decide(INDIAN, 0, offers(window()), [], [])


def test_lower_levels_narrow_and_never_widen() -> None:
    free, paid, gone = offers(window()), offers(window(tier=Tier.PREMIUM)), offers(window(ends_at=BEFORE))

    assert decide(INDIAN, 0, free, paid).code == "plan_required"
    assert decide(INDIAN, 0, free, [], paid).code == "plan_required"
    assert decide(INDIAN, 0, paid, free).code == "plan_required"
    assert decide(PAYING, 0, paid, free)
    assert decide(INDIAN, 0, free, paid, gone).code == "plan_required"
    assert decide(PAYING, 0, free, paid, gone).code == "no_longer_available"


def test_windows_of_a_season_do_not_stand_in_for_those_of_the_title() -> None:
    assert decide(INDIAN, 0, [], offers(window())).code == "no_longer_available"


def test_the_rights_of_a_title_know_the_levels_of_its_parts() -> None:
    title, season, episode = window(), window(tier=Tier.PREMIUM), only("US")
    rights = Rights.of(
        {
            "title": [title],
            "seasons": {"s1": [season], "s2": []},
            "episodes": {
                "e1": {"season": "s1", "windows": []},
                "e2": {"season": "s2", "windows": [episode]},
            },
        }
    )

    assert decide(INDIAN, 0, *rights.season("s1")).code == "plan_required"
    assert decide(INDIAN, 0, *rights.episode("e1")).code == "plan_required"
    assert decide(INDIAN, 0, *rights.season("s2"))
    assert decide(INDIAN, 0, *rights.episode("e2")).code == "territory_restricted"
    assert dict(rights.parts()).keys() == {"s1", "e2"}
    with pytest.raises(KeyError):
        rights.episode("e3")


# --- The catalogue -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("windows", "announced", "seen"),
    [
        ([window()], False, True),
        ([window(tier=Tier.PREMIUM)], False, True),
        ([window(starts_at=AFTER)], False, False),
        ([window(starts_at=AFTER)], True, True),
        ([window(ends_at=BEFORE)], True, False),
        ([only("US")], True, False),
        ([only("US", starts_at=AFTER)], True, False),
        ([only("US"), only("IN", starts_at=AFTER)], True, True),
        ([], True, False),
    ],
)
def test_the_catalogue_shows_what_is_on_offer_here_and_what_is_announced(
    windows: Any, announced: bool, seen: bool
) -> None:
    found = sees(INDIAN, 0, announced, offers(*windows))

    assert bool(found) is seen
    assert found.code == ("" if seen else code(INDIAN, *windows))


def test_a_lock_says_why_something_visible_does_not_play() -> None:
    assert locked(Tier.FREE, Tier.FREE).allowed
    assert locked(Tier.FREE, Tier.PREMIUM).code == "plan_required"
    assert locked(Tier.PREMIUM, Tier.PREMIUM).allowed
    assert locked(Tier.PREMIUM, None).code == "not_available_yet"


# --- Terms -------------------------------------------------------------------------------------------


def test_the_terms_are_those_of_the_windows_that_hold() -> None:
    title = offers(
        window(max_height=720, languages=["en"]),
        window(max_height=2160, languages=["en", "hi"], tier=Tier.PREMIUM),
        window(max_height=4320, ends_at=BEFORE),
        only("US", max_height=4320),
    )

    assert terms(INDIAN, title) == Terms(720, frozenset({"en"}))
    assert terms(PAYING, title) == Terms(2160, frozenset({"en", "hi"}))


def test_no_height_and_no_languages_mean_that_there_is_no_limit() -> None:
    assert terms(INDIAN, offers(window())) == Terms(None, None)
    assert terms(INDIAN, offers(window(max_height=720), window(languages=["en"]))) == Terms(
        None, frozenset({"en"})
    )


def test_rights_of_two_licences_do_not_add_up_to_a_third() -> None:
    title = offers(
        window(max_height=1080, languages=["en"]),
        window(max_height=720, languages=["hi"]),
        window(max_height=1080, languages=["ta"]),
    )

    assert terms(INDIAN, title) == Terms(1080, frozenset({"en", "ta"}))


def test_further_levels_narrow_the_terms() -> None:
    title, season = offers(window(max_height=1080)), offers(window(max_height=2160, languages=["en", "hi"]))
    episode = offers(window(max_height=480, languages=["hi"]))

    assert terms(INDIAN, title, season) == Terms(1080, frozenset({"en", "hi"}))
    assert terms(INDIAN, title, [], episode) == Terms(480, frozenset({"hi"}))
    assert terms(INDIAN, title, season, episode) == Terms(480, frozenset({"hi"}))


def test_where_nothing_holds_nothing_may_be_shown() -> None:
    assert terms(INDIAN, offers(only("US"))) == Terms(0, frozenset())
