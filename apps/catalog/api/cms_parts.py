"""Seasons, episodes, extras and rights windows, as editors read and write them."""

from typing import Any

from rest_framework import serializers

from apps.catalog.models import Episode, Extra, Season, Title, Window
from apps.catalog.services.contents import title_of
from apps.core.api.serializers import StrictSerializer, TextField
from apps.media.models import Asset

from .cms_fields import InstantField, Ref, languages, number, territories, tier
from .cms_serializers import (
    Added,
    CreditIn,
    CreditOut,
    ExternalIdsField,
    ExternalIdsIn,
    Out,
    Patch,
    SegmentIn,
    SegmentOut,
    TextsIn,
    TextsOutField,
)

SMALL = 32_767
REVISION = "The title's. Say it when you change or delete this."


def id_of(source: str, **options: Any) -> serializers.UUIDField:
    return serializers.UUIDField(source=f"{source}.public_id", **options)


# --- Seasons -----------------------------------------------------------------------------------------


class SeasonFields(StrictSerializer):
    held = serializers.BooleanField(
        required=False, help_text="Not part of what is published, until it is released."
    )
    texts = TextsIn(required=False)


class SeasonIn(SeasonFields, Added):
    title = Ref(Title)
    number = number(0, SMALL, help_text="0 for specials.")


class SeasonPatchIn(SeasonFields, Patch):
    number = number(0, SMALL, required=False, help_text="0 for specials.")


class SeasonOut(serializers.ModelSerializer[Season]):
    id = serializers.UUIDField(source="public_id")
    title = id_of("title")
    revision = serializers.IntegerField(source="title.revision", help_text=REVISION)
    texts = TextsOutField()

    class Meta:
        model = Season
        fields = ["id", "title", "revision", "number", "held", "texts"]
        read_only_fields = fields


# --- Episodes ----------------------------------------------------------------------------------------


class EpisodeFields(StrictSerializer):
    name = TextField(max_length=200, required=False, allow_blank=True, help_text="What the desk calls it.")
    released_on = serializers.DateField(required=False, allow_null=True)
    asset = Ref(Asset, required=False, allow_null=True)
    texts = TextsIn(required=False)
    credits = CreditIn(many=True, required=False, max_length=300)  # type: ignore[call-arg]
    segments = SegmentIn(many=True, required=False, max_length=100)  # type: ignore[call-arg]
    external_ids = ExternalIdsIn(required=False)


class EpisodeIn(EpisodeFields, Added):
    season = Ref(Season)
    number = number(0, SMALL)


class EpisodePatchIn(EpisodeFields, Patch):
    number = number(0, SMALL, required=False)


class EpisodeOut(serializers.ModelSerializer[Episode]):
    id = serializers.UUIDField(source="public_id")
    title = id_of("season.title")
    revision = serializers.IntegerField(source="season.title.revision", help_text=REVISION)
    season = id_of("season")
    asset = Ref(Asset, allow_null=True)
    texts = TextsOutField()
    credits = CreditOut(many=True)
    segments = SegmentOut(many=True)
    external_ids = ExternalIdsField()

    class Meta:
        model = Episode
        fields = [
            "id",
            "title",
            "revision",
            "season",
            "number",
            "name",
            "released_on",
            "asset",
            "texts",
            "credits",
            "segments",
            "external_ids",
        ]
        read_only_fields = fields


# --- Extras ------------------------------------------------------------------------------------------


class ExtraFields(StrictSerializer):
    kind = serializers.ChoiceField(choices=Extra.Kind.choices, required=False)
    asset = Ref(Asset, required=False, allow_null=True)
    order = number(0, SMALL, required=False)
    texts = TextsIn(required=False)


class ExtraIn(ExtraFields, Added):
    title = Ref(Title)
    name = TextField(max_length=200, help_text="What the desk calls it.")


class ExtraPatchIn(ExtraFields, Patch):
    name = TextField(max_length=200, required=False, help_text="What the desk calls it.")


class ExtraOut(serializers.ModelSerializer[Extra]):
    id = serializers.UUIDField(source="public_id")
    title = id_of("title")
    revision = serializers.IntegerField(source="title.revision", help_text=REVISION)
    asset = Ref(Asset, allow_null=True)
    texts = TextsOutField()

    class Meta:
        model = Extra
        fields = ["id", "title", "revision", "kind", "name", "asset", "order", "texts"]
        read_only_fields = fields


# --- Windows -----------------------------------------------------------------------------------------


class OwnerIn(StrictSerializer):
    """Whose it is: exactly one of its fields is given."""

    owners: tuple[str, ...] = ()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in self.owners if name in attrs]
        if len(given) != 1:
            names = ", ".join(self.owners)
            raise serializers.ValidationError({self.owners[0]: [f"Name one of these: {names}."]})
        owner = attrs.pop(given[0])
        return {**attrs, "owner": owner}


class WindowFields(StrictSerializer):
    scope = serializers.ChoiceField(choices=Window.Territories.choices, required=False)
    countries = territories(required=False, help_text="ISO 3166-1 alpha-2; none for “everywhere”.")
    tier = tier(required=False)
    starts_at = InstantField(required=False, allow_null=True)
    ends_at = InstantField(required=False, allow_null=True, help_text="Exclusive; null for good.")
    max_height = number(144, SMALL, required=False, allow_null=True)
    languages = languages(required=False, help_text="Of audio and subtitles; none for all.")


class WindowIn(WindowFields, Added, OwnerIn):
    owners = ("title", "season", "episode")
    title = Ref(Title, required=False)
    season = Ref(Season, required=False)
    episode = Ref(Episode, required=False)


class WindowPatchIn(WindowFields, Patch):
    pass


class WindowOut(serializers.ModelSerializer[Window]):
    id = serializers.UUIDField(source="public_id")
    title = Ref(Title, allow_null=True)
    season = Ref(Season, allow_null=True)
    episode = Ref(Episode, allow_null=True)
    revision = serializers.SerializerMethodField(help_text=REVISION)
    tier = tier()

    class Meta:
        model = Window
        fields = [
            "id",
            "title",
            "season",
            "episode",
            "revision",
            "scope",
            "countries",
            "tier",
            "starts_at",
            "ends_at",
            "max_height",
            "languages",
        ]
        read_only_fields = fields

    def get_revision(self, window: Window) -> int:
        return title_of(window).revision


class OfTitle(Out):
    title = serializers.UUIDField(required=False)


class OfTitleOrSeason(OfTitle):
    season = serializers.UUIDField(required=False)


class OfOwner(OfTitleOrSeason):
    episode = serializers.UUIDField(required=False)
