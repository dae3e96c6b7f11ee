"""Fixtures that span apps: one running site for fault tests and journeys, which have the machine alone."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from ottsite import engines
from ottsite.engines.wheels import VARIABLES

from .live import Site, await_ready, free_port
from .proxy import FaultProxy

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
