"""`<ott-player>` without a mouse: keys, names and roles, and where the focus goes."""

import pytest

from .screen import Json, Screen, Show

pytestmark = pytest.mark.django_db(transaction=True)
# What the browser does is the browser's; whether it is asked is ours.
CALLED = """
window.called = [];
HTMLVideoElement.prototype.requestPictureInPicture = async function () { window.called.push("pip"); };
Object.defineProperty(document, "pictureInPictureEnabled", { value: true });
"""


def test_every_key_does_what_the_list_says(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        press = screen.page.keyboard.press
        screen.play(session, startAt=0, countdownS=60)
        press("k")
        assert screen.ask("v.paused") is True
        press(" ")
        assert screen.ask("v.paused") is False
        press("k")
        for key, position in (
            ("5", 4.5),
            ("9", 8.1),
            ("0", 0),
            ("l", 9),
            ("j", 0),
            ("ArrowRight", 9),
            ("ArrowLeft", 0),
            ("End", 9),
            ("Home", 0),
        ):
            press(key)
            screen.until(f"Math.abs(v.currentTime - {position}) < 0.05")
        press("n")
        assert screen.heard("next") == [{"episode": session["next_episode"]}]
        assert screen.page.evaluate("window.violations") == []

    show(walk)


def test_keys_of_sound_subtitles_speed_and_screen(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        press = screen.page.keyboard.press
        screen.page.add_init_script(CALLED)
        screen.page.reload()
        screen.page.wait_for_function("() => document.querySelector('ott-player')?.video")
        screen.play(session, startAt=0, countdownS=60)
        press("k")
        press("ArrowDown")
        assert screen.ask("v.volume") == pytest.approx(0.9)
        press("ArrowUp")
        press("m")
        assert screen.ask("[v.volume, v.muted]") == [1, True]
        press("m")
        press("c")
        screen.until("p.engine.texts().some((one) => one.active)")
        press("c")
        screen.until("!p.engine.texts().some((one) => one.active)")
        for key, speed in ((">", 1.25), ("<", 1), ("<", 0.75)):
            press(key)
            assert screen.ask("v.playbackRate") == speed
        press("i")
        press("p")
        assert screen.page.evaluate("window.called") == ["pip", "pip"]
        screen.button("Picture in picture").click()
        assert screen.page.evaluate("window.called.length") == 3
        press("f")
        screen.until("document.fullscreenElement === p && p.querySelector('[aria-label^=Leave]')")
        screen.button("Leave full screen").click()
        screen.until("!document.fullscreenElement")
        assert screen.page.evaluate("window.violations") == []

    show(walk)


def test_the_list_of_keys_is_a_key_away(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        press = screen.page.keyboard.press
        screen.play(session, startAt=0, countdownS=60)
        press("k")
        press("?")
        listed = screen.page.get_by_role("dialog", name="Keyboard shortcuts")
        listed.wait_for()
        assert "Back or forward 10 seconds" in listed.inner_text()
        press("k")  # behind a dialog nothing happens
        assert screen.ask("v.paused") is True
        press("Escape")
        assert not listed.is_visible()
        # With modifiers they are the browser's.
        press("Control+k")
        assert screen.ask("v.paused") is True

    show(walk)


def test_all_of_it_has_a_name_and_the_focus_passes_through(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        screen.play(session, startAt=0, countdownS=60)
        screen.page.keyboard.press("k")
        nameless = """[...p.querySelectorAll("button, input, select, a, [role=menu], [role=dialog], video")]
            .filter((one) => one.checkVisibility())
            .filter((one) => !(one.ariaLabel || one.labels?.length || one.textContent.trim()))
            .map((one) => one.outerHTML)"""
        assert screen.ask(nameless) == []
        for menu in ("Quality and speed", "Audio and subtitles"):
            screen.button(menu).click()
            assert screen.ask(nameless) == []
        assert screen.page.evaluate("document.activeElement.getAttribute('role')") == "menuitemradio"
        screen.page.keyboard.press("ArrowDown")
        screen.page.keyboard.press("ArrowRight")
        assert screen.page.evaluate("document.activeElement.textContent") == "Off"
        screen.page.keyboard.press("Escape")

        screen.page.locator("a", has_text="before").focus()
        passed = []
        for _ in range(20):
            screen.page.keyboard.press("Tab")
            passed.append(
                screen.page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent")
            )
            assert screen.ask("p.dataset.controls") == "shown"
            if passed[-1] == "after":
                break
        assert [one for one in passed if one != "Picture in picture"] == [  # where the browser has it
            "Back to the title", "Play", "Position", "Play", "Back 10 seconds", "Forward 10 seconds", "Mute",
            "Volume", "Next episode", "Audio and subtitles", "Quality and speed", "Full screen", "after",
        ]  # fmt: skip

    show(walk)


def test_the_controls_go_when_nobody_needs_them(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        screen.play(session, startAt=0, countdownS=60, preferences={"speed": 0.5})
        screen.page.mouse.move(300, 300)
        assert screen.ask("p.dataset.controls") == "shown"
        screen.until("p.dataset.controls === 'hidden'", 5)
        screen.until("getComputedStyle(p.querySelector('.ott-bottom')).opacity === '0'")
        screen.button("Quality and speed").focus()  # as a screen reader would
        screen.page.keyboard.press("Tab")
        screen.page.wait_for_timeout(3500)
        assert screen.ask("p.dataset.controls") == "shown"
        screen.page.evaluate("document.activeElement.blur()")
        screen.button("Quality and speed").click()
        screen.page.wait_for_timeout(3500)
        assert screen.ask("p.dataset.controls") == "shown"
        screen.page.keyboard.press("Escape")
        screen.page.evaluate("document.activeElement.blur()")
        screen.ask("p.pause()")
        assert screen.ask("p.live.textContent") == "Paused"
        screen.page.wait_for_timeout(3500)
        assert screen.ask("p.dataset.controls") == "shown"

    show(walk)


def test_it_speaks_hindi(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        screen.play(session, startAt=1200, countdownS=60)
        screen.page.keyboard.press("k")
        screen.button("ऑडियो और सबटाइटल").click()
        assert screen.item("सबटाइटल", "बंद").is_visible()
        same = """import("/static/player/messages.js").then(({ messages }) => {
            const inner = (of) => Object.entries(of).map(([key, value]) => [key, shape(value)]);
            const shape = (of) => typeof of === "object" ? inner(of) : typeof of;
            const hi = JSON.stringify(shape(messages()));
            document.documentElement.lang = "en";
            return hi === JSON.stringify(shape(messages()));
        })"""
        assert screen.page.evaluate(same) is True

    show(walk, lang="hi")


def test_moving_parts_keep_still_for_who_asks_for_it(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        screen.play(session, startAt=1200, countdownS=60)
        moving = """[...p.querySelectorAll("*")].map((one) => getComputedStyle(one))
            .some((one) => parseFloat(one.transitionDuration) > 0
                || one.animationIterationCount === "infinite")"""
        assert screen.ask(moving) is False
        screen.page.emulate_media(reduced_motion="no-preference")
        assert screen.ask(moving) is True

    show(walk, reduced_motion="reduce")
