"""The rules of what is let in, each at its edge."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from apps.media import accept, formats
from apps.media.facts import Audio, Source, Text, Video

VIDEO = Video(0, "h264", 1920, 1080, Fraction(25), duration_ms=60_000)
AUDIO = Audio(1, "aac", 2, 48_000)
FILM = Source("mov,mp4,m4a,3gp,3g2,mj2", 1_000_000, 60_000, videos=(VIDEO,), audios=(AUDIO,))


def codes(**changed: Any) -> list[str]:
    return [one.code for one in accept.refusals(replace(FILM, **changed))]


def seen(**changed: Any) -> list[str]:
    return codes(videos=(replace(VIDEO, **changed),))


def heard(**changed: Any) -> list[str]:
    return codes(audios=(replace(AUDIO, **changed),))


def test_a_film_is_accepted_with_sound_or_without_and_sound_alone() -> None:
    assert codes() == codes(audios=()) == codes(videos=()) == []


@pytest.mark.parametrize("container", formats.CONTAINERS)
def test_every_container_that_is_opened_is_accepted(container: str) -> None:
    assert codes(container=container) == []


@pytest.mark.parametrize("codec", formats.VIDEO_CODECS)
def test_every_codec_of_pictures_that_is_decoded_is_accepted(codec: str) -> None:
    assert seen(codec=codec) == []


@pytest.mark.parametrize("codec", formats.AUDIO_CODECS)
def test_every_codec_of_sound_that_is_decoded_is_accepted(codec: str) -> None:
    assert heard(codec=codec) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"container": "hls"}, "container"),
        ({"size": 0}, "size"),
        ({"videos": (), "audios": ()}, "streams"),
        ({"videos": (VIDEO,) * 5}, "stream-count"),
        ({"audios": (AUDIO,) * 33}, "stream-count"),
        ({"texts": (Text(2, "subrip"),) * 101}, "stream-count"),
        ({"duration_ms": 999}, "too-short"),
        ({"duration_ms": 0}, "too-short"),
        ({"duration_ms": 12 * 3_600_000 + 1}, "too-long"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused(changed: dict[str, Any], code: str) -> None:
    assert codes(**changed) == [code]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"codec": "magicyuv"}, "video-codec"),
        ({"width": 0, "height": 0}, "too-small"),
        ({"width": 15, "height": 15}, "too-small"),
        ({"width": 8193, "height": 2000}, "too-large"),
        ({"width": 8192, "height": 4321}, "too-large"),
        ({"width": 16_384, "height": 16_384}, "too-large"),
        ({"sample_aspect": Fraction(65_535)}, "shape"),
        ({"sample_aspect": Fraction(0)}, "shape"),
        ({"fps": Fraction(121)}, "frame-rate"),
        ({"fps": Fraction(1_000_000)}, "frame-rate"),
        ({"fps": Fraction(0)}, "frame-rate"),
    ],
)
def test_a_picture_that_breaks_a_rule_is_refused(changed: dict[str, Any], code: str) -> None:
    assert seen(**changed) == [code]


@pytest.mark.parametrize(
    "changed",
    [
        {"width": 16, "height": 16},
        {"width": 8192, "height": 4320},
        {"width": 4320, "height": 8192},
        {"fps": Fraction(120)},
        {"fps": Fraction(1, 60)},
        {"width": 180, "height": 320},
    ],
)
def test_a_picture_at_the_edge_of_a_rule_is_accepted(changed: dict[str, Any]) -> None:
    assert seen(**changed) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"codec": "unknown"}, "audio-codec"),
        ({"channels": 17}, "channels"),
        ({"channels": 0}, "audio-unclear"),
        ({"rate": 7_999}, "sample-rate"),
        ({"rate": 0, "channels": 0}, "audio-unclear"),
    ],
)
def test_sound_that_breaks_a_rule_is_refused(changed: dict[str, Any], code: str) -> None:
    assert heard(**changed) == [code]


def test_all_that_is_wrong_is_told_at_once_with_a_remedy() -> None:
    video = replace(VIDEO, codec="magicyuv", fps=Fraction(1000), width=10_000, height=10_000)
    refusals = accept.refusals(replace(FILM, videos=(video,), audios=(), duration_ms=500))

    assert [one.code for one in refusals] == ["too-short", "video-codec", "too-large", "frame-rate"]
    assert [one.told for one in refusals] == [
        "It lasts 0.5 seconds; at least 1 is needed.",
        "The picture is encoded as “magicyuv”, which is not accepted.",
        "The picture has 10000x10000 pixels; up to 8192x4320 are accepted.",
        "The picture has 1000 frames per second; up to 120 are accepted.",
    ]
    assert all(one.remedy.endswith(".") for one in refusals)


def test_what_nobody_will_see_is_not_judged() -> None:
    """Only the first picture is packaged; subtitles that are pictures are left out."""
    other = replace(VIDEO, index=5, codec="magicyuv", width=1)

    assert codes(videos=(VIDEO, other), texts=(Text(3, "dvb_subtitle", is_text=False),)) == []


def test_codes_are_stable_names_of_one_rule_each() -> None:
    names = [rule.code for rule in accept.RULES]

    assert len(names) == len(set(names))
    assert all(name.replace("-", "").isalpha() and name.islower() for name in names)
