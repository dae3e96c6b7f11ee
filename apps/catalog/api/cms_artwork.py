"""Pictures of titles, seasons, episodes, people and collections over HTTP."""

import re
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.utils import html

from apps.catalog.models import Artwork, Collection, Episode, Person, Season, Title
from apps.catalog.pictures import MOST_BYTES
from apps.catalog.services import artworks, contents
from apps.core.api.json import BodyTooLarge
from apps.core.api.serializers import TextField

from .cms_base import Many, One, Shown
from .cms_fields import Ref
from .cms_parts import REVISION, OfOwner, OwnerIn
from .cms_serializers import Out, Patch

# The picture itself, and the few fields beside it.
MOST_SENT = MOST_BYTES + 100_000
SHOWN_FOR = timedelta(hours=1)
LANGUAGES = [("", "every language"), *settings.LANGUAGES]


class PictureParser(MultiPartParser):
    """`multipart/form-data`, bounded by what a picture may weigh."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        meta = (parser_context or {})["request"].META
        if int(meta.get("CONTENT_LENGTH") or 0) > MOST_SENT:
            raise BodyTooLarge
        return super().parse(stream, media_type, parser_context)


@extend_schema_field({"type": "number", "minimum": 0, "maximum": 1})
class FractionField(serializers.Field[Any, Any, Any, Any]):
    """From 0 to 1; in a form, which knows texts alone, as a text."""

    default_error_messages = {"invalid": "A number from 0 to 1."}

    def to_internal_value(self, data: Any) -> float:
        if html.is_html_input(self.root.initial_data) and re.fullmatch(r"[0-9.]{1,20}", data):
            with suppress(ValueError):
                data = float(data)
        if isinstance(data, bool | str) or not isinstance(data, int | float) or not 0 <= data <= 1:
            self.fail("invalid")
        return float(data)

    def to_representation(self, value: Any) -> float:
        return float(value)


class Described(serializers.Serializer[Any]):
    language = serializers.ChoiceField(choices=LANGUAGES, required=False, help_text="Empty for all.")
    alt = TextField(max_length=200, required=False, allow_blank=True, help_text="For who cannot see it.")
    focal_x = FractionField(required=False, help_text="What must stay in view: 0 is the left edge.")
    focal_y = FractionField(required=False, help_text="0 is the top.")


class PictureIn(OwnerIn, Described):
    owners = ("title", "season", "episode", "person", "collection")
    title = Ref(Title, required=False)
    season = Ref(Season, required=False)
    episode = Ref(Episode, required=False)
    person = Ref(Person, required=False)
    collection = Ref(Collection, required=False)
    kind = serializers.ChoiceField(choices=Artwork.Kind.choices)
    file = serializers.FileField(max_length=255, help_text="JPEG, PNG, WebP or AVIF, at most 25 MB.")


class ArtworkPatchIn(Patch, Described):
    pass


class VariantOut(Out):
    format = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    url = serializers.URLField(help_text="Of what is not public: good for an hour.")


class ArtworkOut(serializers.ModelSerializer[Artwork]):
    id = serializers.UUIDField(source="public_id")
    title = Ref(Title, allow_null=True)
    season = Ref(Season, allow_null=True)
    episode = Ref(Episode, allow_null=True)
    person = Ref(Person, allow_null=True)
    collection = Ref(Collection, allow_null=True)
    revision = serializers.SerializerMethodField(help_text=REVISION)
    language = serializers.ChoiceField(choices=LANGUAGES)
    variants = serializers.SerializerMethodField()

    class Meta:
        model = Artwork
        fields = [
            "id",
            "title",
            "season",
            "episode",
            "person",
            "collection",
            "revision",
            "kind",
            "language",
            "alt",
            "focal_x",
            "focal_y",
            "width",
            "height",
            "state",
            "failure",
            "blurhash",
            "variants",
        ]
        read_only_fields = fields

    def get_revision(self, artwork: Artwork) -> int | None:
        title = artworks.title_of(artworks.owner_of(artwork))
        return title.revision if title else None

    @extend_schema_field(VariantOut(many=True))
    def get_variants(self, artwork: Artwork) -> list[dict[str, Any]]:
        query = ""
        if not artworks.is_public(artwork):
            query = "?" + artworks.preview_query(artwork, timezone.now() + SHOWN_FOR)
        base = f"{settings.SITE_URL}/images/{artwork.public_id}"
        return [
            {
                "format": one["format"],
                "width": one["width"],
                "height": one["height"],
                "url": f"{base}/{one['width']}.{one['format']}{query}",
            }
            for one in artwork.variants
        ]


class OfAnything(OfOwner):
    person = serializers.UUIDField(required=False)
    collection = serializers.UUIDField(required=False)


class Pictures(Shown):
    noun, nouns = "a picture", "pictures"
    queryset = Artwork.objects.filter(dropped=False).select_related(
        "title", "season__title", "episode__season__title", "person", "collection"
    )
    serializer_class = ArtworkOut

    def title_of(self, artwork: Artwork) -> Title | None:
        return artworks.title_of(artworks.owner_of(artwork))


class ArtworksView(Pictures, Many):
    parser_classes = (PictureParser,)
    filters = OfAnything
    lookups = {
        "title": "title__public_id",
        "season": "season__public_id",
        "episode": "episode__public_id",
        "person": "person__public_id",
        "collection": "collection__public_id",
    }
    body = PictureIn

    def made(self, given: dict[str, Any]) -> Artwork:
        focal = (given.pop("focal_x", 0.5), given.pop("focal_y", 0.5))
        return artworks.add(given.pop("owner"), by=self.staff, focal=focal, **given)


class ArtworkView(Pictures, One):
    patched = ArtworkPatchIn
    revised, always_revised = True, False

    def changed(self, thing: Artwork, given: dict[str, Any]) -> Artwork:
        if given.keys() & {"focal_x", "focal_y"}:
            given["focal"] = (given.pop("focal_x", thing.focal_x), given.pop("focal_y", thing.focal_y))
        return contents.change_artwork(thing, by=self.staff, **given)

    def dropped(self, thing: Artwork, seen: dict[str, Any]) -> None:
        contents.drop_artwork(thing, by=self.staff, **seen)
