"""A film is made anew, or gets another dub, while somebody watches it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.utils import timezone
from rest_framework.test import APIClient

from apps.catalog.models import Title
from apps.media.models import Asset, AudioTrack, FormerEdition, Leftover
from apps.media.services import assets, leftovers
from apps.media.tests import packaged
from apps.media.tests.packaged import Packaged, key_of
from apps.streaming.services import shelves

from . import films, steps
from .served import Answer, addresses, body, get, reached, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def film(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    return packaged.film(tmp_path_factory.getbasetemp())


@pytest.fixture
def less(film: Packaged) -> Packaged:
    """The same without its sharpest rung, and in English alone."""
    package = film.package
    audios = tuple(one for one in package.audios if one.name == "a-en")
    return replace(film, package=replace(package, videos=package.videos[:2], audios=audios, subtitles=()))


@pytest.fixture
def title(film: Packaged) -> Title:
    return films.live(film)


@pytest.fixture
def asset(title: Title) -> Asset:
    assert title.asset
    return title.asset


def swept(days: float) -> None:
    """As if so much time had gone by since the film was made anew."""
    past = timezone.now() - timedelta(days=days)
    for model, name in ((Leftover, "due_at"), (FormerEdition, "until")):
        for row in model._default_manager.all():
            setattr(row, name, getattr(row, name) - (timezone.now() - past))
            row.save()
    leftovers.sweep()
    assets.forget_former()
    shelves.forget()


def tracks_of(answer: Answer) -> list[str]:
    return sorted({one.rpartition("/")[2] for one in reached(answer) if one.endswith(".mp4")})


def test_who_watches_goes_on_with_the_film_that_was_begun(
    watching: APIClient, premium: Any, asset: Asset, less: Packaged
) -> None:
    playing = steps.started(watching)
    before = reached(playing)

    films.made_anew(asset, less)
    shelves.forget()

    after = reached(playing)
    assert after == before
    assert {"v720.mp4", "a-hi.mp4", "s-hi.vtt", "1.jpg"} <= {one.rpartition("/")[2] for one in after}
    renewed = steps.beat(playing, 1, 5_000).json()["token"]
    later = {name: playing[name].replace(token_of(playing), renewed) for name in ("hls_url", "dash_url")}
    assert "v720.m3u8" in get(later["hls_url"]).content.decode()
    swept(days=0.9)
    assert reached(playing) == before


def test_who_begins_afterwards_gets_the_new_one(
    watching: APIClient, premium: Any, title: Title, less: Packaged
) -> None:
    assert title.asset
    old = steps.started(watching)
    films.made_anew(title.asset, less)
    steps.show(title)

    new = steps.started(watching)

    assert (old["max_height"], new["max_height"]) == (720, 360)
    assert tracks_of(new) == ["a-en.mp4", "v144.mp4", "v360.mp4"]
    ours, theirs = ({one.split("/", 3)[3] for one in addresses(hls(one))} for one in (old, new))
    assert not ours & theirs


def hls(answer: Answer) -> str:
    return str(get(answer["hls_url"]).content.decode())


def test_after_a_day_nothing_is_left_of_the_former_film(
    watching: APIClient, premium: Any, asset: Asset, less: Packaged
) -> None:
    playing = steps.started(watching)
    old = next(one for one in addresses(get(playing["dash_url"]).content.decode()) if "v720.mp4" in one)
    folder = Path(configured.MEDIA_ROOT, asset.prefix)
    films.made_anew(asset, less)
    shelves.forget()
    assert get(old).status_code == 200

    swept(days=1.1)

    assert get(old).status_code == 404
    assert get(playing["hls_url"]).status_code == 404
    assert not FormerEdition.objects.exists()
    assert not list(folder.glob("*"))


def test_made_anew_twice_each_session_has_its_own(
    watching: APIClient, premium: Any, asset: Asset, film: Packaged, less: Packaged
) -> None:
    first = steps.started(watching)
    films.made_anew(asset, less)
    second = steps.started(watching)
    films.made_anew(asset, film)
    shelves.forget()

    assert "v720.mp4" in tracks_of(first)
    assert "v720.mp4" not in tracks_of(second)
    steps.stop(second)
    assert "v720.mp4" in tracks_of(steps.started(watching))
    asset.refresh_from_db()
    assert asset.edition == 2


def test_another_dub_in_place_of_one_does_not_silence_who_listens(
    watching: APIClient, premium: Any, asset: Asset
) -> None:
    playing = steps.started(watching)
    sound = AudioTrack.objects.get(asset=asset, language="hi")
    heard = reached(playing)["a-hi.mp4"]
    key = f"assets/{asset.public_id}/dub/a-hi.mp4"
    other = Path(configured.MEDIA_ROOT, key)
    other.parent.mkdir(parents=True)
    other.write_bytes(b"another voice")

    track = AudioTrack(language="hi", index=sound.index, outline=sound.outline, codecs=sound.codecs, key=key)
    assets.added(asset, track, prefix=key)
    shelves.forget()

    assert reached(playing)["a-hi.mp4"] == heard
    assert reached(steps.started(watching))["a-hi.mp4"] == b"another voice"


def test_keys_of_a_film_that_is_clear_by_now_are_still_given(
    watching: APIClient, premium: Any, tmp_path_factory: pytest.TempPathFactory, less: Packaged
) -> None:
    closed = packaged.protected(tmp_path_factory.getbasetemp(), "cenc")
    title = films.live(closed, "closed")
    assert title.asset
    playing = steps.started(watching, title)

    films.made_anew(title.asset, less)
    shelves.forget()

    kid, key = key_of("HD")
    assert body(get(f"/play/{token_of(playing)}/keys/{kid}")) == key
    clear = steps.started(watching, title)
    assert clear["drm"] is None
    assert get(f"/play/{token_of(clear)}/keys/{kid}").status_code == 404


def test_a_stand_in_has_no_editions(db: None) -> None:
    made = assets.placeholder("Stand-in", duration_ms=1000, heights=[360], audio=["en"])
    assets.added(made, AudioTrack(language="hi"), prefix="assets/x/")

    assert not FormerEdition.objects.exists()
