"""People, genres, tags, teams and collections over HTTP: what titles share, and what is not drafted."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.catalog import rules
from apps.catalog.models import Collection, CollectionItem, Genre, Kind, Person, Tag, Team
from apps.catalog.services import shared
from apps.catalog.shelf import ORDERS
from apps.core.api.serializers import StrictSerializer, TextField

from .cms_base import Many, One
from .cms_fields import AgeField, IdField, ProseField, TextsField, by_language, languages, number, slugs
from .cms_serializers import Out, TextsIn, TextsOutField

MOST_TITLES = 1000


class Change(StrictSerializer):
    """At least one field."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Say what to change.", "empty")
        return attrs


class Named(Out):
    q = serializers.CharField(max_length=100, required=False, help_text="Part of the name.")


# --- People ------------------------------------------------------------------------------------------


class PersonTextIn(StrictSerializer):
    name = TextField(max_length=200, required=False, allow_blank=True)
    biography = ProseField(max_length=8000, required=False, allow_blank=True)


class PersonTextOut(Out):
    name = serializers.CharField(allow_blank=True)
    biography = serializers.CharField(allow_blank=True)


PersonTextsIn = by_language("PersonTextsIn", lambda: PersonTextIn(required=False, allow_null=True))


@extend_schema_field(by_language("PersonTextsOut", lambda: PersonTextOut(required=False)))
class PersonTextsField(TextsField):
    columns = ("name", "biography")


class PersonFields(StrictSerializer):
    slug = serializers.SlugField(max_length=120, required=False)
    born_on = serializers.DateField(required=False, allow_null=True)
    died_on = serializers.DateField(required=False, allow_null=True)
    texts = PersonTextsIn(required=False)


class PersonIn(PersonFields):
    name = TextField(max_length=200)


class PersonPatchIn(PersonFields, Change):
    name = TextField(max_length=200, required=False)


class PersonOut(serializers.ModelSerializer[Person]):
    id = serializers.UUIDField(source="public_id")
    texts = PersonTextsField()

    class Meta:
        model = Person
        fields = ["id", "slug", "name", "born_on", "died_on", "texts"]
        read_only_fields = fields


# --- Vocabulary --------------------------------------------------------------------------------------

GenreNamesIn = by_language("GenreNamesIn", lambda: TextField(max_length=60, required=False, allow_null=True))


@extend_schema_field(by_language("GenreNamesOut", lambda: TextField(required=False)))
class GenreNamesField(serializers.Field[Any, Any, Any, Any]):
    def to_representation(self, value: Any) -> dict[str, str]:
        return {row.language: row.name for row in value.all()}


class WordFields(StrictSerializer):
    slug = serializers.SlugField(max_length=60)
    name = TextField(max_length=60)


class WordPatchIn(Change):
    slug = serializers.SlugField(max_length=60, required=False)
    name = TextField(max_length=60, required=False)


class GenreIn(WordFields):
    names = GenreNamesIn(required=False)


class GenrePatchIn(WordPatchIn):
    names = GenreNamesIn(required=False)


class GenreOut(serializers.ModelSerializer[Genre]):
    id = serializers.UUIDField(source="public_id")
    names = GenreNamesField()

    class Meta:
        model = Genre
        fields = ["id", "slug", "name", "names"]
        read_only_fields = fields


class TagIn(WordFields):
    pass


class TagPatchIn(WordPatchIn):
    pass


class TagOut(serializers.ModelSerializer[Tag]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Tag
        fields = ["id", "slug", "name"]
        read_only_fields = fields


class TeamIn(StrictSerializer):
    slug = serializers.SlugField(max_length=120)
    name = TextField(max_length=120)
    short_name = TextField(max_length=12, required=False, allow_blank=True)


class TeamPatchIn(Change):
    slug = serializers.SlugField(max_length=120, required=False)
    name = TextField(max_length=120, required=False)
    short_name = TextField(max_length=12, required=False, allow_blank=True)


class TeamOut(serializers.ModelSerializer[Team]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Team
        fields = ["id", "slug", "name", "short_name"]
        read_only_fields = fields


# --- Collections -------------------------------------------------------------------------------------


class RuleIn(StrictSerializer):
    """What `rules` understands, which has the last word."""

    genres = slugs(rules.LONGEST_LIST, min_length=1)
    tags = slugs(rules.LONGEST_LIST, min_length=1)
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=Kind.choices),
        min_length=1,
        max_length=rules.LONGEST_LIST,
        required=False,
    )
    languages = languages(min_length=1, required=False, help_text="Of the audio.")
    min_year = number(rules.YEARS[0], rules.YEARS[-1], required=False)
    max_year = number(rules.YEARS[0], rules.YEARS[-1], required=False)
    max_rating = AgeField(required=False)
    tier = serializers.ChoiceField(choices=list(rules.TIERS), required=False)
    order = serializers.ChoiceField(choices=list(ORDERS), required=False)
    limit = number(1, rules.LARGEST_LIMIT, required=False)


class CollectionFields(StrictSerializer):
    slug = serializers.SlugField(max_length=120, required=False)
    published = serializers.BooleanField(required=False, help_text="Viewers can open it.")
    rule = RuleIn(required=False, allow_null=True, help_text="Null: ordered by hand.")
    titles = serializers.ListField(
        child=IdField(), max_length=MOST_TITLES, required=False, help_text="All of them, in their order."
    )
    texts = TextsIn(required=False)


class CollectionIn(CollectionFields):
    name = TextField(max_length=200)


class CollectionPatchIn(CollectionFields, Change):
    name = TextField(max_length=200, required=False)


class CollectionOut(serializers.ModelSerializer[Collection]):
    id = serializers.UUIDField(source="public_id")
    rule = serializers.SerializerMethodField()
    titles = serializers.SerializerMethodField()
    texts = TextsOutField()

    class Meta:
        model = Collection
        fields = ["id", "slug", "name", "published", "rule", "titles", "texts"]
        read_only_fields = fields

    @extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
    def get_rule(self, collection: Collection) -> dict[str, Any] | None:
        return collection.rule if collection.by_rule else None

    def get_titles(self, collection: Collection) -> list[UUID]:
        return [item.title.public_id for item in collection.items.all()]


# --- Views -------------------------------------------------------------------------------------------


class SharedMany(Many):
    filters = Named
    lookups = {"q": "name__icontains"}
    ordering = ("name", "id")

    def made(self, given: dict[str, Any]) -> Any:
        return shared.add(self.queryset.model, by=self.staff, **given)


class SharedOne(One):
    def changed(self, thing: Any, given: dict[str, Any]) -> Any:
        return shared.change(thing, by=self.staff, **given)

    def dropped(self, thing: Any, seen: dict[str, Any]) -> None:
        shared.drop(thing, by=self.staff)


class PeopleView(SharedMany):
    noun, nouns = "a person", "people"
    queryset = Person.objects.prefetch_related("texts")
    serializer_class = PersonOut
    body = PersonIn


class PersonView(SharedOne):
    noun, nouns = "a person", "people"
    queryset = PeopleView.queryset
    serializer_class = PersonOut
    patched = PersonPatchIn


class GenresView(SharedMany):
    noun, nouns = "a genre", "genres"
    queryset = Genre.objects.prefetch_related("names")
    serializer_class = GenreOut
    body = GenreIn


class GenreView(SharedOne):
    noun, nouns = "a genre", "genres"
    queryset = GenresView.queryset
    serializer_class = GenreOut
    patched = GenrePatchIn


class TagsView(SharedMany):
    noun, nouns = "a tag", "tags"
    queryset = Tag.objects.all()
    serializer_class = TagOut
    body = TagIn


class TagView(SharedOne):
    noun, nouns = "a tag", "tags"
    queryset = TagsView.queryset
    serializer_class = TagOut
    patched = TagPatchIn


class TeamsView(SharedMany):
    noun, nouns = "a team", "teams"
    queryset = Team.objects.all()
    serializer_class = TeamOut
    body = TeamIn


class TeamView(SharedOne):
    noun, nouns = "a team", "teams"
    queryset = TeamsView.queryset
    serializer_class = TeamOut
    patched = TeamPatchIn


class CollectionsView(SharedMany):
    noun, nouns = "a collection", "collections"
    queryset = Collection.objects.prefetch_related(
        "texts", Prefetch("items", CollectionItem.objects.select_related("title"))
    )
    serializer_class = CollectionOut
    body = CollectionIn


class CollectionView(SharedOne):
    noun, nouns = "a collection", "collections"
    queryset = CollectionsView.queryset
    serializer_class = CollectionOut
    patched = CollectionPatchIn
