"""Which films are let in: the rules, as data, and what an editor is told of a film that breaks them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from . import formats
from .facts import Source, Video

SHORTEST_MS, LONGEST_MS = 1_000, 12 * 3600 * 1000
SMALLEST, LARGEST = 16, 8192  # pixels on a side
MOST_PIXELS = 8192 * 4320
WIDEST = 8  # times as wide as high, or as high as wide
SLOWEST, FASTEST = Fraction(1, 60), 120  # frames a second
MOST_CHANNELS = 16
RATES = range(8_000, 384_001)  # Hz
MOST_VIDEOS, MOST_AUDIOS, MOST_TEXTS = 4, 32, 100

CONVERT = "Convert it to H.264 with AAC sound in an MP4 file."


@dataclass(frozen=True, slots=True)
class Refusal:
    """`code` is stable; `told` says what is wrong with the file, `remedy` what to do about it."""

    code: str
    told: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Rule:
    """`found` yields a sentence for each thing in the source that breaks it."""

    code: str
    found: Callable[[Source], Iterable[str]]
    remedy: str


def refusals(source: Source) -> list[Refusal]:
    """All that speaks against the file; none if it may be packaged."""
    return [Refusal(rule.code, told, rule.remedy) for rule in RULES for told in rule.found(source)]


def _container(source: Source) -> Iterator[str]:
    if source.container not in formats.CONTAINERS:
        yield f"Files of the kind “{source.container}” are not accepted."


def _size(source: Source) -> Iterator[str]:
    if source.size <= 0:
        yield "The file is empty."


def _streams(source: Source) -> Iterator[str]:
    if not source.videos and not source.audios:
        yield "There is neither picture nor sound in the file."


def _count(source: Source) -> Iterator[str]:
    for streams, most, what in (
        (source.videos, MOST_VIDEOS, "pictures"),
        (source.audios, MOST_AUDIOS, "sound"),
        (source.texts, MOST_TEXTS, "subtitles"),
    ):
        if len(streams) > most:
            yield f"There are {len(streams)} streams of {what} in the file; {most} are accepted."


def _short(source: Source) -> Iterator[str]:
    if source.duration_ms < SHORTEST_MS:
        yield f"It lasts {source.duration_ms / 1000:g} seconds; at least {SHORTEST_MS // 1000} is needed."


def _long(source: Source) -> Iterator[str]:
    if source.duration_ms > LONGEST_MS:
        hours, most = source.duration_ms / 3_600_000, LONGEST_MS // 3_600_000
        yield f"It lasts {hours:.1f} hours; {most} are accepted."


def _picture_codec(source: Source) -> Iterator[str]:
    for video in source.videos[:1]:
        if video.codec not in formats.VIDEO_CODECS:
            yield f"The picture is encoded as “{video.codec}”, which is not accepted."


def _sound_codec(source: Source) -> Iterator[str]:
    for codec in sorted({audio.codec for audio in source.audios} - set(formats.AUDIO_CODECS)):
        yield f"Sound in the file is encoded as “{codec}”, which is not accepted."


def _small(source: Source) -> Iterator[str]:
    for video in source.videos[:1]:
        if not video.width or not video.height:
            yield "The picture has no size that a program could tell; it may be damaged, or far too large."
        elif min(video.width, video.height) < SMALLEST:
            yield f"The picture has {_size_of(video)} pixels; at least {SMALLEST}x{SMALLEST} are needed."


def _large(source: Source) -> Iterator[str]:
    for video in source.videos[:1]:
        if max(video.width, video.height) > LARGEST or video.width * video.height > MOST_PIXELS:
            yield f"The picture has {_size_of(video)} pixels; up to 8192x4320 are accepted."


def _shape(source: Source) -> Iterator[str]:
    for video in source.videos[:1]:
        if not video.height or not video.width:
            continue
        shape = video.sample_aspect * video.width / video.height
        if not Fraction(1, WIDEST) <= shape <= WIDEST:
            yield f"The picture is shown {float(shape):.3g} times as wide as high, which no screen shows."


def _frame_rate(source: Source) -> Iterator[str]:
    for video in source.videos[:1]:
        if not SLOWEST <= video.fps <= FASTEST:
            yield f"The picture has {float(video.fps):.6g} frames per second; up to {FASTEST} are accepted."


def _unclear(source: Source) -> Iterator[str]:
    for audio in source.audios:
        if audio.channels < 1 or audio.rate < 1:
            yield f"Sound {audio.index} cannot be made out; it may be damaged, or begin late in the file."


def _channels(source: Source) -> Iterator[str]:
    for audio in source.audios:
        if audio.channels > MOST_CHANNELS:
            yield f"Sound {audio.index} has {audio.channels} channels; up to {MOST_CHANNELS} are accepted."


def _sample_rate(source: Source) -> Iterator[str]:
    for audio in source.audios:
        if audio.rate > 0 and audio.rate not in RATES:
            yield f"Sound {audio.index} has a sample rate of {audio.rate} Hz; 8000 to 384000 are accepted."


def _size_of(video: Video) -> str:
    return f"{video.width}x{video.height}"


RULES = (
    Rule("container", _container, CONVERT),
    Rule("size", _size, "Upload the file again."),
    Rule("streams", _streams, "Choose another file, or export it again with its picture and sound."),
    Rule("stream-count", _count, "Export it again with only the streams that viewers shall get."),
    Rule("too-short", _short, "Choose another file; this may be a still picture or a failed export."),
    Rule("too-long", _long, "Cut it into parts."),
    Rule("video-codec", _picture_codec, CONVERT),
    Rule("audio-codec", _sound_codec, "Convert the sound to AAC, FLAC or PCM."),
    Rule("too-small", _small, "Export it again with a picture of at least 144 lines and at most 4K."),
    Rule("too-large", _large, "Scale the picture down to 4K (3840x2160) or less."),
    Rule("shape", _shape, "Export it again with square pixels and in the format it is to be watched in."),
    Rule("frame-rate", _frame_rate, "Export it again with 24 to 60 frames per second."),
    Rule("audio-unclear", _unclear, "Convert the whole film, which reads all of it, and upload that."),
    Rule("channels", _channels, "Mix the sound down to 5.1 or stereo."),
    Rule("sample-rate", _sample_rate, "Convert the sound to 48 kHz."),
)
