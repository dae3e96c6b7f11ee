"""The function, the queryset and the shelf's statement answer alike, whatever the windows and the viewer."""

import os
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from apps.catalog import offers, shelf
from apps.catalog.models import Kind, Listing, ListingDocument, ListingWindow, Tier, Title, TitleVersion
from apps.catalog.offers import Offer, Viewer
from apps.catalog.shelf import POPULAR, Wanted

from .shelves import NOON

pytestmark = pytest.mark.django_db
SEED = int(os.environ.get("OFFERS_SEED", "20261122"))
TERRITORIES = ["IN", "NP", "US"]
AGES = [0, 7, 13, 16, 18]
# Few moments, so that viewers come exactly at starts and ends; the last one a microsecond beside another.
MOMENTS = [*(NOON + timedelta(hours=hour) for hour in range(3)), NOON + timedelta(microseconds=1)]
TIERS = st.sampled_from([tier.value for tier in Tier])


@dataclass
class Made:
    """A title before it is on the shelf."""

    maturity: int
    announced: bool
    windows: list[Offer]


@st.composite
def windows(draw: Any) -> Offer:
    scope = draw(st.sampled_from(["everywhere", "only", "except"]))
    named = (
        [] if scope == "everywhere" else draw(st.lists(st.sampled_from(TERRITORIES), min_size=1, max_size=2))
    )
    starts_at, ends_at = (draw(st.none() | st.sampled_from(MOMENTS)) for _ in range(2))
    return Offer(scope, named, draw(TIERS), starts_at, ends_at)


titles = st.builds(Made, st.sampled_from(AGES), st.booleans(), st.lists(windows(), max_size=3))
viewers = st.builds(
    Viewer,
    territory=st.sampled_from(["", *TERRITORIES]),
    tier=TIERS,
    ceiling=st.sampled_from(AGES),
    kid=st.booleans(),
    language=st.just("en"),
    at=st.sampled_from(MOMENTS),
)


def put_all(made: list[Made]) -> dict[int, Made]:
    """The titles on the shelf, by key; five statements for any number of them."""
    rows = Title.objects.bulk_create(Title(name="t", slug=f"t-{n}") for n in range(len(made)))
    versions = TitleVersion.objects.bulk_create(
        TitleVersion(title=row, number=1, at=NOON, source={}, columns={}, documents={}) for row in rows
    )
    Listing.objects.bulk_create(
        Listing(
            title=row, version=version, public_id=UUID(int=row.pk), slug=row.slug, kind=Kind.MOVIE, tier=0,
            maturity=one.maturity, announced=one.announced, first_published_at=NOON, popularity=row.pk % 5,
        )
        for row, version, one in zip(rows, versions, made, strict=True)
    )  # fmt: skip
    ListingDocument.objects.bulk_create(
        ListingDocument(listing_id=row.pk, language="en", name="t", card=f'{{"n":{row.pk}}}', document="{}")
        for row in rows
    )
    ListingWindow.objects.bulk_create(
        ListingWindow(
            listing_id=row.pk, scope=offer.scope, countries=offer.countries, tier=offer.tier,
            starts_at=offer.starts_at, ends_at=offer.ends_at,
        )
        for row, one in zip(rows, made, strict=True)
        for offer in one.windows
    )  # fmt: skip
    return {row.pk: one for row, one in zip(rows, made, strict=True)}


def by_function(viewer: Viewer, made: dict[int, Made]) -> dict[int, str]:
    """What is visible, with the code of its lock."""
    return {
        key: offers.decide(viewer, one.maturity, one.windows).code
        for key, one in made.items()
        if offers.sees(viewer, one.maturity, one.announced, one.windows)
    }


def by_queryset(viewer: Viewer) -> dict[int, str]:
    rows = Listing.objects.visible_to(viewer).with_asks(viewer).values_list("pk", "asks")
    return {key: offers.locked(viewer.tier, asks).code for key, asks in rows}


def by_statement(viewer: Viewer, **wanted: Any) -> dict[int, str]:
    cards = map(orjson.loads, shelf.page(viewer, Wanted(**wanted), POPULAR, 100).cards)
    return {card["n"]: (card["locked"] or {"code": ""})["code"] for card in cards}


@seed(SEED)
@given(made=st.lists(titles, min_size=10, max_size=30), watching=st.lists(viewers, min_size=5, max_size=10))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_function_queryset_and_statement_see_and_lock_the_same(
    made: list[Made], watching: list[Viewer]
) -> None:
    print(f"seed {SEED}: {len(made) * len(watching)} cases")  # noqa: T201
    with transaction.atomic():
        shown = put_all(made)
        for viewer in watching:
            expected = by_function(viewer, shown)
            assert by_queryset(viewer) == expected
            assert by_statement(viewer) == expected
            free = by_function(replace(viewer, tier=Tier.FREE), shown)
            plays_free = {key for key, code in free.items() if code == ""}
            assert by_statement(viewer, free=True).keys() == plays_free
            assert by_statement(viewer, free=False).keys() == expected.keys() - plays_free
            assert by_statement(viewer, tier=Tier.FREE).keys() == plays_free
        transaction.set_rollback(True)
