"""What subtitles are here: cues in order, and the refusal of what holds none."""

from dataclasses import dataclass
from enum import Enum, auto

LARGEST = 10 * 1024 * 1024  # bytes of a file, and of the WebVTT that is made of it
MOST_CUES = 50_000
LONGEST_TEXT = 2_000  # characters of a cue, markup and escapes included
LONGEST_RAW = 10 * LONGEST_TEXT  # characters of a cue that are looked at
LATEST_MS = 24 * 3600 * 1000


class Refused(Exception):
    """No subtitles can be made of this. `code` is stable; `told` tells the editor why, and what to do."""

    def __init__(self, code: str, told: str) -> None:
        super().__init__(told)
        self.code = code
        self.told = told


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue in WebVTT's terms: `text` is cue text with its markup and escapes, `settings` as after the times.

    Those that this package makes are canonical: written as WebVTT and read again they are the same.
    """

    start_ms: int
    end_ms: int
    text: str
    id: str = ""
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Subtitles:
    """Cues by their start.

    `notes`: sentences for the editor, about twenty at most, on what was mended or left out.
    """

    cues: tuple[Cue, ...]
    notes: tuple[str, ...] = ()


class Codes(Enum):
    """Which of SubStation's codes, such as `{\\i1}`, a text has besides or in place of the markup of HTML."""

    NONE = auto()
    BESIDES = auto()
    ONLY = auto()


@dataclass(frozen=True, slots=True)
class Raw:
    """A cue as a file has it: nothing in it is to be trusted."""

    start_ms: int
    end_ms: int
    text: str
    id: str = ""
    settings: str = ""
    codes: Codes = Codes.NONE
