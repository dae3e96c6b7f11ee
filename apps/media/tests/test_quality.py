"""What quality control says of finished tracks."""

from dataclasses import replace
from fractions import Fraction

import pytest

from apps.media import quality
from apps.media.cmaf import Fragment, Index
from apps.media.quality import Finding, Measured, Picture, Sound

FPS = Fraction(24)
FRAMES = 384


def index(*durations: int, timescale: int = 24, key_size: int = 900) -> Index:
    fragments, time = [], 0
    for duration in durations:
        fragments.append(Fragment(time, duration, 1000 + time, 5_000, key_size))
        time += duration
    return Index(timescale, 900, 100, "avc1.64001f", tuple(fragments))


def picture(name: str = "720p", **changes: object) -> Picture:
    return replace(Picture(name, index(96, 96, 96, 96), FRAMES), **changes)  # type: ignore[arg-type]


def sound(seconds: float = 16.0, *, loudness: float | None = -18.0, **changes: object) -> Sound:
    made = Sound("en", index(round(seconds * 48_000), timescale=48_000), loudness)
    return replace(made, **changes)  # type: ignore[arg-type]


def measured(**changes: object) -> Measured:
    good = Measured(16.0, FRAMES, FPS, (picture("360p"), picture()), (sound(),))
    return replace(good, **changes)  # type: ignore[arg-type]


def codes(found: list[Finding]) -> set[tuple[str, bool]]:
    return {(one.code, one.hard) for one in found}


def test_good_tracks_are_not_talked_about() -> None:
    assert quality.judge(measured()) == []


@pytest.mark.parametrize("lost", [2, -2, 100])
def test_a_rendition_that_lost_frames_is_refused(lost: int) -> None:
    found = quality.judge(measured(pictures=(picture(decoded=FRAMES - lost),)))

    assert codes(found) == {("wrong_length", True)}
    assert "384" in found[0].told


def test_one_frame_more_or_less_is_within_the_rounding() -> None:
    assert quality.judge(measured(pictures=(picture(decoded=FRAMES - 1),))) == []


def test_renditions_that_are_cut_at_other_times_are_refused() -> None:
    other = picture("1080p", index=index(48, 144, 96, 96))

    assert codes(quality.judge(measured(pictures=(picture(), other)))) == {("not_aligned", True)}


def test_a_segment_without_a_keyframe_is_refused() -> None:
    blind = picture(index=index(96, 96, 96, 96, key_size=0))

    assert codes(quality.judge(measured(pictures=(blind,)))) == {("no_keyframe", True)}


@pytest.mark.parametrize("seconds", [15.8, 16.2])
def test_sound_that_ends_elsewhere_than_the_picture_is_refused(seconds: float) -> None:
    assert codes(quality.judge(measured(sounds=(sound(seconds),)))) == {("out_of_sync", True)}


def test_sound_alone_has_no_picture_to_be_in_sync_with() -> None:
    assert quality.judge(Measured(16.0, sounds=(sound(15.0),))) == []


def test_what_a_decoder_complains_of_is_refused() -> None:
    found = quality.judge(measured(trouble=("v720: error while decoding MB 3 4",)))

    assert codes(found) == {("does_not_decode", True)}
    assert "error while decoding" in found[0].told


def test_long_black_and_frozen_stretches_are_shown_with_their_time() -> None:
    found = quality.judge(measured(black=((0.0, 2.0), (100.0, 112.0)), frozen=((10.0, 40.0),)))

    assert codes(found) == {("black_picture", False), ("frozen_picture", False)}
    black = next(one for one in found if one.code == "black_picture")
    assert (black.start_ms, black.end_ms) == (100_000, 112_000)


def test_a_stretch_across_two_chunks_is_one() -> None:
    found = quality.judge(measured(black=((236.0, 240.0), (240.0, 247.0))))

    assert [(one.start_ms, one.end_ms) for one in found] == [(236_000, 247_000)]


def test_silence_and_loudness_are_shown_and_nothing_is_refused_for_them() -> None:
    quiet = sound(loudness=-30.0, silent=((0.0, 16.0), (100.0, 140.0)))

    assert codes(quality.judge(measured(sounds=(quiet,)))) == {("loudness", False), ("silence", False)}
    assert codes(quality.judge(measured(sounds=(sound(loudness=None),)))) == {("no_sound", False)}


def test_what_keeps_it_from_being_ready_comes_first() -> None:
    found = quality.judge(measured(black=((0.0, 60.0),), trouble=("v720: broken",)))

    assert [one.hard for one in found] == [True, False]
