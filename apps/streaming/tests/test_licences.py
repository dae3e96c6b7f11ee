"""Keys of encrypted films: which a session is given, and which not."""

import json
import re
from base64 import urlsafe_b64encode
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from rest_framework.test import APIClient

from apps.media.tests import packaged
from apps.media.tests.packaged import key_of
from apps.streaming.services import liveness
from apps.streaming.tokens import media_token

from . import films, steps
from .served import Answer, addresses, claims_of, get, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["cbcs", "cenc"])
def closed(
    request: Any, tmp_path_factory: pytest.TempPathFactory, watching: APIClient, premium: Any
) -> Answer:
    films.live(packaged.protected(tmp_path_factory.getbasetemp(), request.param))
    return steps.started(watching)


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def licence(token: str, *kids: UUID, **more: Any) -> Any:
    asked = {"kids": [base64url(one.bytes) for one in kids], "type": "temporary"}
    return Client().post(f"/play/{token}/licence", more or asked, content_type="application/json")


def test_a_licence_has_all_keys_of_the_plan(closed: Answer) -> None:
    (sd, hd, audio), token = map(key_of, packaged.LABELS), token_of(closed)
    blunt = media_token(claims_of(closed, max_height=576))

    full, part = licence(token, sd[0]), licence(blunt, sd[0])

    given = [{"kty": "oct", "kid": base64url(kid.bytes), "k": base64url(key)} for kid, key in (sd, hd, audio)]
    assert sorted(full.json()["keys"], key=str) == sorted(given, key=str)
    assert (full.json()["type"], full["Cache-Control"]) == ("temporary", "no-store")
    assert sorted(part.json()["keys"], key=str) == sorted([given[0], given[2]], key=str)
    refused = licence(blunt, hd[0])
    assert (refused.status_code, refused.json()["code"]) == (403, "key_not_allowed")
    assert licence(token, uuid4()).status_code == 404


def test_raw_keys_are_those_of_the_plan(closed: Answer) -> None:
    (sd, hd, _), token = map(key_of, packaged.LABELS), token_of(closed)
    blunt = media_token(claims_of(closed, max_height=480))

    found = get(f"/play/{token}/keys/{hd[0]}")

    assert (found.content, found["Cache-Control"]) == (hd[1], "no-store")
    assert get(f"/play/{blunt}/keys/{sd[0]}").content == sd[1]
    assert get(f"/play/{blunt}/keys/{hd[0]}").json()["code"] == "key_not_allowed"
    assert get(f"/play/{token}/keys/{uuid4()}").status_code == 404
    steps.stop(closed)
    liveness.forget()
    assert get(f"/play/{token}/keys/{sd[0]}").json()["code"] == "lease_lost"
    assert licence(token, sd[0]).json()["code"] == "lease_lost"


def test_keys_of_one_session_cannot_be_asked_for_without_end(closed: Answer) -> None:
    url = f"/play/{token_of(closed)}/keys/{key_of('SD')[0]}"

    taken = 0
    while (status := get(url).status_code) == 200 and taken < 400:
        taken += 1

    assert status == 429
    # A new minute may begin meanwhile, and counts anew.
    assert 120 <= taken <= 240


@pytest.mark.parametrize(
    "asked", [{}, {"kids": []}, {"kids": ["x"]}, {"kids": [1]}, {"kids": ["A"] * 17}, {"kids": "AAAA"}]
)
def test_a_licence_request_that_is_none_is_told_so(closed: Answer, asked: dict[str, Any]) -> None:
    answer = Client().post(
        f"/play/{token_of(closed)}/licence", json.dumps(asked), content_type="application/json"
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")


def test_the_keys_that_playlists_name_are_there(closed: Answer) -> None:
    hls = get(closed["hls_url"]).content.decode()
    media = get(next(one for one in addresses(hls) if "v720.m3u8" in one)).content.decode()

    for told in (hls, media):
        for url in re.findall(r'URI="(/play/[^"]+)"', told):
            assert len(get(url).content) == 16
    assert f"/keys/{key_of('HD')[0]}" in media
    clear_key = get(closed["hls_url"] + "?keys=clearkey").content.decode()
    assert "org.w3.clearkey" in clear_key
    assert "/keys/" not in clear_key
    deeper = next(one for one in addresses(clear_key) if "v720.m3u8" in one)
    assert "org.w3.clearkey" in get(deeper).content.decode()
    assert f"/play/{token_of(closed)}/licence" in get(closed["dash_url"]).content.decode()
