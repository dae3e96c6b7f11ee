"""A few seconds of a film, encoded without a cap and compared with the very pictures they were made of."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from apps.media import cmaf
from apps.media.formats import SEEKABLE
from apps.media.ladder import Chunk, Plan
from apps.media.per_title import Point, top

from .measuring import NOWHERE
from .picture import COSTS, RUN_UP_S, output, reading, scaled, shown
from .running import Broken, Watch, opened, others, run

# A little better than what films get, and clearly worse.
TRIED = (20, 28)
# One frame in so many is looked at.
SUBSAMPLE = 4
COST = 2 * COSTS["h264"]
# The log of VMAF has a few hundred bytes for each frame that was looked at.
MOST_LOG = 1024**2


def try_sample(master: Path, plan: Plan, sample: Chunk, folder: Path, watch: Watch) -> tuple[Point, ...]:
    """What the top rung costs there and how it looks, at two qualities; nothing if the film ends before.

    The folder is for this alone. Raises Broken, NoRoom, Stopped.
    """
    rung = replace(top(plan), max_rate=0)
    alone = replace(plan, rungs=(rung,), chunks=(sample,))
    seconds = float(sample.frames / plan.fps)
    seconds += RUN_UP_S if plan.container in SEEKABLE else float(sample.first / plan.fps)
    run(encoding(master, alone, sample), folder=folder, seconds=seconds, cost=COST, watch=watch)
    tracks = [folder / f"{_name(crf)}.mp4" for crf in TRIED]
    try:
        indexes = [cmaf.read(track) for track in tracks]
    except cmaf.Damaged:  # not a single frame
        return ()
    if any(one.duration < sample.frames * plan.frame_units for one in indexes):
        return ()
    run(comparing(master, alone, sample, tracks), folder=folder, seconds=seconds, cost=COST, watch=watch)
    looks = [score(folder / f"{_name(crf)}.json") for crf in TRIED]
    return tuple(Point(index.average_bps, look) for index, look in zip(indexes, looks, strict=True))


def encoding(master: Path, plan: Plan, sample: Chunk) -> list[str]:
    """Of ffmpeg: the one rung of the plan in each quality, out of one decode, encoded as the film will be."""
    names = [_name(crf) for crf in TRIED]
    outputs = "".join(f"[{name}]" for name in names)
    graph = f"{_pictures(plan, sample)},split={len(names)}{outputs}"
    rung = plan.smallest
    return [
        *("-v", "warning", *reading(master, plan, sample), "-filter_complex", graph),
        *(one for name, crf in zip(names, TRIED, strict=True) for one in output(plan, rung, name, crf)),
        *_others(plan, sample),
    ]


def comparing(master: Path, plan: Plan, sample: Chunk, tracks: list[Path]) -> list[str]:
    """Of ffmpeg: frames are matched by their number."""
    by_number = "settb=AVTB,setpts=N"
    split = "".join(f"[r{number}]" for number in range(len(tracks)))
    graph = [f"{_pictures(plan, sample)},{by_number},split={len(tracks)}{split}"]
    vmaf = f"libvmaf=n_threads={plan.threads}:n_subsample={SUBSAMPLE}:log_fmt=json"
    for number, crf in enumerate(TRIED):
        graph.append(f"[{number + 1}:v]{by_number}[t{number}]")
        graph.append(f"[t{number}][r{number}]{vmaf}:log_path={_name(crf)}.json[v{number}]")
    return [
        *("-v", "warning", *reading(master, plan, sample)),
        *(one for track in tracks for one in opened(track, "mov", "-threads", "1")),
        *("-filter_complex", ";".join(graph)),
        *(one for number in range(len(tracks)) for one in ("-map", f"[v{number}]", *NOWHERE)),
        *_others(plan, sample),
    ]


def score(log: Path) -> float:
    """From 0 to 100. The program that wrote the log has read a file that nobody trusts."""
    with log.open("rb") as file:
        text = file.read(MOST_LOG)
    try:
        mean = json.loads(text)["pooled_metrics"]["vmaf"]["mean"]
    except (ValueError, KeyError, TypeError, RecursionError):
        mean = None
    if not isinstance(mean, float) or not math.isfinite(mean):
        raise Broken("How good it looks could not be measured.")
    return min(100.0, max(0.0, mean))


def _name(crf: int) -> str:
    return f"trial-{crf}"


def _pictures(plan: Plan, sample: Chunk) -> str:
    """What the encoder gets, and its work is compared with."""
    shape = plan.smallest.picture
    return f"{shown(plan, sample, shape)},{scaled(plan, shape)}"


def _others(plan: Plan, sample: Chunk) -> Iterator[str]:
    """No further than the sample."""
    return others(plan.container, until_s=float((sample.first + sample.frames) / plan.fps))
