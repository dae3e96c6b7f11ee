"""A viewer's way through the site in a real browser: joining, confirming, profiles, PIN, leaving."""

import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from .live import EMAIL, PASSWORD, Site

pytestmark = [pytest.mark.xdist_group("site")]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(params=SIZES)
def page(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of the site; a script error or a blocked resource fails the test."""
    width, height = SIZES[request.param]
    context = browser.new_context(base_url=site.url, viewport={"width": width, "height": height})
    opened = context.new_page()
    trouble: list[str] = []
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.on(
        "console",
        lambda message: trouble.append(message.text) if "Content Security" in message.text else None,
    )
    yield opened
    context.close()
    assert trouble == []


def test_a_viewer_joins_by_mail_and_gets_back_in_with_a_new_password(page: Page, site: Site) -> None:
    email = f"new-{secrets.token_hex(4)}@example.com"
    page.goto("/")
    page.get_by_role("tab", name="Join").click()
    page.locator("#join [name=email]").fill(email)
    page.locator("#join [name=password]").fill("a long enough phrase")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("We sent you a mail")).to_be_visible()

    page.goto(link_mailed(site, email, "verify"))
    expect(page.get_by_text("your address is confirmed")).to_be_visible()

    page.goto("/")
    page.locator("#sign-in [name=email]").fill(email)
    page.get_by_role("button", name="Forgot your password?").click()
    expect(page.get_by_text("is on its way")).to_be_visible()
    page.goto(link_mailed(site, email, "reset"))
    page.locator("[name=password]").fill("another long phrase")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("Your new password is set")).to_be_visible()
    sign_in(page, email, "another long phrase")
    expect(page.get_by_role("heading", name="Who's watching?")).to_be_visible()
    page.get_by_role("button", name="Add profile").click()
    page.locator("#new-profile [name=name]").fill("तारा")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("तारा")).to_be_visible()


def test_a_pin_is_asked_for_and_a_child_keeps_the_device(page: Page) -> None:
    sign_in(page, EMAIL, PASSWORD)
    page.get_by_role("button", name="Ravi").click()
    page.locator("#ask-input").fill("9999")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("The PIN is wrong.")).to_be_visible()
    page.locator("#ask-input").fill("1234")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Hello, Ravi.")).to_be_visible()

    page.get_by_role("button", name="Profiles").click()
    page.get_by_role("button", name="Mini").click()
    expect(page.get_by_role("heading", name="Hello, Mini.")).to_be_visible()
    page.get_by_role("button", name="Account").click()
    expect(page.get_by_role("heading", name="Who's watching?")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Ravi").click()
    expect(page.locator("#ask-label")).to_have_text("PIN")


def test_a_viewer_sees_the_devices_takes_the_data_along_and_leaves(page: Page) -> None:
    sign_in(page, EMAIL, PASSWORD)
    expect(page.get_by_role("heading", name="Who's watching?")).to_be_visible()
    page.get_by_role("button", name="Account").click()
    expect(page.get_by_text("This device")).to_be_visible()

    with page.expect_download(timeout=30_000) as download:
        page.get_by_role("button", name="Download everything").click()
    text = Path(download.value.path()).read_text()
    page.get_by_role("button", name="Sign out", exact=True).first.click()

    assert EMAIL in text
    expect(page.get_by_role("tab", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("tab", name="Sign in")).to_be_visible()


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/")
    page.locator("#sign-in [name=email]").fill(email)
    page.locator("#sign-in [name=password]").fill(password)
    page.locator("#sign-in").get_by_role("button", name="Sign in").click()


def link_mailed(site: Site, email: str, purpose: str) -> str:
    """The link of the latest such mail to the address, once the worker has written it."""
    for _ in range(300):
        for mail in sorted((site.var / "mail").glob("*.log"), key=lambda path: -path.stat().st_mtime):
            text = mail.read_text()
            found = re.search(rf"http://\S+/account/{purpose}#token=\S+", text)
            if found and f"To: {email}" in text:
                return found[0]
        time.sleep(0.1)
    raise AssertionError(f"no {purpose} mail to {email}")
