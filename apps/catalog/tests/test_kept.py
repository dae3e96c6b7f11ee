"""A list that many ask for is made once a second, and is never another viewer's."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.accounts.maturity import Maturity
from apps.accounts.models import User
from apps.accounts.tests.factories import ProfileFactory
from apps.catalog.api import kept, views
from apps.catalog.models import Listing, Tier
from apps.core.tests.problems import assert_problem
from conftest import SignIn

from .shelves import NOON, put, window

pytestmark = pytest.mark.django_db
TITLES = "/api/v1/titles"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[list[float]]:
    """Seconds of the memory's clock, in a list that the test may change."""
    settings.PAGES_KEPT_S = 1
    seconds = [100.0]
    monkeypatch.setattr(kept, "monotonic", lambda: seconds[0])
    monkeypatch.setattr(views, "pages", kept.Kept())
    with time_machine.travel(NOON, tick=False):
        yield seconds


def slugs(api: APIClient, query: str = "", **headers: str) -> set[str]:
    return {card["slug"] for card in api.get(f"{TITLES}{query}", headers=headers).json()["results"]}


def test_a_page_is_made_once_a_second(api: APIClient, clock: list[float]) -> None:
    put("one")
    assert slugs(api) == {"one"}

    put("two")
    clock[0] += 0.99
    with CaptureQueriesContext(connection) as queries:
        assert slugs(api) == {"one"}
    assert len(queries) == 0
    clock[0] += 0.01
    assert slugs(api) == {"one", "two"}


def test_what_is_kept_is_not_kept_longer_for_being_asked_for(api: APIClient, clock: list[float]) -> None:
    slugs(api)
    put("one")
    for _ in range(3):
        clock[0] += 0.4
        last = slugs(api)

    assert last == {"one"}


def test_every_question_and_every_kind_of_viewer_has_a_page_of_its_own(
    api: APIClient, sign_in: SignIn, viewer: User, settings: Any
) -> None:
    put("u", window(tier=Tier.PREMIUM))
    put("grown", maturity=Maturity.A)
    kid = sign_in(viewer, ProfileFactory(account=viewer, kid=True, maturity=Maturity.U, language="hi"))

    assert slugs(sign_in(viewer)) == {"u", "grown"}
    assert slugs(api) == slugs(kid) == {"u"}
    assert slugs(api, "?free=true") == set()
    assert slugs(api, "?max_rating=0") == {"u"}
    names = {
        language: api.get(TITLES, headers={"accept-language": language}).json()["results"][0]["name"]
        for language in ("en", "hi")
    }
    assert names == {"en": "U", "hi": "u हिन्दी"}
    settings.UNKNOWN_TERRITORY = "IN"
    Listing.objects.all().delete()
    assert slugs(api) == set()


def test_links_name_the_host_that_was_asked(api: APIClient, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["one.example", "two.example"]
    for n in range(2):
        put(f"t{n}")

    for host in ("one.example", "two.example"):
        found = api.get(f"{TITLES}?page_size=1", headers={"host": host}).json()
        assert found["next"].startswith(f"http://{host}/"), host


def test_a_title_is_kept_for_its_moment_and_what_is_not_there_never(
    api: APIClient, clock: list[float]
) -> None:
    put("one", window(ends_at=NOON + timedelta(seconds=0.5)))
    assert_problem(api.get(f"{TITLES}/two"), 404)
    put("two")

    assert api.get(f"{TITLES}/two").status_code == 200
    assert api.get(f"{TITLES}/one").status_code == 200
    with time_machine.travel(NOON + timedelta(seconds=0.5), tick=False):
        assert api.get(f"{TITLES}/one").status_code == 200
    clock[0] += 1
    with time_machine.travel(NOON + timedelta(seconds=0.5), tick=False):
        assert_problem(api.get(f"{TITLES}/one"), 404)


def test_a_refusal_is_not_kept_and_limits_and_tokens_count_as_ever(api: APIClient, settings: Any) -> None:
    settings.RATE_LIMIT_DEFAULT = "3/m"
    put("one")

    assert_problem(api.get(f"{TITLES}?year=x"), 400)
    assert api.get(TITLES)["RateLimit-Remaining"] == "1"
    assert_problem(api.get(TITLES, headers={"authorization": "Bearer x"}), 401)
    assert_problem(api.get(TITLES), 429)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 5)
    monkeypatch.setattr(kept, "LONGEST", 10)
    memory = kept.Kept()

    for number in range(100):
        assert memory.get(number, lambda: "x").data == b"x"
    memory.get("long", lambda: "x" * 11)

    assert len(memory._bodies) <= 5
    assert "long" not in memory._bodies


def test_nothing_is_kept_where_the_operator_says_so(api: APIClient, settings: Any) -> None:
    settings.PAGES_KEPT_S = 0
    slugs(api)
    put("one")

    assert slugs(api) == {"one"}
