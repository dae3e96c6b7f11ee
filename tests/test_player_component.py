"""`<ott-player>` in Chromium, on real sessions of a real film: it plays, and its menus do what they say."""

from typing import Any

import pytest

from apps.accounts.models import Profile, User
from apps.media.tests import packaged
from apps.streaming.tests import films, steps

from .screen import Json, Screen, Show

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("form", ["dash", "hls"])
def test_it_plays_and_tells_how_it_went(show: Show, session: Json, form: str) -> None:
    def walk(screen: Screen) -> None:
        screen.play(session, format=form, countdownS=60)
        screen.until("p.state === 'ended'")

        assert screen.frames() >= packaged.FRAMES * 0.9
        (first,) = screen.heard("firstframe")
        assert 0 < first["manifest_ms"] < first["startup_ms"]
        assert first["cmcd"]["sid"] == session["session_id"]
        assert screen.heard("error") == []
        assert screen.faults == []
        assert screen.page.evaluate("window.violations") == []

    show(walk)


def test_quality_sound_subtitles_and_speed_change_when_they_are_chosen(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        fetched: list[str] = []
        screen.page.on("request", lambda request: fetched.append(request.url.rpartition("/")[2]))
        screen.play(session, countdownS=60, bufferAheadS=2)

        screen.choose("Quality and speed", "Quality", "144p")
        screen.until("v.videoHeight === 144")
        assert screen.heard("switch")[-1] | {"bitrate_kbps": 0, "cmcd": {}} == {
            "from_height": 720, "to_height": 144, "by": "viewer", "bitrate_kbps": 0, "cmcd": {},
        }  # fmt: skip
        assert screen.item("Quality", "144p").locator("..").get_attribute("aria-checked") == "true"
        screen.choose("Quality and speed", "Quality", "Auto")
        screen.until("p.querySelector('.ott-item[data-value=\"0\"]').textContent.startsWith('Auto (')")
        screen.choose("Quality and speed", "Speed", "0.5\u00d7")
        assert screen.ask("v.playbackRate") == 0.5

        screen.choose("Audio and subtitles", "Subtitles", "English")
        screen.ask("p.seek(1500)")
        screen.until("p.querySelector('.shaka-text-container').textContent === 'A cue across two segments'")
        screen.choose("Audio and subtitles", "Subtitles", "Off")
        screen.until("!p.querySelector('.shaka-text-container')?.textContent")

        screen.choose("Audio and subtitles", "Audio", "हिन्दी")
        screen.until("p.engine.variant.language === 'hi'")
        assert "a-hi.mp4" in fetched
        # What is foreign to who listens in Hindi is translated even so.
        screen.until("p.querySelector('.shaka-text-container')?.textContent === 'नमस्ते'")
        assert screen.heard("preference") == [
            {"speed": 0.5},
            {"subtitles": "en"},
            {"subtitles": "off"},
            {"audio": "hi", "described": False},
        ]
        screen.page.keyboard.press("Escape")
        assert screen.page.evaluate("document.activeElement.ariaLabel") == "Audio and subtitles"
        assert screen.faults == []

    show(walk)


def test_preferences_are_followed_from_the_start(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        told = {
            "audio": "en",
            "described": True,
            "subtitles": "en",
            "speed": 1.5,
            "volume": 0.4,
            "maxHeight": 360,
        }
        screen.play(session, startAt=1200, preferences=told, countdownS=60)

        screen.until("p.querySelector('.shaka-text-container')?.textContent.startsWith('A cue')")
        assert screen.ask("p.engine.sounds().find((one) => one.active).described") is True
        assert screen.ask("[p.speed, v.volume, ...p.engine.heights()]") == [1.5, 0.4, 360, 144]
        assert screen.ask("p.positionMs") >= 1200
        assert screen.heard("preference") == []

        screen.play(
            session, startAt=1200, preferences={"audio": "hi", "subtitles": "auto", "subtitleLanguage": "en"}
        )
        screen.until("p.querySelector('.shaka-text-container')?.textContent.startsWith('A cue')")
        assert screen.ask("p.engine.variant.language") == "hi"

    show(walk)


def test_subtitles_look_as_chosen_and_keep_looking_so(show: Show, session: Json) -> None:
    def walk(screen: Screen) -> None:
        screen.play(session, startAt=1200, preferences={"subtitles": "en"}, countdownS=60)
        screen.page.keyboard.press("k")
        look = """(() => { const s = getComputedStyle(p.querySelector('.shaka-text-container span'));
            return [parseFloat(s.fontSize), s.color, s.backgroundColor, s.textShadow]; })()"""
        screen.until("p.querySelector('.shaka-text-container span')")
        size, color, ground, shadow = screen.ask(look)
        assert (color, ground) == ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
        assert shadow != "none"

        screen.choose("Audio and subtitles", "Subtitles", "Subtitle style")
        dialog = screen.player.get_by_role("dialog", name="Subtitle style")
        for name, value in (
            ("Size", "huge"),
            ("Colour", "yellow"),
            ("Background", "solid"),
            ("Edge", "none"),
        ):
            dialog.get_by_label(name).select_option(value)
        assert screen.ask(look) == [pytest.approx(size * 1.8), "rgb(255, 225, 77)", "rgb(0, 0, 0)", "none"]
        kept = {"size": "huge", "color": "yellow", "background": "solid", "edge": "none"}
        assert screen.heard("preference")[-1] == {"captions": kept}

        screen.page.reload()
        screen.page.wait_for_function("() => document.querySelector('ott-player').captions")
        assert screen.ask("p.captions") == kept
        assert screen.page.evaluate("window.violations") == []

    show(walk)


def test_the_seek_bar_shows_the_picture_of_where_it_would_go(show: Show, session: Json) -> None:
    shown = """(() => {
        const { style, clientWidth, clientHeight } = p.querySelector('.ott-thumb-picture');
        const [sheet, x, y] = [style.backgroundImage, style.backgroundPositionX, style.backgroundPositionY];
        const time = p.querySelector('.ott-thumb-time').textContent;
        return [sheet.split('/').at(-1), parseFloat(x) / clientWidth, parseFloat(y) / clientHeight, time];
    })()"""

    def walk(screen: Screen) -> None:
        screen.play(session, countdownS=60)
        screen.page.keyboard.press("k")
        box = screen.player.locator(".ott-seek").bounding_box()
        assert box
        screen.page.mouse.move(box["x"] + 8 + (box["width"] - 16) * 4.2 / 9, box["y"] + box["height"] / 2)
        screen.until(
            "!p.querySelector('.ott-thumb').hidden"
            " && p.querySelector('.ott-thumb-picture').style.backgroundImage"
        )
        # 4.2 s: the ninth of a picture every half second, the third of the second row.
        assert screen.ask(shown) == ['1.jpg")', pytest.approx(-2), pytest.approx(-1, abs=0.02), "0:04"]
        assert screen.ask("p.querySelector('.ott-thumb-picture').clientHeight") > 50

        screen.page.mouse.click(box["x"] + 8 + (box["width"] - 16) * 6 / 9, box["y"] + box["height"] / 2)
        screen.until("Math.abs(v.currentTime - 6) < 0.1")
        screen.page.mouse.move(400, 200)
        screen.until("p.querySelector('.ott-thumb').hidden")
        slider = screen.player.get_by_role("slider", name="Position")
        slider.focus()
        screen.page.keyboard.press("Home")
        screen.until("v.currentTime === 0 && !p.querySelector('.ott-thumb').hidden")
        assert slider.get_attribute("aria-valuetext") == "0 seconds of 9 seconds"
        assert screen.faults == []

    show(walk)


@pytest.mark.parametrize("form", ["dash", "hls"])
def test_an_encrypted_film_plays_with_the_keys_of_its_session(
    show: Show, premium: User, profile: Profile, sign_in: Any, tmp_path_factory: Any, form: str
) -> None:
    films.live(packaged.protected(tmp_path_factory.getbasetemp(), "cbcs"))
    session = steps.started(sign_in(premium, profile))

    def walk(screen: Screen) -> None:
        screen.play(session, format=form)
        screen.until("v.currentTime > 1")
        assert screen.frames() > 0
        # Between rungs of two keys, too.
        screen.choose("Quality and speed", "Quality", "144p")
        screen.until("v.videoHeight === 144")
        before = screen.frames()
        screen.until(f"v.getVideoPlaybackQuality().totalVideoFrames > {before} + 5")
        assert screen.ask("Boolean(v.mediaKeys)") is True
        assert screen.heard("error") == []
        assert screen.faults == []

    show(walk)
