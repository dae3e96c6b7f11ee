"""Who gets a picture, and how it is served."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.catalog.models import Artwork, Collection, Episode, Season, Title, TitleVersion
from apps.catalog.pictures import thumbnail
from apps.catalog.services import artworks

from .factories import PersonFactory, TitleFactory
from .painting import jpeg, upload

pytestmark = pytest.mark.django_db
NOON = datetime.fromisoformat("2026-01-01T12:00:00+00:00")


def on_the_shelf(title: Title) -> None:
    """Live, as publishing leaves it."""
    title.live_version = TitleVersion.objects.create(
        title=title, number=1, at=NOON, source={}, columns={}, documents={}, checksum="0" * 64
    )
    title.save(update_fields=["live_version"])
    artworks.mark_public(str(one.public_id) for one in title.artworks.filter(dropped=False))


@pytest.fixture
def title(groups: None) -> Title:
    return TitleFactory()


@pytest.fixture
def poster(title: Title, esha: User) -> Artwork:
    artwork = artworks.add(title, kind="poster", file=upload(jpeg()), by=esha)
    artworks.prepare(artwork)
    artwork.refresh_from_db()
    return artwork


@pytest.fixture
def live_poster(poster: Artwork, title: Title) -> Artwork:
    on_the_shelf(title)
    poster.refresh_from_db()
    return poster


@pytest.fixture
def path(poster: Artwork) -> str:
    return str(thumbnail(poster))


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def refused(response: Any) -> bool:
    """A 404 that nobody keeps."""
    assert response["Cache-Control"] == "no-store"
    return bool(response.status_code == 404)


@pytest.mark.parametrize("format_", ["avif", "webp", "jpeg"])
def test_a_picture_of_a_live_title_is_for_everybody_and_for_good(
    live_poster: Artwork, client: Client, settings: Any, format_: str
) -> None:
    response = client.get(f"/images/{live_poster.public_id}/320.{format_}")

    assert response.status_code == 200
    stored = next(one for one in live_poster.variants if (one["width"], one["format"]) == (320, format_))
    data = (Path(settings.MEDIA_ROOT) / stored["path"]).read_bytes()
    assert body(response) == data
    assert response["Content-Type"] == f"image/{format_}"
    assert response["Content-Length"] == str(len(data))
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_whoever_has_it_already_is_told_so(live_poster: Artwork, client: Client, path: str) -> None:
    first = client.get(path)

    again = client.get(path, headers={"if-none-match": first["ETag"]})

    assert again.status_code == 304
    assert body(again) == b""
    assert (again["ETag"], again["Cache-Control"]) == (first["ETag"], first["Cache-Control"])
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_head_tells_all_but_the_picture_and_nothing_else_is_allowed(
    live_poster: Artwork, client: Client, path: str
) -> None:
    head, get = client.head(path), client.get(path)

    assert body(head) == b""
    for name in ("Content-Length", "Content-Type", "ETag", "Cache-Control"):
        assert head[name] == get[name]
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(path).status_code == 405


def test_it_costs_one_query(live_poster: Artwork, client: Client, path: str) -> None:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(path).status_code == 200

    assert len(seen) == 1


@pytest.mark.parametrize(
    "end", ["320.png", "321.webp", "0.webp", "320.WEBP", "320.", "320.webp.exe", "-320.webp",
            "99999999999999999999.webp", "..webp", "320.webp/..", "320"],
)  # fmt: skip
def test_what_is_no_variant_is_not_found(live_poster: Artwork, client: Client, end: str) -> None:
    assert client.get(f"/images/{live_poster.public_id}/{end}").status_code == 404


def test_an_unknown_picture_is_not_found(client: Client) -> None:
    assert refused(client.get(f"/images/{uuid4()}/320.webp"))
    assert client.get("/images/not-a-uuid/320.webp").status_code == 404


def test_a_picture_whose_file_is_lost_is_not_found(
    live_poster: Artwork, client: Client, path: str, settings: Any
) -> None:
    for one in live_poster.variants:
        (Path(settings.MEDIA_ROOT) / one["path"]).unlink()

    assert refused(client.get(path))


# --- Of the desk -------------------------------------------------------------------------------------


def test_a_picture_of_the_desk_is_for_staff_alone(
    poster: Artwork, client: Client, path: str, esha: User, ravi: User
) -> None:
    assert refused(client.get(path))
    for nobody in (UserFactory(), UserFactory(is_staff=True)):
        client.force_login(nobody)
        assert refused(client.get(path))
    former = UserFactory(is_superuser=True, is_staff=False)
    client.force_login(former)
    assert refused(client.get(path))
    for member in (esha, ravi):
        client.force_login(member)
        response = client.get(path)
        assert response.status_code == 200
        assert response["Cache-Control"] == "private, no-store"
        assert body(response)


def test_a_preview_opens_it_until_its_end(poster: Artwork, client: Client, path: str) -> None:
    query = artworks.preview_query(poster, NOON)

    with time_machine.travel(NOON - timedelta(seconds=1), tick=False):
        response = client.get(f"{path}?{query}")
        assert response.status_code == 200
        assert response["Cache-Control"] == "private, no-store"
        assert not response.cookies
    with time_machine.travel(NOON, tick=False):
        assert refused(client.get(f"{path}?{query}"))


def test_a_preview_of_another_picture_or_of_somebodys_making_opens_nothing(
    poster: Artwork, client: Client, path: str, esha: User, settings: Any
) -> None:
    ends = timezone.now() + timedelta(hours=1)
    other = artworks.add(TitleFactory(), kind="poster", file=upload(jpeg()), by=esha)
    good = artworks.preview_query(poster, ends)
    later = good.replace(f"={int(ends.timestamp())}", f"={int(ends.timestamp()) + 9}")
    forged = [artworks.preview_query(other, ends), later, good[:-1], good + "x", "preview=", "preview=.",
              "preview=x.y", "preview=%00.%00", "preview=" + "9" * 5000, f"preview={'9' * 400}.x",
              f"preview={int(ends.timestamp())}"]  # fmt: skip

    for query in forged:
        assert refused(client.get(f"{path}?{query}")), query
    assert client.get(f"{path}?{good}").status_code == 200
    settings.SECRET_KEY = "another" * 9
    settings.SECRET_KEY_FALLBACKS = []
    assert refused(client.get(f"{path}?{good}"))


def test_a_picture_added_to_a_live_title_waits_for_its_publication(
    live_poster: Artwork, client: Client, title: Title, esha: User
) -> None:
    new = artworks.add(title, kind="backdrop", file=upload(jpeg((1280, 720))), by=esha)
    turned = artworks.change(live_poster, by=esha, focal=(0.1, 0.1))
    for one in (new, turned):
        artworks.prepare(one)
        one.refresh_from_db()
        assert refused(client.get(str(thumbnail(one))))
    # What viewers see is what it was.
    assert client.get(str(thumbnail(live_poster))).status_code == 200

    artworks.mark_public([new.public_id])

    assert client.get(str(thumbnail(new))).status_code == 200
    assert refused(client.get(str(thumbnail(turned))))


def test_an_unpublished_title_takes_its_pictures_with_it(
    live_poster: Artwork, client: Client, title: Title, path: str
) -> None:
    Title.objects.filter(pk=title.pk).update(live_version=None)

    assert refused(client.get(path))


def test_pictures_of_seasons_and_episodes_go_with_their_title(
    title: Title, esha: User, client: Client
) -> None:
    season = Season.objects.create(title=title, number=1)
    episode = Episode.objects.create(season=season, number=1)
    pictures = [
        artworks.add(season, kind="poster", file=upload(jpeg()), by=esha),
        artworks.add(episode, kind="still", file=upload(jpeg((640, 360))), by=esha),
    ]
    for one in pictures:
        artworks.prepare(one)
        one.refresh_from_db()
    on_the_shelf(title)

    for one in pictures:
        assert refused(client.get(str(thumbnail(one))))
        artworks.mark_public([one.public_id])
        assert client.get(str(thumbnail(one))).status_code == 200


def test_people_are_for_everybody_and_collections_once_they_are_published(
    groups: None, esha: User, client: Client
) -> None:
    collection = Collection.objects.create(name="Cartoons", slug="cartoons")
    portrait, cover = (
        artworks.add(owner, kind="portrait", file=upload(jpeg()), by=esha)
        for owner in (PersonFactory(), collection)
    )
    for one in (portrait, cover):
        artworks.prepare(one)
        one.refresh_from_db()

    assert client.get(str(thumbnail(portrait))).status_code == 200
    assert refused(client.get(str(thumbnail(cover))))
    Collection.objects.update(published=True)
    assert client.get(str(thumbnail(cover))).status_code == 200
