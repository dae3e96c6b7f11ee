"""A chunk of a film's picture becomes the rungs of its ladder and its thumbnails: one decode for all."""

from collections.abc import Iterator
from pathlib import Path

from apps.media import cmaf
from apps.media.formats import JUMPING
from apps.media.ladder import Chunk, Colour, Plan, Rung, Size

from .running import Broken, Watch, opened, others, run

# How long before a chunk reading begins, so that what its first frames refer to has been decoded.
RUN_UP_S = 10
# Seconds of computing that a second of film may take, for each codec; the real cost is a tenth of it.
COSTS = {"h264": 60, "hevc": 240, "av1": 240}
TURNS = {0: (), 90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}
# White of a film in HDR is at 203 nits (ITU-R BT.2408), and stays white; what is brighter is held back.
TONE_MAP = (
    "setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc:range=tv",
    "zscale=t=linear:npl=203",
    "format=gbrpf32le",
    "zscale=p=709",
    "tonemap=tonemap=mobius:desat=0",
    "zscale=t=709:m=709:r=tv",
    "format=yuv420p",
)
SETPARAMS = "setparams=color_primaries={0}:color_trc={0}:colorspace={0}"
THUMB = "thumb_%04d.jpg"
AV1_PRESET = 10
# The quality that every film gets as far as its cap allows it.
CRFS = {"h264": 23, "hevc": 26, "av1": 32}


def encode_chunk(master: Path, plan: Plan, chunk: Chunk, folder: Path, watch: Watch) -> None:
    """Write `<rung's name>.mp4` for each rung and `thumb_0001.jpg …` into the folder.

    Raises Broken, NoRoom, Stopped; then what lies in the folder is worth nothing.
    """
    seconds = float(chunk.frames / plan.fps)
    cost = sum({one.codec: COSTS[one.codec] for one in plan.rungs}.values())
    run(
        arguments(master, plan, chunk),
        folder=folder, seconds=seconds, cost=cost, watch=watch, fps=plan.fps,
    )  # fmt: skip
    for rung in plan.rungs:
        found = cmaf.read(folder / f"{rung.name}.mp4").duration // plan.frame_units
        if found != chunk.frames:
            at = (chunk.first + found) / plan.fps
            raise Broken(
                f"The picture ends after {clock(at)}, but the file says that it lasts {clock(plan.seconds)}."
                " It may be cut off."
            )


def clock(seconds: object) -> str:
    """`1:02:03.4`."""
    minutes, rest = divmod(float(str(float(seconds))), 60)  # type: ignore[arg-type]
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:04.1f}"


def arguments(master: Path, plan: Plan, chunk: Chunk) -> list[str]:
    """Of ffmpeg, run in the folder that the files shall lie in."""
    return [
        *("-v", "warning"),
        *reading(master, plan, chunk),
        *("-filter_complex", graph(plan, chunk)),
        *(one for rung in plan.rungs for one in output(plan, rung, rung.name, CRFS[rung.codec])),
        *_thumbs(plan, chunk),
        *others(plan.container),
    ]


def reading(master: Path, plan: Plan, chunk: Chunk) -> list[str]:
    """The arguments that open the film a little before the chunk."""
    threads = ("-threads", str(plan.threads))
    return [
        *("-filter_complex_threads", str(plan.threads)),
        *opened(master, plan.container, "-noautorotate", *threads, *_seek(plan, chunk)),
    ]


def _seek(plan: Plan, chunk: Chunk) -> Iterator[str]:
    """All that the decoder gives from there on is passed on: a frame may stand from long before the chunk."""
    if plan.container not in JUMPING:
        yield from ("-copyts", "-start_at_zero", "-noaccurate_seek")
        start = chunk.first / plan.fps - RUN_UP_S
        if start > 0:
            yield from ("-ss", f"{float(start):.6f}")


def graph(plan: Plan, chunk: Chunk) -> str:
    """Frames are counted first, then shaped; each picture is made of the next larger one, the first of the
    source's."""
    shapes = sorted({rung.picture for rung in plan.rungs}, reverse=True)
    parts = [f"{shown(plan, chunk, shapes[0])}[s0]"]
    for number, shape in enumerate(shapes):
        outputs = [rung.name for rung in plan.rungs if rung.picture == shape]
        if shape != shapes[-1]:
            outputs.append(f"s{number + 1}")
        elif plan.thumbs(chunk):
            outputs.append("small")
        fitted = f"[s{number}]{scaled(plan, shape)},split={len(outputs)}"
        parts.append(fitted + "".join(f"[{name}]" for name in outputs))
    if plan.thumbs(chunk):
        parts.append(_picked(plan, chunk))
    return ";".join(parts)


def shown(plan: Plan, chunk: Chunk, largest: Size) -> str:
    """The source's pictures as they are to be seen, before they are scaled; the largest will be so large."""
    return f"[0:{plan.stream}]" + ",".join([*_counted(plan, chunk), *_shaped(plan, largest)])


def _counted(plan: Plan, chunk: Chunk) -> Iterator[str]:
    """Exactly the chunk's frames, from 0 on; at the end of the film the last frame is held for a while."""
    if plan.deinterlace:
        yield "bwdif=mode=send_frame:deint=interlaced"
    rate = f"{plan.fps.numerator}/{plan.fps.denominator}"
    yield f"fps=fps={rate}:start_time={float(chunk.first / plan.fps):.6f}:round=near"
    if chunk == plan.chunks[-1]:
        yield f"tpad=stop_mode=clone:stop={plan.slack}"
    yield f"trim=end_frame={chunk.frames}"
    yield "setpts=PTS-STARTPTS"


def _shaped(plan: Plan, largest: Size) -> Iterator[str]:
    """Upright, in colours that every screen knows, and with nothing left to say that it is otherwise."""
    yield from TURNS[plan.rotation]
    if plan.colour in (Colour.PQ, Colour.HLG):
        yield f"scale={largest[0]}:{largest[1]}:flags=bicubic"
        yield from (one.format(transfer=plan.colour.value) for one in TONE_MAP)
    if plan.colour in (Colour.HD, Colour.SD):
        yield SETPARAMS.format(plan.colour.value)
    yield "sidedata=mode=delete"


def scaled(plan: Plan, shape: Size) -> str:
    """To what an encoder gets."""
    scale = f"scale={shape[0]}:{shape[1]}:flags=bicubic+accurate_rnd+bitexact:out_range=tv"
    if plan.colour == Colour.RGB:
        scale += f":out_color_matrix=bt709,{SETPARAMS.format(Colour.HD.value)}"
    return f"{scale},setsar=1,format=yuv420p"


def _picked(plan: Plan, chunk: Chunk) -> str:
    """One frame in `thumb_every`, counted from the film's first."""
    width, height = plan.thumb
    return (
        f"[small]select=not(mod(n+{chunk.first % plan.thumb_every}\\,{plan.thumb_every})),"
        f"scale={width}:{height}:flags=bicubic:out_range=pc,format=yuv420p[thumbs]"
    )


def output(plan: Plan, rung: Rung, name: str, crf: int) -> Iterator[str]:
    """From the graph's output of that name into `<name>.mp4`.

    CMAF: one fragment a segment, no edit list (`negative_cts_offsets` without `delay_moov`).
    """
    segment_us = int(plan.segment / plan.fps * 1_000_000)
    yield from ("-map", f"[{name}]", *ENCODERS[rung.codec](plan, rung, crf))
    yield from ("-pix_fmt", "yuv420p", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact")
    yield from ("-video_track_timescale", str(plan.timescale), "-min_frag_duration", str(segment_us - 5_000))
    yield from ("-movflags", "+cmaf+frag_keyframe+negative_cts_offsets+skip_trailer")
    yield from ("-f", "mp4", f"file:{name}.mp4")


# Where several frames of a rung are encoded at once, x264 and SVT-AV1 make other bytes each time if the rate
# is capped: therefore one thread each. The rungs are encoded side by side.


def _x264(plan: Plan, rung: Rung, crf: int) -> list[str]:
    return [
        *("-c:v", "libx264", "-preset", plan.preset, "-profile:v", rung.profile, "-crf", str(crf)),
        *_capped(plan, rung),
        *("-keyint_min", str(plan.gop), "-sc_threshold", "0"),
    ]


def _x265(plan: Plan, rung: Rung, crf: int) -> list[str]:
    fixed = f"open-gop=0:scenecut=0:repeat-headers=0:info=0:frame-threads=1:pools={plan.threads}:log-level=1"
    return [
        *("-c:v", "libx265", "-preset", plan.preset, "-tag:v", "hvc1", "-crf", str(crf)),
        *_capped(plan, rung),
        *("-x265-params", f"{fixed}:keyint={plan.gop}:min-keyint={plan.gop}"),
    ]


def _svt_av1(plan: Plan, rung: Rung, crf: int) -> list[str]:
    return [
        *("-c:v", "libsvtav1", "-preset", str(AV1_PRESET), "-crf", str(crf)),
        *_capped(plan, rung),
        *("-svtav1-params", "scd=0:irefresh-type=2:lp=1"),
    ]


def _capped(plan: Plan, rung: Rung) -> list[str]:
    """Constant quality up to a rate, and closed groups of pictures.

    One thread: several make x264 spend its bits by how far each of them is, and no two runs alike. The
    rungs are encoded side by side, and so are chunks.
    """
    cap = ("-maxrate", str(rung.max_rate), "-bufsize", str(2 * rung.max_rate)) if rung.max_rate else ()
    return [*cap, *("-g", str(plan.gop), "-flags:v", "+cgop+bitexact", "-threads", "1")]


ENCODERS = {"h264": _x264, "hevc": _x265, "av1": _svt_av1}


def _thumbs(plan: Plan, chunk: Chunk) -> Iterator[str]:
    if plan.thumbs(chunk):
        yield from ("-map", "[thumbs]", "-c:v", "mjpeg", "-q:v", "4", "-threads", "1")
        yield from ("-flags:v", "+bitexact", "-map_metadata", "-1", "-fps_mode", "passthrough")
        yield from ("-f", "image2", THUMB)
