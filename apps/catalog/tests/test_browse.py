"""Genres and people, with what of them a viewer may see."""

from datetime import date
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from apps.accounts.maturity import Maturity
from apps.accounts.models import Profile
from apps.catalog import viewers
from apps.catalog.models import Artwork, FormerSlug, Genre, GenreName, Person, PersonText, Tier
from apps.core.tests.problems import assert_problem
from conftest import SignIn

from .factories import ArtworkFactory
from .shelves import NOON, only, put, window

pytestmark = pytest.mark.django_db
GENRES = "/api/v1/genres"


@pytest.fixture(autouse=True)
def _noon() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


def genre(slug: str, hindi: str = "") -> None:
    made = Genre.objects.create(slug=slug, name=slug.title())
    if hindi:
        GenreName.objects.create(genre=made, language="hi", name=hindi)


def somebody(slug: str = "ada", **fields: Any) -> Person:
    return Person.objects.create(slug=slug, name=slug.title(), **fields)


# --- Genres ------------------------------------------------------------------------------------------


def test_genres_are_those_with_something_to_see(api: APIClient, django_assert_num_queries: Any) -> None:
    for slug in ("drama", "comedy", "horror", "western", "war"):
        genre(slug)
    put("one", genres=["drama", "comedy"])
    put("grown", genres=["horror"], maturity=Maturity.A)
    put("abroad", only("US"), genres=["western"])

    with django_assert_num_queries(1):
        found = api.get(GENRES)

    assert found.json() == {
        "next": None,
        "previous": None,
        "results": [{"slug": "comedy", "name": "Comedy"}, {"slug": "drama", "name": "Drama"}],
    }
    assert api.get(GENRES, headers={"if-none-match": found["ETag"]}).status_code == 304


def test_genres_are_named_and_ordered_in_the_viewers_language(api: APIClient) -> None:
    genre("action", "एक्शन")
    genre("comedy", "हास्य")
    genre("drama")
    put("one", genres=["action", "comedy", "drama"])

    found = api.get(GENRES, headers={"accept-language": "hi"}).json()["results"]

    assert [one["name"] for one in found] == ["Drama", "एक्शन", "हास्य"]


# --- People ------------------------------------------------------------------------------------------


def test_a_person_comes_with_their_films_the_latest_first(api: APIClient) -> None:
    ada = somebody(born_on=date(1815, 12, 10))
    PersonText.objects.create(person=ada, language="en", biography="Wrote the first program.")
    PersonText.objects.create(person=ada, language="hi", name="एडा")
    put("early", people=[str(ada.public_id)], year=1990)
    put("late", window(tier=Tier.PREMIUM), people=[str(ada.public_id)], year=2010)
    put("undated", people=[str(ada.public_id)], year=None)
    put("hidden", only("US"), people=[str(ada.public_id)])
    put("other")

    found = api.get("/api/v1/people/ada", headers={"accept-language": "hi"}).json()

    assert (found["name"], found["biography"]) == ("एडा", "Wrote the first program.")
    assert (found["born_on"], found["died_on"], found["slug"]) == ("1815-12-10", None, "ada")
    assert [card["slug"] for card in found["titles"]["results"]] == ["late", "early", "undated"]
    assert found["titles"]["results"][0]["locked"]["code"] == "plan_required"
    assert api.get("/api/v1/people/ada").json()["name"] == "Ada"


def test_the_portrait_is_the_newest_that_is_ready_in_the_language(api: APIClient) -> None:
    ada = somebody()
    put("one", people=[str(ada.public_id)])
    assert api.get("/api/v1/people/ada").json()["artwork"] == {"portrait": None}

    variants = [{"format": "webp", "width": 200, "height": 300, "path": "artwork/variants/x.webp"}]
    kind = Artwork.Kind.PORTRAIT
    ArtworkFactory(person=ada, kind=kind, language="hi", variants=variants)
    ArtworkFactory(person=ada, kind=kind, variants=variants)
    shown = ArtworkFactory(person=ada, kind=kind, variants=variants)
    ArtworkFactory(person=ada, kind=kind, dropped=True)
    ArtworkFactory(person=ada, kind=kind, state=Artwork.State.UPLOADED)

    portrait = api.get("/api/v1/people/ada").json()["artwork"]["portrait"]

    assert portrait["id"] == str(shown.public_id)
    assert portrait["variants"] == [
        {"url": f"/images/{shown.public_id}/200.webp", "format": "webp", "width": 200, "height": 300}
    ]


def test_films_come_in_pages(api: APIClient) -> None:
    ada = somebody()
    for n in range(5):
        put(f"t{n}", people=[str(ada.public_id)], year=2000 + n // 2)

    pages, url = [], "/api/v1/people/ada?page_size=2"
    while url:
        page = api.get(url).json()["titles"]
        pages.append([card["slug"] for card in page["results"]])
        url = page["next"]

    assert pages == [["t4", "t3"], ["t2", "t1"], ["t0"]]


def test_somebody_with_nothing_to_see_is_not_found(api: APIClient) -> None:
    ada = somebody()
    put("grown", people=[str(ada.public_id)], maturity=Maturity.A)

    assert_problem(api.get("/api/v1/people/ada"), 404, "not_found")
    assert_problem(api.get("/api/v1/people/nobody"), 404, "not_found")


def test_a_former_address_leads_to_the_present_one_if_there_is_something_to_see(api: APIClient) -> None:
    ada = somebody()
    FormerSlug.objects.create(person=ada, slug="augusta")
    put("one", people=[str(ada.public_id)])

    moved = api.get("/api/v1/people/augusta")

    assert (moved.status_code, moved["Location"]) == (301, "/api/v1/people/ada")
    FormerSlug.objects.create(person=somebody("grace"), slug="hopper")
    assert_problem(api.get("/api/v1/people/hopper"), 404)


def test_a_person_costs_few_statements_however_many_films(
    api: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ada = somebody()
    for n in range(30):
        put(f"t{n}", people=[str(ada.public_id)])

    with django_assert_num_queries(4):
        assert api.get("/api/v1/people/ada").status_code == 200


# --- Plans -------------------------------------------------------------------------------------------


def test_what_sells_plans_says_who_has_which(
    sign_in: SignIn, profile: Profile, api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("paid", window(tier=Tier.PREMIUM))
    signed_in = sign_in(profile.account, profile)
    asked = []
    with monkeypatch.context() as patch:
        # To be put back by the end.
        patch.setattr(viewers, "_tier_of", None)
        viewers.take_tiers_from(lambda principal: asked.append(principal.pk) or Tier.PREMIUM)  # type: ignore[func-returns-value]
        playable = signed_in.get("/api/v1/titles/paid").json()["playable"]
        anonymous = api.get("/api/v1/titles/paid").json()["playable"]

    assert playable["allowed"] is True
    assert anonymous["code"] == "plan_required"
    assert asked == [profile.account.pk]
    assert signed_in.get("/api/v1/titles/paid").json()["playable"]["code"] == "plan_required"
