"""Reads a media file for `probe`, in a process of its own: what PyAV says of it, as JSON, not judged.

Run by its path under `python -I`, within the limits of `sandbox`. It imports nothing of ours, for here an
untrusted file is read: what may be opened is told by its argument, and what its answer means is for `probe`.
Rationals are written `"24000/1001"`, times in seconds; what is not known is null.
"""

import base64
import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

MICRO = 1_000_000
# A look at the picture in one place of the film.
PACKETS, BYTES, FRAMES = 600, 48_000_000, 8
PLACES = (Fraction(0), Fraction(1, 3), Fraction(2, 3))
# Packets from here to the end of the film tell where its streams end.
TAIL_S = 10
TAIL_PACKETS, TAIL_BYTES = 200_000, 1_000_000_000
LOCKS = 100  # packets that are looked at for being encrypted
CHAPTERS = 500


def main() -> None:
    """`prober.py '{"path", "format", "options", "decode": codecs, "pixels"}'`, and `"text"`, an index.

    Writes one document, or with `text` a line for each packet. What ffmpeg cannot read is an answer too.
    """
    wanted = json.loads(sys.argv[1])
    try:
        with av.open(
            "file:" + wanted["path"],
            "r",
            format=wanted["format"],
            options=wanted["options"],
            metadata_errors="replace",
        ) as container:
            if "text" in wanted:
                for packet in _texts(container, wanted["text"]):
                    _say(packet)
            else:
                _say(_facts(container, wanted), indent=0)
    except av.FFmpegError as error:
        _say({"error": type(error).__name__, "message": str(error.strerror)})


def _say(document: dict[str, Any], indent: int | None = None) -> None:
    sys.stdout.write(json.dumps(document, indent=indent) + "\n")


def _facts(container: InputContainer, wanted: dict[str, Any]) -> dict[str, Any]:
    streams = [_stream(one) for one in container.streams]
    moving = next((one for one in container.streams.video if not _is_still(one)), None)
    look: dict[str, Any] = {}
    if moving is not None and _can_decode(moving, wanted):
        look = _look(container, moving)
    return {
        "duration": _seconds(container.duration, Fraction(1, MICRO)),
        "start": _seconds(container.start_time, Fraction(1, MICRO)),
        "streams": streams,
        "chapters": [_chapter(one) for one in container.chapters()[:CHAPTERS]],
        "look": look,
        "ends": _ends(container, whole=_is_estimated(container, moving)),
    }


# --- What the file says ------------------------------------------------------------------------------


def _stream(stream: Stream) -> dict[str, Any]:
    metadata = {key.lower(): value for key, value in stream.metadata.items()}
    context = stream.codec_context
    return {
        "index": stream.index,
        "type": stream.type,
        "codec": context.codec.canonical_name if context else "",
        "language": metadata.get("language", "")[:100],
        "title": (metadata.get("title") or metadata.get("name") or "")[:1000],
        "marks": [one.name for one in Disposition if one in stream.disposition],
        "start": _seconds(stream.start_time, stream.time_base),
        "duration": _seconds(stream.duration, stream.time_base),
        "video": _video(stream) if isinstance(stream, VideoStream) and context else None,
        "audio": _audio(stream) if stream.type == "audio" and context else None,
    }


def _video(stream: VideoStream) -> dict[str, Any]:
    context = stream.codec_context
    return {
        "width": context.width,
        "height": context.height,
        "format": context.pix_fmt,
        "bits": _bits(context.format),
        "aspect": _ratio(stream.sample_aspect_ratio),
        "average_rate": _ratio(stream.average_rate),
        "base_rate": _ratio(stream.base_rate),
        "field_order": int(context.field_order),
        "transfer": int(context.color_trc),
    }


def _audio(stream: Stream) -> dict[str, Any]:
    context: Any = stream.codec_context
    layout = context.layout
    return {
        "channels": layout.nb_channels,
        "layout": layout.name,
        "rate": context.sample_rate,
    }


def _chapter(chapter: Any) -> dict[str, Any]:
    return {
        "start": _seconds(chapter["start"], chapter["time_base"]),
        "end": _seconds(chapter["end"], chapter["time_base"]),
        "title": chapter["metadata"].get("title", "")[:1000],
    }


def _is_still(stream: Stream) -> bool:
    return bool(stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails))


def _can_decode(stream: VideoStream, wanted: dict[str, Any]) -> bool:
    context = stream.codec_context
    return (
        context is not None
        and context.codec.canonical_name in wanted["decode"]
        and 0 < context.width * context.height <= wanted["pixels"]
    )


# --- What the packets and pictures say ---------------------------------------------------------------


def _look(container: InputContainer, stream: VideoStream) -> dict[str, Any]:
    """`times`: in each place, the timestamps of following packets in `time_base`; `pictures`: of frames."""
    stream.codec_context.thread_count = 1
    times: list[list[int]] = []
    pictures: list[dict[str, Any]] = []
    errors = 0
    for place in PLACES:
        if place and not _move(container, stream, place):
            break
        here: list[int] = []
        for packet, frames, failed in _some(container, stream):
            time = packet.dts if packet.pts is None else packet.pts
            here += [] if time is None else [time]
            pictures += [_picture(frame) for frame in frames]
            errors += failed
        times.append(here)
    return {"time_base": _ratio(stream.time_base), "times": times, "pictures": pictures, "errors": errors}


def _move(container: InputContainer, stream: VideoStream, place: Fraction) -> bool:
    """To a part of the film, if it is long enough to be worth it."""
    if not container.duration or container.duration < 60 * MICRO:
        return False
    try:
        container.seek((container.start_time or 0) + int(container.duration * place))
    except av.FFmpegError:
        return False
    stream.codec_context.flush_buffers()
    return True


def _some(container: InputContainer, stream: VideoStream) -> Iterator[tuple[Any, list[VideoFrame], int]]:
    """Packets from here on, the frames that the first of them bring, and whether decoding one failed.

    The last packet of a film has no time: it makes the decoder hand out what it still holds.
    """
    size, frames = 0, 0
    for count, packet in enumerate(_packets(container, stream), 1):
        decoded: list[VideoFrame] = []
        failed = 0
        if frames < FRAMES and count <= 4 * FRAMES:
            try:
                decoded = packet.decode()
            except av.FFmpegError:
                failed = 1
        yield packet, decoded, failed
        frames += len(decoded)
        size += packet.size
        if count >= PACKETS or size >= BYTES:
            return


def _packets(container: InputContainer, *streams: Stream) -> Iterator[Any]:
    """To the end, or to where the file cannot be read any more.

    At the end PyAV stumbles (IndexError) over streams that have appeared only on the way.
    """
    try:
        yield from container.demux(*streams)
    except (av.FFmpegError, IndexError):
        return


def _picture(frame: VideoFrame) -> dict[str, Any]:
    return {
        "width": frame.width,
        "height": frame.height,
        "format": frame.format.name,
        "bits": _bits(frame.format),
        "transfer": int(frame.color_trc),
        "rotation": frame.rotation,
        "interlaced": frame.interlaced_frame,
        "corrupt": frame.is_corrupt,
    }


# --- Where it ends -----------------------------------------------------------------------------------


def _is_estimated(container: InputContainer, moving: VideoStream | None) -> bool:
    """Whether the container does not say how long it is, and ffmpeg can but guess from the bit rate."""
    name = container.format.name.partition(",")[0]
    in_fragments = name == "mov" and not any(one.frames for one in container.streams)
    return container.duration is None or in_fragments or (moving is None and name in ("aac", "mp3"))


def _ends(container: InputContainer, *, whole: bool) -> dict[str, Any]:
    """`at`: by stream, where its last packet ends, if the end was reached; `whole`: all packets were read;
    `encrypted`: some of them are."""
    tail = 0 if whole else max((container.duration or 0) - TAIL_S * MICRO, 0)
    try:
        container.seek((container.start_time or 0) + tail)
    except av.FFmpegError:
        return {"at": {}, "whole": False, "encrypted": False}
    ends: dict[int, tuple[int, int]] = {}
    size, encrypted = 0, False
    streams = [one for one in container.streams if one.type in ("video", "audio", "subtitle")]
    for count, packet in enumerate(_packets(container, *streams)):
        time, length, index = packet.pts, packet.duration or 0, packet.stream_index
        if time is not None and (index not in ends or time + length > sum(ends[index])):
            ends[index] = time, length
        if count < LOCKS:
            encrypted = encrypted or packet.has_sidedata("encryption_info")
        size += packet.size
        if not whole and (count > TAIL_PACKETS or size > TAIL_BYTES):
            ends.clear()
            break
    at = {index: _end(container.streams[index], *end) for index, end in ends.items()}
    return {"at": at, "whole": whole, "encrypted": encrypted}


def _end(stream: Stream, time: int, length: int) -> str | None:
    """Of a packet; how long a frame lasts, if the container does not say, is told by its rate."""
    if stream.time_base is None:
        return None
    rate = stream.average_rate if isinstance(stream, VideoStream) and not length else None
    return _ratio((time + length) * stream.time_base + (1 / rate if rate else 0))


# --- Subtitles ---------------------------------------------------------------------------------------


def _texts(container: InputContainer, index: int) -> Iterator[dict[str, Any]]:
    """First the stream's `header` (codec private data), then its packets."""
    stream = container.streams[index]
    start = Fraction(container.start_time or 0, MICRO)
    context = stream.codec_context
    yield {"header": _base64(context.extradata or b"" if context else b"")}
    for packet in _packets(container, stream):
        if packet.pts is None or not packet.size or not packet.time_base:
            continue
        at = packet.pts * Fraction(packet.time_base) - start
        yield {
            "start": _ratio(at),
            "end": _ratio(at + (packet.duration or 0) * Fraction(packet.time_base)),
            "data": _base64(_cue(packet) if context.codec.canonical_name == "webvtt" else bytes(packet)),
        }


def _cue(packet: Any) -> bytes:
    """WebVTT as in MP4 (ISO/IEC 14496-30, 7.4), which keeps a cue's name and settings with its text."""
    payload = bytes(packet)
    if payload[4:8] in (b"vttc", b"vtte", b"vttx"):
        return payload
    parts = _box(b"payl", payload)
    for kind, name in ((b"iden", "webvtt_identifier"), (b"sttg", "webvtt_settings")):
        if packet.has_sidedata(name):
            parts += _box(kind, bytes(packet.get_sidedata(name)))
    return _box(b"vttc", parts)


def _box(kind: bytes, payload: bytes) -> bytes:
    return (8 + len(payload)).to_bytes(4, "big") + kind + payload


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


# --- Numbers -----------------------------------------------------------------------------------------


def _bits(pixels: Any) -> int | None:
    return max((one.bits for one in pixels.components), default=None) if pixels else None


def _seconds(time: int | None, base: Fraction | None) -> str | None:
    return None if time is None or not base else _ratio(time * base)


def _ratio(value: Fraction | None) -> str | None:
    return None if value is None else f"{value.numerator}/{value.denominator}"


if __name__ == "__main__":
    main()
