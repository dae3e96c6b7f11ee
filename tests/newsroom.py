"""The newsroom in a browser, for whole-site tests: people at their desks, and what they do with its pages."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Locator, Page, Request, Response, expect

from .live import PASSWORD, Site

SIZES = {"desktop": (1440, 1000), "tablet": (820, 1180), "phone": (390, 844)}
NAME, SLUG = "Monsoon Radio", "monsoon-radio"
PICTURES = {"poster": (640, 960), "backdrop": (1280, 720)}
WORKER_NEEDS_MS = 30_000


@dataclass
class Desk:
    """Somebody's browser. `trouble` is what went wrong on its pages: scripts, CSP, requests that failed."""

    page: Page
    trouble: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(15_000)
        self.page.on("pageerror", lambda error: self.note(f"script: {error}"))
        self.page.on("console", self._heard)
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)
        self.page.on("dialog", self._asked)

    def note(self, what: str) -> None:
        self.trouble.append(f"{self.page.url}: {what}")

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.note(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # A page that is left gives up what it was loading.
        if request.failure != "net::ERR_ABORTED":
            self.note(f"{request.url} failed: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.note(f"{response.url} is {response.status}")

    def _asked(self, dialog: Dialog) -> None:
        self.note(f"asks: {dialog.type} {dialog.message}")
        dialog.accept()

    # --- Pages of a title -----------------------------------------------------------------------------

    def open(self, path: str, *, tab: str = "") -> None:
        self.page.goto(path + (f"#tab-{tab}" if tab else ""))

    def tab(self, label: str) -> Locator:
        """The panel of the tab, shown."""
        tab = self.page.get_by_role("tab", name=label)
        tab.click()
        return self.page.locator(f"#{tab.get_attribute('aria-controls')}")

    def goes_to(self, page: str) -> None:
        links = self.page.get_by_role("navigation", name="Parts of this title")
        links.get_by_role("link", name=page, exact=True).click()
        expect(links.locator("[aria-current=page]")).to_have_text(page)

    def save(self) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Save", exact=True).click()
        self.is_told("Saved.")

    def is_told(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    # --- Moves ----------------------------------------------------------------------------------------

    def button(self, label: str) -> Locator:
        """The button of a move in the head of the page."""
        return self.page.locator(".nr-head-line").get_by_role("link", name=label, exact=True)

    def begins(self, label: str) -> Locator:
        """The dialog of a move, opened."""
        self.button(label).click()
        dialog = self.page.locator("dialog[open]")
        expect(dialog).to_be_visible()
        return dialog

    def does(self, label: str, note: str = "", **fields: str) -> None:
        """A move with its note, and further fields by the end of their names; told that it is done."""
        dialog = self.begins(label)
        for name, value in fields.items():
            dialog.locator(f"[name={name}]").fill(value)
        if note:
            dialog.locator("[name=note]").fill(note)
        with self.page.expect_navigation():
            dialog.get_by_role("button", name=label, exact=True).click()

    def forges(self, path: str, **fields: str) -> int:
        """A POST that no button offers; its status."""
        token = self.page.locator("[name=csrfmiddlewaretoken]").first.input_value()
        form: dict[str, Any] = {"csrfmiddlewaretoken": token, **fields}
        answer = self.page.request.post(path, form=form, headers={"Referer": self.page.url})
        return answer.status


def chooses(scope: Locator, field: str, text: str) -> None:
    """Search for something in a field that completes what is typed, and take it."""
    page = scope.page
    scope.locator(f'select[name$="{field}"] + .select2-container').click()
    page.locator(".select2-container--open .select2-search__field").fill(text)
    page.locator(".select2-results__option", has_text=text).first.click()
    expect(page.locator(".select2-container--open")).to_have_count(0)


def picture(kind: str, hue: int) -> Any:
    """A PNG file as Playwright uploads it."""
    gradient = Image.linear_gradient("L").resize(PICTURES[kind])
    flat = Image.new("L", gradient.size, hue)
    data = BytesIO()
    Image.merge("HSV", (flat, flat, gradient)).convert("RGB").save(data, "PNG")
    return {"name": f"{kind}.png", "mimeType": "image/png", "buffer": data.getvalue()}


def uploads(desk: Desk, kind: str, *, alt: str, hue: int) -> None:
    """A picture of the title; returns when the worker has prepared it and the page shows it."""
    panel = desk.tab("Artwork")
    form = panel.locator(".nr-upload")
    form.locator("[type=file]").set_input_files(picture(kind, hue))
    form.get_by_label("Kind").select_option(kind)
    form.get_by_label("Description").fill(alt)
    form.get_by_role("button", name="Upload", exact=True).click()
    expect(panel.get_by_alt_text(alt)).to_be_visible(timeout=WORKER_NEEDS_MS)


def sits_down(browser: Browser, site: Site, email: str) -> Desk:
    """Somebody who signs in to the newsroom."""
    desk = arrives(browser, site)
    desk.open("/admin/")
    desk.page.locator("[name=username]").fill(email)
    desk.page.locator("[name=password]").fill(PASSWORD)
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("heading", name="My queue")).to_be_visible()
    return desk


def arrives(browser: Browser, site: Site) -> Desk:
    """Somebody without an account."""
    width, height = SIZES["desktop"]
    context = browser.new_context(base_url=site.url, viewport={"width": width, "height": height})
    return Desk(context.new_page())


@dataclass
class Day:
    """Who is there, and the title that they work on. `failed_before` counts the session's failed tests."""

    editor: Desk
    reviewer: Desk
    publisher: Desk
    admin: Desk
    viewer: Desk
    photos: Path
    failed_before: int
    title: str = ""

    @property
    def desks(self) -> list[Desk]:
        return [self.editor, self.reviewer, self.publisher, self.admin, self.viewer]

    def seen(self, language: str = "en") -> dict[str, Any] | None:
        """What somebody without an account gets of the title; None for a 404."""
        headers = {"Accept-Language": language}
        answer = self.viewer.page.request.get(f"/api/v1/titles/{SLUG}", headers=headers)
        assert answer.status in {200, 404}
        return dict(answer.json()) if answer.status == 200 else None

    def synopsis(self) -> str:
        seen = self.seen()
        assert seen is not None
        return str(seen["synopsis"])

    def state(self, label: str) -> None:
        """The title's state, on the editor's page anew."""
        self.editor.open(self.title)
        expect(self.editor.page.locator(".nr-head-state .nr-badge").first).to_have_text(label)

    def approve(self) -> None:
        """The draft, submitted by one and approved by another."""
        for desk, move in ((self.editor, "Submit for review"), (self.reviewer, "Approve")):
            desk.open(self.title)
            desk.does(move)

    def schedule(self, *, ahead_s: int) -> datetime:
        """Have it go live so many seconds from now; the exact time."""
        publisher = self.publisher
        publisher.open(self.title)
        at = (datetime.now(UTC) + timedelta(seconds=ahead_s)).replace(microsecond=0)
        publisher.does("Schedule", "With the rain.", at_0=f"{at:%Y-%m-%d}", at_1=f"{at:%H:%M:%S}")
        expect(publisher.page.locator(".nr-head-state")).to_contain_text("goes live")
        return at

    def photograph(self, desk: Desk, name: str, *, whole: bool = True) -> None:
        """The page as it is now; too wide for its screen is trouble."""
        over = desk.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if over > 0:
            desk.note(f"{name} is {over} px too wide")
        desk.page.screenshot(path=self.photos / f"{name}.png", full_page=whole, animations="disabled")


def fill_seasons(editor: Desk) -> None:
    """A season of two episodes with a placeholder for their video; not saved yet."""
    panel = editor.tab("Seasons")
    panel.get_by_role("button", name="Add a season").click()
    season = panel.locator("[data-rows] > .nr-season")
    for number, name, hindi in ((1, "Static", "शोर"), (2, "Landslide", "भूस्खलन")):
        season.get_by_role("button", name="Add an episode").click()
        episode = season.locator(".nr-episode").last
        expect(episode.get_by_label("Number")).to_have_value(str(number))
        episode.get_by_label("Working name").fill(name)
        episode.get_by_label("Name (English)").fill(name)
        episode.get_by_label("Name (हिन्दी)").fill(hindi)
        chooses(episode, "asset", "Monsoon Radio")


def fill_credits(editor: Desk) -> None:
    """One who plays and one who directs; not saved yet."""
    panel = editor.tab("Credits")
    for index, (person, role, character) in enumerate(
        (("Tara Bose", "actor", "Noor"), ("Leela Rao", "director", ""))
    ):
        panel.get_by_role("link", name="Add another Credit").click()
        row = panel.locator("tbody", has=editor.page.locator(f"[name=credits-{index}-role]"))
        chooses(row, "person", person)
        row.locator("[name$=-role]").select_option(role)
        row.locator("[name$=-character]").fill(character)


def field_of(desk: Desk, label: str) -> Locator:
    """A field of the first tab, shown."""
    return desk.tab("Basics").get_by_label(label)


def mailed(site: Site, address: str, text: str) -> bool:
    """Whether the worker wrote a mail to the address that says so."""
    mails = [path.read_text() for path in (site.var / "mail").glob("*.log")]
    return any(f"To: {address}" in mail and text in mail for mail in mails)
