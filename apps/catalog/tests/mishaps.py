"""What may happen to a working copy between two snapshots, by the throw of a die."""

import random
from datetime import timedelta
from typing import Any

from apps.catalog.models import (
    Artwork,
    Credit,
    Episode,
    Event,
    Extra,
    Person,
    Season,
    Segment,
    Tier,
    Title,
    Window,
)
from apps.catalog.services.restoring import put_away_pictures
from apps.media.models import Asset

from .desks import NOON, episode
from .factories import ArtworkFactory, AssetFactory, GenreFactory, WindowFactory

Dice = random.Random


def _names(title: Title, dice: Dice) -> None:
    text = {"name": str(dice.random()), "synopsis": dice.choice(["", "Other words."])}
    title.texts.update_or_create(language=dice.choice(["en", "hi"]), defaults=text)
    Title.objects.filter(pk=title.pk).update(name="Later", maturity=dice.choice([None, 0, 18]))


def _vocabulary(title: Title, dice: Dice) -> None:
    title.genres.set([GenreFactory(slug=slug) for slug in dice.sample(["comedy", "drama", "action"], 2)])
    title.tags.clear()
    title.external_ids.all().delete()


def _credits(title: Title, dice: Dice) -> None:
    people = list(Person.objects.all())
    Credit.objects.filter(pk__in=[one.pk for one in Credit.objects.all() if dice.random() < 0.3]).delete()
    Credit.objects.get_or_create(
        title=title, person=dice.choice(people), role="writer", order=dice.randint(0, 3)
    )
    Credit.objects.filter(title=title).update(order=dice.randint(0, 2))


def _windows(title: Title, dice: Dice) -> None:
    Window.objects.filter(pk__in=[one.pk for one in Window.objects.all() if dice.random() < 0.4]).delete()
    owner: dict[str, Any] = dice.choice([{"title": title}, *({"season": one} for one in title.seasons.all())])
    WindowFactory(tier=Tier.PREMIUM, starts_at=NOON + timedelta(days=dice.randint(-2, 2)), **owner)


def _segments(title: Title, dice: Dice) -> None:
    title.segments.all().delete()
    for one in Episode.objects.filter(season__title=title):
        Segment.objects.create(episode=one, kind="recap", start_ms=dice.randint(0, 99), end_ms=100)


def _extras(title: Title, dice: Dice) -> None:
    for one in title.extras.all():
        one.texts.all().delete()
    title.extras.filter(kind="trailer").delete()
    Extra.objects.create(title=title, name="Clip", asset=dice.choice([None, AssetFactory()]))


def _pictures(title: Title, dice: Dice) -> None:
    for one in Artwork.objects.all():
        one.dropped, one.alt = dice.random() < 0.3, dice.choice(["", "Later"])
        one.save()
    ArtworkFactory(title=title, language=dice.choice(["", "hi"]))


def _new_season(title: Title, dice: Dice) -> None:
    taken = set(title.seasons.values_list("number", flat=True))
    season = Season.objects.create(title=title, number=min(set(range(99)) - taken))
    for number in dice.sample(range(1, 9), 2):
        episode(season, number)


def _lost_season(title: Title, dice: Dice) -> None:
    if seasons := list(title.seasons.all()):
        season = dice.choice(seasons)
        put_away_pictures(title, seasons=[season.pk])
        season.delete()


def _lost_episode(title: Title, dice: Dice) -> None:
    if episodes := list(Episode.objects.filter(season__title=title)):
        one = dice.choice(episodes)
        put_away_pictures(title, episodes=[one.pk])
        one.delete()


def _renumbered(title: Title, dice: Dice) -> None:
    for season in title.seasons.all():
        rows = [*season.episodes.all()]
        for row, number in zip(rows, dice.sample(range(50, 99), len(rows)), strict=True):
            season.episodes.filter(pk=row.pk).update(number=number, name="Moved", asset=AssetFactory())


def _moved(title: Title, dice: Dice) -> None:
    seasons, episodes = [*title.seasons.all()], [*Episode.objects.filter(season__title=title)]
    if seasons and episodes:
        free = dice.choice(range(100, 30_000))
        moved = Episode.objects.filter(pk=dice.choice(episodes).pk)
        moved.update(season=dice.choice(seasons), number=free)


def _event(title: Title, dice: Dice) -> None:
    Event.objects.filter(title=title).delete()
    if dice.random() < 0.5:
        Event.objects.create(title=title, sport="Chess", competition="Cup", kick_off_at=NOON)


def _video(title: Title, dice: Dice) -> None:
    if title.kind != "series":
        Title.objects.filter(pk=title.pk).update(asset=dice.choice([None, *Asset.objects.all()]))


MISHAPS = [
    _names, _vocabulary, _credits, _windows, _segments, _extras, _pictures, _new_season, _lost_season,
    _lost_episode, _renumbered, _moved, _event, _video,
]  # fmt: skip
