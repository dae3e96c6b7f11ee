"""Sessions in Chromium: independent players play what `/play` and `/vod` serve, clear and encrypted."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, sync_playwright
from rest_framework.test import APIClient

from apps.accounts.models import Profile, User
from apps.billing.models import Plan
from apps.billing.services import subscribing
from apps.billing.services.subscribing import Cause
from apps.media.tests import packaged
from apps.media.tests.packaged import FRAMES
from apps.streaming.services import liveness, shelves
from apps.streaming.tests import films, steps

from .conftest import ARGUMENTS
from .ranges import serving
from .test_players import BASE_DIR, LIBRARIES, SHORTAGE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the players' page lies: on another site than the films."""
    folders = {"players": BASE_DIR / "tests/players", "npm": BASE_DIR / "node_modules"}
    with serving(folders, {}) as address:
        yield address


@dataclass(frozen=True)
class Chromium:
    """In a thread of its own: Django refuses to work where Playwright's loop runs."""

    thread: ThreadPoolExecutor
    pages: str
    site: str

    def play(self, *plays: tuple[str, str, str]) -> list[Any]:
        """What the page saw of each (player, manifest, licence), played to its end."""
        assert (BASE_DIR / "node_modules" / LIBRARIES["hls"]).exists(), SHORTAGE
        return self.thread.submit(self._all, plays).result()

    def _all(self, plays: Iterable[tuple[str, str, str]]) -> list[Any]:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
            seen = [self._one(browser, *one) for one in plays]
            browser.close()
        return seen

    def _one(self, browser: Browser, player: str, manifest: str, licence: str) -> Any:
        asked = {"player": player, "library": f"/npm/{LIBRARIES[player]}", "source": self.site + manifest}
        if licence:
            asked["licence"] = self.site + licence
        page = browser.new_page()
        page.goto(f"{self.pages}/players/page.html?{urlencode(asked)}")
        page.wait_for_function("window.seen?.ended || window.seen?.faults.length", timeout=60_000)
        seen = page.evaluate("({...window.seen, frames: window.frames_seen()})")
        page.close()
        return seen


@pytest.fixture
def chromium(pages: str, live_server: Any, settings: Any) -> Iterator[Chromium]:
    settings.CORS_ALLOWED_ORIGINS = [pages]
    settings.SITE_URL = live_server.url
    shelves.forget()
    liveness.forget()
    with ThreadPoolExecutor(1) as thread:
        yield Chromium(thread, pages, live_server.url)


@pytest.fixture
def watching(viewer: User, profile: Profile, sign_in: Any, settings: Any) -> APIClient:
    settings.RATE_LIMIT_DEFAULT = "100000/m"
    call_command("loaddata", "plans", verbosity=0)
    subscribing.grant(viewer, plan=Plan.objects.get(slug="premium"), cause=Cause())
    client: APIClient = sign_in(viewer, profile)
    return client


@pytest.fixture
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp()


def test_every_frame_of_a_session_is_played_by_hls_and_by_dash(
    chromium: Chromium, watching: APIClient, base: Path
) -> None:
    films.live(packaged.film(base))
    session = steps.started(watching)

    seen = chromium.play(
        ("hls", session["hls_url"], ""), ("shaka", session["hls_url"], ""),
        ("shaka", session["dash_url"], ""), ("dash", session["dash_url"], ""),
    )  # fmt: skip

    assert [one["faults"] for one in seen] == [[]] * 4
    assert [one["frames"] for one in seen] == [FRAMES] * 4
    assert [one["heights"] for one in seen] == [[*packaged.RUNGS]] * 4


def test_every_frame_of_an_encrypted_session_is_played_with_its_keys(
    chromium: Chromium, watching: APIClient, base: Path
) -> None:
    films.live(packaged.protected(base, "cbcs"))
    session = steps.started(watching, capabilities={"max_height": 480})
    licence = session["dash_url"].replace("manifest.mpd", "licence")

    seen = chromium.play(
        ("shaka", session["hls_url"], ""),
        ("hls", session["hls_url"] + "?keys=clearkey", licence),
        ("shaka", session["dash_url"], licence),
        ("dash", session["dash_url"], ""),
    )

    assert [one["faults"] for one in seen] == [[]] * 4
    assert [one["frames"] for one in seen] == [FRAMES] * 4
    assert [one["heights"] for one in seen] == [[144, 360]] * 4
