"""A stream of sound becomes a stereo track, as loud as all the others."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from apps.media import cmaf
from apps.media.facts import Audio

from .running import Broken, Watch, opened, others, run

RATE, BIT_RATE, SEGMENT_S = 48_000, 128_000, 4
# LUFS; dBTP; dB by which quiet sound is raised at most, and by which peaks may be held down for it.
TARGET, PEAK, MOST_GAIN, MOST_LIMITED = -18.0, -1.0, 20.0, 4.0
# What the limiter leaves, and what encoding may add, are a little more than it was told.
LIMITER_MARGIN = 0.5
# EBU R 128 counts nothing that is less loud than this.
SILENCE = -70.0
COST = 10
RAW = "raw.mp4"
INTEGRATED = re.compile(r"\bI:\s+(-?\d+\.\d+|-inf|nan) LUFS")
TRUE_PEAK = re.compile(r"\bPeak:\s+(-?\d+\.\d+|-inf|nan) dBFS")
# Layouts that have a known way to become stereo.
MOST_CHANNELS = 8


@dataclass(frozen=True, slots=True)
class Loudness:
    """EBU R 128: `integrated` in LUFS, `peak` in dBTP, both of the source as stereo; `gain` in dB.

    -70 and -inf are silence. `limited`: whether peaks had to be held down.
    """

    integrated: float
    peak: float
    gain: float
    limited: bool


def encode_audio(
    master: Path, container: str, stream: Audio, out: Path, watch: Watch, *, seconds: float
) -> Loudness:
    """Write the stream as a track file of AAC-LC, stereo, 48 kHz, exactly as long as the picture.

    What begins late has silence before it. The file lies in a folder for this alone: a file beside it is
    used on the way. Raises Broken, NoRoom, Stopped.
    """
    source = [*opened(master, container, "-threads", "1"), *others(container)]
    tail = run(
        ["-v", "info", *source, *measured(stream, seconds)],
        folder=out.parent, seconds=seconds, cost=COST, watch=watch.share(0, 0.5),
    )  # fmt: skip
    loudness = planned(*summary(tail))
    raw = out.with_name(RAW)
    run(
        ["-v", "warning", *source, *encoded(stream, loudness, seconds)],
        folder=out.parent, seconds=seconds, cost=COST, watch=watch.share(seconds / 2, 0.5),
    )  # fmt: skip
    cmaf.join([raw], out)
    raw.unlink()
    return loudness


def planned(integrated: float, peak: float) -> Loudness:
    """The gain that makes it as loud as it should be, if its peaks allow it."""
    if integrated <= SILENCE or not math.isfinite(peak):
        return Loudness(integrated, peak, 0.0, limited=False)
    gain = min(TARGET - integrated, MOST_GAIN, PEAK - peak + MOST_LIMITED)
    return Loudness(integrated, peak, round(gain, 2), limited=peak + gain > PEAK)


def summary(tail: str) -> tuple[float, float]:
    """Integrated loudness and true peak from the end of the log of `ebur128`, which measured both."""
    integrated, peak = _read(INTEGRATED, tail), _read(TRUE_PEAK, tail)
    return (SILENCE, -math.inf) if math.isnan(integrated) or math.isnan(peak) else (integrated, peak)


def loudness_in(tail: str) -> float:
    """Integrated loudness from the end of the log of `ebur128`."""
    integrated = _read(INTEGRATED, tail)
    return SILENCE if math.isnan(integrated) else integrated


def _read(what: re.Pattern[str], tail: str) -> float:
    found = what.search(tail, tail.rfind("Summary:"))
    if found is None:
        raise Broken("Its loudness could not be measured.", tail)
    return float(found[1])


def _stereo(stream: Audio, seconds: float) -> str:
    """From the start of the film to its end, whatever the stream has of it."""
    layout = (
        "aformat=channel_layouts=stereo" if stream.channels <= MOST_CHANNELS else "pan=stereo|c0=c0|c1=c1"
    )
    samples = round(seconds * RATE)
    return (
        f"[0:{stream.index}]aresample={RATE}:async=1:first_pts=0,{layout},"
        f"apad=whole_len={samples},atrim=end_sample={samples}"
    )


def measured(stream: Audio, seconds: float) -> list[str]:
    chain = f"{_stereo(stream, seconds)},ebur128=peak=true:framelog=quiet[out]"
    return ["-filter_complex", chain, "-map", "[out]", "-f", "null", "-"]


def encoded(stream: Audio, loudness: Loudness, seconds: float) -> list[str]:
    """`delay_moov` keeps the edit list that hides the encoder's priming."""
    return [
        *("-filter_complex", f"{_stereo(stream, seconds)},{_loudened(loudness)}[out]", "-map", "[out]"),
        *("-c:a", "aac", "-b:a", str(BIT_RATE), "-ar", str(RATE), "-ac", "2"),
        *("-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"),
        *("-movflags", "+cmaf+delay_moov+skip_trailer", "-frag_duration", str(SEGMENT_S * 1_000_000)),
        *("-f", "mp4", f"file:{RAW}"),
    ]


def _loudened(loudness: Loudness) -> str:
    """Peaks between two samples are seen by the limiter at four times the rate."""
    gain = f"volume={loudness.gain:.2f}dB"
    if not loudness.limited:
        return gain
    limit = 10 ** ((PEAK - LIMITER_MARGIN) / 20)
    limiter = f"alimiter=limit={limit:.6f}:level=disabled:latency=1"
    return f"{gain},aresample={4 * RATE},{limiter},aresample={RATE}"
