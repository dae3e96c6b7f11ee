"""What a film's bit rates should be, from trial encodes of a few seconds of it.

Pure: `samples` says what to try, `capped` what follows from it. The caps of the ladder are right for most
films; a drawn or quiet one looks as good with fewer bits, and a grainy one needs more. One factor, found on
the largest rung, holds for all of them. Below its cap a film has the quality that all films have.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from . import formats
from .ladder import Chunk, Plan, Rung

# VMAF at which hardly anybody sees a difference to the source.
TARGET = 93.0
# Of the ladder's caps, whatever the trials say.
LEAST, MOST = 0.35, 1.25
# Where in the film samples of one segment begin, and how far into a film they may lie that can only be read
# from its start.
SHARES, REACH_S = (0.2, 0.5, 0.8), 120
# VMAF looks at a picture in four scales; of a smaller one nothing is left.
LEAST_SIDE = 64
STEP = 1000  # bits a second


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A trial: bits a second, and how it looks (VMAF, from 0 to 100)."""

    bps: int
    vmaf: float


def top(plan: Plan) -> Rung:
    """The rung that is tried, which every ladder has in H.264."""
    return max((rung for rung in plan.rungs if rung.codec == "h264"), key=lambda rung: rung.height)


def samples(plan: Plan) -> tuple[Chunk, ...]:
    """One segment each, fewer of a short film; none where the picture is too small to be judged."""
    if min(top(plan).picture) < LEAST_SIDE:
        return ()
    within = plan.frames
    if plan.container not in formats.SEEKABLE:
        within = min(within, round(REACH_S * plan.fps))
    frames = min(within, plan.segment)
    firsts = {int(share * (within - frames)) // plan.segment * plan.segment for share in SHARES}
    return tuple(Chunk(number, first, frames) for number, first in enumerate(sorted(firsts)))


def rate(points: Sequence[Point]) -> float:
    """Bits a second at which a sample reaches the target, for VMAF rises with their logarithm.

    Never less than the cheapest trial, nor more than the dearest: what lies beyond nobody has seen.
    """
    trials = sorted(points)
    if trials[0].vmaf >= TARGET:
        return trials[0].bps
    for low, high in pairwise(trials):
        if high.vmaf >= TARGET:
            part = (TARGET - low.vmaf) / (high.vmaf - low.vmaf)
            return float(low.bps * (high.bps / low.bps) ** part)
    return trials[-1].bps


def factor(plan: Plan, trials: Sequence[Sequence[Point]]) -> float:
    """By which caps change, so that the sample that needs most bits has them; 1 where nothing was tried."""
    wanted = max((rate(points) for points in trials if points), default=None)
    if wanted is None:
        return 1.0
    return min(MOST, max(LEAST, wanted / top(plan).max_rate))


def capped(plan: Plan, trials: Sequence[Sequence[Point]]) -> Plan:
    """The plan with the caps that the trials, the points of each sample, call for."""
    share = factor(plan, trials)
    caps = [max(STEP, math.floor(rung.max_rate * share / STEP + 0.5) * STEP) for rung in plan.rungs]
    rungs = tuple(replace(rung, max_rate=cap) for rung, cap in zip(plan.rungs, caps, strict=True))
    return replace(plan, rungs=rungs)


def told(before: Plan, after: Plan, *, was_tried: bool) -> str:
    """For the editor; "" where there is nothing to say."""
    if not was_tried:
        return "Bit rates could not be tried on this film; it has those of every film."
    old, new = top(before).max_rate, top(after).max_rate
    if old == new:
        return ""
    unit, name = (1_000_000, "Mbit/s") if old >= 1_000_000 else (1000, "kbit/s")
    digits = 1 if unit > 1000 else 0
    return (
        "Bit rates chosen for this film: "
        f"top rung at most {new / unit:.{digits}f} {name} instead of {old / unit:.{digits}f}."
    )
