"""What generated titles share: words, people, videos, pictures."""

from dataclasses import dataclass
from random import Random
from typing import Any

LANGUAGES = {"hi": 45, "en": 20, "ta": 11, "te": 9, "ml": 5, "bn": 5, "mr": 5}
# Minutes, by what the video is for.
LENGTHS = {
    "movie": (84, 97, 108, 121, 139, 156),
    "episode": (22, 31, 44, 52),
    "sport": (95, 130, 210),
    "trailer": (1, 2),
}


@dataclass(frozen=True, slots=True)
class Video:
    """A placeholder: for what, in which languages, how long, how high."""

    use: str
    language: str
    minutes: int

    @property
    def name(self) -> str:
        return f"Generated {self.use}, {self.language}, {self.minutes} min"

    @property
    def audio(self) -> list[str]:
        """The original, and for half of them a dubbed one."""
        if self.use == "trailer" or self.minutes % 2:
            return [self.language]
        return [self.language, "en" if self.language == "hi" else "hi"]

    @property
    def subtitles(self) -> list[str]:
        return {"sport": [], "trailer": [], "episode": ["en"], "movie": ["en", "hi"]}[self.use]

    @property
    def heights(self) -> list[int]:
        return [480, 720, 1080] if self.minutes % 3 else [480, 720, 1080, 2160]


VIDEOS = [
    Video(use, language, minutes)
    for use, lengths in LENGTHS.items()
    for language in LANGUAGES
    for minutes in lengths
]


@dataclass(frozen=True, slots=True)
class Crew:
    """Who is on record for the moves of generated titles; None where there is no such staff."""

    editor: int | None
    reviewer: int | None
    publisher: int | None


@dataclass(frozen=True, slots=True)
class Stock:
    """Keys of the rows: genres and teams by slug, videos by use and language. `pictures` are the fields of
    `Artwork`, by kind; `people`, the busiest first."""

    genres: dict[str, int]
    tags: list[int]
    people: list[int]
    teams: list[int]
    videos: dict[tuple[str, str], list[tuple[int, int]]]
    pictures: dict[str, list[dict[str, Any]]]
    crew: Crew

    def video(self, dice: Random, use: str, language: str) -> tuple[int, int]:
        """Its key and its length in ms."""
        return dice.choice(self.videos[use, language])

    def person(self, dice: Random) -> int:
        """A few of them are in everything."""
        return self.people[int(len(self.people) * dice.random() ** 2.5)]
