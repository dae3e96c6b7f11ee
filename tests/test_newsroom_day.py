"""An editor's whole day in a real browser: from an empty page to what viewers see, and back.

The tests tell one story, in this order; each goes on where the one before it ended.
"""

import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from .live import Site, eventually
from .newsroom import (
    NAME,
    SIZES,
    Day,
    arrives,
    chooses,
    field_of,
    fill_credits,
    fill_seasons,
    mailed,
    sits_down,
    uploads,
)

FIXTURES = ("groups", "genres", "people")
# A ready video for the episodes, for this day is about the newsroom and not about encoding.
VIDEO = """
from apps.media.services import assets
assets.placeholder("Monsoon Radio", duration_ms=2_700_000, heights=[720], audio=["hi"])
"""
SYNOPSIS = "When the rains cut off the valley, the radio station is all that is left. Nobody there slept."
BETTER = "When the rains cut off the valley, two friends and one transmitter hold it together."
HINDI_NAME, HINDI_SYNOPSIS = "मानसून रेडियो", "बारिश में घाटी कट जाती है, और बस एक रेडियो स्टेशन बचता है।"
MISSING = [
    "Add a season with an episode.",
    "Add a poster and wait until it is ready.",
    "Add a backdrop and wait until it is ready.",
    "Write the name in English.",
    "Write the synopsis in English.",
    "Choose the maturity rating.",
    "Say what the rating is for, or that there is nothing of concern.",
    "Add a rights window.",
]
ON_TIME = timedelta(seconds=5)
# After so long without a look at the schedule the overview says so; and a worker needs some time to start.
SAYS_SO_WITHIN_S, BACK_WITHIN_S = 20.0, 30.0
PATIENCE_S = 15


@pytest.fixture(scope="module")
def kept(
    site_process: Site,
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Day:
    site_process.manage("loaddata", *FIXTURES)
    site_process.manage("shell", "--command", VIDEO)
    people = [
        sits_down(browser, site_process, f"{name}@demo.example")
        for name in ("editor", "reviewer", "publisher", "admin")
    ]
    photos = tmp_path_factory.mktemp("newsroom")
    sys.stderr.write(f"Screenshots: {photos}\n")
    return Day(*people, arrives(browser, site_process), photos, request.session.testsfailed)


@pytest.fixture
def day(kept: Day, site: Site, request: pytest.FixtureRequest) -> Iterator[Day]:
    """The day so far. A test whose predecessor failed has nothing to go on with."""
    if request.session.testsfailed > kept.failed_before:
        pytest.skip("what it goes on from did not happen")
    yield kept
    trouble = [line for desk in kept.desks for line in desk.trouble]
    for desk in kept.desks:
        desk.trouble.clear()
    assert trouble == []


def test_what_is_missing_is_told_all_at_once(day: Day) -> None:
    editor, page = day.editor, day.editor.page
    editor.open("/admin/catalog/title/")
    page.get_by_role("link", name="Add title", exact=True).click()
    page.get_by_label("Kind").select_option("series")
    page.get_by_label("Working name").fill(NAME)
    page.get_by_role("button", name="Create the draft").click()
    expect(page.locator(".nr-head-name")).to_have_text(NAME)
    day.title = urlsplit(page.url).path

    dialog = editor.begins("Submit for review")
    expect(dialog.locator(".nr-alarm li")).to_have_text(MISSING)
    dialog.get_by_role("button", name="Submit for review").click()

    expect(dialog.get_by_role("alert")).to_contain_text("Not yet. This is missing:")
    expect(dialog.locator(".nr-alarm li")).to_have_text(MISSING)
    day.photograph(editor, "refused", whole=False)
    dialog.get_by_role("link", name="Choose the maturity rating.").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Maturity rating")).to_be_focused()
    day.state("Draft")
    assert day.seen() is None


def test_what_was_missing_is_supplied(day: Day) -> None:
    editor, page = day.editor, day.editor.page
    editor.open(day.title, tab="basics")
    chooses(page.locator("#panel-basics"), "genres", "Drama")
    page.get_by_label("Maturity rating").select_option("U/A 7+")
    page.get_by_label("Strong language").check()
    panel = editor.tab("Texts")
    for language, name, synopsis in (("en", NAME, SYNOPSIS), ("hi", HINDI_NAME, HINDI_SYNOPSIS)):
        text = panel.locator(f"fieldset[lang={language}]")
        text.get_by_label("Name").fill(name)
        text.get_by_label("Synopsis").fill(synopsis)
    fill_seasons(editor)
    fill_credits(editor)
    editor.tab("Rights windows").get_by_role("link", name="Add another Rights window").click()
    editor.save()

    uploads(editor, "poster", alt="A mast in the rain", hue=150)
    uploads(editor, "backdrop", alt="The valley at dusk", hue=20)

    page.reload()
    expect(page.locator(".nr-rail .nr-count").first).to_have_text("complete")
    assert day.seen() is None


def test_credits_are_put_in_order_with_the_keyboard(day: Day) -> None:
    editor, page = day.editor, day.editor.page
    for key, focused, order in (
        ("ArrowUp", 1, ["Leela Rao", "Tara Bose"]),
        ("ArrowDown", 0, ["Tara Bose", "Leela Rao"]),
    ):
        editor.open(day.title, tab="credits")
        people = page.locator("#credits-data .original [name$=-person] option[selected]")
        page.get_by_role("button", name="Move this row with the arrow keys").nth(focused).press(key)
        expect(people).to_have_text(order)
        expect(page.locator(":focus")).to_have_attribute("aria-label", "Move this row with the arrow keys")
        editor.save()
        expect(people).to_have_text(order)


def test_nobody_approves_a_change_of_their_own(day: Day) -> None:
    day.admin.open(day.title)
    text = day.admin.tab("Texts").locator("fieldset[lang=en]")
    text.get_by_label("Tagline").fill("Somebody has to stay awake.")
    day.admin.save()
    day.editor.open(day.title)
    day.editor.does("Submit for review", "With a tagline of the boss.")

    expect(day.editor.button("Withdraw from review")).to_be_visible()
    expect(day.editor.button("Approve")).to_have_count(0)
    approve = day.title.replace("change/", "moves/approve/")
    assert day.editor.forges(approve, note="Mine is fine.") == 403
    day.admin.open(day.title)
    expect(day.admin.button("Approve")).to_have_count(0)
    day.photograph(day.admin, "four-eyes", whole=False)
    day.admin.is_told("You worked on this change, so somebody else has to approve it.")
    revision = day.admin.page.locator("#dialog-request_changes [name=revision]").input_value()
    assert day.admin.forges(approve, note="Mine is fine.", revision=revision) == 200
    day.state("In Review")


def test_changes_are_requested_answered_and_approved(day: Day, site: Site) -> None:
    reviewer, editor = day.reviewer, day.editor
    reviewer.open("/admin/")
    queue = reviewer.page.get_by_role("region", name="My queue")
    queue.get_by_role("link", name=NAME).click()
    dialog = reviewer.begins("Request changes")
    dialog.get_by_role("button", name="Request changes").click()
    assert dialog.locator("[name=note]").evaluate("field => field.validity.valueMissing")
    reviewer.page.keyboard.press("Escape")
    reviewer.does("Request changes", "Who are the people in it?")

    editor.open("/admin/")
    queue = editor.page.get_by_role("region", name="My queue")
    expect(queue).to_contain_text("Changes were requested")
    queue.get_by_role("link", name=NAME).click()
    editor.tab("Texts").locator("fieldset[lang=en]").get_by_label("Advice").fill("Some shouting.")
    editor.save()
    panel = editor.tab("Comments")
    panel.get_by_label("Say something").fill("@reviewer They come in episode 2. Is that too late?")
    panel.get_by_role("button", name="Comment").click()
    expect(panel.locator(".nr-remark")).to_contain_text("Is that too late?")
    editor.does("Submit for review", "The advice is new.")

    assert eventually(lambda: mailed(site, "reviewer@demo.example", "Is that too late?"), PATIENCE_S)
    reviewer.open("/admin/")
    reviewer.page.get_by_role("link", name=re.compile("Is that too late")).click()
    remark = reviewer.page.locator(".nr-remark")
    remark.locator("summary").click()
    remark.get_by_label("Your reply").fill("No, they may.")
    remark.get_by_role("button", name="Reply").click()
    expect(remark.locator(".nr-reply")).to_contain_text("No, they may.")
    remark.get_by_role("button", name="Resolve").click()
    expect(remark).to_contain_text("resolved by reviewer@demo.example")
    reviewer.does("Approve", "Good.")
    expect(reviewer.button("Publish now")).to_have_count(0)
    day.state("Approved")
    assert day.seen() is None


def test_it_goes_live_by_itself_at_its_time(day: Day) -> None:
    at = day.schedule(ahead_s=7)
    day.publisher.open("/admin/")
    expect(day.publisher.page.get_by_role("region", name="Scheduled next")).to_contain_text(NAME)

    while (seen := day.seen()) is None:
        assert datetime.now(UTC) < at + ON_TIME
        time.sleep(0.1)

    assert datetime.now(UTC) >= at
    assert seen["synopsis"] == SYNOPSIS
    assert [one["name"] for one in seen["seasons"][0]["episodes"]] == ["Static", "Landslide"]
    hindi = day.seen("hi")
    assert hindi is not None
    assert (hindi["name"], hindi["synopsis"]) == (HINDI_NAME, HINDI_SYNOPSIS)
    day.state("Published")


def test_a_change_of_what_is_live_is_seen_at_the_desk_only(day: Day) -> None:
    editor = day.editor
    editor.open(day.title)
    text = editor.tab("Texts").locator("fieldset[lang=en]")
    text.get_by_label("Synopsis").fill(BETTER)
    text.get_by_label("Tagline").fill("Two friends, one transmitter.")
    editor.save()

    state = editor.page.locator(".nr-head-state")
    expect(state).to_contain_text("live v1")
    expect(state).to_contain_text("draft has 2 changes")
    assert day.synopsis() == SYNOPSIS
    state.get_by_role("link", name="draft has 2 changes").click()
    synopsis = editor.page.locator(".nr-change").filter(has_text="ynopsis")
    expect(synopsis.locator("del").filter(has_text="radio station")).to_be_visible()
    expect(synopsis.locator("ins").filter(has_text="two friends")).to_be_visible()

    editor.goes_to("Preview")
    url = editor.page.get_by_role("link", name="Open the preview").get_attribute("href")
    assert url is not None
    day.viewer.open(url)
    expect(day.viewer.page.locator(".synopsis")).to_have_text(BETTER)
    expect(day.viewer.page.locator(".poster img")).to_be_visible()
    assert day.synopsis() == SYNOPSIS


@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_every_screen(day: Day, size: str) -> None:
    width, height = SIZES[size]
    editor, viewer = day.editor, day.viewer
    for desk in (editor, viewer):
        desk.page.set_viewport_size({"width": width, "height": height})
    for name, path in (("overview", "/admin/"), ("titles", "/admin/catalog/title/")):
        editor.open(path)
        day.photograph(editor, f"{size}-{name}")
    editor.open(day.title)
    for tab in editor.page.get_by_role("tab").all():
        tab.click()
        day.photograph(editor, f"{size}-tab-{tab.get_attribute('data-tab')}")
    editor.begins("Submit for review")
    day.photograph(editor, f"{size}-dialog", whole=False)
    editor.page.keyboard.press("Escape")
    editor.page.get_by_role("link", name="draft has 2 changes").click()
    day.photograph(editor, f"{size}-compare")
    for name in ("History", "Versions", "Preview"):
        editor.goes_to(name)
        day.photograph(editor, f"{size}-{name.lower()}")
    viewer.page.reload()
    day.photograph(viewer, f"{size}-viewer")
    for desk in (editor, viewer):
        desk.page.set_viewport_size(dict(zip(("width", "height"), SIZES["desktop"], strict=True)))


def test_of_two_who_save_the_second_is_told_and_loses_nothing(day: Day) -> None:
    editor, admin = day.editor, day.admin
    for desk in (editor, admin):
        desk.open(day.title)
    field_of(editor, "Working name").fill(f"{NAME} (rain cut)")
    field_of(admin, "Working name").fill("Radio, Monsoon")
    field_of(admin, "Original language").fill("hi")
    editor.save()
    admin.page.get_by_role("button", name="Save", exact=True).click()

    conflict = admin.page.locator(".nr-conflict")
    expect(conflict).to_contain_text("Somebody else saved this while you were editing")
    expect(conflict).to_contain_text("editor@demo.example saved at")
    day.photograph(admin, "conflict")
    row = conflict.locator("tr", has_text="Working name")
    expect(row.locator("td")).to_have_text([f"{NAME} (rain cut)", "Radio, Monsoon"])
    expect(field_of(admin, "Working name")).to_have_value("Radio, Monsoon")
    editor.page.reload()
    expect(editor.page.locator(".nr-head-name")).to_have_text(f"{NAME} (rain cut)")

    conflict.get_by_role("button", name="Save mine over theirs").click()
    admin.is_told("Saved.")
    expect(admin.page.locator(".nr-head-name")).to_have_text("Radio, Monsoon")
    expect(field_of(admin, "Original language")).to_have_value("hi")
    field_of(admin, "Working name").fill(NAME)
    field_of(admin, "Original language").fill("en")
    admin.save()
    assert day.synopsis() == SYNOPSIS


def test_the_change_is_published_and_rolled_back(day: Day) -> None:
    publisher = day.publisher
    day.approve()
    assert day.synopsis() == SYNOPSIS
    publisher.open(day.title)
    publisher.does("Publish now", "The better text.")
    assert day.synopsis() == BETTER

    publisher.goes_to("Versions")
    publisher.page.get_by_role("button", name="Roll back …").click()
    dialog = publisher.page.locator("dialog[open]")
    dialog.get_by_label("Why").fill("The agency wants the old text.")
    dialog.get_by_role("button", name="Roll back").click()
    publisher.is_told("v1 is live again")
    assert day.synopsis() == SYNOPSIS
    publisher.goes_to("History")
    expect(publisher.page.locator(".nr-timeline")).to_contain_text("The agency wants the old text.")


def test_a_schedule_outlives_a_killed_worker_and_runs_once(day: Day, site: Site) -> None:
    publisher, page = day.publisher, day.publisher.page
    day.editor.open(day.title)
    text = day.editor.tab("Texts").locator("fieldset[lang=en]")
    text.get_by_label("Synopsis").fill("The third text.")
    day.editor.save()
    day.approve()
    at = day.schedule(ahead_s=6)
    site.end("worker")
    try:
        assert datetime.now(UTC) < at, "the machine was too slow to kill the worker in time"
        publisher.open("/admin/")
        assert eventually(lambda: is_told_so(page), SAYS_SO_WITHIN_S)
        expect(page.get_by_role("region", name="Scheduled next")).to_contain_text("(due)")
        day.photograph(publisher, "no-worker")
        assert day.synopsis() == SYNOPSIS
    finally:
        site.start("worker")

    assert eventually(lambda: day.synopsis() == "The third text.", BACK_WITHIN_S)
    publisher.open(day.title)
    publisher.goes_to("Versions")
    expect(page.locator(".nr-table tbody th")).to_have_text([re.compile("v3 live"), "v2", "v1"])


def is_told_so(page: Page) -> bool:
    page.reload()
    return page.get_by_text("Schedules do not run.", exact=True).is_visible()


def test_the_keyboard_is_enough(day: Day) -> None:
    publisher, page = day.publisher, day.publisher.page
    publisher.open("/admin/")
    page.keyboard.press("Control+k")
    expect(page.locator("#search-input-command")).to_be_focused()
    page.keyboard.type(NAME.lower())
    found = page.locator("#command-results").get_by_role("link", name=NAME)
    expect(found).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".nr-head-name")).to_have_text(NAME)

    opener = publisher.button("Unpublish")
    opener.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert opener.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("[name=note]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()
    assert day.seen() is not None

    page.keyboard.press("Enter")
    page.keyboard.type("The licence was withdrawn.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    publisher.is_told("Taken away from viewers.")
    assert day.seen() is None
    day.state("Unpublished")
