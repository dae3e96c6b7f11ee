"""Watching on the site, in a real browser: from the start page to decoded frames, and on another device."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pymongo import MongoClient

from apps.streaming.models import EndedBy
from apps.streaming.refusals import KINDS

from .live import Site, eventually
from .stock import FILM, GALA, SERIES
from .watching import FREE, PREMIUM, SIZES, Viewer

pytestmark = pytest.mark.usefixtures("stocked")
Open = Callable[..., Viewer]


@pytest.fixture
def viewers(browser: Browser, site: Site) -> Iterator[Open]:
    """Each call opens one more browser; a script error or a blocked resource in any fails the test."""
    opened: list[Viewer] = []

    def another(size: str = "desktop") -> Viewer:
        opened.append(Viewer.at(browser, site, size))
        return opened[-1]

    yield another
    for one in opened:
        one.page.goto("/account/verify")  # a page that closes frees its stream
        one.context.close()
    assert [one.trouble for one in opened] == [[]] * len(opened)


@pytest.fixture
def events(site: Site) -> Iterator[Callable[[dict[str, Any]], list[dict[str, Any]]]]:
    """What MongoDB has of the engagement events."""
    client: MongoClient[dict[str, Any]] = MongoClient(site.commands["worker"][1]["MONGO_URL"])
    with client:
        found = client.get_default_database()["engagement_events"]
        yield lambda query: list(found.find(query).sort("at"))


@pytest.mark.parametrize("size", SIZES)
def test_a_film_is_found_watched_and_gone_on_with_on_another_device(viewers: Open, size: str) -> None:
    first = viewers(size)
    first.sign_in(PREMIUM, "Noor")
    first.open(FILM)
    first.press_play()
    first.await_frames()
    expect(first.page).to_have_title("The Film · ottsite")
    first.await_position(3)
    left_at = first.leave()

    expect(first.page.locator("#hero .play")).to_have_text("Resume")
    first.page.goto("/")
    card = first.page.locator("#go-on-list li").first
    expect(card).to_contain_text("The Film")
    expect(card.get_by_role("progressbar")).to_be_visible()

    second = viewers(size)
    second.sign_in(PREMIUM, "Noor")
    second.page.locator("#go-on-list li").first.locator("a.frame").click()
    second.await_frames(1)
    began = second.at_s
    assert left_at - 1 < began < left_at + 3
    second.await_frames()
    second.leave()

    second.page.goto("/")
    second.page.get_by_role("button", name="Remove The Film from Continue watching").click()
    expect(second.page.get_by_role("status").first).to_contain_text("It does not count as watched.")
    expect(second.page.locator("#go-on")).to_be_hidden()


def test_starting_over_begins_at_the_beginning(viewers: Open) -> None:
    viewer = viewers()
    viewer.sign_in(PREMIUM, "Noor")
    viewer.open(FILM)
    viewer.press_play()
    viewer.await_position(2)
    viewer.leave()

    viewer.page.get_by_role("link", name="Start over").click()

    viewer.await_frames(1)
    assert viewer.at_s < 2


def test_a_third_stream_is_refused_and_taken_over(viewers: Open) -> None:
    first, second, third = viewers(), viewers(), viewers("phone")
    for one, slug in ((first, FILM), (second, GALA)):
        one.sign_in(PREMIUM, "Noor", at=f"/watch/{slug}?at=start")
        one.await_frames(5)
        one.ask("video.loop = true")

    third.sign_in(PREMIUM, "Noor", at=f"/watch/{FILM}?at=start")
    dialogue = third.page.get_by_role("dialog", name="Too many screens at once")
    expect(dialogue).to_contain_text("Your plan plays on 2 screens at a time.")
    expect(dialogue.get_by_role("listitem")).to_have_count(2)
    theirs = dialogue.get_by_role("listitem").filter(has_text="The Film")
    expect(theirs).to_contain_text("Browser")
    expect(theirs).to_contain_text("Noor")
    theirs.get_by_role("button", name="Stop it and watch here").click()
    third.await_frames()

    told = first.page.locator("#refused")
    expect(told).to_contain_text("Playing on another device now", timeout=15_000)
    second.await_frames()
    told.get_by_role("button", name="Play here").click()
    again = first.page.get_by_role("dialog")
    expect(again.get_by_role("listitem")).to_have_count(2)
    again.get_by_role("button", name="Not now").click()
    first.page.wait_for_url(f"**/title/{FILM}")


def test_a_reload_goes_on_by_itself_on_a_plan_with_one_stream(viewers: Open) -> None:
    viewer = viewers()
    viewer.sign_in(FREE, "Asha", at=f"/watch/{FILM}?at=start")
    viewer.await_position(1)

    for _ in range(3):
        viewer.page.reload()
        viewer.page.get_by_role("button", name="Resume at").click()
        viewer.await_frames(5)
        expect(viewer.page.locator("#streams")).to_be_hidden()


def test_who_has_no_plan_for_it_is_told_which_would_do(viewers: Open) -> None:
    viewer = viewers()
    viewer.sign_in(FREE, "Asha")
    viewer.open(GALA)
    expect(viewer.page.locator(".refusal")).to_contain_text("Not in your plan")
    expect(viewer.page.get_by_role("link", name="Play")).to_have_count(0)

    viewer.page.goto(f"/watch/{GALA}")

    expect(viewer.page.locator("#refused")).to_contain_text("It comes with the plan Premium.")
    assert viewer.ask("video.readyState") == 0


def test_the_trailer_plays_for_who_has_no_plan_and_leaves_no_trace(viewers: Open) -> None:
    viewer = viewers()
    viewer.sign_in(FREE, "Asha")
    viewer.open(GALA)
    viewer.page.get_by_role("link", name="The trailer").click()
    viewer.await_frames()
    address = viewer.page.url
    viewer.leave()

    assert "?extra=" in address
    viewer.page.goto("/")
    expect(viewer.page.locator("#titles li").first).to_be_visible()
    expect(viewer.page.locator("#go-on-list")).not_to_contain_text("The Gala")


def test_a_child_sees_and_plays_only_what_is_for_it(viewers: Open) -> None:
    viewer = viewers()
    viewer.sign_in(FREE, "Mini")
    names = viewer.page.locator("#titles .name")
    expect(names).to_have_text(["The Film", "The Series"])

    for address in (f"/title/{GALA}", f"/watch/{GALA}", "/title/nothing-of-that-name"):
        viewer.page.goto(address)
        expect(viewer.page.locator("#refused")).to_contain_text("This title is not here")


def test_a_link_leads_by_way_of_signing_in_to_where_it_said(viewers: Open) -> None:
    viewer = viewers()
    viewer.sign_in(PREMIUM, "Noor", at=f"/title/{SERIES}")
    expect(viewer.page.get_by_role("heading", name="The Series", exact=True)).to_be_visible()

    other = viewers()
    other.page.goto("/?next=https://example.com/")
    assert other.page.url.endswith("/?next=https://example.com/")
    other.sign_in(PREMIUM, "Noor", at="/?next=//example.com/title/x")
    expect(other.page.get_by_role("heading", name="Hello, Noor.")).to_be_visible()


def test_one_episode_follows_the_other_and_the_page_of_the_series_knows(viewers: Open) -> None:
    viewer = viewers()
    viewer.sign_in(PREMIUM, "Noor")
    viewer.open(SERIES)
    expect(viewer.page.locator("#hero .play")).to_have_text("Play S1 E1")
    viewer.press_play()
    viewer.await_frames(5)
    first = viewer.page.url

    viewer.ask("player.goNext()")

    viewer.until(f"location.href !== {first!r}")
    viewer.await_frames(5)
    viewer.await_position(1)
    viewer.leave()
    expect(viewer.page.locator("#hero .play")).to_have_text("Resume S1 E2")
    expect(viewer.page.locator(".episodes li").nth(1).get_by_role("progressbar")).to_be_visible()


def test_beats_of_a_time_without_connection_arrive_in_order(viewers: Open, events: Any) -> None:
    viewer = viewers()
    viewer.sign_in(PREMIUM, "Noor", at=f"/watch/{FILM}?at=start")
    viewer.await_frames(10)
    viewer.until("!video.paused")
    viewer.context.set_offline(True)
    for second in (2, 4, 6):
        viewer.ask(f"(player.pause(), player.seek({second * 1000}))")
        viewer.page.wait_for_timeout(700)
    before = len(viewer.beats)
    session = viewer.session

    viewer.context.set_offline(False)
    viewer.page.wait_for_timeout(3000)
    viewer.leave()

    late = [one["position_ms"] for one in viewer.beats[before:]]
    assert list(dict.fromkeys(one for one in late if one in {2000, 4000, 6000})) == [2000, 4000, 6000]
    seqs = [one["seq"] for one in viewer.beats]
    assert seqs == list(range(len(seqs)))
    query = {"session": session, "type": "beat"}
    assert eventually(lambda: len(events(query)) > len(seqs), 15), "the last one came with the stop"
    assert [one["seq"] for one in events(query)] == list(range(len(seqs) + 1))


def test_how_well_it_played_is_told(viewers: Open, events: Any) -> None:
    viewer = viewers()
    viewer.sign_in(PREMIUM, "Noor", at=f"/watch/{FILM}?at=start")
    viewer.await_frames(30)
    session = viewer.session
    viewer.leave()

    def told(kind: str) -> list[dict[str, Any]]:
        return list(events({"session": session, "type": kind}))

    assert eventually(lambda: bool(told("startup") and told("sample")), 15)
    (startup,) = told("startup")
    assert startup["data"]["startup_ms"] > 0
    assert startup["data"]["cmcd"]["sf"] == "d"
    assert startup["data"]["cmcd"]["sid"] == session
    assert sum(one["data"]["decoded_frames"] for one in told("sample")) >= 30


WORDS = """async () => {
  const [{ told, toldLost }, words, { ENGLISH }, { HINDI }] = await Promise.all(
    ["refusals", "words", "words_en", "words_hi"].map((name) => import(`/static/site/${name}.js`)));
  return { language: words.language(), english: Object.keys(ENGLISH), hindi: Object.keys(HINDI),
    told: CODES.map((code) => told({ code, problem: {} })), lost: REASONS.map((reason) => toldLost(reason)) };
}"""


@pytest.mark.parametrize(("profile", "letters"), [("Asha", "[A-Za-z]"), ("Ravi", "[\u0900-\u097f]")])
def test_every_refusal_has_words_of_its_own_in_both_languages(
    viewers: Open, profile: str, letters: str
) -> None:
    codes = [*KINDS, "maturity_restricted", "profile_required", "not_authenticated", "token_expired",
             "permission_denied", "throttled", "service_unavailable", "conflict", "offline", "internal_error",
             "validation_error"]  # fmt: skip
    viewer = viewers()
    viewer.sign_in(FREE, profile)

    said = viewer.page.evaluate(WORDS.replace("CODES", repr(codes)).replace("REASONS", repr(EndedBy.values)))

    assert sorted(said["english"]) == sorted(said["hindi"])
    assert set(codes) <= set(said["english"])
    sentences = [one["text"] for one in said["told"]]
    # Being signed out is one thing, by two codes.
    assert len(set(sentences)) == len(codes) - 1
    assert len({one["text"] for one in said["lost"]}) == len(EndedBy.values)
    for one in (*said["told"], *said["lost"]):
        assert one["help"]
        assert re.match(letters, one["heading"])
        assert re.search(letters, one["text"])
