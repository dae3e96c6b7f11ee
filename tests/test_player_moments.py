"""`<ott-player>` at its moments: resuming, skipping, the next episode, a network that goes, fingers."""

from dataclasses import replace

import pytest

from apps.streaming.tests import served, steps
from apps.streaming.tokens import media_token

from .screen import PHONE, Json, Screen, Show

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_asks_whether_to_resume_and_does_either(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        started = {**session, "resume_ms": 4000}
        screen.load(started, countdownS=60)
        prompt = screen.player.get_by_role("dialog", name="Go on where you stopped?")
        prompt.wait_for()
        # Its picture is fetched meanwhile, and nothing moves.
        screen.until("v.readyState >= 2 && !v.seeking")
        assert screen.ask("[v.paused, v.currentTime]") == [True, 4]
        assert screen.page.evaluate("document.activeElement.textContent") == "Resume at 0:04"
        screen.page.keyboard.press("Enter")
        screen.until("p.state === 'playing' && v.currentTime > 4.2")
        assert prompt.count() == 0

        screen.load(started, countdownS=60)
        prompt.get_by_role("button", name="Start over").click()
        screen.until("p.state === 'playing' && v.currentTime > 0.2")
        assert screen.ask("v.currentTime") < 3.9
        assert len(screen.heard("firstframe")) == 2
        assert screen.faults == []

    show(walk)


def test_where_the_browser_wants_a_click_it_waits_for_one(show: Show, session: Json) -> None:
    # As Chromium refuses it to a page that nobody has touched; the tests' own lets everything play.
    refused = """const play = HTMLMediaElement.prototype.play;
        HTMLMediaElement.prototype.play = async function () {
            HTMLMediaElement.prototype.play = play;
            throw new DOMException("", "NotAllowedError");
        };
        null"""

    def walk(screen: Screen) -> None:
        screen.page.evaluate(refused)
        screen.load(session, startAt=0, countdownS=60)
        screen.until("p.state === 'paused' && !p.hasAttribute('data-loading')")
        screen.player.locator(".ott-centre").get_by_role("button", name="Play").click()
        screen.until("p.state === 'playing' && v.currentTime > 0")
        assert screen.faults == []

    show(walk)


def test_an_intro_is_skipped_by_its_button_or_by_itself(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        screen.play(session, startAt=0, countdownS=60)
        skip = screen.player.get_by_role("button", name="Skip intro")
        screen.ask("p.pause()")
        for position, there in ((500, 0), (1200, 1), (4000, 0), (1000, 1)):
            screen.ask(f"p.seek({position})")
            screen.until(f"!v.seeking && p.skipButton.element.hidden === {'false' if there else 'true'}")
            assert skip.count() == there
        screen.page.keyboard.press("k")
        skip.click()
        screen.until("v.currentTime >= 3 && p.skipButton.element.hidden")

        screen.play(session, startAt=0, preferences={"skipIntros": True, "speed": 0.5}, countdownS=60)
        screen.ask("p.seek(900)")
        screen.until("v.currentTime >= 3 && v.currentTime < 4")
        screen.ask("p.seek(1100)")  # who goes back wants to see it
        screen.until("!v.seeking && v.currentTime > 1.1 && v.currentTime < 2 && !p.skipButton.element.hidden")

    show(walk)


def test_the_next_episode_counts_down_from_the_credits(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        following = session["next_episode"]
        screen.play(session, startAt=6500, countdownS=3)
        card = screen.player.get_by_role("region", name="Next episode")
        card.wait_for()
        assert screen.ask("p.positionMs") >= 7000
        assert "Next episode in" in card.inner_text()
        assert "S1 · E2" in card.inner_text()
        screen.until("window.heard.some(([name]) => name === 'next')")
        assert screen.heard("next") == [{"episode": following}]

        # Not while it is paused, and not for who wants to see the credits.
        screen.until("p.state === 'ended'")
        screen.play(session, startAt=7200, countdownS=2)
        card.wait_for()
        screen.page.keyboard.press("k")
        screen.page.wait_for_timeout(2500)
        assert len(screen.heard("next")) == 1
        card.get_by_role("button", name="Watch credits").click()
        screen.page.keyboard.press("k")
        screen.until("p.state === 'ended'")
        assert len(screen.heard("ended")) == 2
        assert len(screen.heard("next")) == 1
        card.get_by_role("button", name="Play now").click()
        assert len(screen.heard("next")) == 2

        screen.play(session, startAt=7200, countdownS=1, preferences={"autoplay": False})
        card.wait_for()
        assert "Next episode in" not in card.inner_text()
        screen.until("p.state === 'ended'")
        screen.page.wait_for_timeout(1200)
        assert len(screen.heard("next")) == 2

    show(walk)


def test_after_some_episodes_it_asks_whether_somebody_is_there(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        limits = {"episodes": 2}
        screen.play(session, startAt=7200, countdownS=1, stillWatching=limits)
        screen.until("window.heard.some(([name]) => name === 'next')")
        screen.play(session, startAt=7200, countdownS=1, stillWatching=limits)
        prompt = screen.player.get_by_role("dialog", name="Are you still watching?")
        prompt.wait_for()
        assert screen.ask("v.paused") is True
        prompt.get_by_role("button", name="No").click()
        assert screen.heard("stillwatching") == [{"answer": "no"}]
        assert len(screen.heard("next")) == 1

        screen.play(session, startAt=0, countdownS=60, stillWatching={"afterMs": 800})
        prompt.get_by_role("button", name="Yes").click()
        assert screen.heard("stillwatching")[-1] == {"answer": "yes"}
        screen.until("p.state === 'playing'")

    show(walk)


@pytest.mark.parametrize("form", ["dash", "hls"])
def test_a_network_that_was_lost_goes_on_by_itself(show: Show, session: Json, form: str) -> None:
    def walk(screen: Screen) -> None:
        screen.play(session, format=form, startAt=0, bufferAheadS=1, countdownS=60)
        screen.context.set_offline(True)
        message = screen.player.get_by_text("No connection.")
        message.wait_for()
        # Whatever the machine is busy with: until nothing is left of what was fetched.
        left = "v.buffered.end(v.buffered.length - 1) - v.currentTime"
        screen.until(f"p.state === 'buffering' && {left} < 0.3")
        stopped = screen.ask("v.currentTime")
        screen.page.wait_for_timeout(1500)
        assert screen.ask("v.currentTime") - stopped < 0.3
        screen.context.set_offline(False)
        screen.until("p.state === 'ended'", seconds=30)
        assert message.count() == 0
        # One track may be back before another has noticed.
        lost = [told["lost"] for told in screen.heard("network")]
        assert lost == [True, False] * (len(lost) // 2)
        assert max(stall["duration_ms"] for stall in screen.heard("stall")) > 1500
        assert not any(stall["after_seek"] for stall in screen.heard("stall"))
        assert [one["fatal"] for one in screen.heard("error")] == [False] * len(screen.heard("error"))

    show(walk)


def test_it_begins_once_there_is_a_network(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        screen.until("window.shaka")
        screen.context.set_offline(True)
        screen.load(session)
        screen.player.get_by_text("No connection.").wait_for()
        screen.context.set_offline(False)
        screen.until("p.state === 'playing' && v.currentTime > 0")
        assert screen.heard("network") == [{"lost": True}, {"lost": False}]

    show(walk)


def test_a_session_that_ended_is_refused_with_its_code(show: Show, session: Json) -> None:
    steps.stop(session)

    def walk(screen: Screen) -> None:
        screen.load(session)
        screen.player.get_by_text("This video cannot be played right now.").wait_for()
        (error,) = screen.heard("error")
        assert (error["code"], error["fatal"]) == ("lease_lost", True)
        assert session["dash_url"].split("/")[2] not in str(error)
        # A page that knows better says it itself.
        screen.page.evaluate("addEventListener('ott-error', (event) => event.preventDefault(), {once: true})")
        screen.load(session)
        screen.until("window.heard.filter(([name]) => name === 'error').length === 2")
        assert screen.player.get_by_text("This video cannot be played right now.").count() == 0
        screen.ask(
            "void p.say('Another device took over.', {tone: 'error', action: 'Play here',"
            " onAction: () => { window.pressed = true; }})"
        )
        screen.player.get_by_role("alert").get_by_role("button", name="Play here").click()
        assert screen.page.evaluate("window.pressed") is True
        assert screen.player.locator(".ott-message").inner_text() == ""

    show(walk)


def test_a_renewed_token_is_used_from_then_on(show: Show, session: Json) -> None:
    claims = served.claims_of(session)
    renewed = media_token(replace(claims, expires_at=claims.expires_at + 1))
    assert renewed not in session["dash_url"]

    def walk(screen: Screen) -> None:
        fetched: list[str] = []
        screen.page.on("request", lambda request: fetched.append(request.url))
        screen.ask("void p.load(given[0], {tokenOf: () => given[1]})", [session, renewed])
        screen.until("p.state === 'playing'")
        own = [url for url in fetched if "/play/" in url or "/vod/" in url]
        assert len(own) > 3
        assert all(f"/{renewed}/" in url for url in own)

    show(walk)


def test_fingers_show_the_controls_and_jump(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        screen.play(session, startAt=0, countdownS=60)
        screen.page.evaluate("document.activeElement.blur()")
        screen.until("p.dataset.controls === 'hidden'")
        box = screen.player.bounding_box()
        assert box
        middle = box["y"] + box["height"] / 2
        screen.page.touchscreen.tap(box["width"] / 2, middle)
        screen.until("p.dataset.controls === 'shown'")
        assert screen.ask("v.paused") is False
        big = screen.player.locator(".ott-centre").get_by_role("button", name="Pause")
        size = big.bounding_box()
        assert size
        assert min(size["width"], size["height"]) >= 44
        big.tap()
        screen.until("v.paused")
        screen.ask("p.seek(0)")
        tap = "{pointerType: 'touch', bubbles: true, clientX: given * p.clientWidth}"
        for side, position in ((0.9, 9), (0.9, 9), (0.1, 0)):
            screen.ask(f"[1, 2].map(() => p.surface.dispatchEvent(new PointerEvent('click', {tap})))", side)
            screen.until(f"v.currentTime === {position} || v.duration - v.currentTime < 0.05")
        targets = screen.player.locator(".ott-bottom button:visible").evaluate_all(
            "all => all.map((one) => Math.min(one.offsetWidth, one.offsetHeight))"
        )
        assert len(targets) >= 5
        assert min(targets) >= 44

    show(walk, viewport=PHONE, has_touch=True, is_mobile=True)
