"""Collections: by hand, and by rule."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from apps.catalog import rules
from apps.catalog.models import (
    Collection,
    CollectionItem,
    CollectionText,
    FormerSlug,
    Listing,
    Tier,
)
from apps.catalog.rules import InvalidRule
from apps.core.tests.problems import assert_problem

from .shelves import NOON, only, put, window

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


def get(api: APIClient, slug: str, **query: Any) -> Any:
    return api.get(f"/api/v1/collections/{slug}", query)


def slugs(api: APIClient, slug: str = "picks", **query: Any) -> list[str]:
    found = get(api, slug, **query)
    assert found.status_code == 200, found.content
    return [card["slug"] for card in found.json()["titles"]["results"]]


def by_rule(rule: dict[str, Any], slug: str = "picks", **fields: Any) -> Collection:
    rules.check(rule)
    fields = {"name": "Working name", "published": True, **fields}
    return Collection.objects.create(slug=slug, by_rule=True, rule=rule, **fields)


def by_hand(*listings: Listing, slug: str = "picks", **fields: Any) -> Collection:
    collection = Collection.objects.create(slug=slug, name="Working name", **{"published": True, **fields})
    for order, listing in enumerate(listings):
        CollectionItem.objects.create(collection=collection, title=listing.title, order=order)
    return collection


# --- What a rule may say -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        {"genres": ["comedy", "science-fiction"]},
        {"tags": ["oscars"], "kinds": ["movie", "sport"], "languages": ["en", "zh-Hant-TW"]},
        {"min_year": 1990, "max_year": 1990, "max_rating": 0},
        {"tier": "premium", "order": "title", "limit": 1000},
        {"limit": 1},
    ],
)
def test_a_good_rule_passes(rule: Any) -> None:
    rules.check(rule)


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        ({}, "rule", "invalid"),
        ([], "rule", "invalid"),
        (None, "rule", "invalid"),
        ("comedy", "rule", "invalid"),
        ({"genre": ["comedy"]}, "rule.genre", "unknown_field"),
        ({"genres__slug": ["comedy"]}, "rule.genres__slug", "unknown_field"),
        ({"genres": "comedy"}, "rule.genres", "invalid"),
        ({"genres": []}, "rule.genres", "invalid"),
        ({"genres": [1]}, "rule.genres", "invalid"),
        ({"genres": ["a b"]}, "rule.genres", "invalid"),
        ({"genres": ["a\n"]}, "rule.genres", "invalid"),
        ({"genres": ["a"] * 51}, "rule.genres", "invalid"),
        ({"tags": [None]}, "rule.tags", "invalid"),
        ({"kinds": ["film"]}, "rule.kinds", "invalid"),
        ({"languages": ["English"]}, "rule.languages", "invalid"),
        ({"min_year": "1990"}, "rule.min_year", "invalid"),
        ({"min_year": 1990.0}, "rule.min_year", "invalid"),
        ({"max_year": 99999}, "rule.max_year", "invalid"),
        ({"min_year": 2000, "max_year": 1999}, "rule.max_year", "invalid"),
        ({"max_rating": 8}, "rule.max_rating", "invalid"),
        ({"max_rating": True}, "rule.max_rating", "invalid"),
        ({"tier": 10}, "rule.tier", "invalid"),
        ({"order": "random"}, "rule.order", "invalid"),
        ({"order": ["newest"]}, "rule.order", "invalid"),
        ({"limit": 0}, "rule.limit", "invalid"),
        ({"limit": True}, "rule.limit", "invalid"),
        ({"limit": 1001}, "rule.limit", "invalid"),
    ],
)
def test_a_bad_rule_says_what_is_wrong_with_it(rule: Any, path: str, code: str) -> None:
    with pytest.raises(InvalidRule) as refusal:
        rules.check(rule)

    (error,) = refusal.value.extra["errors"]
    assert (error["path"], error["code"]) == (path, code)
    assert error["detail"]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidRule) as refusal:
        rules.check({"genres": [], "colour": "blue", "limit": 5})

    assert [error["path"] for error in refusal.value.extra["errors"]] == [
        "rule.genres",
        "rule.colour",
    ]


# --- What it means -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "meant"),
    [
        ({"genres": ["comedy"]}, {"one", "two"}),
        ({"genres": ["comedy", "drama"]}, {"one", "two", "three"}),
        ({"tags": ["open"]}, {"one"}),
        ({"kinds": ["series", "sport"]}, {"two"}),
        ({"languages": ["hi", "ta"]}, {"one", "three"}),
        ({"min_year": 2012}, {"two", "three"}),
        ({"max_year": 2011}, {"one"}),
        ({"min_year": 2000, "max_year": 2012, "genres": ["comedy"]}, {"one", "two"}),
        ({"max_rating": 7}, {"one", "three"}),
        ({"tier": "free"}, {"one", "two"}),
        ({"tier": "premium"}, {"three"}),
        ({"genres": ["western"]}, set()),
    ],
)
def test_a_rule_means_what_it_says(api: APIClient, rule: Any, meant: set[str]) -> None:
    put("one", kind="movie", genres=["comedy"], tags=["open"], year=2008, languages=["en", "hi"], maturity=7)
    put("two", kind="series", genres=["comedy"], year=2012, maturity=13)
    put("three", window(tier=Tier.PREMIUM), genres=["drama"], year=2012, languages=["ta"])
    by_rule(rule)

    assert set(rules.listings(rule).values_list("slug", flat=True)) == meant
    if meant:
        assert set(slugs(api)) == meant
    else:
        assert_problem(get(api, "picks"), 404)


def test_a_rule_orders_and_limits_what_the_viewer_may_see(api: APIClient) -> None:
    for n in range(6):
        put(f"t{n}", popularity=n, at=NOON - timedelta(days=n), names={"en": f"Name {(n * 5) % 6}"})
    put("hidden", only("US"), popularity=99)
    by_rule({"order": "popular", "limit": 3}, slug="top")
    by_rule({"order": "newest", "limit": 2}, slug="new")
    by_rule({"order": "title", "limit": 4}, slug="abc")

    assert slugs(api, "top") == ["t5", "t4", "t3"]
    assert slugs(api, "new") == ["t0", "t1"]
    assert slugs(api, "abc") == ["t0", "t5", "t4", "t3"]


# --- How viewers read it -----------------------------------------------------------------------------


def test_a_collection_by_hand_is_in_the_order_of_the_hand(api: APIClient) -> None:
    one, two, three = (put(slug, popularity=n) for n, slug in enumerate(["one", "two", "three"]))
    by_hand(two, three, one)

    assert slugs(api) == ["two", "three", "one"]


@pytest.mark.parametrize("rule", [{}, {"order": "title"}, {"order": "newest"}, {"limit": 6}])
def test_pages_hold_all_once_each_forwards_and_backwards(api: APIClient, rule: dict[str, Any]) -> None:
    listings = [put(f"t{n}", at=NOON - timedelta(n // 4), names={"en": f"N {n // 3}"}) for n in range(6)]
    if rule:
        by_rule(rule)
    else:
        collection = by_hand(*listings)
        CollectionItem.objects.filter(collection=collection).update(order=1)
    whole = slugs(api, page_size=100)

    pages, url = [], "/api/v1/collections/picks?page_size=2"
    while url:
        page = api.get(url).json()["titles"]
        pages.append([card["slug"] for card in page["results"]])
        previous, url = page["previous"], page["next"]

    assert [slug for page in pages for slug in page] == whole
    assert sorted(whole) == [f"t{n}" for n in range(6)]
    back = api.get(previous).json()["titles"]
    assert [card["slug"] for card in back["results"]] == pages[1]
    assert [card["slug"] for card in api.get(back["previous"]).json()["titles"]["results"]] == pages[0]


def test_a_collection_is_told_of_in_the_viewers_language(api: APIClient) -> None:
    collection = by_hand(put("one"))
    CollectionText.objects.create(collection=collection, language="en", name="Picks", synopsis="Ours.")
    CollectionText.objects.create(collection=collection, language="hi", name="पसंद")

    found = api.get("/api/v1/collections/picks", headers={"accept-language": "hi"})

    assert found["Content-Language"] == "hi"
    told = found.json()
    assert (told["name"], told["synopsis"], told["tagline"]) == ("पसंद", "Ours.", "")
    assert told["titles"]["results"][0]["name"] == "one हिन्दी"
    assert told["artwork"] == {"poster": None, "backdrop": None}


def test_cards_are_locked_as_everywhere(api: APIClient) -> None:
    by_hand(put("paid", window(tier=Tier.PREMIUM)))

    (card,) = get(api, "picks").json()["titles"]["results"]
    assert card["locked"]["code"] == "plan_required"


@pytest.mark.parametrize("how", [{"published": False}, {}])
def test_what_is_not_published_or_holds_nothing_to_see_is_not_found(api: APIClient, how: Any) -> None:
    by_hand(put("hidden", only("US")) if not how else put("one"), **how)

    assert_problem(get(api, "picks"), 404, "not_found")
    assert_problem(get(api, "nothing"), 404, "not_found")


def test_a_former_address_leads_to_the_present_one(api: APIClient) -> None:
    FormerSlug.objects.create(collection=by_hand(put("one")), slug="former")

    moved = get(api, "former", page_size=5)

    assert (moved.status_code, moved["Location"]) == (301, "/api/v1/collections/picks?page_size=5")
    assert get(api, "former").status_code == 301


def test_a_bad_page_is_400_and_what_is_known_already_304(api: APIClient) -> None:
    by_hand(put("one"))

    assert_problem(get(api, "picks", cursor="x"), 400, "validation_error")
    assert_problem(get(api, "picks", page_size=0), 400, "validation_error")
    etag = get(api, "picks")["ETag"]
    assert api.get("/api/v1/collections/picks", headers={"if-none-match": etag}).status_code == 304
