"""A viewer's way through the site in a real browser: joining, confirming, profiles, PIN, leaving."""

import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .live import EMAIL, PASSWORD, Site

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
DEAD_LINK = "This link was used already or has expired. Ask for a new one."


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
    expect(page.get_by_role("status")).to_contain_text("We sent you a mail")
    expect(page.get_by_role("status")).to_be_in_viewport(ratio=1)
    expect(page.locator("#sign-in [name=email]")).to_have_value(email)
    expect(page.locator("#sign-in [name=password]")).to_be_focused()
    page.keyboard.type("not the phrase")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).not_to_be_empty()
    expect(page.get_by_role("status")).to_be_empty()

    page.goto(link_mailed(site, email, "verify"))
    expect(page.get_by_text("your address is confirmed")).to_be_visible()

    page.goto("/")
    page.locator("#sign-in [name=email]").fill(email)
    page.get_by_role("button", name="Forgot your password?").click()
    expect(page.get_by_role("status")).to_contain_text("is on its way")
    expect(page.get_by_role("status")).to_be_in_viewport(ratio=1)
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


def test_a_link_without_a_token_is_a_dead_link(page: Page) -> None:
    for purpose in ("verify", "verify#token=" + "x" * 101, "reset"):
        page.goto(f"/account/{purpose}")
        expect(page.get_by_role("status")).to_have_text(DEAD_LINK)
        expect(page.get_by_role("button")).to_have_count(0)


def test_a_late_link_is_a_dead_link(page: Page) -> None:
    page.goto("/account/verify#token=late")
    expect(page.get_by_role("status")).to_have_text(DEAD_LINK)
    page.goto("/account/reset#token=late")
    page.locator("[name=password]").fill("another long phrase")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(DEAD_LINK)


def test_a_pin_is_asked_for_until_it_is_right(page: Page) -> None:
    sign_in(page, EMAIL, PASSWORD)
    page.get_by_role("button", name="Ravi").click()
    page.keyboard.type("9999")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The PIN is wrong.")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()

    page.get_by_role("button", name="Ravi").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()

    page.get_by_role("button", name="Ravi").click()
    page.keyboard.type("1234")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="नमस्ते, Ravi।")).to_be_visible()


def test_a_child_keeps_the_device_and_sees_only_what_it_may_do(page: Page) -> None:
    sign_in(page, EMAIL, PASSWORD)
    expect(page.get_by_role("button", name="Add profile")).to_be_visible()
    page.get_by_role("button", name="Mini").click()
    expect(page.get_by_role("heading", name="Hello, Mini.")).to_be_visible()
    expect(page.get_by_role("button", name="Account")).to_be_hidden()
    page.get_by_role("button", name="Profiles").click()
    expect(page.get_by_role("button", name="Ravi")).to_be_visible()
    expect(page.get_by_role("button", name="Add profile")).to_be_hidden()

    page.reload()
    expect(page.get_by_role("button", name="Ravi")).to_be_visible()
    expect(page.get_by_role("button", name="Account")).to_be_hidden()
    expect(page.get_by_role("button", name="Add profile")).to_be_hidden()

    page.get_by_role("button", name="Asha").click()
    expect(page.locator("#ask-label")).to_have_text("Account password")
    page.locator("#ask-input").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Hello, Asha.")).to_be_visible()
    expect(page.get_by_role("button", name="Account")).to_be_visible()


def test_a_refusal_is_told_where_it_happens_and_not_kept(page: Page) -> None:
    sign_in(page, EMAIL, PASSWORD)
    page.get_by_role("button", name="Account").click()
    expect(page.get_by_text("This device")).to_be_visible()
    other = page.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Mini").click()
    expect(other.get_by_role("heading", name="Hello, Mini.")).to_be_visible()

    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("heading", name="Who's watching?")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("A kid's profile cannot reach the account.")
    expect(page.get_by_role("status")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Account")).to_be_hidden()

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("tab", name="Sign in")).to_be_visible()
    expect(page.get_by_role("status")).to_be_empty()


def test_a_device_signed_out_elsewhere_is_asked_to_sign_in(page: Page, site: Site) -> None:
    sign_in(page, EMAIL, PASSWORD)
    expect(page.get_by_role("button", name="Asha")).to_be_visible()
    sessions = site.call("GET", "/api/v1/auth/sessions").body["results"]
    newest = next(one for one in sessions if one["device_name"].startswith("Browser"))
    assert site.call("DELETE", f"/api/v1/auth/sessions/{newest['id']}").status == 204

    page.get_by_role("button", name="Account").click()
    expect(page.get_by_role("tab", name="Sign in")).to_be_visible()
    expect(page.get_by_role("status")).not_to_be_empty()


def test_without_a_connection_the_page_stays_and_says_so(page: Page) -> None:
    sign_in(page, EMAIL, PASSWORD)
    page.get_by_role("button", name="Account").click()
    expect(page.get_by_text("This device")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="Profiles").click()
    expect(page.get_by_role("status")).to_contain_text("No connection.")
    expect(page.get_by_role("heading", name="Account")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Profiles").click()
    expect(page.get_by_role("button", name="Asha")).to_be_visible()
    expect(page.get_by_role("status")).to_be_empty()


def test_a_viewer_sees_the_devices_takes_the_data_along_and_leaves(page: Page) -> None:
    sign_in(page, EMAIL, PASSWORD)
    expect(page.get_by_role("heading", name="Who's watching?")).to_be_visible()
    page.get_by_role("button", name="Account").click()
    expect(page.get_by_text("This device")).to_be_visible()

    with page.expect_download(timeout=30_000) as download:
        page.get_by_role("button", name="Download everything").click()
    expect(page.get_by_role("status")).to_have_text("Your copy was downloaded.")
    expect(page.get_by_role("status")).to_be_in_viewport(ratio=1)
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
