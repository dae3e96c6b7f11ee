"""What the sound of a film becomes: as long as the picture, in time with it, and as loud as every other."""

import math
from array import array
from itertools import pairwise
from pathlib import Path

import av
import pytest

from apps.media import cmaf, formats, ladder
from apps.media.ladder import Options
from apps.media.packager import Loudness, Watch, encode_audio, encode_chunk, measure_sound
from apps.media.packager.running import opened, run
from apps.media.packager.sound import planned, summary

from . import footage

DIFFERENT_SOUNDS = (
    "plain", "quiet", "nothing", "mono", "five_one", "twelve", "peaks", "gap", "short_sound", "long_sound",
    "two_languages", "sound_only", "wav", "mkv", "ts", "mov", "webm", "vp8", "avi", "mpeg2", "late_sound",
)  # fmt: skip


def encoded(name: str, folder: Path, stream: int = 0, seconds: float = 4) -> tuple[Path, Loudness]:
    source, out = footage.source(name), folder / f"a{stream}.mp4"
    container = formats.CONTAINERS[source.container]
    loudness = encode_audio(
        footage.clip(name), container, source.audios[stream], out, Watch(), seconds=seconds
    )
    return out, loudness


def true_peak(track: Path) -> float:
    """In dBTP."""
    heard = [
        "-v",
        "info",
        *opened(track, "mov"),
        "-af",
        "ebur128=peak=true:framelog=quiet",
        "-f",
        "null",
        "-",
    ]
    return summary(run(heard, folder=track.parent, seconds=4, cost=60, watch=Watch()))[1]


def samples(path: Path) -> tuple["array[float]", "array[float]"]:
    """Left and right of a track, as a player plays it: from 0 to its end."""
    raw = path.with_suffix(".f32")
    footage.ffmpeg("-i", str(path), "-f", "f32le", "-ac", "2", str(raw))
    both = array("f", raw.read_bytes())
    return both[::2], both[1::2]


def strength(part: "array[float]") -> float:
    """In dB; of silence, -100."""
    return 10 * math.log10(sum(one * one for one in part) / max(1, len(part)) + 1e-10)


# --- Time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIFFERENT_SOUNDS)
def test_every_sound_becomes_a_stereo_track_of_the_length_asked_for(name: str, tmp_path: Path) -> None:
    track, loudness = encoded(name, tmp_path, seconds=3.5)

    index = cmaf.read(track)
    assert (index.codecs, index.channels, index.rate, index.timescale) == ("mp4a.40.2", 2, 48000, 48000)
    assert index.duration == 3.5 * 48000 + 1024
    assert [path.name for path in tmp_path.iterdir()] == [track.name]
    heard = measure_sound(track, Watch(), seconds=3.5)
    assert heard.decoded.errors == 0
    assert heard.decoded.frames * 1024 / 48000 == pytest.approx(3.5, abs=0.03)
    if not loudness.limited:
        assert heard.loudness == pytest.approx(max(-70, loudness.integrated + loudness.gain), abs=0.6)
    assert true_peak(track) <= -0.9


@pytest.mark.parametrize(
    ("name", "flash", "beep"),
    [
        ("flash", 2.0, 2.0), ("gap", 2.0, 2.0), ("late_sound", 2.0, 2.5), ("late_sound_mkv", 2.0, 2.5),
        ("late_sound_ts", 2.0, 2.5), ("late_picture", 2.5, 2.0), ("late_picture_ts", 2.5, 2.0),
    ],
)  # fmt: skip
def test_sound_and_picture_keep_their_distance(name: str, flash: float, beep: float, tmp_path: Path) -> None:
    plan = ladder.plan(footage.source(name), Options(heights=(90,), preset="ultrafast"))
    assert plan
    encode_chunk(footage.clip(name), plan, plan.chunks[0], tmp_path, Watch())
    track, _ = encoded(name, tmp_path)

    with av.open(str(tmp_path / "v90.mp4")) as file:
        light = [
            frame.pts or 0
            for frame in file.decode(file.streams.video[0])
            if max(bytes(frame.planes[0])[:100]) > 128
        ]
    left, _ = samples(track)
    loud = [number for number in range(0, len(left), 48) if max(map(abs, left[number : number + 48])) > 0.02]

    seen, heard = light[0] / plan.timescale, loud[0] / 48000
    # In a transport stream the sound's priming counts as its start; half a frame is lost in rounding.
    assert seen == pytest.approx(flash, abs=0.022)
    assert heard == pytest.approx(beep, abs=0.022)
    assert heard - seen == pytest.approx(beep - flash, abs=0.021)
    assert len(light) == 5
    assert (loud[-1] - loud[0]) / 48000 == pytest.approx(0.2, abs=0.01)


def test_sound_that_ends_before_the_picture_is_followed_by_silence(tmp_path: Path) -> None:
    track, _ = encoded("short_sound", tmp_path, seconds=8)

    left, _ = samples(track)

    assert strength(left[: 2 * 48000 - 2000]) > -30
    assert strength(left[2 * 48000 + 2000 :]) < -80
    assert [(round(one.start, 1), one.end) for one in measure_sound(track, Watch(), seconds=8).silent] == [
        (2.0, 8)
    ]


# --- Channels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mono", "five_one", "twelve", "plain"])
def test_both_ears_hear(name: str, tmp_path: Path) -> None:
    track, _ = encoded(name, tmp_path)

    left, right = samples(track)

    assert strength(left) > -30
    assert strength(right) == pytest.approx(strength(left), abs=8)


def test_each_language_is_a_track_of_its_own(tmp_path: Path) -> None:
    pitches = []
    for stream in (0, 1):
        track, _ = encoded("two_languages", tmp_path, stream)
        left, _ = samples(track)
        second = left[48000:96000]
        pitches.append(sum(one < 0 <= other for one, other in pairwise(second)))

    assert pitches == [pytest.approx(440, abs=2), pytest.approx(880, abs=2)]


# --- Loudness ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plain", "five_one", "mono", "webm", "wav"])
def test_every_film_is_as_loud(name: str, tmp_path: Path) -> None:
    track, _ = encoded(name, tmp_path)

    assert measure_sound(track, Watch(), seconds=4).loudness == pytest.approx(-18, abs=0.5)


def test_peaks_are_held_down_only_where_they_must(tmp_path: Path) -> None:
    track, loudness = encoded("peaks", tmp_path)
    _, plain = encoded("plain", tmp_path)

    assert (loudness.limited, plain.limited) == (True, False)
    assert true_peak(track) <= -0.9


def test_silence_stays_silence(tmp_path: Path) -> None:
    track, loudness = encoded("nothing", tmp_path)

    assert (loudness.integrated, loudness.gain) == (-70, 0)
    assert measure_sound(track, Watch(), seconds=4).loudness == -70
    assert true_peak(track) == -math.inf


@pytest.mark.parametrize(
    ("integrated", "peak", "gain", "limited"),
    [
        (-18, -3, 0, False), (-23, -8, 5, False), (-9.5, 1.9, -8.5, False), (-27, -6, 9, True),
        (-30, -2, 5, True), (-60, -40, 20, False), (-70, -70, 0, False), (-70, -math.inf, 0, False),
    ],
)  # fmt: skip
def test_the_gain_is_what_the_peaks_allow(integrated: float, peak: float, gain: float, limited: bool) -> None:
    assert planned(integrated, peak) == Loudness(integrated, peak, gain, limited)


def test_what_ffmpeg_says_of_no_sound_at_all_is_silence() -> None:
    tail = (
        "Summary:\n  Integrated loudness:\n    I:         -nan LUFS\n  True peak:\n    Peak:       -inf dBFS"
    )

    assert summary(tail.replace("-nan", "nan")) == (-70, -math.inf)
