"""Pictures at the desk: what is taken, by whom, and that it is there once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob as Job

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.catalog.models import Artwork, Collection, Episode, Person, Season, Title
from apps.catalog.services import artworks, publishing
from apps.core.errors import DomainError, InvalidField
from apps.workflow.services.moving import Locked

from .factories import PersonFactory, TitleFactory
from .painting import POSTER, encoded, exif, jpeg, painted, png, upload

pytestmark = pytest.mark.django_db
TASK = "apps.catalog.tasks.prepare_artwork"
Add = Callable[..., Artwork]


@pytest.fixture
def title(groups: None) -> Title:
    return TitleFactory()


@pytest.fixture
def add(title: Title, esha: User) -> Add:
    """`add(**other than the usual)`: Esha puts a poster on the title."""

    def added(data: bytes | None = None, **fields: Any) -> Artwork:
        usual: dict[str, Any] = {
            "owner": title,
            "kind": "poster",
            "file": upload(data or jpeg()),
            "by": esha,
        } | fields
        return artworks.add(usual.pop("owner"), **usual)

    return added


def files(settings: Any) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def jobs() -> list[dict[str, Any]]:
    return list(Job.objects.filter(task_name=TASK).values_list("args", flat=True))


def refused(code: str, call: Callable[[], Any], path: str = "file") -> str:
    """The sentence of the refusal, which has this code at this field."""
    with pytest.raises(InvalidField) as caught:
        call()
    (error,) = caught.value.extra["errors"]
    assert (error["path"], error["code"]) == (path, code), error
    return str(error["detail"])


def assert_nothing_happened(title: Title, settings: Any) -> None:
    assert files(settings) == []
    assert not Artwork.objects.exists()
    assert jobs() == []
    title.refresh_from_db()
    assert title.revision == 0


def test_a_picture_is_stored_under_a_name_of_ours_and_awaits_the_worker(
    add: Add, title: Title, esha: User, settings: Any
) -> None:
    artwork = add(language="hi", alt="A rabbit", focal=(0.2, 0.8))

    assert (artwork.title, artwork.kind, artwork.language, artwork.alt) == (title, "poster", "hi", "A rabbit")
    assert (artwork.focal_x, artwork.focal_y) == (0.2, 0.8)
    assert (artwork.width, artwork.height) == POSTER
    assert artwork.state == "uploaded"
    assert not artwork.public
    (file,) = files(settings)
    assert "poster" not in file.name
    assert file == Path(settings.MEDIA_ROOT) / str(artwork.original.name)
    assert file.read_bytes() == jpeg()
    assert jobs() == [{"artwork_id": str(artwork.public_id)}]
    title.refresh_from_db()
    assert title.revision == 1
    assert list(title.authors.all()) == [esha]


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_format_is_what_the_file_is_and_not_what_it_is_called(add: Add, format_: str) -> None:
    artwork = add(file=upload(encoded(painted(), format_), "poster.gif"))

    assert artwork.original.name.endswith(f".{format_.lower()}")


GIF_AND_SCRIPT = b"GIF89a/*" + encoded(painted((60, 90)), "GIF")[8:] + b"*/=1;alert(document.cookie)//"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="600" height="900"><script>alert(1)</script></svg>'
UNSUPPORTED = {
    "a GIF that is a script": GIF_AND_SCRIPT,
    "an SVG with a script": SVG,
    "an SVG with a declaration": b'<?xml version="1.0"?>' + SVG,
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a page before a picture": b"<script>alert(1)</script>" + jpeg(),
    "a TIFF": encoded(painted(), "TIFF"),
    "a BMP": encoded(painted(), "BMP"),
    "an ICO": encoded(painted((60, 60)), "ICO"),
    "PostScript": encoded(painted((60, 90)), "EPS"),
    "JPEG 2000": encoded(painted((60, 90)), "JPEG2000"),
    "an archive": b"PK\x03\x04" + b"\0" * 100,
    "a video": b"\0\0\0\x20ftypisom" + b"\0" * 100,
    "nothing": b"",
    "a letter": b"x",
}
DAMAGED = {
    "half a JPEG": jpeg()[: len(jpeg()) // 2],
    "half a PNG": encoded(painted(), "PNG")[:-20],
    "half a WebP": encoded(painted(), "WEBP")[:-20],
    "half an AVIF": encoded(painted(), "AVIF")[:-20],
    "a PNG with a wrong byte": encoded(painted(), "PNG").replace(b"IDAT", b"IDAT\x01", 1),
    "the beginning of a JPEG": b"\xff\xd8\xff",
    "the beginning of a WebP": b"RIFF\x04\0\0\0WEBP",
    "the beginning of an AVIF": b"\0\0\0\x18ftypavif\0\0\0\0avifmif1",
}
MOVING = {
    "a WebP": encoded(painted(), "WEBP", save_all=True, append_images=[painted(shade=99)]),
    "an AVIF": encoded(painted(), "AVIF", save_all=True, append_images=[painted(shade=99)]),
    "a PNG": encoded(painted(), "PNG", save_all=True, append_images=[painted(shade=99)]),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_is_no_picture_of_ours_is_refused(add: Add, title: Title, settings: Any, name: str) -> None:
    refused("unsupported_picture", lambda: add(file=upload(UNSUPPORTED[name])))

    assert_nothing_happened(title, settings)


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_is_refused(add: Add, title: Title, settings: Any, name: str) -> None:
    refused("damaged_picture", lambda: add(DAMAGED[name]))

    assert_nothing_happened(title, settings)


@pytest.mark.parametrize("name", MOVING)
def test_what_moves_is_refused(add: Add, title: Title, settings: Any, name: str) -> None:
    refused("animated_picture", lambda: add(MOVING[name]))

    assert_nothing_happened(title, settings)


def test_what_is_too_large_too_small_or_of_another_shape_is_refused(
    add: Add, title: Title, settings: Any
) -> None:
    refused("too_large", lambda: add(jpeg() + b"\0" * 25_000_000))
    for bomb in ((30_000, 30_000), (6500, 6500), (2**31 - 1, 2**31 - 1)):
        refused("too_many_pixels", lambda: add(png(*bomb)))  # noqa: B023 called at once
    refused("too_many_pixels", lambda: add(png(17_000, 2)))
    detail = refused("too_small", lambda: add(jpeg((300, 450))))
    assert "600 x 900" in detail
    assert "300 x 450" in detail
    refused("wrong_shape", lambda: add(jpeg((900, 900))))
    # It is upright that it counts.
    refused("too_small", lambda: add(encoded(painted(), exif=exif(6))))

    assert_nothing_happened(title, settings)


def test_what_is_said_of_a_picture_is_judged_too(add: Add, title: Title, settings: Any) -> None:
    refused("invalid_choice", lambda: add(kind="cover"), "kind")
    refused("invalid_choice", lambda: add(language="xx"), "language")
    refused("max_length", lambda: add(alt="x" * 201), "alt")
    refused("max_length", lambda: add(alt="a\0b"), "alt")
    for focal in ((1.01, 0.5), (0.5, -0.1), (float("nan"), 0.5), (float("inf"), 0)):
        refused("out_of_range", lambda: add(focal=focal), "focal")  # noqa: B023 called at once

    assert_nothing_happened(title, settings)


def test_what_hangs_behind_a_picture_is_not_stored(add: Add, settings: Any) -> None:
    artwork = add(jpeg() + b"<script>alert(1)</script>")

    assert (Path(settings.MEDIA_ROOT) / str(artwork.original.name)).read_bytes() == jpeg()
    assert add() == artwork


# --- Who may -----------------------------------------------------------------------------------------


def test_only_those_who_may_change_a_title_change_its_pictures(
    add: Add, title: Title, ravi: User, priya: User, settings: Any
) -> None:
    for other in (ravi, priya, UserFactory(), UserFactory(is_staff=True)):
        with pytest.raises(PermissionDenied):
            add(by=other)
        # Nor are files of theirs looked at.
        with pytest.raises(PermissionDenied):
            add(SVG, by=other)
    assert_nothing_happened(title, settings)

    artwork = add()
    for other in (ravi, priya):
        with pytest.raises(PermissionDenied):
            artworks.change(artwork, by=other, alt="Mine")
        with pytest.raises(PermissionDenied):
            artworks.drop(artwork, by=other)
    artwork.refresh_from_db()
    assert (artwork.alt, artwork.dropped) == ("", False)


def test_a_title_in_review_takes_no_pictures_and_none_is_left_behind(
    add: Add, esha: User, settings: Any
) -> None:
    locked = TitleFactory(complete=True)
    publishing.submit(locked, by=esha)
    artwork = locked.artworks.filter(kind="poster").get()
    before, revision = locked.artworks.count(), Title.objects.get(pk=locked.pk).revision

    with pytest.raises(Locked):
        add(owner=locked)
    with pytest.raises(Locked):
        artworks.change(artwork, by=esha, focal=(0.1, 0.1))
    with pytest.raises(Locked):
        artworks.drop(artwork, by=esha)

    assert files(settings) == []
    assert locked.artworks.filter(dropped=False).count() == before
    assert Title.objects.get(pk=locked.pk).revision == revision
    assert jobs() == []


def test_seasons_and_episodes_count_as_their_title(add: Add, title: Title) -> None:
    season = Season.objects.create(title=title, number=1)
    episode = Episode.objects.create(season=season, number=1)

    poster = add(owner=season)
    still = add(jpeg((640, 360)), owner=episode, kind="still")

    assert (poster.season, still.episode) == (season, episode)
    title.refresh_from_db()
    assert title.revision == 2


@pytest.mark.parametrize("kind", ["person", "collection"])
def test_people_and_collections_have_pictures_without_a_draft(
    add: Add, esha: User, ravi: User, settings: Any, kind: str
) -> None:
    owner: Person | Collection = PersonFactory() if kind == "person" else Collection.objects.create(name="x")

    with pytest.raises(PermissionDenied):
        add(owner=owner, kind="portrait", by=ravi)
    assert files(settings) == []
    artwork = add(owner=owner, kind="portrait")

    assert artworks.owner_of(artwork) == owner
    artworks.drop(artwork, by=esha)
    assert not owner.artworks.filter(dropped=False).exists()


# --- The same picture --------------------------------------------------------------------------------


def test_the_same_picture_again_is_the_same_artwork(add: Add, title: Title, settings: Any) -> None:
    first = add()
    again = add(file=upload(jpeg(), "another name.jpg"), focal=(0.1, 0.1))

    assert again == first
    assert again.focal_x == 0.5
    assert len(files(settings)) == len(jobs()) == 1
    title.refresh_from_db()
    assert title.revision == 1
    others = {add(language="hi"), add(jpeg(shade=200)), add(owner=TitleFactory()), first}
    assert len(others) == 4


def test_a_dropped_picture_that_comes_again_is_the_one_that_was(add: Add, esha: User, settings: Any) -> None:
    first = add()
    artworks.drop(first, by=esha)

    again = add()

    assert again == first
    assert not Artwork.objects.get().dropped
    assert len(files(settings)) == 1


def test_a_failed_picture_that_comes_again_is_tried_again(add: Add) -> None:
    first = add()
    Artwork.objects.update(state="failed", failure="x")

    assert add() == first
    assert len(jobs()) == 2
    assert list(Artwork.objects.values_list("state", "failure")) == [("uploaded", "")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("storms")
def test_the_same_picture_uploaded_at_once_is_one_artwork_and_one_file(
    groups: None, esha: User, title: Title, settings: Any
) -> None:
    barrier = Barrier(6)
    pictures = [jpeg(shade=shade) for shade in (0, 0, 0, 90, 90, 90)]

    def add_one(data: bytes) -> int | None:
        try:
            connection.ensure_connection()
            barrier.wait(20)
            return artworks.add(title, kind="poster", file=upload(data), by=esha).pk
        except DomainError:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(add_one, pictures))

    assert None not in made
    assert len(set(made)) == Artwork.objects.count() == len(files(settings)) == 2


# --- Changing ----------------------------------------------------------------------------------------


def test_words_about_a_picture_change_in_place(add: Add, esha: User, title: Title) -> None:
    artwork = add()

    changed = artworks.change(artwork, by=esha, alt="A rabbit", language="hi")

    assert changed == artwork
    artwork.refresh_from_db()
    assert (artwork.alt, artwork.language, artwork.focal_x) == ("A rabbit", "hi", 0.5)
    title.refresh_from_db()
    assert title.revision == 2
    artworks.change(artwork, by=esha, alt="A rabbit")
    title.refresh_from_db()
    assert title.revision == 2, "nothing changed"


def test_another_focal_point_makes_another_artwork_of_the_same_file(
    add: Add, esha: User, settings: Any
) -> None:
    before = add(alt="A rabbit")
    artworks.prepare(before)
    stored = files(settings)

    after = artworks.change(before, by=esha, focal=(0.1, 0.9))

    before.refresh_from_db()
    assert before.dropped
    assert before.variants, "versions show it"
    assert (after.focal_x, after.focal_y, after.alt, after.state) == (0.1, 0.9, "A rabbit", "uploaded")
    assert after.public_id != before.public_id
    assert after.original == before.original
    assert files(settings) == stored
    assert jobs()[-1] == {"artwork_id": str(after.public_id)}
    back = artworks.change(after, by=esha, focal=(0.5, 0.5))
    assert back == before
    assert back.state == "ready"
    assert Artwork.objects.filter(dropped=False).get() == before


def test_a_picture_off_the_desk_is_not_changed(add: Add, esha: User, title: Title) -> None:
    artwork = add()
    artworks.drop(artwork, by=esha)
    artworks.drop(artwork, by=esha)

    with pytest.raises(artworks.NoSuchArtwork):
        artworks.change(artwork, by=esha, alt="x")

    title.refresh_from_db()
    assert title.revision == 2


def test_a_refused_change_changes_nothing(add: Add, esha: User) -> None:
    artwork = add()

    refused("out_of_range", lambda: artworks.change(artwork, by=esha, focal=(2, 0)), "focal")
    refused("invalid_choice", lambda: artworks.change(artwork, by=esha, language="xx"), "language")

    assert Artwork.objects.get() == artwork
    assert Artwork.objects.get().language == ""
