"""The catalogue as players read it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from apps.accounts.maturity import Maturity
from apps.accounts.models import Profile, User
from apps.accounts.tests.factories import ProfileFactory
from apps.catalog.models import FormerSlug, Tier, Title
from apps.core.tests.problems import assert_problem, paths_of
from conftest import SignIn

from .shelves import NOON, only, put, window

pytestmark = pytest.mark.django_db
TITLES = "/api/v1/titles"


@pytest.fixture(autouse=True)
def _noon() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


def slugs(api: APIClient, **query: Any) -> list[str]:
    found = api.get(TITLES, query)
    assert found.status_code == 200, found.content
    return [card["slug"] for card in found.json()["results"]]


# --- Lists -------------------------------------------------------------------------------------------


def test_an_empty_catalogue_is_an_empty_page(api: APIClient) -> None:
    assert api.get(TITLES).json() == {"next": None, "previous": None, "results": []}


def test_anybody_gets_cards_the_popular_ones_first(api: APIClient) -> None:
    put("quiet", popularity=1)
    put("loud", popularity=9)

    found = api.get(TITLES)

    assert [card["slug"] for card in found.json()["results"]] == ["loud", "quiet"]
    assert found.json()["results"][0]["name"] == "Loud"
    assert found.json()["results"][0]["locked"] is None
    assert found["Content-Type"] == "application/json"


def test_a_premium_title_is_there_and_locked(api: APIClient) -> None:
    put("paid", window(tier=Tier.PREMIUM))

    lock = api.get(TITLES).json()["results"][0]["locked"]

    assert lock == {"code": "plan_required", "detail": "It needs the premium plan."}


def test_what_is_announced_is_there_and_locked_until_its_window_opens(api: APIClient) -> None:
    opens = NOON + timedelta(hours=1)
    put("soon", window(starts_at=opens), announced=True)
    put("secret", window(starts_at=opens))

    assert slugs(api) == ["soon"]
    assert api.get(TITLES).json()["results"][0]["locked"]["code"] == "not_available_yet"
    with time_machine.travel(opens, tick=False):
        assert set(slugs(api)) == {"soon", "secret"}
        assert api.get(TITLES).json()["results"][0]["locked"] is None


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("kind=film", "kind"),
        ("kind=", "kind"),
        ("genre=", "genre"),
        ("genre=a%00b", "genre"),
        (f"genre={'x' * 61}", "genre"),
        ("genre=comédie", "genre"),
        ("language=english", "language"),
        ("language=en%0a", "language"),
        ("year=99", "year"),
        ("year=20x8", "year"),
        ("year=²008", "year"),
        ("year=-2008", "year"),
        ("tier=gold", "tier"),
        ("tier=0", "tier"),
        ("max_rating=19", "max_rating"),
        ("max_rating=A", "max_rating"),
        ("free=yes", "free"),
        ("free=1", "free"),
        ("order=-popularity", "order"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page_size=99999999999999", "page_size"),
        ("cursor=", "cursor"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=🎬", "cursor"),
    ],
)
def test_a_bad_value_is_400_and_says_where(api: APIClient, query: str, path: str) -> None:
    assert paths_of(assert_problem(api.get(f"{TITLES}?{query}"), 400, "validation_error")).keys() == {path}


def test_all_bad_values_are_told_at_once(api: APIClient) -> None:
    problem = assert_problem(api.get(f"{TITLES}?year=x&kind=y&genre=ok"), 400)

    assert paths_of(problem) == {"kind": "invalid_choice", "year": "invalid"}


def test_unknown_parameters_are_ignored(api: APIClient) -> None:
    put("one")

    assert slugs(api, colour="blue", limit="many", genre__icontains="x") == ["one"]


# --- One title ---------------------------------------------------------------------------------------


def test_a_title_comes_with_all_there_is_to_tell_and_whether_it_plays(api: APIClient) -> None:
    put("bunny", window(ends_at=NOON + timedelta(days=1), max_height=720), only("US"))

    found = api.get(f"{TITLES}/bunny").json()

    assert found["synopsis"] == "All about Bunny."
    assert found["playable"] == {"allowed": True, "code": "", "detail": ""}
    assert found["locks"] == {}
    assert found["offers"] == [
        {
            "tier": "free",
            "starts_at": None,
            "ends_at": "2026-06-02T12:00:00Z",
            "max_height": 720,
            "languages": [],
        }
    ]
    assert "locked" not in found


def test_seasons_and_episodes_with_windows_of_their_own_are_locked_one_by_one(api: APIClient) -> None:
    paid, gone = window(tier=Tier.PREMIUM), window(ends_at=NOON)
    put(
        "show",
        seasons={"s1": [], "s2": [paid]},
        episodes={
            "e1": {"season": "s1", "windows": []},
            "e2": {"season": "s1", "windows": [gone]},
            "e3": {"season": "s2", "windows": []},
            "e4": {"season": "s2", "windows": [window()]},
        },
    )

    found = api.get(f"{TITLES}/show").json()

    assert found["playable"]["allowed"] is True
    assert {part: lock["code"] for part, lock in found["locks"].items()} == {
        "s2": "plan_required",
        "e2": "no_longer_available",
        "e4": "plan_required",
    }


def test_a_premium_title_is_told_of_and_does_not_play(api: APIClient) -> None:
    put("paid", window(tier=Tier.PREMIUM))

    assert api.get(f"{TITLES}/paid").json()["playable"] == {
        "allowed": False,
        "code": "plan_required",
        "detail": "It needs the premium plan.",
    }


@pytest.mark.parametrize(
    "how",
    [
        {"maturity": Maturity.A},
        {"windows": [only("US")]},
        {"windows": [window(ends_at=NOON)], "announced": True},
        {"windows": [window(starts_at=NOON + timedelta(1))]},
    ],
)
def test_what_is_hidden_is_not_found_by_any_address(api: APIClient, how: Any) -> None:
    listing = put("hidden", *how.pop("windows", []), **how)
    FormerSlug.objects.create(title=listing.title, slug="once")

    for slug in ("hidden", "once", "never"):
        assert_problem(api.get(f"{TITLES}/{slug}"), 404, "not_found")
    assert slugs(api) == []


def test_a_former_address_leads_to_the_present_one(api: APIClient) -> None:
    listing = put("present")
    FormerSlug.objects.create(title=listing.title, slug="former")

    moved = api.get(f"{TITLES}/former?x=1")

    assert moved.status_code == 301
    assert moved["Location"] == "/api/v1/titles/present?x=1"
    assert moved["Cache-Control"] == "private, no-cache"
    assert api.get(moved["Location"]).json()["slug"] == "present"


def test_a_title_that_took_over_a_former_address_is_what_lies_there(api: APIClient) -> None:
    put("shared")
    FormerSlug.objects.create(title=put("elsewhere").title, slug="shared")

    assert api.get(f"{TITLES}/shared").json()["slug"] == "shared"


def test_a_draft_is_nowhere(api: APIClient) -> None:
    Title.objects.create(name="Draft", slug="draft")

    assert_problem(api.get(f"{TITLES}/draft"), 404)


# --- Who reads ---------------------------------------------------------------------------------------


def test_anonymous_visitors_see_nothing_rated_a_until_they_sign_in(
    api: APIClient, sign_in: SignIn, viewer: User, settings: Any
) -> None:
    put("grown", maturity=Maturity.A)
    put("teens", maturity=Maturity.UA_16)

    assert slugs(api) == ["teens"]
    assert set(slugs(sign_in(viewer))) == {"grown", "teens"}
    settings.ANONYMOUS_MATURITY = 7
    assert slugs(api) == []


def test_a_profile_sees_up_to_its_ceiling_in_its_language(sign_in: SignIn, viewer: User) -> None:
    put("u", maturity=Maturity.U)
    put("seven", maturity=Maturity.UA_7)
    put("thirteen", maturity=Maturity.UA_13)
    kid = ProfileFactory(account=viewer, kid=True, maturity=Maturity.UA_7, language="hi")

    api = sign_in(viewer, kid)

    assert set(slugs(api)) == {"u", "seven"}
    assert_problem(api.get(f"{TITLES}/thirteen"), 404)
    assert api.get(f"{TITLES}/u").json()["name"] == "u हिन्दी"
    assert api.get(f"{TITLES}/u", headers={"accept-language": "en"}).json()["name"] == "u हिन्दी"


def test_staff_see_what_everybody_sees(sign_in: SignIn, profile: Profile) -> None:
    User.objects.filter(pk=profile.account.pk).update(is_staff=True, is_superuser=True)
    put("public")
    put("hidden", only("US"))

    api = sign_in(profile.account, profile)

    assert slugs(api) == ["public"]
    assert_problem(api.get(f"{TITLES}/hidden"), 404)


@pytest.mark.parametrize("path", ["", "/one", "?year=x"])
def test_a_bad_token_is_401_even_where_none_is_needed(api: APIClient, path: str) -> None:
    put("one")

    problem = api.get(TITLES + path, headers={"authorization": "Bearer nonsense"})

    assert_problem(problem, 401, "not_authenticated")
    assert problem["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_session_that_has_ended_is_401(
    sign_in: SignIn, viewer: User, django_capture_on_commit_callbacks: Any
) -> None:
    api = sign_in(viewer)
    with django_capture_on_commit_callbacks(execute=True):
        api.post("/api/v1/auth/logout")

    assert_problem(api.get(TITLES), 401, "token_expired")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("hi", "hi"),
        ("hi-IN,hi;q=0.9,en;q=0.8", "hi"),
        ("en-GB, hi;q=0.5", "en"),
        ("ta, hi;q=0.3", "hi"),
        ("fr", "en"),
        ("hi;q=0, en", "en"),
        ("*", "en"),
        ("garbage;;;q=x,\x00", "en"),
        (f"{'x' * 5000}, hi", "en"),
    ],
)
def test_the_language_is_the_best_that_the_site_speaks(api: APIClient, accepted: str, language: str) -> None:
    put("one", names={"en": "One", "hi": "एक"})

    found = api.get(f"{TITLES}/one", headers={"accept-language": accepted})

    assert found["Content-Language"] == language
    assert found.json()["name"] == {"en": "One", "hi": "एक"}[language]


# --- HTTP --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "?genre=comedy", "/one"])
def test_what_the_reader_has_already_is_304(api: APIClient, path: str) -> None:
    put("one", genres=["comedy"])
    found = api.get(TITLES + path)

    for known in (found["ETag"], f"W/{found['ETag']}", f'"x", {found["ETag"]}', "*"):
        again = api.get(TITLES + path, headers={"if-none-match": known})
        assert again.status_code == 304
        assert again.content == b""
        assert again["ETag"] == found["ETag"]
        assert again["Cache-Control"] == found["Cache-Control"] == "private, no-cache"
        assert {"Accept-Language", "Authorization"} <= set(again["Vary"].split(", "))
    assert api.get(TITLES + path, headers={"if-none-match": '"other"'}).status_code == 200
    assert api.get(TITLES + path, headers={"accept-language": "hi"})["ETag"] != found["ETag"]


def test_another_viewer_has_another_etag(api: APIClient, sign_in: SignIn, viewer: User) -> None:
    put("one")
    put("grown", maturity=Maturity.A)

    assert api.get(TITLES)["ETag"] != sign_in(viewer).get(TITLES)["ETag"]


def test_head_tells_what_get_would(api: APIClient) -> None:
    put("one")

    assert api.head(f"{TITLES}/one")["ETag"] == api.get(f"{TITLES}/one")["ETag"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("path", ["", "/one"])
def test_the_catalogue_is_for_reading(api: APIClient, method: str, path: str) -> None:
    refused = getattr(api, method)(TITLES + path)

    assert_problem(refused, 405, "method_not_allowed")
    assert refused["Allow"] == "GET, HEAD"


def test_every_answer_carries_the_usual_headers(api: APIClient) -> None:
    put("one")

    for path in ("", "/one", "/none", "?year=x"):
        found = api.get(TITLES + path, headers={"x-request-id": "request-1"})
        assert found["X-Request-ID"] == "request-1"
        assert found["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in found["Content-Security-Policy"]
        assert int(found["RateLimit-Remaining"]) >= 0
