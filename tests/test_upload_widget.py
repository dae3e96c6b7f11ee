"""Uploading a video in a real browser: the network goes, the tab is closed, and nothing is sent twice."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Request, expect

from .live import Site
from .newsroom import Desk, sits_down
from .proxy import FaultProxy

SIZE = 6_000_000
SLOW, FAST = 2_000_000, -1  # bytes a second
HANDED_OVER = re.compile(r"Received|Being processed|cannot be played|Ready")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "Monsoon_Radio.mp4"
    path.write_bytes(Random(1).randbytes(SIZE))  # noqa: S311 it has to repeat itself
    return path


class Line:
    """How fast the editor's browser sends, slowly at first; and from where on it sent."""

    def __init__(self, desk: Desk) -> None:
        self.page = desk.page
        self.session = self.page.context.new_cdp_session(self.page)
        self.session.send("Network.enable")
        self.offsets: list[int] = []
        self.page.on("request", self._seen)
        self.at(SLOW)

    def _seen(self, request: Request) -> None:
        if request.method == "PATCH":
            self.offsets.append(int(request.headers["upload-offset"]))

    def at(self, rate: int) -> None:
        conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate}
        self.session.send("Network.emulateNetworkConditions", conditions)


@pytest.fixture
def wire(site: Site) -> FaultProxy:
    """Between the browser and the site; Chromium's own switch lets what is being sent go on."""
    address = urlsplit(site.url)
    return FaultProxy((address.hostname or "", address.port or 0))


@pytest.fixture
def editor(browser: Browser, site: Site, wire: FaultProxy) -> Iterator[Desk]:
    site.manage("loaddata", "groups")
    desk = sits_down(browser, replace(site, url=wire.url(site.url)), "editor@demo.example")
    desk.open("/admin/catalog/title/add/")
    desk.page.get_by_label("Working name").fill("Monsoon Radio")
    desk.page.get_by_role("button", name="Create the draft").click()
    expect(desk.page.locator(".nr-head-name")).to_have_text("Monsoon Radio")
    yield desk
    desk.page.context.close()


def sent(row: Locator) -> int:
    return int(row.locator("progress").evaluate("bar => bar.value"))


def choose(editor: Desk, film: Path) -> Locator:
    """The file in the field for the main video; the row that tells of it."""
    place = editor.page.locator("#panel-basics .nr-uploader-field")
    place.locator("[type=file]").set_input_files(film)
    return place.locator(".nr-transfer")


def moves(editor: Desk, *, beyond: int) -> None:
    script = "beyond => document.querySelector('.nr-transfer progress').value > beyond"
    editor.page.wait_for_function(script, arg=beyond)


def test_a_film_is_uploaded_over_a_bad_line_in_two_sittings(
    editor: Desk, film: Path, wire: FaultProxy
) -> None:
    page, line = editor.page, Line(editor)
    row = choose(editor, film)
    moves(editor, beyond=SIZE // 6)

    # The network goes, and comes again.
    wire.refuse()
    expect(row.locator(".nr-transfer-line")).to_contain_text("Trying again")
    wire.heal()
    moves(editor, beyond=SIZE // 3)
    assert len(line.offsets) >= 2
    assert line.offsets[-1] > 0
    assert [one for one in editor.trouble if "ERR_" not in one] == []

    # A rest, and then the tab is left. It asks first.
    row.get_by_role("button", name="Pause").click()
    expect(row.locator(".nr-transfer-line")).to_contain_text("Paused at")
    expect(row.get_by_role("status")).to_contain_text("Monsoon_Radio.mp4: Paused")
    row.get_by_role("button", name="Resume").click()
    moves(editor, beyond=SIZE // 2)
    editor.trouble.clear()
    page.reload()
    assert [one for one in editor.trouble if "asks: beforeunload" in one]
    editor.trouble.clear()

    # The same file again: it goes on where it ended.
    line.offsets.clear()
    line.at(FAST)
    row = choose(editor, film)
    expect(row.locator(".nr-transfer-line")).to_contain_text(HANDED_OVER)
    assert line.offsets
    assert line.offsets[0] > SIZE // 6
    expect(page.locator("#panel-basics [name=asset] option:checked")).to_have_text("Monsoon Radio")

    editor.save()
    expect(page.locator("#panel-basics [name=asset] option:checked")).to_have_text("Monsoon Radio")
    expect(page.locator(".nr-gates .nr-unmet a[data-field=id_asset]")).to_have_count(1)
    assert editor.trouble == []


@pytest.mark.usefixtures("stocked")
def test_what_was_begun_for_one_language_is_not_taken_for_another(editor: Desk, tmp_path: Path) -> None:
    page, line = editor.page, Line(editor)
    text = tmp_path / "lines.srt"
    text.write_text("1\n00:00:01,000 --> 00:00:02,000\n" + "la " * 1_000_000)
    editor.open("/admin/media/asset/")
    page.locator("#result_list tbody th a").first.click()
    page.locator(".nr-more summary").click()

    english, hindi = (
        page.get_by_role("region", name=f"Subtitles in {name}") for name in ("English", "हिन्दी")
    )
    english.locator("[type=file]").set_input_files(text)
    moves(editor, beyond=1_000)
    english.get_by_role("button", name="Pause").click()
    expect(english.locator(".nr-transfer-line")).to_contain_text("Paused at")
    line.offsets.clear()
    line.at(FAST)
    hindi.locator("[type=file]").set_input_files(text)
    expect(hindi.locator(".nr-transfer-line")).to_contain_text(HANDED_OVER)

    assert line.offsets[0] == 0


def test_what_is_refused_says_why_and_several_go_one_after_the_other(editor: Desk, tmp_path: Path) -> None:
    page = editor.page
    names = ["empty.mp4", "one.mp4", "two.mp4"]
    for name, size in zip(names, (0, 10, 20), strict=True):
        (tmp_path / name).write_bytes(b"x" * size)
    editor.open("/admin/media/asset/add/")
    page.get_by_label("Choose files").set_input_files([tmp_path / name for name in names])

    rows = page.locator(".nr-transfer")
    expect(rows.nth(0).locator(".nr-transfer-line")).to_have_text("The file is empty.")
    for number in (1, 2):
        expect(rows.nth(number).locator(".nr-transfer-line")).to_contain_text(HANDED_OVER)
    rows.nth(0).get_by_role("button", name="Give up").press("Enter")
    expect(rows).to_have_count(2)
    assert [
        one for one in editor.trouble if "uploads/ is 400" not in one and "status of 400" not in one
    ] == []
