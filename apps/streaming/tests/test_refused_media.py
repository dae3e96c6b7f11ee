"""What players ask for and do not get is a problem document, whatever is wrong with the request."""

from typing import Any

import pytest
from django.test import Client

from apps.catalog.models import Title
from apps.catalog.tests.factories import ArtworkFactory, PersonFactory
from apps.media.tests import packaged
from apps.media.tests.buckets import bucket_at
from apps.streaming.services import licensing

from . import films, steps
from .served import Answer, addresses, get, token_of
from .test_licences import licence

pytestmark = pytest.mark.django_db


@pytest.fixture
def title(tmp_path_factory: pytest.TempPathFactory) -> Title:
    return films.live(packaged.film(tmp_path_factory.getbasetemp()))


@pytest.fixture
def playing(watching: Any, premium: Any, title: Title) -> Answer:
    return steps.started(watching)


def problem(answer: Any, status: int, code: str) -> None:
    told = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert (told["status"], told["code"]) == (status, code)
    assert told["request_id"] == answer["X-Request-ID"]


def test_other_methods_are_told_which_there_are(playing: Answer) -> None:
    track = next(one for one in addresses(get(playing["dash_url"]).content.decode()) if "v360" in one)
    for url in (playing["hls_url"], playing["dash_url"], track):
        answer = Client(enforce_csrf_checks=True).delete(url)
        problem(answer, 405, "method_not_allowed")
        assert answer["Allow"] == "GET, HEAD"
    answer = Client().get(f"/play/{token_of(playing)}/licence")
    problem(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "POST"


def test_addresses_that_there_are_none_of(playing: Answer) -> None:
    token = token_of(playing)
    for url in ("/play/", "/vod/x", f"/play/{token}/main.m3u8", f"/vod/{token}/no-uuid/x", "/play/x/keys/1"):
        problem(get(url), 404, "not_found")


def test_a_range_past_the_end(playing: Answer) -> None:
    track = next(one for one in addresses(get(playing["dash_url"]).content.decode()) if "v360" in one)

    answer = get(track, range="bytes=99999999-")

    problem(answer, 416, "range_not_satisfiable")
    assert answer["Content-Range"].startswith("bytes */")


@pytest.mark.parametrize(
    ("asked", "path"),
    [({"kids": ["A" * 22], "type": "persistent-license"}, "type"), ({"kids": ["A" * 22], "x": 1}, "x")],
)
def test_licence_requests_are_read_strictly(playing: Answer, asked: dict[str, Any], path: str) -> None:
    answer = licence(token_of(playing), **asked)

    problem(answer, 400, "validation_error")
    assert answer.json()["errors"][0]["path"] == path


def test_a_long_body_is_none(playing: Answer, settings: Any) -> None:
    url = f"/play/{token_of(playing)}/licence"
    for size, status in ((licensing.LONGEST_BODY + 1, 400), (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1, 413)):
        answer = Client().post(url, b"x" * size, content_type="application/json")
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


# --- A bucket that is away ---------------------------------------------------------------------------


@pytest.fixture
def _no_bucket(settings: Any) -> None:
    """Nobody listens there. Media is sent for to the bucket itself, and asks it for nothing here."""
    backend = bucket_at("http://127.0.0.1:9", attempts=1)
    settings.STORAGES = settings.STORAGES | {"default": backend}


@pytest.mark.usefixtures("_no_bucket")
def test_a_picture_in_a_bucket_that_is_away_is_for_later() -> None:
    variant = {"format": "webp", "width": 320, "height": 480, "path": "artwork/x.webp"}
    picture = ArtworkFactory(person=PersonFactory(), kind="portrait", variants=[variant])

    answer = Client().get(f"/images/{picture.public_id}/320.webp")

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) >= 1
