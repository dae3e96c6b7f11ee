"""A film as a file: Matroska with H.264, FLAC and SubRip, as an editor might upload it."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio import AudioStream
from av.container import OutputContainer
from av.stream import Stream
from av.video import VideoStream

from . import reel, tune
from .film import FPS, Film, cues

SUFFIX = ".mkv"
MILLISECOND = Fraction(1, 1000)
# ISO 639-2, as Matroska wants it, and the names of the languages in themselves.
LANGUAGES = {"en": ("eng", "English"), "hi": ("hin", "हिन्दी")}
# One thread, for another number of them makes other bytes.
ENCODER = {"preset": "ultrafast", "crf": "18", "threads": "1", "g": str(FPS * 2)}


def write(film: Film, path: Path, tell: Callable[[float], None] = lambda done: None) -> None:
    """Make the file; `tell` is told from 0 to 1 how far it is, once for each second of the film.

    Takes about an eighth of the film's length of processor time at 1080p. Raises OSError.
    """
    with av.open(path, "w", format="matroska", container_options={"fflags": "+bitexact"}) as file:
        file.metadata["title"] = film.title
        _add_chapters(file, film)
        video = _add_video(file, film)
        streams = [_frames(file, video, film)]
        streams += [_sounds(file, _add_audio(file, language), language, film) for language in film.audio]
        streams += [_texts(file, _add_text(file, language), language, film) for language in film.names]
        file.start_encoding()
        # Second by second, so that the file is interleaved without anything waiting in memory.
        for second, _ in enumerate(zip(*streams, strict=True), 1):
            tell(second / film.seconds)


def _add_chapters(file: OutputContainer, film: Film) -> None:
    file.set_chapters(
        [
            {
                "id": number, "start": part.start_ms, "end": part.end_ms, "time_base": MILLISECOND,
                "metadata": {"title": part.name},
            }
            for number, part in enumerate(film.parts, 1)
        ]
    )  # fmt: skip


def _add_video(file: OutputContainer, film: Film) -> VideoStream:
    stream = file.add_stream("libx264", rate=FPS, options=ENCODER)
    stream.width, stream.height, stream.pix_fmt = film.width, film.height, "yuv420p"
    context = stream.codec_context
    context.flags |= av.codec.context.Flags.bitexact
    context.time_base = Fraction(1, FPS)
    context.color_primaries = context.color_trc = context.colorspace = reel.BT709
    context.color_range = 1
    return stream


def _add_audio(file: OutputContainer, language: str) -> AudioStream:
    stream = file.add_stream("flac", rate=tune.RATE, layout=tune.LAYOUT)
    stream.codec_context.format = "s16"
    stream.codec_context.flags |= av.codec.context.Flags.bitexact
    _name(stream, language)
    return stream


def _add_text(file: OutputContainer, language: str) -> Stream:
    stream = file.add_mux_stream("subrip")
    _name(stream, language)
    return stream


def _name(stream: Stream, language: str) -> None:
    stream.metadata["language"], stream.metadata["title"] = LANGUAGES[language]


# --- Second by second --------------------------------------------------------------------------------


def _frames(file: OutputContainer, stream: VideoStream, film: Film) -> Iterator[None]:
    for number, frame in enumerate(reel.frames(film), 1):
        file.mux(stream.encode(frame))
        if number % FPS == 0:
            if number == film.frames:
                file.mux(stream.encode(None))
            yield


def _sounds(file: OutputContainer, stream: AudioStream, language: str, film: Film) -> Iterator[None]:
    for second, sound in enumerate(tune.seconds(language, film.seconds, seed=film.seed), 1):
        frame = av.AudioFrame("s16", tune.LAYOUT, tune.RATE, align=1)
        frame.planes[0].update(sound)
        frame.sample_rate, frame.pts = tune.RATE, (second - 1) * tune.RATE
        file.mux(stream.encode(frame))
        if second == film.seconds:
            file.mux(stream.encode(None))
        yield


def _texts(file: OutputContainer, stream: Stream, language: str, film: Film) -> Iterator[None]:
    said = {cue.start_ms // 1000: cue for cue in cues(film, language)}
    for second in range(film.seconds):
        if cue := said.get(second):
            packet = av.Packet(cue.text.encode())
            packet.stream, packet.time_base = stream, MILLISECOND
            packet.pts = packet.dts = cue.start_ms
            packet.duration = cue.end_ms - cue.start_ms
            file.mux(packet)
        yield
