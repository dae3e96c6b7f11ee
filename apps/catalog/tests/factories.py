"""Titles for tests, and the people who work on them."""

from functools import cache
from typing import Any

import factory
import orjson
from django.conf import settings
from django.contrib.auth.models import Group, Permission

from apps.accounts.maturity import Maturity
from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.catalog.models import (
    Artwork,
    Episode,
    Genre,
    Kind,
    Person,
    Season,
    Tier,
    Title,
    TitleText,
    Window,
)
from apps.media.models import Asset, AssetState, AudioTrack, Rendition, SubtitleTrack


def staff(*groups: str, **fields: Any) -> User:
    """A member of staff in these groups, with the permissions of fixtures/groups.json."""
    user: User = UserFactory(is_staff=True, **fields)
    user.groups.set(Group.objects.filter(name__in=groups))
    assert user.groups.count() == len(groups), "load fixtures/groups.json first (fixture `groups`)"
    return user


def load_groups() -> None:
    """The groups of fixtures/groups.json, as `loaddata` makes them, but in three statements and not in two
    hundred: nearly every test about the newsroom begins with it."""
    names = ("codename", "content_type__app_label", "content_type__model")
    ids = {tuple(key): pk for pk, *key in Permission.objects.values_list("pk", *names)}
    told = {one["name"]: one["permissions"] for one in _groups()}
    groups = Group.objects.bulk_create(
        [Group(name=name) for name in told],
        update_conflicts=True, unique_fields=["name"], update_fields=["name"],
    )  # fmt: skip
    through = Group.permissions.through
    rows = (
        through(group=group, permission_id=ids[tuple(key)]) for group in groups for key in told[group.name]
    )
    through.objects.bulk_create(rows, ignore_conflicts=True)


@cache
def _groups() -> list[dict[str, Any]]:
    rows = orjson.loads((settings.BASE_DIR / "fixtures" / "groups.json").read_bytes())
    return [row["fields"] for row in rows]


def permission(codename: str) -> Permission:
    return Permission.objects.get(content_type__app_label="catalog", codename=codename)


class AssetFactory(factory.django.DjangoModelFactory[Asset]):
    class Meta:
        model = Asset
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"master-{n}.mp4")
    state = AssetState.READY
    duration_ms = 600_000

    @factory.post_generation
    def tracks(self: Any, create: bool, extracted: Any, **_: Any) -> None:
        for height in (360, 720):
            Rendition.objects.create(asset=self, height=height)
        AudioTrack.objects.create(asset=self, language="en")
        for language in ("en", "hi"):
            SubtitleTrack.objects.create(asset=self, language=language)


class GenreFactory(factory.django.DjangoModelFactory[Genre]):
    class Meta:
        model = Genre
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda n: f"genre-{n}")
    name = factory.LazyAttribute(lambda made: made.slug.replace("-", " ").capitalize())


class PersonFactory(factory.django.DjangoModelFactory[Person]):
    class Meta:
        model = Person

    name = factory.Sequence(lambda n: f"Person {n}")
    slug = factory.Sequence(lambda n: f"person-{n}")


class WindowFactory(factory.django.DjangoModelFactory[Window]):
    class Meta:
        model = Window

    tier = Tier.FREE


class ArtworkFactory(factory.django.DjangoModelFactory[Artwork]):
    """A picture that the worker is done with."""

    class Meta:
        model = Artwork

    kind = Artwork.Kind.POSTER
    original = "artwork/originals/none.png"
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    width, height = 1000, 1500
    state = Artwork.State.READY
    blurhash = "LEHV6nWB2yk8pyo0adR*.7kCMdnj"


class TitleFactory(factory.django.DjangoModelFactory[Title]):
    """A bare draft; `complete=True` makes one that passes every gate."""

    class Meta:
        model = Title
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Title {n}")
    slug = factory.Sequence(lambda n: f"title-{n}")
    kind = Kind.MOVIE

    @factory.post_generation
    def complete(self: Any, create: bool, extracted: Any, **_: Any) -> None:
        if extracted:
            complete_title(self)


def complete_title(title: Title, *, tier: int = Tier.FREE) -> Title:
    """Give a title all that the gates ask for."""
    title.maturity = Maturity.U if title.maturity is None else title.maturity
    title.descriptors = title.descriptors or ["none"]
    if title.kind == Kind.SERIES:
        season, _ = Season.objects.get_or_create(title=title, number=1)
        if not season.episodes.exists():
            for number in (1, 2):
                Episode.objects.create(season=season, number=number, asset=AssetFactory())
    else:
        title.asset = title.asset or AssetFactory()
    title.save()
    TitleText.objects.create(
        title=title,
        language="en",
        name=title.name,
        tagline="A tagline.",
        synopsis=f"The story of {title.name}.",
    )
    TitleText.objects.create(title=title, language="hi", name=f"{title.name} हिन्दी")
    ArtworkFactory(title=title, kind=Artwork.Kind.POSTER)
    ArtworkFactory(title=title, kind=Artwork.Kind.BACKDROP, width=1920, height=1080)
    WindowFactory(title=title, tier=tier)
    return title
