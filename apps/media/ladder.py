"""How a film's picture will be encoded: in which rungs, at how many frames a second, cut where.

Pure: from the facts of the source and a few settings comes a plan, which then holds whatever happens.
Times are counted in frames of the plan's rate, so that every rung and every chunk agrees on them.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from . import formats
from .facts import Source, Video

GOP_S, SEGMENT_S = 2, 4
Size = tuple[int, int]
STANDARD_RATES = (
    Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(48),
    Fraction(50), Fraction(60000, 1001), Fraction(60),
)  # fmt: skip
# Rates a little over or under a standard one, as averages are, are meant to be it.
FASTEST, SLOWEST = 62, 20
# Bits a second that a rung may have at most, up to 30 frames a second, in H.264.
MAX_RATES = {144: 160_000, 240: 350_000, 360: 800_000, 480: 1_400_000, 720: 3_000_000, 1080: 5_500_000}
FAST_FACTOR = Fraction(3, 2)
# The same picture in other codecs, and the least side that their encoders take.
SHARES = {"h264": Fraction(1), "hevc": Fraction(3, 5), "av1": Fraction(1, 2)}
LEAST_SIDES = {"h264": 2, "hevc": 64, "av1": 64}
PRESETS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
)  # fmt: skip
# A source this much smaller than a rung is it all the same; this much larger than one, it gets its own.
NEARLY, CLEARLY = Fraction(95, 100), Fraction(115, 100)
THUMB_LINES, MOST_THUMBS = 90, 720
THUMB_STEPS_S = (2, 5, 10, 20, 30, 60, 120, 300)
# How much earlier than the file says the picture may end, with its last frame held: a part of the whole and
# seconds at most; where frames have no rate, the last one may be meant to stand for long.
SLACK, MOST_SLACK_S, VARIABLE_SLACK_S = Fraction(1, 20), 2, 30


class Colour(StrEnum):
    """What the source says of its colours. Where it says nothing, its size is the judge."""

    TOLD = "told"
    HD = "bt709"
    SD = "smpte170m"
    RGB = "rgb"
    PQ = "smpte2084"
    HLG = "arib-std-b67"


@dataclass(frozen=True, slots=True)
class Options:
    """Of this site. `chunk_s`: seconds of a long film that one worker encodes at a time.

    `threads`: of its decoder; their number changes nothing in what is made.
    """

    heights: tuple[int, ...] = tuple(MAX_RATES)
    codecs: tuple[str, ...] = ("h264",)
    chunk_s: int = 240
    preset: str = "veryfast"
    threads: int = 2

    def __post_init__(self) -> None:
        """Raises ValueError for what no encoder of ours understands."""
        if unknown := [one for one in self.codecs if one not in SHARES]:
            raise ValueError(f"No ladder has the codec {unknown[0]}.")
        if self.preset not in PRESETS:
            raise ValueError(f"No encoder has the preset {self.preset}.")
        if min(self.heights, default=0) < 2 or self.threads < 1 or self.chunk_s < SEGMENT_S:
            raise ValueError("A ladder wants heights, threads, and chunks of at least one segment.")


@dataclass(frozen=True, slots=True)
class Rung:
    """One rendition. `height`: lines of the rung; the `picture` (width, height) may have fewer of them.

    `max_rate`: bits a second; 0, in trials alone: as many as it takes.
    """

    codec: str
    height: int
    picture: Size
    max_rate: int
    profile: str

    @property
    def name(self) -> str:
        return f"v{self.height}" if self.codec == "h264" else f"v{self.height}-{self.codec}"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Frames that one worker encodes: `frames` of them from number `first` on."""

    number: int
    first: int
    frames: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`container`: the demuxer's short name; `stream`: the index in the file.

    `gop`, `segment`, `frames` (in all), `slack` (that may be missing at the end) and `thumb_every` in
    frames; `rotation` clockwise.
    """

    container: str
    stream: int
    fps: Fraction
    gop: int
    segment: int
    frames: int
    slack: int
    rotation: int
    deinterlace: bool
    colour: Colour
    thumb: Size
    thumb_every: int
    preset: str
    threads: int
    rungs: tuple[Rung, ...]
    chunks: tuple[Chunk, ...]

    @property
    def seconds(self) -> Fraction:
        return self.frames / self.fps

    @property
    def timescale(self) -> int:
        """Of the tracks: a whole number of units is a frame."""
        scale = self.fps.numerator
        while scale < 10_000:
            scale *= 2
        return scale

    @property
    def frame_units(self) -> int:
        return int(self.timescale / self.fps)

    @property
    def smallest(self) -> Rung:
        return self.rungs[0]

    def thumbs(self, chunk: Chunk) -> int:
        """How many thumbnails the chunk has: of each frame whose number is a multiple of `thumb_every`."""
        return _multiples(chunk.first + chunk.frames, self.thumb_every) - _multiples(
            chunk.first, self.thumb_every
        )

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "fps": str(self.fps)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Plan":
        rungs = tuple(Rung(**{**one, "picture": tuple(one["picture"])}) for one in data["rungs"])
        chunks = tuple(Chunk(**one) for one in data["chunks"])
        made = {"fps": Fraction(data["fps"]), "colour": Colour(data["colour"]), "thumb": tuple(data["thumb"])}
        return cls(**{**data, **made, "rungs": rungs, "chunks": chunks})


def plan(source: Source, options: Options) -> Plan | None:
    """None where there is no picture. Rungs ascend in height, those of one codec after another's."""
    video = source.video
    if video is None:
        return None
    fps = frame_rate(video)
    lasts_ms = video.start_ms + video.duration_ms if video.duration_ms else source.duration_ms
    frames = max(1, round(Fraction(lasts_ms, 1000) * fps))
    segment = 2 * round(GOP_S * fps)
    container = formats.CONTAINERS[source.container]
    size = display_size(video)
    thumb_s = next((one for one in THUMB_STEPS_S if frames / fps <= one * MOST_THUMBS), THUMB_STEPS_S[-1])
    return Plan(
        container=container,
        stream=video.index,
        fps=fps,
        gop=segment // 2,
        segment=segment,
        frames=frames,
        slack=_slack(video, frames, fps),
        rotation=video.rotation,
        deinterlace=video.interlaced,
        colour=colour(video),
        thumb=picture(size, THUMB_LINES),
        thumb_every=round(thumb_s * fps),
        preset=options.preset,
        threads=options.threads,
        rungs=tuple(_rungs(size, fps, options)),
        chunks=tuple(_chunks(frames, segment, _longest(container, fps, frames, segment, options))),
    )


def _slack(video: Video, frames: int, fps: Fraction) -> int:
    if video.variable or video.fps < 1:
        return round(VARIABLE_SLACK_S * fps)
    return max(2, int(min(SLACK * frames, MOST_SLACK_S * fps)))


def frame_rate(video: Video) -> Fraction:
    """The constant rate of all rungs: a standard one of at most 60, the nearest to the source's.

    Halved until it is no faster, multiplied where the source is slower than any.
    """
    rate = video.fps if video.fps > 0 else Fraction(25)
    while rate > FASTEST:
        rate /= 2
    if rate < SLOWEST:
        rate *= -(-SLOWEST // rate)
    return min(STANDARD_RATES, key=lambda standard: abs(standard - rate))


def display_size(video: Video) -> tuple[Fraction, Fraction]:
    """Width and height as they are seen, in square pixels of the stored height."""
    width, height = video.width * (video.sample_aspect or Fraction(1)), Fraction(video.height)
    return (height, width) if video.rotation in (90, 270) else (width, height)


def lines(size: tuple[Fraction, Fraction]) -> Fraction:
    """The rung that a picture fills: the height of the 16:9 frame, upright or not, that just holds it."""
    short, long = sorted(size)
    return max(short, long * 9 / 16)


def picture(size: tuple[Fraction, Fraction], height: int) -> Size:
    """The even width and height of a picture in a rung; never larger than it is."""
    share = min(Fraction(1), height / lines(size))
    return _even(size[0], share), _even(size[1], share)


def _even(length: Fraction, share: Fraction) -> int:
    return max(2, min(2 * round(length * share / 2), 2 * int(length / 2)))


def _heights(top: Fraction, wanted: tuple[int, ...]) -> list[int]:
    """Those wanted that the source reaches; its own where that lies well above these, but below others."""
    reached = sorted({height for height in wanted if top >= height * NEARLY})
    if not reached or (top < max(wanted) and top > reached[-1] * CLEARLY):
        reached.append(max(2, int(top)))
    return reached


def _rungs(size: tuple[Fraction, Fraction], fps: Fraction, options: Options) -> Iterator[Rung]:
    heights = _heights(lines(size), options.heights)
    pictures = {picture(size, height): height for height in reversed(heights)}
    for codec in dict.fromkeys(("h264", *options.codecs)):
        for shape, height in reversed(pictures.items()):
            if min(shape) >= LEAST_SIDES[codec]:
                profile = "high" if codec == "h264" and height >= 720 else "main"
                yield Rung(codec, height, shape, max_rate(codec, height, fps), profile)


def max_rate(codec: str, height: int, fps: Fraction) -> int:
    """Bits a second, from the table or between two of its lines; half as much again for fast pictures."""
    factor = SHARES[codec] * (FAST_FACTOR if fps > FASTEST / 2 else 1)
    return round(_table_rate(height) * factor / 1000) * 1000


def _table_rate(height: int) -> Fraction:
    below = max((one for one in MAX_RATES if one <= height), default=0)
    above = min((one for one in MAX_RATES if one >= height), default=0)
    if not above:
        return MAX_RATES[below] * Fraction(height, below) ** 2
    low, high = MAX_RATES.get(below, 0), MAX_RATES[above]
    return low + (high - low) * Fraction(height - below, (above - below) or 1)


def colour(video: Video) -> Colour:
    if video.is_hdr:
        return Colour(video.transfer)
    if video.pixel_format.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal")):
        return Colour.RGB
    if video.transfer:
        return Colour.TOLD
    return Colour.HD if video.height >= 720 else Colour.SD


def _longest(container: str, fps: Fraction, frames: int, segment: int, options: Options) -> int:
    """Frames of a chunk: whole segments, or all of a source that can only be read from its start."""
    if container not in formats.SEEKABLE:
        return max(frames, segment)
    return max(1, round(options.chunk_s * fps / segment)) * segment


def _chunks(frames: int, segment: int, longest: int) -> Iterator[Chunk]:
    """Of `longest` frames each; less than half of that is no chunk of its own, but the end of the last."""
    count = max(1, (frames + longest // 2) // longest)
    for number in range(count):
        first = number * longest
        yield Chunk(number, first, longest if number < count - 1 else frames - first)


def _multiples(end: int, step: int) -> int:
    """How many there are in `range(end)`."""
    return -(-end // step)
