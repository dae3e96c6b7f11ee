"""What a film for demonstrations is to be, and what its subtitles say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

FPS = 24
SCENE_S = 3
# A subtitle appears each two seconds and stays a little less, so that every second one is on the screen
# while a segment of four seconds ends.
CUE_FIRST_MS, CUE_EVERY_MS, CUE_FOR_MS = 1_000, 2_000, 1_800
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")


class Part(NamedTuple):
    """A stretch of the film that has a name, such as the credits: in milliseconds, the end exclusive."""

    name: str
    start_ms: int
    end_ms: int


class Cue(NamedTuple):
    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Film:
    """`title` is burned in; `height` in pixels, 16:9; `audio` and the keys of `names` are languages (BCP 47).

    `names` is the title as the subtitles of each language have it.
    """

    title: str
    height: int
    seconds: int
    audio: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    seed: int = 0

    @property
    def width(self) -> int:
        return self.height * 16 // 9 // 2 * 2

    @property
    def frames(self) -> int:
        return self.seconds * FPS

    @property
    def scenes(self) -> int:
        return -(-self.seconds // SCENE_S)

    def label(self, scene: int) -> str:
        """What stands below the title: which scene it is, and of which part."""
        begins = scene * SCENE_S * 1000
        named = [part.name for part in self.parts if part.start_ms <= begins < part.end_ms]
        return " · ".join(["Demonstration clip", f"Scene {scene + 1} of {self.scenes}", *named])


def timecode(frame: int) -> str:
    """Minutes, seconds and frames since the last second: `00:08:12`."""
    seconds, frames = divmod(frame, FPS)
    return f"{seconds // 60:02}:{seconds % 60:02}:{frames:02}"


def cues(film: Film, language: str) -> Iterator[Cue]:
    """Subtitles that count the time: `00:08 · Big Buck Bunny`, in Hindi with the digits of Devanagari."""
    for start in range(CUE_FIRST_MS, film.seconds * 1000, CUE_EVERY_MS):
        clock = f"{start // 60_000:02}:{start // 1000 % 60:02}"
        if language == "hi":
            clock = clock.translate(DEVANAGARI)
        end = min(start + CUE_FOR_MS, film.seconds * 1000)
        yield Cue(start, end, f"{clock} · {film.names[language]}")
