"""What the shelf says of a video's tracks follows the video; all else stays as it was published."""

from typing import Any

import orjson
import pytest

from apps.accounts.models import User
from apps.catalog.models import Kind, Listing, ListingDocument, Title
from apps.catalog.services import listings, publishing
from apps.media.models import Asset, AudioTrack, Rendition

from .newsday import approved

pytestmark = pytest.mark.django_db


def shown(title: Title) -> Any:
    return orjson.loads(ListingDocument.objects.get(listing=title.pk, language="en").document)


def remade(asset: Asset) -> None:
    """Another rung, another language, another length."""
    Rendition.objects.create(asset=asset, height=1080)
    AudioTrack.objects.create(asset=asset, language="hi")
    Asset.objects.filter(pk=asset.pk).update(duration_ms=601_000)


def test_a_live_film_tells_of_the_tracks_it_has_by_now(esha: User, ravi: User, priya: User) -> None:
    title = approved(esha, ravi, name="Sintel")
    version = publishing.publish(title, by=priya)
    before = shown(title)
    remade(title.asset)

    assert listings.renew_videos(str(title.asset.public_id)) == 1

    after = shown(title)
    assert (after["tracks"]["heights"], after["tracks"]["audio"]) == ([360, 720, 1080], ["en", "hi"])
    assert after["duration_ms"] == 601_000
    media = {"tracks", "duration_ms"}
    assert {key: one for key, one in after.items() if key not in media} == {
        key: one for key, one in before.items() if key not in media
    }
    assert Listing.objects.get().languages == ["en", "hi"]
    version.refresh_from_db()
    assert version.documents["en"]["document"]["tracks"]["heights"] == [360, 720]


def test_so_does_an_episode_of_a_live_series(esha: User, ravi: User, priya: User) -> None:
    title = approved(esha, ravi, name="Demo Series", kind=Kind.SERIES)
    publishing.publish(title, by=priya)
    first, second = shown(title)["seasons"][0]["episodes"]
    asset = title.seasons.get().episodes.get(public_id=first["id"]).asset
    remade(asset)

    listings.renew_videos(str(asset.public_id))

    episodes = shown(title)["seasons"][0]["episodes"]
    assert episodes[0]["tracks"]["heights"] == [360, 720, 1080]
    assert episodes[1] == second


def test_what_the_desk_changed_meanwhile_stays_at_the_desk(esha: User, ravi: User, priya: User) -> None:
    title = approved(esha, ravi, name="Sintel")
    publishing.publish(title, by=priya)
    title.texts.filter(language="en").update(synopsis="A draft that nobody approved.")

    listings.renew_videos(str(title.asset.public_id))

    assert shown(title)["synopsis"] == "The story of Sintel."


def test_an_asset_that_nothing_shows_renews_nothing() -> None:
    asset = Asset.objects.create(name="Unused")

    assert listings.renew_videos(str(asset.public_id)) == 0
