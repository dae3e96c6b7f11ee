"""A page of the site with a player on it, in Chromium: what is on it, and all that was heard from it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

Json = dict[str, Any]
Show = Callable[..., None]
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
ADDRESS = "/player-on-a-page"
DESKTOP, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>Player</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/static/site/site.css"><link rel="stylesheet" href="/static/player/player.css">
<script type="module" src="/static/player/player.js"></script>
<body><a href="/">before</a>
<ott-player><a class="ott-button" href="/" aria-label="Back to the title">←</a></ott-player>
<a href="/">after</a></body></html>"""
KNOWN = "const p = document.querySelector('ott-player'); const v = p.video;"
LISTEN = """
window.heard = [];
window.violations = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  window.violations.push(`${violatedDirective} ${blockedURI}`);
});
const NAMES = "firstframe state stall switch error sample preference next ended stillwatching seeked network";
for (const name of NAMES.split(" "))
  document.addEventListener(`ott-${name}`, (event) => window.heard.push([name, event.detail]));
"""


@dataclass
class Screen:
    """One page; `heard` are the `ott-…` events so far, `faults` what the console complained about."""

    page: Page
    faults: list[str]

    @property
    def player(self) -> Locator:
        return self.page.locator("ott-player")

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def ask(self, expression: str, given: Any = None) -> Any:
        """`expression` may use `p`, the player, `v`, its video, and `given`."""
        return self.page.evaluate(f"(given) => {{ {KNOWN} return {expression}; }}", given)

    def until(self, expression: str, seconds: float = 20) -> None:
        self.page.wait_for_function(f"() => {{ {KNOWN} return {expression}; }}", timeout=seconds * 1000)

    def load(self, session: Json, **options: Any) -> None:
        """Loads, and does not wait for it."""
        self.ask("void p.load(...given).catch(() => {})", [session, options])

    def play(self, session: Json, **options: Any) -> None:
        """Loads, and waits until it plays."""
        self.load(session, **options)
        self.until("p.state === 'playing' && v.currentTime > 0")

    def heard(self, name: str) -> list[Json]:
        return [detail for one, detail in self.page.evaluate("window.heard") if one == name]

    def button(self, name: str) -> Locator:
        return self.player.locator(".ott-bottom").get_by_role("button", name=name, exact=True)

    def item(self, group: str, name: str) -> Locator:
        return self.player.get_by_role("group", name=group).get_by_text(name, exact=True)

    def choose(self, menu: str, group: str, name: str) -> None:
        if self.button(menu).get_attribute("aria-expanded") == "false":
            self.button(menu).click()
        self.item(group, name).click()

    def frames(self) -> int:
        return int(self.ask("v.getVideoPlaybackQuality().totalVideoFrames"))

    def cue(self) -> str:
        return str(self.ask("p.querySelector('.shaka-text-container')?.textContent ?? ''"))


@dataclass(frozen=True)
class Studio:
    """Chromium in a thread of its own: Django refuses to work where Playwright's loop runs."""

    thread: ThreadPoolExecutor
    browser: Browser

    def show(self, site: str, walk: Callable[[Screen], None], *, lang: str = "en", **context: Any) -> None:
        policy = Client().get("/")["Content-Security-Policy"]
        self.thread.submit(self._show, site, walk, policy, lang, context).result()

    def _show(self, site: str, walk: Callable[[Screen], None], policy: str, lang: str, context: Json) -> None:
        opened = self.browser.new_context(**{"viewport": DESKTOP, **context})
        try:
            page = opened.new_page()
            screen = Screen(page, [])
            page.on("console", lambda said: screen.faults.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error: screen.faults.append(str(error)))
            page.add_init_script(LISTEN)
            page.route(
                f"{site}{ADDRESS}",
                lambda route: route.fulfill(
                    body=PAGE.format(lang=lang),
                    content_type="text/html",
                    headers={"Content-Security-Policy": policy},
                ),
            )
            page.goto(site + ADDRESS)
            page.wait_for_function(
                "customElements.get('ott-player') && document.querySelector('ott-player').video"
            )
            walk(screen)
        finally:
            opened.close()


@contextmanager
def studio() -> Iterator[Studio]:
    with ThreadPoolExecutor(1) as thread:
        playwright = thread.submit(sync_playwright().start).result()
        launch = playwright.chromium.launch
        browser = thread.submit(launch, executable_path="/usr/bin/chromium", args=ARGUMENTS).result()
        try:
            yield Studio(thread, browser)
        finally:
            thread.submit(browser.close).result()
            thread.submit(playwright.stop).result()
