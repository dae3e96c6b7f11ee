"""Subtitles of ours as a real browser reads them: the same cues, texts and places, and nothing that runs."""

import html
import random
import re
from typing import Any

from playwright.sync_api import Browser

from apps.media.subtitles import Cue, Refused, Subtitles, parse, to_vtt
from apps.media.tests.subtitle_files import ASS, HOSTILE, PIECES, SRT, VTT

READ_ALL = """files => Promise.all(files.map(file => new Promise((done, failed) => {
    const video = document.createElement("video");
    const track = document.createElement("track");
    track.src = URL.createObjectURL(new Blob([file], {type: "text/vtt"}));
    track.onerror = () => failed(file);
    track.onload = () => done(Array.from(track.track.cues, cue => {
        const shown = document.createElement("div");
        document.body.append(shown);
        shown.append(cue.getCueAsHTML());
        return {
            start: Math.round(cue.startTime * 1000), end: Math.round(cue.endTime * 1000), id: cue.id,
            text: cue.text, said: shown.textContent, line: cue.line, align: cue.align, size: cue.size,
            vertical: cue.vertical, position: cue.position,
            elements: Array.from(shown.querySelectorAll("*"), one => one.localName),
            attributes: Array.from(shown.querySelectorAll("*"), one => one.getAttributeNames()).flat(),
        };
    }));
    video.append(track);
    document.body.append(video);
    track.track.mode = "hidden";
})))"""
SHOWN_AS = {"b", "i", "u", "span", "ruby", "rt"}
DEFAULTS = {"line": "auto", "position": "auto", "align": "center", "size": "100", "vertical": ""}


def files() -> list[Subtitles]:
    """The tests' own, and some that chance made."""
    number = random.randrange(10**9)  # noqa: S311
    print(f"seed {number}")  # noqa: T201
    dice = random.Random(number)  # noqa: S311
    found = [parse(one.encode()) for one in (SRT, VTT, ASS, HOSTILE)]
    while len(found) < 100:
        text = "".join(dice.choice(PIECES) for _ in range(dice.randrange(1, 30)))
        try:
            found.append(parse(f"WEBVTT\n\n00:01.000 --> 00:09.000 {dice.choice(PIECES)}\n{text}".encode()))
        except Refused:
            continue
    return found


def said(cue: Cue) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", cue.text))


def place(cue: Cue) -> dict[str, str]:
    given = dict(one.split(":") for one in cue.settings.split())
    return DEFAULTS | {name: value.partition(",")[0].removesuffix("%") for name, value in given.items()}


def test_chromium_finds_our_cues_with_our_words_in_our_places(browser: Browser) -> None:
    made = files()
    page = browser.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("dialog", lambda dialog: trouble.append(dialog.message))
    page.route("**/*", lambda route: route.fulfill(body="<!DOCTYPE html><body>", content_type="text/html"))
    page.goto("http://127.0.0.1:9/")

    read: list[list[dict[str, Any]]] = page.evaluate(READ_ALL, [to_vtt(one) for one in made])

    for subtitles, cues in zip(made, read, strict=True):
        assert [(one["start"], one["end"], one["text"]) for one in cues] == [
            (cue.start_ms, cue.end_ms, cue.text) for cue in subtitles.cues
        ]
        for cue, one in zip(subtitles.cues, cues, strict=True):
            assert (one["id"], one["said"]) == (cue.id, said(cue))
            assert {name: str(one[name]) for name in DEFAULTS} == place(cue)
            assert set(one["elements"]) <= SHOWN_AS
            assert set(one["attributes"]) <= {"class", "title", "lang"}
    assert trouble == []
    page.close()
