"""The catalogue on the wire, for its description: what `compile` makes, and what is spliced in per viewer."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers

from apps.accounts.maturity import Maturity
from apps.catalog.models import Descriptor, Extra, Kind, Role, Segment, Tier

from .asking import AGES, MOST, USUAL, YEARS

TIERS = [tier.label for tier in Tier]


def _asks(name: str, schema: dict[str, Any], description: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description)


PAGING = [
    _asks("cursor", {"type": "string", "minLength": 1}, "Out of `next` or `previous` of the same list."),
    _asks(
        "page_size",
        {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
        "Rows on a page.",
    ),
]
FILTERS = [
    _asks("kind", {"type": "string", "enum": Kind.values}, "Only these."),
    _asks("genre", {"type": "string", "pattern": "^[-A-Za-z0-9_]{1,60}$"}, "The short name of a genre."),
    _asks(
        "language",
        {"type": "string", "pattern": "^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$"},
        "A language that there is sound in.",
    ),
    _asks("year", {"type": "integer", "minimum": YEARS[0], "maximum": YEARS[1]}, "Of the release."),
    _asks("tier", {"type": "string", "enum": TIERS}, "Plays with this plan, here and now, and no lower one."),
    _asks(
        "max_rating",
        {"type": "integer", "minimum": AGES[0], "maximum": AGES[1]},
        "Suits this age; nothing rated above.",
    ),
    _asks("free", {"type": "boolean"}, "Whether it plays without a plan, here and now."),
    _asks(
        "order",
        {"type": "string", "enum": ["popular", "newest", "title"], "default": "popular"},
        "`newest` is by the day of publication.",
    ),
    *PAGING,
]


class Named(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()


class Genres(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = Named(many=True)


class Lock(serializers.Serializer[Any]):
    code = serializers.ChoiceField(["plan_required", "not_available_yet"])
    detail = serializers.CharField()


class Rating(serializers.Serializer[Any]):
    value = serializers.ChoiceField(Maturity.values, help_text="The youngest age that it suits.")
    label = serializers.ChoiceField(Maturity.labels)
    descriptors = serializers.ListField(child=serializers.ChoiceField(Descriptor.values))


class Variant(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="A path on this site.")
    format = serializers.CharField(help_text="avif, webp, jpeg or png.")
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class Focal(serializers.Serializer[Any]):
    x = serializers.FloatField()
    y = serializers.FloatField()


class Picture(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    blurhash = serializers.CharField()
    focal = Focal(help_text="What must stay in view, as fractions of width and height.")
    alt = serializers.CharField()
    variants = Variant(many=True)


class Pictures(serializers.Serializer[Any]):
    poster = Picture(allow_null=True)
    backdrop = Picture(allow_null=True)


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {"oneOf": [{"$ref": "#/components/schemas/Picture"}, {"type": "null"}]},
    }
)
class PicturesByKind(serializers.DictField):
    """Pictures of a thing, by their kind."""


class Team(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    short_name = serializers.CharField()


class Card(serializers.Serializer[Any]):
    """What a list shows of a title. The last fields depend on its kind."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    kind = serializers.ChoiceField(Kind.values)
    name = serializers.CharField()
    tagline = serializers.CharField()
    year = serializers.IntegerField(allow_null=True)
    maturity = Rating(allow_null=True)
    genres = Named(many=True)
    tier = serializers.ChoiceField(TIERS, help_text="The lowest that any of its windows asks for.")
    languages = serializers.ListField(child=serializers.CharField(), help_text="Of the sound.")
    artwork = Pictures()
    duration_ms = serializers.IntegerField(allow_null=True, required=False)
    season_count = serializers.IntegerField(required=False)
    episode_count = serializers.IntegerField(required=False)
    kick_off_at = serializers.DateTimeField(allow_null=True, required=False)
    teams = Team(many=True, required=False)
    locked = Lock(allow_null=True, help_text="Why it does not play for this viewer; null: it does.")


class Cards(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = Card(many=True)


class CreditedPerson(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()


class Credited(serializers.Serializer[Any]):
    person = CreditedPerson()
    role = serializers.ChoiceField(Role.values)
    character = serializers.CharField()


class Tracks(serializers.Serializer[Any]):
    audio = serializers.ListField(child=serializers.CharField())
    subtitles = serializers.ListField(child=serializers.CharField())
    heights = serializers.ListField(child=serializers.IntegerField())


class Part(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(Segment.Kind.values)
    start_ms = serializers.IntegerField()
    end_ms = serializers.IntegerField()


class Video(serializers.Serializer[Any]):
    duration_ms = serializers.IntegerField(allow_null=True)
    tracks = Tracks(allow_null=True)
    placeholder = serializers.BooleanField(help_text="A stand-in for a video that is not there yet.")


class ExtraVideo(Video):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(Extra.Kind.values)
    name = serializers.CharField()
    synopsis = serializers.CharField()


class EpisodeOf(Video):
    id = serializers.UUIDField()
    number = serializers.IntegerField()
    name = serializers.CharField()
    synopsis = serializers.CharField()
    released_on = serializers.DateField(allow_null=True)
    artwork = PicturesByKind()
    segments = Part(many=True)
    credits = Credited(many=True)


class SeasonOf(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    number = serializers.IntegerField(help_text="0: specials.")
    name = serializers.CharField()
    synopsis = serializers.CharField()
    artwork = PicturesByKind()
    episodes = EpisodeOf(many=True)


class SportsEvent(serializers.Serializer[Any]):
    sport = serializers.CharField()
    competition = serializers.CharField()
    season = serializers.CharField()
    round = serializers.CharField()
    venue = serializers.CharField()
    kick_off_at = serializers.DateTimeField(allow_null=True)
    teams = Team(many=True)


class OfferOf(serializers.Serializer[Any]):
    """A rights window that admits the viewer, now or later."""

    tier = serializers.ChoiceField(TIERS)
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True, help_text="The first moment it is over.")
    max_height = serializers.IntegerField(allow_null=True)
    languages = serializers.ListField(child=serializers.CharField(), help_text="None named: all.")


class Playable(serializers.Serializer[Any]):
    allowed = serializers.BooleanField()
    code = serializers.ChoiceField(
        ["", "plan_required", "not_available_yet", "no_longer_available", "territory_restricted"]
    )
    detail = serializers.CharField()


class PartLock(serializers.Serializer[Any]):
    code = serializers.ChoiceField(
        ["plan_required", "not_available_yet", "no_longer_available", "territory_restricted"]
    )
    detail = serializers.CharField()


class Document(Card):
    """All that a title's page shows."""

    locked = None  # type: ignore[assignment]
    synopsis = serializers.CharField()
    advice = serializers.CharField()
    original_language = serializers.CharField()
    released_on = serializers.DateField(allow_null=True)
    artwork = PicturesByKind()  # type: ignore[assignment]
    credits = Credited(many=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    tracks = Tracks(allow_null=True)
    placeholder = serializers.BooleanField()
    segments = Part(many=True)
    extras = ExtraVideo(many=True)
    seasons = SeasonOf(many=True)
    event = SportsEvent(allow_null=True)
    offers = OfferOf(many=True)
    playable = Playable()
    locks = serializers.DictField(
        child=PartLock(),
        help_text="By id: seasons and episodes that do not play though the title may.",
    )


class Portraits(serializers.Serializer[Any]):
    portrait = Picture(allow_null=True)


class Person(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    biography = serializers.CharField()
    born_on = serializers.DateField(allow_null=True)
    died_on = serializers.DateField(allow_null=True)
    artwork = Portraits()
    titles = Cards()


class Collection(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    tagline = serializers.CharField()
    synopsis = serializers.CharField()
    artwork = Pictures()
    titles = Cards()
