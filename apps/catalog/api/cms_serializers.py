"""Titles and what is under them, as editors read and write them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.catalog.models import Credit, Descriptor, ExternalId, Kind, Role, Segment, Title
from apps.core.api.serializers import StrictSerializer, TextField
from apps.media.models import Asset
from apps.workflow.moves import State

from .cms_fields import (
    IdField,
    InstantField,
    LanguageTag,
    ProseField,
    RatingField,
    Ref,
    TextsField,
    by_language,
    keyed,
    number,
    priority,
    slugs,
)

Out = serializers.Serializer[Any]


class Patch(StrictSerializer):
    """A change: the revision that the editor saw, here or in `If-Match`, and at least one field."""

    revision = number(required=False, help_text="The one you saw. Needed, here or in If-Match.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.keys() - {"revision"}:
            raise serializers.ValidationError("Say what to change.", "empty")
        return attrs


class Added(StrictSerializer):
    """Something new under a title."""

    revision = number(required=False, help_text="The title's that you saw; left out, it is not judged.")


# --- Texts and other parts ---------------------------------------------------------------------------


class TextIn(StrictSerializer):
    name = TextField(max_length=200, required=False, allow_blank=True)
    tagline = TextField(max_length=200, required=False, allow_blank=True)
    synopsis = ProseField(max_length=4000, required=False, allow_blank=True)


class TitleTextIn(TextIn):
    advice = TextField(max_length=300, required=False, allow_blank=True)


TextsIn = by_language("TextsIn", lambda: TextIn(required=False, allow_null=True))
TitleTextsIn = by_language("TitleTextsIn", lambda: TitleTextIn(required=False, allow_null=True))


class TextOut(Out):
    name = serializers.CharField(allow_blank=True)
    tagline = serializers.CharField(allow_blank=True)
    synopsis = serializers.CharField(allow_blank=True)


class TitleTextOut(TextOut):
    advice = serializers.CharField(allow_blank=True)


@extend_schema_field(by_language("TextsOut", lambda: TextOut(required=False)))
class TextsOutField(TextsField):
    columns = ("name", "tagline", "synopsis")


@extend_schema_field(by_language("TitleTextsOut", lambda: TitleTextOut(required=False)))
class TitleTextsOutField(TextsField):
    columns = ("name", "tagline", "synopsis", "advice")


class CreditIn(StrictSerializer):
    person = IdField()
    role = serializers.ChoiceField(choices=Role.choices)
    character = TextField(max_length=200, required=False, allow_blank=True)


class CreditOut(serializers.ModelSerializer[Credit]):
    person = serializers.UUIDField(source="person.public_id")
    name = serializers.CharField(source="person.name")

    class Meta:
        model = Credit
        fields = ["person", "name", "role", "character"]
        read_only_fields = fields


class SegmentIn(StrictSerializer):
    kind = serializers.ChoiceField(choices=Segment.Kind.choices)
    start_ms = number()
    end_ms = number(help_text="Exclusive; that of an ad break may be its start.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        least = 0 if attrs["kind"] == Segment.Kind.AD_BREAK else 1
        if attrs["end_ms"] < attrs["start_ms"] + least:
            raise serializers.ValidationError({"end_ms": ["It has to end after it starts."]})
        return attrs


class SegmentOut(serializers.ModelSerializer[Segment]):
    class Meta:
        model = Segment
        fields = ["kind", "start_ms", "end_ms"]
        read_only_fields = fields


ExternalIdsIn = keyed(
    "ExternalIdsIn",
    ExternalId.Scheme.values,
    lambda: TextField(max_length=100, required=False, allow_null=True),
)


@extend_schema_field(keyed("ExternalIdsOut", ExternalId.Scheme.values, lambda: TextField(required=False)))
class ExternalIdsField(serializers.Field[Any, Any, Any, Any]):
    def to_representation(self, value: Any) -> dict[str, str]:
        return {row.scheme: row.value for row in value.all()}


class EventIn(StrictSerializer):
    sport = TextField(max_length=60)
    competition = TextField(max_length=120)
    season = TextField(max_length=60, required=False, allow_blank=True)
    round = TextField(max_length=60, required=False, allow_blank=True)
    venue = TextField(max_length=120, required=False, allow_blank=True)
    kick_off_at = InstantField()
    contestants = slugs(32, 120, help_text="Teams, the one at home first.")


class EventOut(Out):
    sport = serializers.CharField()
    competition = serializers.CharField()
    season = serializers.CharField(allow_blank=True)
    round = serializers.CharField(allow_blank=True)
    venue = serializers.CharField(allow_blank=True)
    kick_off_at = serializers.DateTimeField()
    contestants = serializers.SerializerMethodField()

    def get_contestants(self, event: Any) -> list[str]:
        return [one.team.slug for one in event.contestants.all()]


# --- Titles ------------------------------------------------------------------------------------------


class TitleFields(StrictSerializer):
    """What a title may be given; `state`, `live_version` and the like move by deeds alone."""

    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    name = TextField(max_length=200, help_text="What the desk calls it.")
    slug = serializers.SlugField(max_length=120, required=False)
    original_language = LanguageTag(required=False)
    released_on = serializers.DateField(required=False, allow_null=True)
    maturity = RatingField(required=False, allow_null=True)
    descriptors = serializers.ListField(
        child=serializers.ChoiceField(choices=Descriptor.choices), max_length=20, required=False
    )
    announced = serializers.BooleanField(required=False)
    asset = Ref(Asset, required=False, allow_null=True)
    genres = slugs(20)
    tags = slugs(50)
    texts = TitleTextsIn(required=False)
    credits = CreditIn(many=True, required=False, max_length=300)  # type: ignore[call-arg]
    segments = SegmentIn(many=True, required=False, max_length=100)  # type: ignore[call-arg]
    external_ids = ExternalIdsIn(required=False)
    event = EventIn(required=False, allow_null=True)


class TitleIn(TitleFields):
    pass


class TitlePatchIn(TitleFields, Patch):
    name = TextField(max_length=200, required=False, help_text="What the desk calls it.")


class TitleRowOut(serializers.ModelSerializer[Title]):
    id = serializers.UUIDField(source="public_id")
    state = serializers.ChoiceField(choices=State.choices)
    live_version = serializers.IntegerField(source="live_number", allow_null=True)
    maturity = RatingField(allow_null=True)
    assignee = serializers.SlugRelatedField(slug_field="email", read_only=True, allow_null=True)
    priority = priority()

    class Meta:
        model = Title
        fields = [
            "id",
            "slug",
            "kind",
            "name",
            "state",
            "live_version",
            "revision",
            "original_language",
            "released_on",
            "maturity",
            "assignee",
            "due_on",
            "priority",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class TitleOut(TitleRowOut):
    descriptors = serializers.ListField(child=serializers.ChoiceField(choices=Descriptor.choices))
    asset = Ref(Asset, allow_null=True)
    genres = serializers.SlugRelatedField(slug_field="slug", many=True, read_only=True)
    tags = serializers.SlugRelatedField(slug_field="slug", many=True, read_only=True)
    texts = TitleTextsOutField()
    credits = CreditOut(many=True)
    segments = SegmentOut(many=True)
    external_ids = ExternalIdsField()
    event = EventOut(allow_null=True, default=None)
    authors = serializers.SlugRelatedField(
        slug_field="email", many=True, read_only=True, help_text="Who may not approve it."
    )

    class Meta:
        model = Title
        fields = [
            *TitleRowOut.Meta.fields,
            "descriptors",
            "announced",
            "asset",
            "genres",
            "tags",
            "texts",
            "credits",
            "segments",
            "external_ids",
            "event",
            "authors",
        ]
        read_only_fields = fields


class StateOut(serializers.ModelSerializer[Title]):
    """Where a title is after a deed."""

    id = serializers.UUIDField(source="public_id")
    state = serializers.ChoiceField(choices=State.choices)
    live_version = serializers.IntegerField(source="live_number", allow_null=True)

    class Meta:
        model = Title
        fields = ["id", "state", "revision", "live_version"]
        read_only_fields = fields
