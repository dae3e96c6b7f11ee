"""Titles and what is under them over HTTP."""

from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import serializers

from apps.catalog.models import Episode, Extra, Kind, Season, Title, TitleText, Window
from apps.catalog.services import contents
from apps.workflow.moves import State

from . import cms_parts as parts
from . import cms_serializers as wire
from .cms_base import Many, One
from .cms_fields import InstantField

ROWS = Title.objects.annotate(live_number=F("live_version__number")).select_related("assignee")
WHOLE = ROWS.select_related("asset").prefetch_related(
    "genres",
    "tags",
    "texts",
    "credits__person",
    "segments",
    "external_ids",
    "event__contestants__team",
    "authors",
)


class TitleFilters(wire.Out):
    state = serializers.ChoiceField(choices=State.choices, required=False)
    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    q = serializers.CharField(
        max_length=100, required=False, help_text="Part of a name, in any language, or of the slug."
    )
    assignee = serializers.EmailField(max_length=254, required=False)
    updated_since = InstantField(
        required=False, help_text="Edited since then, or what is under it; moves do not count."
    )


class TitlesView(Many):
    """Titles, the latest changed first."""

    noun, nouns = "a title", "titles"
    queryset = ROWS
    serializer_class = wire.TitleRowOut
    detailed = wire.TitleOut
    filters = TitleFilters
    lookups = {
        "state": "state",
        "kind": "kind",
        "assignee": "assignee__email",
        "updated_since": "updated_at__gte",
    }
    body = wire.TitleIn
    ordering = ("-updated_at", "-id")

    def narrowed(self, rows: QuerySet[Title], wanted: dict[str, Any]) -> QuerySet[Title]:
        narrowed: QuerySet[Title] = super().narrowed(rows, wanted)
        return narrowed.filter(called(wanted["q"])) if "q" in wanted else narrowed

    def found(self, public_id: Any) -> Title:
        return get_object_or_404(WHOLE, public_id=public_id)

    def title_of(self, thing: Title) -> Title:
        return thing

    def made(self, given: dict[str, Any]) -> Title:
        return contents.create_title(by=self.staff, **given)


def called(part: str) -> Q:
    """Titles with this in a name or in the slug."""
    texts = TitleText.objects.filter(title=OuterRef("pk"), name__icontains=part)
    return Q(name__icontains=part) | Q(slug__icontains=part) | Q(Exists(texts))


class TitleView(One):
    noun, nouns = "a title", "titles"
    queryset = WHOLE
    serializer_class = wire.TitleOut
    patched = wire.TitlePatchIn
    revised = True

    def title_of(self, thing: Title) -> Title:
        return thing

    def changed(self, thing: Title, given: dict[str, Any]) -> Title:
        return contents.change_title(thing, by=self.staff, **given)

    def dropped(self, thing: Title, seen: dict[str, Any]) -> None:
        contents.drop_title(thing, by=self.staff, **seen)


class Under:
    """What all that is under a title has in common."""

    revised = True
    staff: Any

    def title_of(self, thing: Any) -> Title:
        return contents.title_of(thing)

    def changed(self, thing: Any, given: dict[str, Any]) -> Any:
        return contents.change(thing, by=self.staff, **given)

    def dropped(self, thing: Any, seen: dict[str, Any]) -> None:
        contents.drop(thing, by=self.staff, **seen)


class SeasonsView(Under, Many):
    noun, nouns = "a season", "seasons"
    queryset = Season.objects.select_related("title").prefetch_related("texts")
    serializer_class = parts.SeasonOut
    filters = parts.OfTitle
    lookups = {"title": "title__public_id"}
    body = parts.SeasonIn

    def made(self, given: dict[str, Any]) -> Season:
        return contents.add_season(given.pop("title"), by=self.staff, **given)


class SeasonView(Under, One):
    noun, nouns = "a season", "seasons"
    queryset = SeasonsView.queryset
    serializer_class = parts.SeasonOut
    patched = parts.SeasonPatchIn


class EpisodesView(Under, Many):
    noun, nouns = "an episode", "episodes"
    queryset = Episode.objects.select_related("season__title", "asset").prefetch_related(
        "texts", "credits__person", "segments", "external_ids"
    )
    serializer_class = parts.EpisodeOut
    filters = parts.OfTitleOrSeason
    lookups = {"title": "season__title__public_id", "season": "season__public_id"}
    body = parts.EpisodeIn

    def made(self, given: dict[str, Any]) -> Episode:
        return contents.add_episode(given.pop("season"), by=self.staff, **given)


class EpisodeView(Under, One):
    noun, nouns = "an episode", "episodes"
    queryset = EpisodesView.queryset
    serializer_class = parts.EpisodeOut
    patched = parts.EpisodePatchIn


class ExtrasView(Under, Many):
    noun, nouns = "an extra", "extras"
    queryset = Extra.objects.select_related("title", "asset").prefetch_related("texts")
    serializer_class = parts.ExtraOut
    filters = parts.OfTitle
    lookups = {"title": "title__public_id"}
    body = parts.ExtraIn

    def made(self, given: dict[str, Any]) -> Extra:
        return contents.add_extra(given.pop("title"), by=self.staff, **given)


class ExtraView(Under, One):
    noun, nouns = "an extra", "extras"
    queryset = ExtrasView.queryset
    serializer_class = parts.ExtraOut
    patched = parts.ExtraPatchIn


class WindowsView(Under, Many):
    noun, nouns = "a rights window", "rights windows"
    queryset = Window.objects.select_related("title", "season__title", "episode__season__title")
    serializer_class = parts.WindowOut
    filters = parts.OfOwner
    lookups = {
        "title": "title__public_id",
        "season": "season__public_id",
        "episode": "episode__public_id",
    }
    body = parts.WindowIn

    def made(self, given: dict[str, Any]) -> Window:
        return contents.add_window(given.pop("owner"), by=self.staff, **given)


class WindowView(Under, One):
    noun, nouns = "a rights window", "rights windows"
    queryset = WindowsView.queryset
    serializer_class = parts.WindowOut
    patched = parts.WindowPatchIn
