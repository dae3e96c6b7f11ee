"""Viewers in browsers of their own, for tests of what they watch on a running site."""

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from .live import PASSWORD, Site

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
FREE, PREMIUM = "free@demo.example", "premium@demo.example"
FRAMES = "video.getVideoPlaybackQuality().totalVideoFrames"
KNOWN = "const player = document.querySelector('ott-player'), video = player?.video;"


@dataclass
class Viewer:
    """One browser; what goes wrong in its pages is in `trouble`."""

    context: BrowserContext
    page: Page
    trouble: list[str] = field(default_factory=list)
    beats: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def at(cls, browser: Browser, site: Site, size: str = "desktop") -> "Viewer":
        width, height = SIZES[size]
        context = browser.new_context(base_url=site.url, viewport={"width": width, "height": height})
        viewer = cls(context, context.new_page())
        viewer.page.on("pageerror", lambda error: viewer.trouble.append(str(error)))
        viewer.page.on("console", lambda told: viewer._hear(told.text))
        viewer.page.on("requestfinished", viewer._count)
        return viewer

    def _hear(self, text: str) -> None:
        if "Content Security" in text:
            self.trouble.append(text)

    def _count(self, request: Request) -> None:
        """Heartbeats that were answered, in the order of the answers."""
        if request.url.endswith("/heartbeat"):
            self.beats.append(request.post_data_json)

    def sign_in(self, email: str, profile: str, at: str = "/") -> None:
        page = self.page
        page.goto(at)
        page.locator("#sign-in [name=email]").fill(email)
        page.locator("#sign-in [name=password]").fill(PASSWORD)
        page.locator("#sign-in").get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name=profile).click()
        if profile == "Ravi":
            page.keyboard.type("1234")
            page.keyboard.press("Enter")
        if at == "/":
            expect(page.locator("#hello")).to_be_visible()

    def open(self, slug: str) -> None:
        """From the start page to the title's."""
        self.page.goto("/")
        self.page.locator(f"#titles a[href='/title/{slug}']").click()
        expect(self.page.locator("#title h1")).to_be_visible()

    def press_play(self) -> None:
        self.page.locator("#hero .play").click()

    def ask(self, expression: str) -> Any:
        """What it is; it knows `player` and `video`."""
        return self.page.evaluate(f"() => {{ {KNOWN} return {expression}; }}")

    def until(self, expression: str, seconds: float = 20) -> None:
        """A function, for the site's policy forbids to evaluate text."""
        self.page.wait_for_function(f"() => {{ {KNOWN} return {expression}; }}", timeout=seconds * 1000)

    def await_frames(self, more: int = 20) -> None:
        """Until as many more frames were decoded; the film plays for real."""
        self.until("video?.readyState > 2")
        seen = self.ask(FRAMES)
        self.until(f"{FRAMES} >= {seen + more}")

    def await_position(self, seconds: float) -> None:
        self.until(f"video?.currentTime >= {seconds}")

    @property
    def at_s(self) -> float:
        return float(self.ask("video.currentTime"))

    @property
    def session(self) -> str:
        return str(self.page.evaluate("sessionStorage.getItem('ottsite.playing')"))

    def leave(self) -> float:
        """By the player's own way out; where it was then, in seconds."""
        self.page.mouse.move(200, 200)
        self.page.mouse.move(210, 210)
        at_s = self.at_s
        self.page.locator(".back").click()
        self.page.wait_for_url("**/title/*")
        return at_s
