"""Seasons with their episodes, and trailers, of generated titles."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from django.db.models import Model

from apps.catalog.models import Episode, EpisodeText, Extra, ExtraText, Season, SeasonText, Title

from . import sentences
from .stock import Stock
from .words import NOUNS, Noun, Pair

SEASONS = {1: 60, 2: 24, 3: 9, 4: 4, 5: 3}


def seasons(title: Title, stock: Stock, dice: Random) -> Iterator[Model]:
    """Some newest seasons are held back; some series have a special."""
    count = dice.choices(list(SEASONS), list(SEASONS.values()))[0]
    begins = title.released_on or date(2020, 1, 1)
    # All of a series is of one length.
    length = dice.randrange(len(stock.videos["episode", title.original_language]))
    for number in range(1, count + 1):
        season = Season(title=title, number=number, held=number == count > 1 and dice.random() < 0.05)
        yield season
        yield from _episodes(season, dice.randint(4, 9), stock, dice, (length, begins))
        begins += timedelta(days=365)
    if dice.random() < 0.05:
        season = Season(title=title, number=0)
        yield season
        yield SeasonText(season=season, language="en", name="Specials")
        yield SeasonText(season=season, language="hi", name="विशेष")
        yield from _episodes(season, 1, stock, dice, (length, begins))


def _episodes(
    season: Season, count: int, stock: Stock, dice: Random, run: tuple[int, date]
) -> Iterator[Model]:
    """A week apart, named after things. `run` is the place of their video in the stock, and the first day."""
    place, begins = run
    videos = stock.videos["episode", season.title.original_language]
    for number, noun in enumerate(dice.sample(NOUNS, count), start=1):
        day = begins + timedelta(weeks=number - 1)
        name, text = _named(noun), sentences.sentence(dice)
        episode = Episode(
            season=season, number=number, name=name.en, released_on=day, asset_id=videos[place][0]
        )
        yield episode
        yield EpisodeText(episode=episode, language="en", name=name.en, synopsis=text.en)
        yield EpisodeText(episode=episode, language="hi", name=name.hi, synopsis=text.hi)


def _named(noun: Noun) -> Pair:
    return Pair(f"The {noun.en}", noun.hi)


def trailer(title: Title, stock: Stock, dice: Random) -> Iterator[Model]:
    key, _ = stock.video(dice, "trailer", title.original_language)
    extra = Extra(title=title, kind=Extra.Kind.TRAILER, name="Trailer", asset_id=key)
    yield extra
    yield ExtraText(extra=extra, language="en", name="Trailer")
    yield ExtraText(extra=extra, language="hi", name="ट्रेलर")
