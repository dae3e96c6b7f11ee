"""What was mended or left out, counted, in a few sentences for the editor however much it was."""

from enum import StrEnum

from .times import stamp


class Problem(StrEnum):
    TIMES = "Times that cannot be read, left out with their text"
    BACKWARDS = "Cues that end before they begin, left out"
    BEFORE = "Cues that begin before the start, cut to begin with it"
    LATE = "Cues after 24 hours, left out or cut"
    UNSORTED = "Cues that were out of order, sorted"
    TWICE = "Cues that were there twice, kept once"
    EMPTY = "Cues without text, left out"
    LONG = "Cues that are too long to be read (2,000 characters), cut"
    MARKUP = "Markup that subtitles cannot have, removed"
    DRAWING = "Drawings, left out"
    SETTINGS = "Places of cues that WebVTT does not know, left out"
    DAMAGED = "Letters that cannot be read, shown as a question mark"
    CHARACTERS = "Control characters, removed"
    STYLES = "Blocks of styles and regions, left out"


class Notes:
    def __init__(self) -> None:
        self._sentences: list[str] = []
        self._counted: dict[Problem, tuple[int, int | None]] = {}

    def tell(self, sentence: str) -> None:
        """For what can happen once to a file."""
        self._sentences.append(sentence)

    def count(self, problem: Problem, times: int = 1, *, at_ms: int | None = None) -> None:
        if times:
            before, first = self._counted.get(problem, (0, at_ms))
            self._counted[problem] = (before + times, first)

    def told(self) -> tuple[str, ...]:
        counted = [
            f"{problem}: {times}." if at_ms is None else f"{problem}: {times}, the first at {stamp(at_ms)}."
            for problem, (times, at_ms) in self._counted.items()
        ]
        return (*self._sentences, *counted)
