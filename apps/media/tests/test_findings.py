"""What is made of a prober's answer: languages, titles, rates. Nothing is read."""

from fractions import Fraction
from typing import Any

import pytest

from apps.media import findings, formats, languages
from apps.media.findings import Said
from apps.media.subtitles import embedded


@pytest.mark.parametrize(
    ("named", "wanted"),
    [
        ("eng", "en"), ("hin", "hi"), ("ger", "de"), ("deu", "de"), ("EN", "en"), ("pt_br", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"), ("haw", "haw"), ("und", "und"), ("", "und"), ("English", "und"),
        ("e", "und"), ("en-US-u-ca-buddhist", "en-US"), ("<b>", "und"), ("es-419", "es-419"), (" fra ", "fr"),
    ],
)  # fmt: skip
def test_languages_become_bcp_47(named: str, wanted: str) -> None:
    assert languages.tag(named) == wanted


@pytest.mark.parametrize(
    ("title", "label"),
    [
        ("  English\t5.1 ", "English 5.1"),
        ("a\nb\x00c\u2028d", "a b c d"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\x1b[2J\x07", "[2J"),
        ("x" * 5000, "x" * 100),
        ("हिन्दी", "हिन्दी"),
        ("क्\u200dष", "क्\u200dष"),
    ],
)
def test_labels_are_one_printable_line(title: str, label: str) -> None:
    assert findings.label(title) == label


def answer(times: list[list[int]], base: str, average: str = "0/1", pictures: Any = ()) -> Said:
    said = {"average_rate": average, "base_rate": "0/1", "width": 64, "height": 48}
    return Said({
        "duration": "100/1", "streams": [{"index": 0, "type": "video", "codec": "h264", "video": said}],
        "look": {"time_base": base, "times": times, "pictures": list(pictures) or [{"rotation": 0}]},
    })  # fmt: skip


def rate(*given: Any) -> Any:
    video = findings.source(answer(*given), container="avi", size=1).video
    return video.fps, video.variable


def rounded(fps: Fraction, base: int, frames: int = 300) -> list[int]:
    return [round(number / fps * base) for number in range(frames)]


@pytest.mark.parametrize("fps", findings.RATES)
@pytest.mark.parametrize("base", [1000, 90_000, 1_000_000])
def test_every_usual_rate_is_found_again_from_rounded_times_alone(fps: Fraction, base: int) -> None:
    assert rate([rounded(fps, base)], f"1/{base}") == (fps, False)


def test_a_lost_frame_makes_no_changing_rate_but_a_changing_rate_does() -> None:
    lost = [time for time in rounded(Fraction(25), 1000) if time != 4000]
    film, video = rounded(Fraction(24), 1000), [time + 50_000 for time in rounded(Fraction(30), 1000)]

    assert rate([lost], "1/1000") == (25, False)
    assert rate([film, video], "1/1000", "27/1") == (27, True)


def test_packets_may_be_fields() -> None:
    woven = [{"rotation": 0, "interlaced": True}]

    assert rate([rounded(Fraction(50), 90_000)], "1/90000", "25/1", woven) == (25, False)


def test_text_that_is_offered_can_be_read() -> None:
    assert formats.TEXT_CODECS <= embedded.TEXT_CODECS
