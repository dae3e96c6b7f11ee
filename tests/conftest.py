"""Fixtures that span apps: one running site for fault tests and journeys, which have the machine alone."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser, sync_playwright

from apps.accounts.models import Profile, User
from apps.billing.models import Plan
from apps.billing.services import subscribing
from apps.billing.services.subscribing import Cause
from apps.catalog.models import Episode, Segment
from apps.media.tests import packaged
from apps.streaming.services import liveness, shelves
from apps.streaming.tests import films, steps
from ottsite import engines
from ottsite.engines.wheels import VARIABLES

from .live import Site, await_ready, free_port
from .proxy import FaultProxy
from .screen import Json, Show, Studio, studio

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
WEB_SETTINGS = {
    "RATE_LIMIT_DEFAULT": "100000/m",
    "RATE_LIMIT_LOGIN_ACCOUNT": "1000/m",
    "RATE_LIMIT_LOGIN_CLIENT": "1000/m",
    "RATE_LIMIT_SIGNUP": "1000/h",
    "REQUEST_DEADLINE_S": "2",
    "REDIS_TIMEOUT_S": "0.4",
    "HEARTBEAT_INTERVAL_S": "5",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "site_process" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.alone)


@pytest.fixture(scope="session")
def site_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    var = tmp_path_factory.mktemp("site")
    with engines.running(var / "engines", grace=5) as urls:
        proxies = {}
        for engine, variable in VARIABLES.items():
            parts = urlsplit(urls[variable])
            proxies[engine] = FaultProxy((parts.hostname or "", parts.port or 0))
        port = free_port()
        direct = os.environ | urls | {"OTTSITE_VAR": str(var), "SITE_URL": f"http://127.0.0.1:{port}"}
        through = {VARIABLES[name]: proxy.url(urls[VARIABLES[name]]) for name, proxy in proxies.items()}
        commands = {
            "web": (["web", "--port", str(port)], direct | through | WEB_SETTINGS),
            "worker": (["worker"], direct),
        }
        site = Site(f"http://127.0.0.1:{port}", var, proxies, commands)
        for command in ("migrate", "demo_accounts", "demo_plans"):
            site.manage(command)
        try:
            for name in commands:
                site.start(name)
            await_ready(site)
            yield site
        finally:
            site.heal()
            for process in site.processes.values():
                process.terminate()
            for process in site.processes.values():
                process.wait(timeout=30)


@pytest.fixture
def site(site_process: Site) -> Iterator[Site]:
    """The site, healthy and signed in; after the test healed again, by the same processes."""
    assert site_process.recovered_within(15) or site_process.access == ""
    site_process.access = site_process.sign_in().body["access"]
    yield site_process
    site_process.heal()
    # Remembered, so that a process that ended fails one test and not all that follow.
    before, site_process.known = site_process.known, site_process.alive()
    assert site_process.known == before


@pytest.fixture(scope="session")
def stocked(site_process: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The site has the titles of `stock`, with films that play."""
    base = str(tmp_path_factory.getbasetemp())
    site_process.manage("shell", "-c", f"from tests import stock; stock.fill({base!r})")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the session: while Playwright is there, other tests cannot use asyncio."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def pictures() -> Iterator[Studio]:
    with studio() as made:
        yield made


@pytest.fixture
def show(pictures: Studio, live_server: Any, settings: Any) -> Show:
    """`show(walk)`: a page of the site with a player, on which `walk(screen)` is done."""
    settings.SITE_URL = live_server.url
    settings.RATE_LIMIT_DEFAULT = "100000/m"
    shelves.forget()
    liveness.forget()
    return lambda walk, **context: pictures.show(live_server.url, walk, **context)


@pytest.fixture
def premium(viewer: User) -> User:
    call_command("loaddata", "plans", verbosity=0)
    subscribing.grant(viewer, plan=Plan.objects.get(slug="premium"), cause=Cause())
    return viewer


@pytest.fixture
def session(premium: User, profile: Profile, sign_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Json:
    """The first of two episodes: its intro is from 1 to 3 s, its credits are from 7 s on."""
    title = steps.series()
    film = packaged.film(tmp_path_factory.getbasetemp())
    for episode in Episode.objects.filter(season__title=title):
        films.behind(episode.asset, film)
        Segment.objects.create(episode=episode, kind="intro", start_ms=1000, end_ms=3000)
        Segment.objects.create(episode=episode, kind="credits", start_ms=7000, end_ms=9000)
    steps.show(title)
    return steps.started(sign_in(premium, profile), "series")
