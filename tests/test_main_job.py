"""The main job in real browsers: what an editor uploads, somebody who signed up plays, and nobody else does.

The tests tell one story, in this order; each goes on where the one before it ended. `MAIN_JOB_CLIP=FILE`
has it told of a real film. docs/main-job.md is the same walk by hand.
"""

import re
import secrets
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from .live import PASSWORD, Site, eventually
from .main_job import CUES, Reels, others_play, reels
from .newsroom import Desk, chooses, sits_down, uploads
from .stock import GALA
from .watching import Viewer

NAME, SLUG = "Morning Meadow", "morning-meadow"
SYNOPSIS = "Somebody large wakes up, and the meadow with him."
ENCODING_MS = 300_000
DEAD_WITHIN_S = 10
SESSIONS = "/api/v1/playback/sessions"
PLAYERS = (
    ("hls.js", "hls", "hls_url"), ("Shaka HLS", "shaka", "hls_url"),
    ("Shaka DASH", "shaka", "dash_url"), ("dash.js", "dash", "dash_url"),
)  # fmt: skip


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
    left_at_s: float = 0.0
    email: str = field(default_factory=lambda: f"tara-{secrets.token_hex(4)}@example.com")
    viewers: list[Viewer] = field(default_factory=list)

    def photograph(self, desk: Desk, name: str) -> None:
        desk.page.screenshot(path=self.photos / f"{name}.png", animations="disabled")

    def arrives(self, browser: Browser, site: Site, size: str = "desktop") -> Viewer:
        """The viewer, in one more browser; signed in from the second on."""
        one = Viewer.at(browser, site, size)
        self.viewers.append(one)
        return one


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
    for desk in people:
        desk.page.set_default_timeout(60_000)
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
    people: list[Desk | Viewer] = [kept.editor, kept.reviewer, kept.publisher, *kept.viewers]
    heard = [one.trouble for one in people]
    trouble = list(chain.from_iterable(heard))
    for number, one in enumerate(kept.viewers):
        one.page.screenshot(path=kept.photos / f"{request.node.name}-{number}.png")
        one.page.goto("/account/verify")  # a page that closes frees its stream
        one.context.close()
    kept.viewers.clear()
    for lines in heard:
        lines.clear()
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
    place = page.get_by_role("region", name="Subtitles in English")
    place.get_by_label("For the deaf and hard of hearing").check()
    place.locator("[type=file]").set_input_files(story.reels.subtitles["en"])
    expect(place.locator(".nr-transfer")).to_have_count(2)
    expect(place.locator(".nr-transfer-line").last).to_contain_text("Ready", timeout=ENCODING_MS)
    story.photograph(editor, "additions")
    page.reload()
    rows = page.locator(".nr-work ul.nr-rows li")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="SDH")).to_have_count(1)
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


def test_somebody_new_signs_up_and_finds_it(story: Story, browser: Browser, site: Site) -> None:
    page = story.arrives(browser, site).page
    page.goto("/")
    page.get_by_role("tab", name="Join").click()
    page.locator("#join [name=email]").fill(story.email)
    page.locator("#join [name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("status").first).to_contain_text("We sent you a mail")
    page.locator("#sign-in [name=password]").fill(PASSWORD)
    page.locator("#sign-in").get_by_role("button", name="Sign in").click()
    for name in ("Tara", "Chhotu"):
        page.get_by_role("button", name="Add profile").click()
        page.locator("#new-profile [name=name]").fill(name)
        if name == "Chhotu":
            page.locator("#new-profile [name=kid]").check()
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("button", name=name)).to_be_visible()

    page.get_by_role("button", name="Tara").click()
    page.locator("#titles").get_by_role("link", name=NAME).first.click()

    expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    expect(page.get_by_text(SYNOPSIS)).to_be_visible()


def test_it_plays_and_changes_language_subtitles_and_quality(
    story: Story, browser: Browser, site: Site
) -> None:
    viewer = story.arrives(browser, site)
    page = viewer.page
    viewer.sign_in(story.email, "Tara")
    viewer.open(SLUG)
    page.screenshot(path=story.photos / "title.png")
    viewer.press_play()
    viewer.await_frames(25)
    first_height = viewer.ask("video.videoHeight")

    page.keyboard.press("k")
    page.keyboard.press("Home")
    choose(viewer, "Audio and subtitles", "Audio", "हिन्दी")
    choose(viewer, "Audio and subtitles", "Subtitles", "English")
    page.keyboard.press("Escape")
    choose(viewer, "Quality and speed", "Quality", "144p")
    page.keyboard.press("Escape")
    viewer.until("video.currentTime < 0.2")
    page.keyboard.press("k")
    viewer.await_frames(10)
    viewer.until("video.videoHeight === 144")
    viewer.until(f"player.querySelector('.shaka-text-container')?.textContent === {CUES['en']!r}")
    viewer.until("player.engine.variant.language === 'hi'")
    assert first_height > 144

    viewer.await_position(3)
    page.screenshot(path=story.photos / "playing.png")
    story.left_at_s = viewer.leave()


def test_it_goes_on_there_in_another_browser_in_the_same_language(
    story: Story, browser: Browser, site: Site
) -> None:
    viewer = story.arrives(browser, site, "phone")
    viewer.sign_in(story.email, "Tara")
    viewer.page.screenshot(path=story.photos / "home-phone.png")
    viewer.page.locator("#go-on-list li", has_text=NAME).locator("a.frame").click()

    viewer.await_frames(1)
    assert story.left_at_s - 1 < viewer.at_s < story.left_at_s + 3
    viewer.await_frames(10)
    viewer.until("player.engine.variant.language === 'hi'")
    viewer.page.screenshot(path=story.photos / "playing-phone.png")
    viewer.leave()


def test_every_frame_is_played_by_other_peoples_players(story: Story, browser: Browser, site: Site) -> None:
    seen = {}
    for name, player, manifest in PLAYERS:
        session = started(site, story, SLUG)
        seen[name] = others_play(browser, site, player, session[manifest])
        stopped(site, session)

    frames = session["duration_ms"] * 25 // 1000
    assert {name: one["faults"] for name, one in seen.items()} == {name: [] for name in seen}
    assert {name: one["frames"] >= frames - 1 for name, one in seen.items()} == dict.fromkeys(seen, True)
    assert {len(one["audio"]) for one in seen.values()} == {2}


@pytest.mark.usefixtures("stocked")
def test_a_third_stream_is_refused_and_taken_over(story: Story, browser: Browser, site: Site) -> None:
    boss = sits_down(browser, site, "admin@demo.example")
    boss.open("/admin/billing/subscription/add/")
    page = boss.page
    chooses(page.locator("form"), "account", story.email)
    page.get_by_label("Plan").select_option(label="Premium")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Premium").first).to_be_visible()
    boss.page.context.close()

    first, second, third = (story.arrives(browser, site) for _ in range(3))
    for one in (first, second):
        one.sign_in(story.email, "Tara", at=f"/watch/{SLUG}?at=start")
        one.await_frames(5)
        one.ask("video.loop = true")
    third.sign_in(story.email, "Tara", at=f"/watch/{GALA}?at=start")
    dialogue = third.page.get_by_role("dialog", name="Too many screens at once")
    expect(dialogue.get_by_role("listitem")).to_have_count(2)
    third.page.screenshot(path=story.photos / "too-many.png")
    dialogue.get_by_role("button", name="Stop it and watch here").first.click()

    third.await_frames()
    told = [one.page.locator("#refused", has_text="Playing on another device now") for one in (first, second)]
    for _ in range(100):
        shown = [one.is_visible() for one in told]
        if any(shown):
            break
        third.page.wait_for_timeout(200)
    assert sorted(shown) == [False, True]


@pytest.mark.usefixtures("stocked")
def test_without_a_plan_the_premium_title_does_not_start_and_its_bytes_stay(
    story: Story, browser: Browser, site: Site
) -> None:
    viewer = story.arrives(browser, site)
    viewer.sign_in("free@demo.example", "Asha", at=f"/watch/{GALA}")
    expect(viewer.page.locator("#refused")).to_contain_text("Not in your plan")

    # An address of who may, taken over by who may not once it is over, and the same bytes by a token of
    # their own.
    theirs = started(site, story, GALA)
    segment = media_of(site, theirs)
    assert fetched(site, segment) == 206
    mine = site.call(
        "POST", "/api/v1/playback/sessions", {"title": SLUG, "device_id": "tv"}, token=free(site)
    )
    assert mine.status == 201, mine.body
    my_token, their_token = (one["hls_url"].split("/")[2] for one in (mine.body, theirs))
    assert fetched(site, segment.replace(their_token, my_token)) == 404
    assert fetched(site, segment.replace(their_token, "x" * len(their_token))) == 404
    stopped(site, theirs)
    assert eventually(lambda: fetched(site, segment) == 403, DEAD_WITHIN_S)
    stopped(site, mine.body)
    refused = site.call(
        "POST", "/api/v1/playback/sessions", {"title": GALA, "device_id": "tv"}, token=free(site)
    )
    assert (refused.status, refused.body["code"]) == (403, "plan_required")


def test_a_child_does_not_see_it(story: Story, browser: Browser, site: Site) -> None:
    viewer = story.arrives(browser, site)
    viewer.sign_in(story.email, "Chhotu")
    expect(viewer.page.locator("#titles")).not_to_contain_text(NAME)
    for address in (f"/title/{SLUG}", f"/watch/{SLUG}"):
        viewer.page.goto(address)
        expect(viewer.page.locator("#refused")).to_contain_text("This title is not here")


# --- By the API --------------------------------------------------------------------------------------


def choose(viewer: Viewer, menu: str, group: str, name: str) -> None:
    player = viewer.page.locator("ott-player")
    button = player.locator(".ott-bottom").get_by_role("button", name=menu, exact=True)
    if button.get_attribute("aria-expanded") == "false":
        button.click()
    player.get_by_role("group", name=group).get_by_text(name, exact=True).click()


def _profile_token(site: Site, email: str, name: str) -> str:
    grant = site.call("POST", "/api/v1/auth/login", {"email": email, "password": PASSWORD}, token="").body
    profiles = site.call("GET", "/api/v1/profiles", token=grant["access"]).body["results"]
    (chosen,) = (one for one in profiles if one["name"] == name)
    path = f"/api/v1/profiles/{chosen['id']}/select"
    return str(site.call("POST", path, {}, token=grant["access"]).body["access"])


def free(site: Site) -> str:
    return _profile_token(site, "free@demo.example", "Asha")


def started(site: Site, story: Story, slug: str) -> dict[str, Any]:
    body = {"title": slug, "device_id": "somewhere"}
    token = _profile_token(site, story.email, "Tara")
    answer = site.call("POST", SESSIONS, body, token=token)
    assert answer.status == 201, answer.body
    return dict(answer.body)


def stopped(site: Site, session: dict[str, Any]) -> None:
    path = f"{SESSIONS}/{session['session_id']}/stop"
    assert site.call("POST", path, token=session["playback_token"]).status == 204


def media_of(site: Site, session: dict[str, Any]) -> str:
    """The address of a track file of the film."""
    with urllib.request.urlopen(site.url + session["dash_url"]) as answer:  # noqa: S310 loopback
        manifest = answer.read().decode()
    return urljoin(session["dash_url"], re.findall(r"<BaseURL>([^<]+\.mp4)</BaseURL>", manifest)[0])


def fetched(site: Site, path: str) -> int:
    """The status of a hundred bytes."""
    request = urllib.request.Request(site.url + path, headers={"Range": "bytes=0-99"})  # noqa: S310 loopback
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 loopback
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code
