"""What the worker makes of an uploaded picture, also when it is killed over it; and the drawn ones."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as live
from django.db import connection
from django.utils import timezone
from PIL import Image
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob as Job

from apps.accounts.models import User
from apps.catalog import art, darkroom
from apps.catalog.models import Artwork, Title
from apps.catalog.pictures import RULES, Size
from apps.catalog.services import artworks
from apps.core import jobs

from .factories import TitleFactory
from .painting import encoded, exif, jpeg, painted, png, upload

pytestmark = pytest.mark.django_db


def given(esha: User, data: bytes | None = None, kind: str = "poster", **fields: Any) -> Artwork:
    return artworks.add(
        fields.pop("owner", None) or TitleFactory(), kind=kind, file=upload(data or jpeg()), by=esha, **fields
    )


def prepared(artwork: Artwork) -> Artwork:
    artworks.prepare(Artwork.objects.get(pk=artwork.pk))
    artwork.refresh_from_db()
    return artwork


def folder(settings: Any, artwork: Artwork) -> list[Path]:
    return sorted((Path(settings.MEDIA_ROOT) / "artwork" / str(artwork.public_id)).glob("*"))


def test_a_prepared_picture_has_its_variants_and_its_blurhash(esha: User, settings: Any) -> None:
    artwork = prepared(given(esha, jpeg((1000, 1500))))

    assert (artwork.state, artwork.failure) == ("ready", "")
    assert len(artwork.blurhash) >= 20
    assert [(one["width"], one["height"], one["format"]) for one in artwork.variants] == [
        (width, width * 3 // 2, format_) for width in (160, 320, 640) for format_ in ("avif", "webp", "jpeg")
    ]
    for one in artwork.variants:
        image = Image.open(Path(settings.MEDIA_ROOT) / one["path"])
        assert (image.format, image.size) == (one["format"].upper(), (one["width"], one["height"]))
        assert str(artwork.public_id) in one["path"]
    assert len(folder(settings, artwork)) == len(artwork.variants)


def test_preparing_again_changes_nothing(esha: User, settings: Any) -> None:
    artwork = prepared(given(esha))
    before, files = artwork.variants, folder(settings, artwork)
    times = [path.stat().st_mtime_ns for path in files]

    assert prepared(artwork).variants == before
    Artwork.objects.update(state="uploaded", variants=[])
    assert prepared(artwork).variants == before
    assert folder(settings, artwork) == files
    assert [path.stat().st_mtime_ns for path in files] == times


def test_a_file_that_a_killed_worker_left_half_written_is_replaced(esha: User, settings: Any) -> None:
    artwork = prepared(given(esha))
    files = folder(settings, artwork)
    whole = files[0].read_bytes()
    files[0].write_bytes(whole[:100])
    files[1].unlink()
    Artwork.objects.update(state="uploaded", variants=[])

    assert prepared(artwork).state == "ready"
    assert folder(settings, artwork) == files
    assert files[0].read_bytes() == whole


def test_another_focal_point_has_files_of_its_own(esha: User, settings: Any) -> None:
    first = prepared(given(esha, jpeg((800, 600)), "portrait", focal=(0.1, 0.5)))
    stored = {path: path.read_bytes() for path in folder(settings, first)}

    second = prepared(artworks.change(first, by=esha, focal=(0.9, 0.5)))

    assert second.state == "ready"
    assert not {one["path"] for one in first.variants} & {one["path"] for one in second.variants}
    assert {path: path.read_bytes() for path in stored} == stored


def test_a_picture_that_cannot_be_decoded_is_failed_with_a_sentence(esha: User, settings: Any) -> None:
    artwork = prepared(given(esha, png(600, 900)))

    assert (artwork.state, artwork.variants) == ("failed", [])
    assert artwork.failure == "This picture is damaged. Export it again and upload the new file."
    assert folder(settings, artwork) == []


def test_an_original_that_is_gone_is_failed_with_a_sentence(esha: User, settings: Any) -> None:
    artwork = given(esha)
    (Path(settings.MEDIA_ROOT) / str(artwork.original.name)).unlink()

    assert prepared(artwork).state == "failed"
    assert "gone" in artwork.failure

    assert given(esha, owner=artwork.title) == artwork
    assert prepared(artwork).state == "ready"


def test_what_nobody_prepared_for_hours_is_given_up_and_may_still_become_ready(esha: User) -> None:
    late, fresh = given(esha), given(esha)
    Artwork.objects.filter(pk=late.pk).update(updated_at=timezone.now() - timedelta(hours=7))

    assert artworks.give_up(before=timezone.now() - timedelta(hours=6)) == 1

    late.refresh_from_db()
    fresh.refresh_from_db()
    assert (late.state, fresh.state) == ("failed", "uploaded")
    assert "Upload it again" in late.failure
    assert prepared(late).state == "ready"
    assert late.failure == ""


# --- By a real worker --------------------------------------------------------------------------------


@pytest.fixture
def _empty_queue(transactional_db: None) -> Iterator[None]:
    tables = "procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers"
    for step in ("before", "after"):
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {tables} CASCADE")
        if step == "before":
            yield


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_empty_queue")
def test_the_worker_prepares_what_was_uploaded(esha: User) -> None:
    artwork, gone = given(esha, encoded(painted((900, 600)), exif=exif(6))), given(esha)
    gone.delete()
    app.configure_task("apps.catalog.tasks.give_up_lost_artwork").defer(timestamp=0)

    jobs.work(None, 1, wait=False)

    assert Artwork.objects.get() == artwork
    artwork.refresh_from_db()
    assert artwork.state == "ready"
    assert not Job.objects.exists()


PREPARE = """
import sys, django
django.setup()
from django.conf import settings
settings.MEDIA_ROOT = sys.argv[1]
from apps.catalog.models import Artwork
from apps.catalog.services import artworks
artworks.prepare(Artwork.objects.get(public_id=sys.argv[2]))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_empty_queue")
def test_a_worker_that_is_killed_over_a_picture_leaves_it_for_the_next(esha: User, settings: Any) -> None:
    artwork = given(esha, encoded(Image.effect_noise((1920, 1080), 60).convert("RGB")), "backdrop")
    at = connection.settings_dict
    url = f"postgresql://{quote(at['USER'])}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
    env = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "ottsite.settings"}
    command = [sys.executable, "-c", PREPARE, str(settings.MEDIA_ROOT), str(artwork.public_id)]
    process = subprocess.Popen(command, cwd=live.BASE_DIR, env=env)
    ends_at = time.monotonic() + 60
    while not folder(settings, artwork) and time.monotonic() < ends_at and process.poll() is None:
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = folder(settings, artwork)
    assert left

    jobs.work(None, 1, wait=False)

    artwork.refresh_from_db()
    assert artwork.state == "ready"
    stored = {Path(settings.MEDIA_ROOT) / one["path"] for one in artwork.variants}
    assert stored == set(folder(settings, artwork))
    assert set(left) <= stored
    for path in stored:
        Image.open(path).load()


# --- Drawn pictures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize(
    "lettering", ["", "Sintel", "A title so long " * 12, "Donaudampfschifffahrt" * 5, "हिन्दी"]
)
def test_a_drawn_picture_is_one_that_is_taken(esha: User, kind: str, lettering: str) -> None:
    data = art.draw(kind, seed=7, lettering=lettering)

    assert prepared(given(esha, data, kind)).state == "ready"


def test_the_same_seed_draws_the_same_and_another_one_another() -> None:
    assert art.draw("poster", seed=1, lettering="x") == art.draw("poster", seed=1, lettering="x")
    assert len({art.draw("poster", seed=seed) for seed in range(20)}) == 20
    assert art.draw("poster", seed=1, lettering="x") != art.draw("poster", seed=1, lettering="y")


def test_many_titles_share_the_pictures_of_a_pool(settings: Any, db: None) -> None:
    pool = art.pool(2)
    files = sorted(Path(settings.MEDIA_ROOT).rglob("*"))

    titles: list[Title] = TitleFactory.create_batch(4)
    made = Artwork.objects.bulk_create(
        Artwork(title=title, **pool[kind][n % 2].fields())
        for n, title in enumerate(titles)
        for kind in ("poster", "backdrop")
    )

    assert len(made) == 8
    for artwork in Artwork.objects.all():
        assert artwork.state == "ready"
        assert artwork.blurhash
        image = Image.open(BytesIO((Path(settings.MEDIA_ROOT) / str(artwork.original.name)).read_bytes()))
        assert image.size == (artwork.width, artwork.height)
        assert all((Path(settings.MEDIA_ROOT) / one["path"]).exists() for one in artwork.variants)
    assert art.pool(2) == pool
    assert sorted(Path(settings.MEDIA_ROOT).rglob("*")) == files


def test_two_who_prepare_the_same_picture_at_once_do_not_disturb_each_other(settings: Any) -> None:
    data = random.Random(3).randbytes(400_000)  # noqa: S311 not a secret
    made = darkroom.Developed([darkroom.Print("webp", Size(320, 480), data)], "")

    with ThreadPoolExecutor(4) as pool:
        for round_ in range(40):
            kept = list(pool.map(lambda _, to=f"artwork/{round_}": darkroom.keep(made, to), range(4)))
            assert {one[0]["path"] for one in kept} == {kept[0][0]["path"]}

    files = [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    assert len(files) == 40
    assert {path.read_bytes() for path in files} == {data}
