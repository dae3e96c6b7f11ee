"""No route gives away media, keys, manifests, or pictures of what is not public, without a decision."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as ours
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from apps.accounts.services import sessions
from apps.accounts.tests.factories import PASSWORD
from apps.catalog.tests.factories import ArtworkFactory
from apps.core import clients
from apps.media.models import Asset, ContentKey
from apps.media.tests import packaged
from apps.media.tests.packaged import LABELS, Packaged, key_of
from apps.streaming.services import liveness, shelves
from apps.streaming.store import leases
from apps.streaming.tests import films, steps
from apps.streaming.tokens import MediaClaims, media_token, playback_token

from .role_cast import HERE, Cast
from .role_requests import Asked
from .test_roles import TABLE, no_limits, routes

__all__ = ["no_limits"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_limits")]
NOT_PUBLIC = ("draft", "in_review", "approved", "scheduled", "unpublished", "archived")
FILMED = ("draft", "unpublished", "published")
GUESTS = ("anonymous", "viewer", "kid")
PICTURE = b"RIFF of a picture that nobody has seen"
MANIFESTS = ("master.m3u8", "manifest.mpd", "licence")


@pytest.fixture
def films_of(tmp_path_factory: pytest.TempPathFactory) -> tuple[Packaged, Packaged]:
    base = tmp_path_factory.getbasetemp()
    shelves.forget()
    liveness.forget()
    return packaged.film(base), packaged.protected(base, "cbcs")


class World:
    """Titles in every state, all of whose films lie in the storage, and a session that plays one of them."""

    def __init__(self, clear: Packaged, closed: Packaged) -> None:
        self.cast = Cast()
        self.assets: dict[str, Asset] = {}
        for state in FILMED:
            asset = self.cast.titles[state].asset
            self.assets[state] = films.behind(asset, closed if state == "draft" else clear)
        self.pictures = {state: self._picture(state) for state in NOT_PUBLIC}
        self.playing = self._claims(self.assets["published"])
        leases.start(self.playing.account, self.playing.session, limit=2)
        self.secrets = list(_secrets(clear, closed))

    def _picture(self, state: str) -> Any:
        path = default_storage.save(f"{state}.webp", ContentFile(PICTURE))
        variant = {"format": "webp", "width": 320, "height": 480, "path": path}
        return ArtworkFactory(title=self.cast.titles[state], variants=[variant], kind="banner")

    @staticmethod
    def _claims(asset: Asset) -> MediaClaims:
        who = (str(uuid4()), str(uuid4()), str(uuid4()))
        return MediaClaims(*who, str(asset.public_id), 0, None, "IN", int(time()) + 300)

    def leaks(self, answer: Any) -> bool:
        """Whether the answer holds a piece of any film, subtitle, sheet, playlist, key or unseen picture."""
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return any(secret in body for secret in self.secrets)

    def tokens(self, role: str) -> Iterator[str]:
        """All that a thief could hold, but no token that opens what it is tried on."""
        good = media_token(self.playing)
        yield from (
            "x",
            "-",
            good[:-1] + ("A" if good[-1] != "A" else "B"),
            good.upper(),
            good + ".",
            good + "=",
        )
        yield good.replace("ottm_", "ottp_")
        yield playback_token(steps.claims(asset=self.playing.asset, session=self.playing.session))
        if user := self.cast.users.get(role):
            yield sessions.sign_in(user.email, PASSWORD, caller=HERE).access
        ended = replace(self.playing, session=str(uuid4()))
        leases.end(ended.account, ended.session, "stopped")
        yield media_token(ended)
        yield media_token(replace(self.playing, session=str(uuid4()), expires_at=int(time()) - 1))
        ring, ours.PLAYBACK_TOKEN_KEYS = ours.PLAYBACK_TOKEN_KEYS, ["somebody else's " + "k" * 32]
        foreign = media_token(self.playing)
        ours.PLAYBACK_TOKEN_KEYS = ring
        yield foreign


def _secrets(clear: Packaged, closed: Packaged) -> Iterator[bytes]:
    for film in (clear, closed):
        package = film.package
        for track in (*package.videos, *package.audios):
            yield (film.folder / track.file).read_bytes()[-200:-100]
        assert package.sheets
        yield (film.folder / package.sheets.file(0)).read_bytes()[-200:-100]
    yield from (b"#EXTM3U", b"<MPD", b"A cue across two segments", "नमस्ते".encode(), PICTURE, b"WEBVTT")
    for _, key in map(key_of, LABELS):
        yield from (key, urlsafe_b64encode(key).rstrip(b"="))


def client(world: World, role: str) -> Client:
    """With all that signs the role in: cookie and bearer."""
    made = world.cast.browser(role)
    if role in world.cast.users:
        made.defaults["HTTP_AUTHORIZATION"] = f"Bearer {world.cast._tokens[role]}"
    return made


def test_no_route_gives_anything_away_to_whoever_asks_without_a_token(films_of: Any) -> None:
    world, leaking = World(*films_of), []
    for role in GUESTS:
        asked = Asked(world.cast, role)
        for route, methods in TABLE.items():
            for method in {"GET", *methods} - {"DELETE"}:
                if world.leaks(asked.ask(method, route)):
                    leaking.append((role, method, route))
                clients.durable().flushdb()

    assert leaking == []
    assert {one for one, _ in routes() if one.startswith(("play/", "vod/", "images/"))} <= TABLE.keys()


def test_no_address_of_a_film_opens_without_its_own_living_token(films_of: Any) -> None:
    world, leaking = World(*films_of), []
    kids = list(ContentKey.objects.values_list("kid", flat=True))
    for role in (*GUESTS, "superuser"):
        browser = client(world, role)
        urls = (url for token in world.tokens(role) for url in _addresses(world, token, kids))
        leaking += [(role, url) for url in urls if world.leaks(_ask(browser, url, kids))]

    assert leaking == []


def test_a_living_token_opens_nothing_but_its_own_film(films_of: Any) -> None:
    world, leaking = World(*films_of), []
    kids = list(ContentKey.objects.values_list("kid", flat=True))
    token, browser = media_token(world.playing), client(world, "anonymous")
    own = set(_of_asset(world.assets["published"], token))
    for url in set(_addresses(world, token, kids)) - own:
        mine = url in {f"/play/{token}/{name}" for name in MANIFESTS}
        if world.leaks(_ask(browser, url, kids)) and not mine:
            leaking.append(url)

    assert leaking == []
    # And of its own film all that there is: what finds nothing above can find something.
    assert {url for url in own if not world.leaks(browser.get(url))} == set()
    assert world.leaks(browser.get(f"/play/{token}/master.m3u8"))
    assert world.leaks(browser.get(f"/play/{token}/manifest.mpd"))


def test_pictures_of_what_is_not_public_are_for_the_desk_alone(films_of: Any) -> None:
    world = World(*films_of)
    for state, picture in world.pictures.items():
        url = f"/images/{picture.public_id}/320.webp"
        met = {role: client(world, role).get(url) for role in GUESTS}

        assert {role for role, answer in met.items() if world.leaks(answer)} == set(), state
        assert world.leaks(world.cast.browser("editor").get(url)), state


def _ask(browser: Client, url: str, kids: list[Any]) -> Any:
    if not url.endswith("/licence"):
        return browser.get(url)
    asked = {"kids": [urlsafe_b64encode(one.bytes).rstrip(b"=").decode() for one in kids]}
    return browser.post(url, asked, content_type="application/json")


def _addresses(world: World, token: str, kids: list[Any]) -> Iterator[str]:
    """What there is of every film, and where else somebody might look for it."""
    for name in (*MANIFESTS, *(f"keys/{kid}" for kid in kids)):
        yield f"/play/{token}/{name}"
    for asset in world.assets.values():
        yield from _of_asset(asset, token)
    for place in ("media", "static", "images", "internal-media", "vod", f"vod/{token}", "admin/media", ""):
        yield str(Path("/", place, world.assets["draft"].prefix, "v720.mp4"))


def _of_asset(asset: Asset, token: str) -> Iterator[str]:
    shelf = shelves.shelf(str(asset.public_id))
    assert shelf
    yield from (f"/vod/{token}/{asset.public_id}/{address}" for address in shelf.items)
