"""Quality control: what was measured of the finished tracks, and what an editor should know of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from .cmaf import Index

Stretch = tuple[float, float]

AUDIO_FRAME_S = 1024 / 48_000
LONGEST_BLACK_S = 10.0
LONGEST_FROZEN_S = 20.0
LONGEST_SILENCE_S = 30.0
LOUDNESS_LUFS, LOUDNESS_TOLERANCE_LU = -18.0, 3.0
TOLD_OF_A_KIND = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """`hard` ones keep the asset from being ready. `told` is a sentence; times are in the video, in ms."""

    code: str
    told: str
    hard: bool = False
    start_ms: int | None = None
    end_ms: int | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished rendition: its index, and the frames that a decoder got out of it."""

    name: str
    index: Index
    decoded: int


@dataclass(frozen=True, slots=True)
class Sound:
    """A finished audio track; `loudness` in LUFS, None where there is nothing to be heard."""

    name: str
    index: Index
    loudness: float | None
    silent: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """All tracks of an asset. `frames` at `fps` is what the source gives; `seconds` its length.

    Stretches are (start, end) in seconds of the video. `trouble`: what decoders complained of.
    """

    seconds: float
    frames: int = 0
    fps: Fraction = Fraction(0)
    pictures: tuple[Picture, ...] = ()
    sounds: tuple[Sound, ...] = ()
    black: tuple[Stretch, ...] = ()
    frozen: tuple[Stretch, ...] = ()
    trouble: tuple[str, ...] = ()


def judge(measured: Measured) -> list[Finding]:
    """Everything worth telling, what keeps it from being ready first."""
    found = [
        *_decoding(measured),
        *_lengths(measured),
        *_alignment(measured.pictures),
        *_sync(measured),
        *_stretches("black_picture", "The picture is black", measured.black, LONGEST_BLACK_S),
        *_stretches("frozen_picture", "The picture stands still", measured.frozen, LONGEST_FROZEN_S),
        *_loudness(measured.sounds),
    ]
    return sorted(found, key=lambda one: not one.hard)


def _decoding(measured: Measured) -> Iterator[Finding]:
    for trouble in measured.trouble[:TOLD_OF_A_KIND]:
        yield Finding(
            "does_not_decode", f"A finished track cannot be played as a whole: {trouble}", hard=True
        )


def _lengths(measured: Measured) -> Iterator[Finding]:
    """Each rendition has the source's frames, within one; so says its index, and so does a decoder."""
    for one in measured.pictures:
        indexed = float(one.index.duration * measured.fps / one.index.timescale)
        for said, frames in (("is", indexed), ("decodes to", one.decoded)):
            if abs(frames - measured.frames) > 1:
                told = f"{one.name} {said} {frames:g} frames long, the source has {measured.frames}."
                yield Finding("wrong_length", told, hard=True)


def _alignment(pictures: Sequence[Picture]) -> Iterator[Finding]:
    """Players change renditions at the start of a segment, so all must be cut at the same times."""
    for one in pictures[1:]:
        if _cuts(one.index) != _cuts(pictures[0].index):
            told = f"{one.name} is not cut at the same times as {pictures[0].name}."
            yield Finding("not_aligned", told, hard=True)
    for one in pictures:
        if any(not fragment.key_size for fragment in one.index.fragments):
            yield Finding(
                "no_keyframe", f"A segment of {one.name} does not begin with a keyframe.", hard=True
            )


def _cuts(index: Index) -> list[Fraction]:
    return [Fraction(one.time, index.timescale) for one in index.fragments]


def _sync(measured: Measured) -> Iterator[Finding]:
    """Sound ends with the picture, within a frame of each."""
    if not measured.pictures:
        return
    leeway = 2 * AUDIO_FRAME_S + float(1 / measured.fps)
    for one in measured.sounds:
        seconds = one.index.duration / one.index.timescale
        if abs(seconds - measured.seconds) > leeway:
            told = f"The sound in {one.name} is {seconds:.2f} s long, the picture {measured.seconds:.2f} s."
            yield Finding("out_of_sync", told, hard=True)


def _stretches(code: str, told: str, stretches: Iterable[Stretch], longest: float) -> Iterator[Finding]:
    long = [(start, end) for start, end in join(stretches) if end - start >= longest]
    for start, end in long[:TOLD_OF_A_KIND]:
        yield Finding(
            code, f"{told} for {end - start:.0f} s.", start_ms=round(start * 1000), end_ms=round(end * 1000)
        )


def join(stretches: Iterable[Stretch], *, gap: float = 0.2) -> list[Stretch]:
    """Stretches that meet, as those of two chunks do, are one."""
    joined: list[Stretch] = []
    for start, end in sorted(stretches):
        if joined and start - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _loudness(sounds: Iterable[Sound]) -> Iterator[Finding]:
    for one in sounds:
        yield from _stretches(
            "silence", f"Nothing is to be heard in {one.name}", one.silent, LONGEST_SILENCE_S
        )
        if one.loudness is None:
            yield Finding("no_sound", f"Nothing at all is to be heard in {one.name}.")
        elif abs(one.loudness - LOUDNESS_LUFS) > LOUDNESS_TOLERANCE_LU:
            told = f"{one.name} has a loudness of {one.loudness:.1f} LUFS; {LOUDNESS_LUFS:.0f} is aimed at."
            yield Finding("loudness", told)
