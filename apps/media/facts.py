"""What is in a file that somebody uploaded: plain facts, as the probe found them."""

from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

UNKNOWN_LANGUAGE = "und"


@dataclass(frozen=True, slots=True)
class Video:
    """A video stream. `width` and `height` in stored pixels, before `rotation` and `sample_aspect`.

    `rotation`: clockwise degrees by which a player turns the picture, 0, 90, 180 or 270. `fps`: frames a
    second, the average where `variable`. `transfer`: ITU-T H.273 by ffmpeg's name (`bt709`, `smpte2084` is
    PQ, `arib-std-b67` is HLG), "" where the file does not say. `start_ms`: of its first frame, after the
    file's start.
    """

    index: int
    codec: str
    width: int
    height: int
    fps: Fraction
    rotation: int = 0
    sample_aspect: Fraction = Fraction(1)
    pixel_format: str = "yuv420p"
    bit_depth: int = 8
    interlaced: bool = False
    variable: bool = False
    transfer: str = ""
    start_ms: int = 0
    duration_ms: int = 0

    @property
    def is_hdr(self) -> bool:
        return self.transfer in ("smpte2084", "arib-std-b67")


@dataclass(frozen=True, slots=True)
class Audio:
    """An audio stream. `language`: BCP 47, `und` where the file does not say; `rate` in Hz.

    `start_ms`: where it begins, from the beginning of the file.
    """

    index: int
    codec: str
    channels: int
    rate: int
    layout: str = ""
    language: str = UNKNOWN_LANGUAGE
    label: str = ""
    described: bool = False
    start_ms: int = 0
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """A stream of subtitles. `codec` by ffmpeg's name; `is_text` is false for pictures of text."""

    index: int
    codec: str
    language: str = UNKNOWN_LANGUAGE
    label: str = ""
    forced: bool = False
    sdh: bool = False
    is_text: bool = True


@dataclass(frozen=True, slots=True)
class Chapter:
    start_ms: int
    end_ms: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A whole file. `container` is ffmpeg's name of the demuxer, `size` in bytes."""

    container: str
    size: int
    duration_ms: int
    videos: tuple[Video, ...] = ()
    audios: tuple[Audio, ...] = ()
    texts: tuple[Text, ...] = ()
    chapters: tuple[Chapter, ...] = ()

    @property
    def video(self) -> Video | None:
        """The picture: the first stream of moving pictures."""
        return self.videos[0] if self.videos else None

    def spoken_in(self, language: str) -> "Source":
        """With that language for the first sound, if the file does not say which it is."""
        if not language or not self.audios or self.audios[0].language != UNKNOWN_LANGUAGE:
            return self
        first, *others = self.audios
        return replace(self, audios=(replace(first, language=language), *others))

    def to_json(self) -> dict[str, Any]:
        """Fractions as `"24000/1001"`."""
        return dict(_plain(asdict(self)))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Source":
        videos = tuple(_video(one) for one in data["videos"])
        return cls(
            container=data["container"],
            size=data["size"],
            duration_ms=data["duration_ms"],
            videos=videos,
            audios=tuple(Audio(**one) for one in data["audios"]),
            texts=tuple(Text(**one) for one in data["texts"]),
            chapters=tuple(Chapter(**one) for one in data["chapters"]),
        )


def _video(data: dict[str, Any]) -> Video:
    ratios = {name: Fraction(data[name]) for name in ("fps", "sample_aspect")}
    return Video(**{**data, **ratios})


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
