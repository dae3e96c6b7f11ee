"""Pages of cards: filters, orders, cursors, and what they cost."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from apps.accounts.models import Profile
from apps.catalog.models import FormerSlug, Listing, ListingGenre, Tier, Title
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


# --- Filters and orders ------------------------------------------------------------------------------


def test_orders(api: APIClient) -> None:
    put("b-old", popularity=5, at=NOON - timedelta(days=2))
    put("a-new", popularity=1, at=NOON - timedelta(days=1))

    assert slugs(api, order="popular") == ["b-old", "a-new"]
    assert slugs(api, order="newest") == slugs(api, order="title") == ["a-new", "b-old"]


def test_filters_narrow_and_add_up(api: APIClient) -> None:
    put("one", kind="movie", genres=["comedy", "drama"], year=2008, languages=["en", "hi"], maturity=7)
    put("two", kind="series", genres=["comedy"], year=2012, languages=["en"], maturity=13)
    put("three", window(tier=Tier.PREMIUM), genres=["drama"], year=2012, languages=["ta"], maturity=0)

    assert set(slugs(api)) == {"one", "two", "three"}
    assert slugs(api, kind="series") == ["two"]
    assert set(slugs(api, genre="comedy")) == {"one", "two"}
    assert slugs(api, genre="comedy", kind="movie") == ["one"]
    assert slugs(api, genre="western") == []
    assert slugs(api, language="hi") == ["one"]
    assert set(slugs(api, year=2012)) == {"two", "three"}
    assert set(slugs(api, max_rating=7)) == {"one", "three"}
    assert set(slugs(api, free="true")) == set(slugs(api, tier="free")) == {"one", "two"}
    assert slugs(api, free="false") == slugs(api, tier="premium") == ["three"]
    assert slugs(api, genre="drama", year=2012, tier="premium", order="title") == ["three"]


def test_free_means_free_here_and_now(api: APIClient) -> None:
    put("elsewhere", only("US"), window(tier=Tier.PREMIUM))
    put("later", window(starts_at=NOON + timedelta(days=1)), window(tier=Tier.PREMIUM))

    assert slugs(api, free="true") == []
    assert set(slugs(api, tier="premium")) == {"elsewhere", "later"}


# --- Pages -------------------------------------------------------------------------------------------


def walk(api: APIClient, url: str | None, link: str = "next") -> list[str]:
    pages = []
    while url:
        found = api.get(url).json()
        pages.append(" ".join(card["slug"] for card in found["results"]))
        url = found[link]
    return pages


@pytest.mark.parametrize("order", ["popular", "newest", "title"])
@pytest.mark.parametrize("genre", ["", "&genre=comedy"])
def test_all_come_once_each_forwards_and_backwards_also_of_one_rank(
    api: APIClient, order: str, genre: str
) -> None:
    for n in range(7):
        put(f"t{n}", popularity=n // 3, genres=["comedy"], names={"en": "Alike" if n < 4 else f"N {n}"})
    address = f"{TITLES}?order={order}&page_size=3{genre}"

    forwards = walk(api, address)

    assert [len(page.split()) for page in forwards] == [3, 3, 1]
    assert sorted(" ".join(forwards).split()) == [f"t{n}" for n in range(7)]
    last = api.get(api.get(api.get(address).json()["next"]).json()["next"]).json()
    assert last["next"] is None
    assert walk(api, last["previous"], "previous") == forwards[1::-1]
    middle = api.get(last["previous"]).json()
    assert walk(api, middle["next"]) == forwards[2:]


def test_links_keep_the_question_and_are_absolute(api: APIClient) -> None:
    for n in range(3):
        put(f"t{n}", genres=["comedy"])

    found = api.get(f"{TITLES}?genre=comedy&page_size=1&utm=mail%20me").json()

    assert found["next"].startswith(
        "http://testserver/api/v1/titles?genre=comedy&page_size=1&utm=mail+me&cursor="
    )
    assert found["previous"] is None


def test_titles_that_come_and_go_shift_no_page(api: APIClient) -> None:
    for n in range(5):
        put(f"t{n}", popularity=n)
    first = api.get(f"{TITLES}?page_size=2").json()

    put("hit", popularity=99)
    Listing.objects.filter(slug__in=["t4", "t3"]).delete()

    assert walk(api, first["next"]) == ["t2 t1", "t0"]


def test_the_way_back_from_a_page_that_has_emptied_misses_nothing(api: APIClient) -> None:
    for n in range(4):
        put(f"t{n}", popularity=n)
    first = api.get(f"{TITLES}?page_size=2").json()
    second = api.get(first["next"]).json()

    Listing.objects.filter(slug__in=["t1", "t0"]).delete()
    emptied = api.get(first["next"]).json()
    assert emptied["results"] == []
    assert emptied["next"] is None
    assert walk(api, emptied["previous"], "previous") == ["t3 t2"]

    put("new", popularity=0)
    Listing.objects.filter(slug__in=["t3", "t2"]).delete()
    before = api.get(second["previous"]).json()
    assert before["results"] == []
    assert walk(api, before["next"]) == ["new"]


def test_a_cursor_is_good_for_its_own_list_and_order_alone(api: APIClient) -> None:
    for n in range(3):
        put(f"t{n}", popularity=n)
    cursor = api.get(f"{TITLES}?page_size=1").json()["next"].rpartition("cursor=")[2]

    for query in (f"order=newest&cursor={cursor}", f"cursor={cursor[:-2]}AA", f"cursor={cursor}A"):
        problem = assert_problem(api.get(f"{TITLES}?{query}"), 400)
        assert paths_of(problem) == {"cursor": "invalid"}, query
    for place, letter in enumerate(cursor):
        other = "B" if letter == "A" else "A"
        changed = f"{cursor[:place]}{other}{cursor[place + 1 :]}"
        assert api.get(f"{TITLES}?cursor={changed}").status_code == 400, place


# --- What it costs -----------------------------------------------------------------------------------


def test_a_list_and_a_title_cost_one_statement_each(
    api: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(30):
        put(f"t{n}", window(), only("IN"), genres=["comedy", "drama"])
    FormerSlug.objects.create(title=Title.objects.get(slug="t1"), slug="former")

    for path in ("", "?genre=comedy&order=newest", "?language=en&order=title&page_size=100", "/t7"):
        with django_assert_num_queries(1):
            assert api.get(TITLES + path).status_code == 200
    for path, status in (("/former", 301), ("/none", 404)):
        with django_assert_num_queries(2):
            assert api.get(TITLES + path).status_code == status


def test_a_viewer_who_is_signed_in_costs_no_statement_more(
    sign_in: SignIn, profile: Profile, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    put("one")
    api = sign_in(profile.account, profile)
    api.get(TITLES)

    for path in ("", "/one"):
        with django_assert_num_queries(1):
            assert api.get(TITLES + path).status_code == 200


# --- The index of genres -----------------------------------------------------------------------------


def genres_of(listing: Listing) -> dict[str, int]:
    return dict(ListingGenre.objects.filter(listing=listing).values_list("genre", "popularity"))


def test_the_index_of_genres_follows_the_shelf_whoever_writes() -> None:
    listing = put("one", genres=["comedy", "drama", "comedy"], popularity=3)
    assert genres_of(listing) == {"comedy": 3, "drama": 3}

    Listing.objects.filter(pk=listing.pk).update(popularity=8)
    assert genres_of(listing) == {"comedy": 8, "drama": 8}

    Listing.objects.filter(pk=listing.pk).update(genres=["horror"], first_published_at=NOON + timedelta(1))
    assert genres_of(listing) == {"horror": 8}
    assert ListingGenre.objects.get().first_published_at == NOON + timedelta(1)

    Listing.objects.filter(pk=listing.pk).delete()
    assert not ListingGenre.objects.exists()
