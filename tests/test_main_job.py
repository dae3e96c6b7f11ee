"""The main job in real browsers: what an editor uploads, somebody who signed up plays, and nobody else does.

The tests tell one story, in this order; each goes on where the one before it ended. `MAIN_JOB_CLIP=FILE`
has it told of a real film. docs/main-job.md is the same walk by hand.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from .live import Site
from .main_job import Reels, reels
from .newsroom import Desk, chooses, sits_down, uploads

NAME, SLUG = "Morning Meadow", "morning-meadow"
SYNOPSIS = "Somebody large wakes up, and the meadow with him."
ENCODING_MS = 300_000


@dataclass
class Story:
    """Who is in it, what they work with, and how far it has come."""

    editor: Desk
    reviewer: Desk
    publisher: Desk
    reels: Reels
    photos: Path
    failed_before: int
    title: str = ""
    video: str = ""

    def photograph(self, desk: Desk, name: str) -> None:
        desk.page.screenshot(path=self.photos / f"{name}.png", animations="disabled")


@pytest.fixture(scope="module")
def kept(
    site_process: Site,
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Story:
    site_process.manage("loaddata", "groups", "genres", "plans")
    people = [
        sits_down(browser, site_process, f"{name}@demo.example")
        for name in ("editor", "reviewer", "publisher")
    ]
    photos = tmp_path_factory.mktemp("main-job")
    sys.stderr.write(f"Screenshots: {photos}\n")
    return Story(
        *people, reels(tmp_path_factory.mktemp("reels")), photos, failed_before=request.session.testsfailed
    )


@pytest.fixture
def story(kept: Story, site: Site, request: pytest.FixtureRequest) -> Iterator[Story]:
    """The story so far. A test whose predecessor failed has nothing to go on with."""
    if request.session.testsfailed > kept.failed_before:
        pytest.skip("what it goes on from did not happen")
    yield kept
    desks = (kept.editor, kept.reviewer, kept.publisher)
    trouble = [line for desk in desks for line in desk.trouble]
    for desk in desks:
        desk.trouble.clear()
    assert trouble == []


def test_an_editor_uploads_a_film_and_it_is_made_playable(story: Story) -> None:
    editor, page = story.editor, story.editor.page
    editor.open("/admin/catalog/title/add/")
    page.get_by_label("Working name").fill(NAME)
    page.get_by_role("button", name="Create the draft").click()
    expect(page.locator(".nr-head-name")).to_have_text(NAME)
    story.title = urlsplit(page.url).path

    place = page.locator("#panel-basics .nr-uploader-field")
    place.locator("[type=file]").set_input_files(story.reels.film)
    link = place.locator(".nr-transfer a").first
    expect(place.locator(".nr-transfer-line")).to_contain_text("Ready", timeout=ENCODING_MS)
    story.video = urlsplit(link.get_attribute("href") or "").path
    story.photograph(editor, "uploaded")
    editor.save()

    editor.open(story.video)
    expect(page.locator(".nr-work .nr-badge").first).to_have_text("Ready")
    story.photograph(editor, "made")


def test_another_language_and_subtitles_are_added(story: Story) -> None:
    editor, page = story.editor, story.editor.page
    page.locator(".nr-more summary").click()
    files = {
        "Sound in हिन्दी": story.reels.dub,
        "Subtitles in English": story.reels.subtitles["en"],
        "Subtitles in हिन्दी": story.reels.subtitles["hi"],
    }
    for label, file in files.items():
        place = page.get_by_role("region", name=label)
        place.locator("[type=file]").set_input_files(file)
        expect(place.locator(".nr-transfer-line")).to_contain_text("Ready", timeout=ENCODING_MS)
    page.reload()
    work = page.locator(".nr-work")
    expect(work.locator("ul.nr-rows li")).to_have_count(2)
    story.photograph(editor, "languages")


def test_what_the_gates_ask_for_is_supplied_and_somebody_else_approves(story: Story, site: Site) -> None:
    editor, page = story.editor, story.editor.page
    editor.open(story.title, tab="basics")
    chooses(page.locator("#panel-basics"), "genres", "Animation")
    page.get_by_label("Maturity rating").select_option("U/A 13+")
    page.get_by_label("Strong language").check()
    text = editor.tab("Texts").locator("fieldset[lang=en]")
    text.get_by_label("Name").fill(NAME)
    text.get_by_label("Synopsis").fill(SYNOPSIS)
    editor.tab("Rights windows").get_by_role("link", name="Add another Rights window").click()
    editor.save()
    uploads(editor, "poster", alt="The meadow", hue=90)
    uploads(editor, "backdrop", alt="The meadow at dawn", hue=120)
    page.reload()
    expect(page.locator(".nr-rail .nr-count").first).to_have_text("complete")

    for desk, move in (
        (editor, "Submit for review"), (story.reviewer, "Approve"), (story.publisher, "Publish now"),
    ):  # fmt: skip
        desk.open(story.title)
        desk.does(move)
    expect(story.publisher.page.locator(".nr-head-state .nr-badge").first).to_have_text("Published")
    story.photograph(story.publisher, "published")
    assert site.call("GET", f"/api/v1/titles/{SLUG}", token="").status == 200
