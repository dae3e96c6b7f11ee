"""Names of generated things: every number has one of its own, in English and Hindi."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from .words import (
    ADJECTIVES,
    COMPETITIONS,
    FIRST_NAMES,
    INITIALS,
    LAST_NAMES,
    NOUNS,
    PLACES,
    SPORTS,
    TEAMS,
    Adjective,
    Noun,
    Pair,
)

T = TypeVar("T", Adjective, Pair)
# Coprime to the number of names of any pattern below, so that multiplying by it mixes them up without loss.
STRIDE = 1_000_003
SEASONS = range(2012, 2027)


def _of(place: Pair, noun: Noun, adjective: str = "") -> str:
    """ "जयपुर की नदी", "जयपुर का सुनहरा ताज"."""
    genitive = "की" if noun.feminine else "का"
    return " ".join(part for part in (place.hi, genitive, adjective, noun.hi) if part)


def _adjective_noun(number: int) -> Pair:
    noun, adjective = _pick(number, NOUNS, ADJECTIVES)
    return Pair(f"The {adjective.en} {noun.en}", f"{adjective.agreeing(noun)} {noun.hi}")


def _noun_of_place(number: int) -> Pair:
    noun, place = _pick(number, NOUNS, PLACES)
    return Pair(f"The {noun.en} of {place.en}", _of(place, noun))


def _two_nouns(number: int) -> Pair:
    first, second = divmod(number, len(NOUNS) - 1)
    one, other = NOUNS[first], NOUNS[second + (second >= first)]
    return Pair(f"{one.en} and {other.en}", f"{one.hi} और {other.hi}")


def _somebodys_noun(number: int) -> Pair:
    noun, name = _pick(number, NOUNS, FIRST_NAMES)
    return Pair(f"{name.en}'s {noun.en}", _of(name, noun))


def _long(number: int) -> Pair:
    rest, place = divmod(number, len(PLACES))
    noun, adjective = _pick(rest, NOUNS, ADJECTIVES)
    return Pair(
        f"The {adjective.en} {noun.en} of {PLACES[place].en}",
        _of(PLACES[place], noun, adjective.agreeing(noun)),
    )


def _pick(number: int, nouns: list[Noun], others: list[T]) -> tuple[Noun, T]:
    return nouns[number // len(others)], others[number % len(others)]


SHORT: list[tuple[Callable[[int], Pair], int]] = [
    (_adjective_noun, len(NOUNS) * len(ADJECTIVES)),
    (_noun_of_place, len(NOUNS) * len(PLACES)),
    (_two_nouns, len(NOUNS) * (len(NOUNS) - 1)),
    (_somebodys_noun, len(NOUNS) * len(FIRST_NAMES)),
]
SHORT_NAMES = sum(count for _, count in SHORT)
LONG_NAMES = len(NOUNS) * len(ADJECTIVES) * len(PLACES)


def story(number: int) -> Pair:
    """The name of a movie or a series. Short and long ones alternate as long as there are short ones."""
    if number % 2 == 0 and number // 2 < SHORT_NAMES:
        return _short(number // 2 * STRIDE % SHORT_NAMES)
    lap, place = divmod(number - min((number + 1) // 2, SHORT_NAMES), LONG_NAMES)
    name = _long(place * STRIDE % LONG_NAMES)
    return Pair(f"{name.en} {lap + 1}", f"{name.hi} {lap + 1}") if lap else name


def _short(number: int) -> Pair:
    for pattern, count in SHORT:
        if number < count:
            return pattern(number)
        number -= count
    raise IndexError(number)


class Match(NamedTuple):
    """Who plays whom in which round of what."""

    name: Pair
    sport: str
    competition: Pair
    season: int
    round: int
    home: int
    away: int


def match(number: int) -> Match:
    """A sports event. `home` and `away` are places in `TEAMS`."""
    rest, index = divmod(number, len(COMPETITIONS))
    round_, season = divmod(rest, len(SEASONS))
    home = (number * 7 + round_) % len(TEAMS)
    away = (home + 1 + round_ % (len(TEAMS) - 1)) % len(TEAMS)
    competition, year, round_ = COMPETITIONS[index], SEASONS[season], round_ + 1
    name = Pair(
        f"{TEAMS[home].en} v {TEAMS[away].en}, {competition.en} {year}, match {round_}",
        f"{TEAMS[home].hi} बनाम {TEAMS[away].hi}, {competition.hi} {year}, मैच {round_}",
    )
    return Match(name, SPORTS[index], competition, year, round_, home, away)


def person(number: int) -> Pair:
    """First and last name; with an initial between them once those are used up."""
    plain = len(FIRST_NAMES) * len(LAST_NAMES)
    lap, number = divmod(number, plain)
    index = number * STRIDE % plain
    first, last = FIRST_NAMES[index % len(FIRST_NAMES)], LAST_NAMES[index // len(FIRST_NAMES)]
    if not lap:
        return Pair(f"{first.en} {last.en}", f"{first.hi} {last.hi}")
    middle = INITIALS[(lap - 1) % len(INITIALS)]
    again = f" {(lap - 1) // len(INITIALS) + 1}" if lap > len(INITIALS) else ""
    return Pair(f"{first.en} {middle.en}. {last.en}{again}", f"{first.hi} {middle.hi}. {last.hi}{again}")
