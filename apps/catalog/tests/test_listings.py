import json
from datetime import UTC, date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import Artwork, Listing, ListingDocument, ListingWindow, Title, Window
from apps.catalog.services import listings

from .desks import NOON, match, movie, projected, series, version
from .factories import TitleFactory

pytestmark = pytest.mark.django_db


def shelf(title: Title) -> list[Any]:
    """All that viewers may read of a title, but for the keys of rows."""
    rows: list[Any] = [*Listing.objects.filter(title=title).values()]
    rows += (
        ListingWindow.objects.filter(listing=title.pk)
        .order_by("tier")
        .values("tier", "starts_at", "countries")
    )
    rows += (
        ListingDocument.objects.filter(listing=title.pk)
        .order_by("language")
        .values("language", "name", "card", "document")
    )
    return rows


def test_a_version_fills_the_listing() -> None:
    title = movie(name="Fish", popularity=7, announced=True)
    stored = version(title)
    listing = projected(stored)

    assert (listing.title, listing.version, listing.public_id) == (title, stored, title.public_id)
    assert (listing.slug, listing.kind, listing.year) == (title.slug, "movie", 2008)
    assert listing.released_on == date(2008, 4, 10)
    assert (listing.maturity, listing.tier, listing.announced) == (13, 0, True)
    assert (listing.genres, listing.tags, listing.languages) == (["action", "comedy"], ["open"], ["en"])
    assert len(listing.people) == 2
    assert (listing.popularity, listing.first_published_at) == (7, NOON)
    assert listing.offers == stored.columns["offers"]


def test_windows_and_documents_are_rows() -> None:
    title = movie(name="Fish")
    listing = projected(version(title))
    premium = listing.windows.get(tier=10)

    assert (premium.scope, premium.countries) == ("only", ["IN", "NP"])
    assert (premium.starts_at, premium.ends_at) == (NOON.astimezone(UTC), None)
    assert listing.windows.count() == 2
    assert dict(listing.documents.values_list("language", "name")) == {"en": "Fish", "hi": "फ़िल्म"}


def test_documents_are_the_compiled_ones_as_compact_text() -> None:
    stored = version(movie())
    listing = projected(stored)
    english = listing.documents.get(language="en")

    assert json.loads(english.card) == stored.documents["en"]["card"]
    assert json.loads(english.document) == stored.documents["en"]["document"]
    assert '": ' not in english.card
    assert "फ़िल्म" in listing.documents.get(language="hi").card


def test_the_same_version_gives_the_same_shelf_also_when_read_back() -> None:
    title = series()
    stored = version(title)
    projected(stored)
    before = shelf(title)
    projected(title.versions.get())

    assert shelf(title) == before


def test_a_new_version_replaces_the_old_but_not_fame_nor_age() -> None:
    title = movie(popularity=3)
    projected(version(title))
    Listing.objects.update(popularity=99)
    title.texts.filter(language="en").update(name="Renamed")
    Window.objects.filter(title=title, tier=0).delete()
    Title.objects.update(maturity=18)
    listing = projected(version(title, at=NOON + timedelta(days=3)))

    assert (listing.popularity, listing.first_published_at) == (99, NOON)
    assert (listing.maturity, listing.tier, listing.version.number) == (18, 10, 2)
    assert listing.windows.count() == 1
    assert listing.documents.get(language="en").name == "Renamed"
    assert listing.documents.count() == 2


def test_a_title_that_comes_back_is_as_old_as_its_first_version() -> None:
    title = movie()
    projected(version(title))
    listings.withdraw(title)
    listing = projected(version(title, at=NOON + timedelta(days=3)))

    assert listing.first_published_at == NOON


def test_withdrawing_takes_everything_of_one_title_off_the_shelf() -> None:
    gone, stays = movie(), match()
    listings.project_many([version(gone), version(stays)])
    before = shelf(stays)
    listings.withdraw(gone)

    assert shelf(gone) == []
    assert shelf(stays) == before
    assert gone.versions.count() == 1
    listings.withdraw(gone)


def test_an_old_version_goes_live_under_the_present_address() -> None:
    title = movie(slug="old-address")
    stored = version(title)
    Title.objects.filter(pk=title.pk).update(slug="new-address")
    other = movie(slug="old-address")
    projected(version(other))
    listing = projected(stored)

    assert listing.slug == "new-address"
    for one in listing.documents.all():
        assert json.loads(one.card)["slug"] == json.loads(one.document)["slug"] == "new-address"


def test_a_title_on_the_shelf_can_keep_its_address() -> None:
    title = movie(slug="old-address")
    stored = version(title)
    projected(stored)
    Title.objects.filter(pk=title.pk).update(slug="of-the-draft")
    projected(stored, same_address=True)

    assert Listing.objects.get().slug == "old-address"
    assert json.loads(ListingDocument.objects.get(language="hi").document)["slug"] == "old-address"


def test_many_are_projected_as_each_by_itself() -> None:
    titles: list[Title] = [movie(), series(), match(), TitleFactory()]
    stored = [version(title) for title in titles]
    for one in stored:
        projected(one)
    before = [shelf(title) for title in titles]
    Listing.objects.all().delete()
    listings.project_many(stored)

    assert [shelf(title) for title in titles] == before


def test_the_number_of_queries_does_not_depend_on_how_many_there_are() -> None:
    stored = [version(movie()) for _ in range(4)]

    def queries(count: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            listings.project_many(stored[:count])
        return len(captured)

    assert queries(1) == queries(4) <= 15


def test_pictures_of_what_is_live_are_public_but_not_those_of_seasons_that_are_held_back() -> None:
    title = series(seasons=2)
    title.seasons.filter(number=2).update(held=True)
    projected(version(title))

    assert Artwork.objects.filter(public=True).count() == 2 + 1 + 2
    held = Artwork.objects.filter(season__held=True) | Artwork.objects.filter(episode__season__held=True)
    assert not held.filter(public=True).exists()
