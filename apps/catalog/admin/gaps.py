"""What slips through: no translation, ready but forgotten, rights about to end, drafts gone cold."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet

from apps.catalog.models import (
    Artwork,
    Descriptor,
    Episode,
    Event,
    Kind,
    ListingWindow,
    Title,
    TitleText,
    Window,
)
from apps.media.models import AssetState
from apps.workflow.moves import State

ENDING = timedelta(days=14)
COLD = timedelta(days=30)
AT_WORK = (State.DRAFT, State.CHANGES_REQUESTED)
Titles = QuerySet[Title]


def has_synopsis(language: str) -> Exists:
    return Exists(TitleText.objects.filter(title=OuterRef("pk"), language=language, synopsis__regex=r"\S"))


def has_picture(kind: str) -> Exists:
    return Exists(
        Artwork.objects.filter(title=OuterRef("pk"), kind=kind, dropped=False, state=Artwork.State.READY)
    )


def live_without_synopsis(language: str) -> Titles:
    """The last changed first: that way the database stops at the few that are shown."""
    found = Title.objects.filter(~has_synopsis(language), live_version__isnull=False)
    return found.order_by("-updated_at", "-pk")


def ready(titles: Titles, at: datetime) -> Titles:
    """Those that pass every publish gate (`catalog.gates`), asked as one question."""
    language = settings.LANGUAGE_CODE
    named = TitleText.objects.filter(title=OuterRef("pk"), language=language, name__regex=r"\S")
    lasting = Window.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), title=OuterRef("pk"))
    described = ~Q(descriptors=[]) & (~Q(descriptors__contains=[Descriptor.NONE]) | Q(descriptors__len=1))
    return titles.filter(
        _has_videos(),
        described,
        Exists(named),
        has_synopsis(language),
        Exists(lasting),
        has_picture(Artwork.Kind.POSTER),
        has_picture(Artwork.Kind.BACKDROP),
        ~Q(kind=Kind.SPORT) | Exists(Event.objects.filter(title=OuterRef("pk"))),
        maturity__isnull=False,
    )


def _has_videos() -> Q:
    """Of a series: at least one episode, and all of those that are not held back."""
    shown = Episode.objects.filter(season__title=OuterRef("pk"), season__held=False)
    unready = shown.filter(Q(asset=None) | ~Q(asset__state=AssetState.READY))
    series = Q(kind=Kind.SERIES) & Q(Exists(shown)) & ~Q(Exists(unready))
    return series | (~Q(kind=Kind.SERIES) & Q(asset__state=AssetState.READY))


def forgotten(at: datetime) -> Titles:
    """Ready, and nobody has submitted it; the last changed first."""
    return ready(Title.objects.filter(state__in=AT_WORK), at).order_by("-updated_at", "-pk")


def ending(at: datetime) -> QuerySet[Any]:
    """`{listing_id, name, first}` of live titles with rights that end within `ENDING`, soonest first."""
    windows = ListingWindow.objects.filter(ends_at__gt=at, ends_at__lt=at + ENDING)
    rows = windows.values("listing_id", name=F("listing__title__name")).annotate(first=Min("ends_at"))
    return rows.order_by("first", "listing_id")


def cold(at: datetime) -> Titles:
    """Drafts that nobody touched for `COLD`, the longest first."""
    return Title.objects.filter(state__in=AT_WORK, updated_at__lt=at - COLD).order_by("updated_at", "pk")
