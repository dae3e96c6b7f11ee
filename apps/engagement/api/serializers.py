"""What engagement reads and writes on the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers

from apps.catalog.api.serializers import Card, Lock, PicturesByKind
from apps.core.api.serializers import StrictSerializer
from apps.engagement import event_types
from apps.engagement.services.events import AT_ONCE

PAGING = [
    OpenApiParameter(
        "cursor", {"type": "string", "minLength": 1}, OpenApiParameter.QUERY,
        description="Out of `next` or `previous` of the same list.",
    ),
    OpenApiParameter(
        "page_size", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, OpenApiParameter.QUERY,
        description="Rows on a page, at most.",
    ),
]  # fmt: skip


class EpisodeShown(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    season_number = serializers.IntegerField()
    number = serializers.IntegerField()
    name = serializers.CharField()
    duration_ms = serializers.IntegerField(allow_null=True)
    artwork = PicturesByKind()
    locked = Lock(allow_null=True, help_text="Why it does not play for this viewer; null: it does.")


class GoOn(serializers.Serializer[Any]):
    """A title to go on with."""

    id = serializers.UUIDField(help_text="The title's; what DELETE takes.")
    title = Card()
    episode = EpisodeShown(allow_null=True, help_text="Of a series, the one to go on with.")
    position_ms = serializers.IntegerField(help_text="0: it is the next one, and new.")
    duration_ms = serializers.IntegerField(allow_null=True)
    watched_at = serializers.DateTimeField()


class GoOnPage(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = GoOn(many=True)


class Watched(serializers.Serializer[Any]):
    """A film or an episode that was watched, at least in part."""

    id = serializers.UUIDField(help_text="The film's or the episode's.")
    title = Card()
    episode = EpisodeShown(allow_null=True)
    position_ms = serializers.IntegerField()
    duration_ms = serializers.IntegerField(allow_null=True)
    finished = serializers.BooleanField()
    watched_at = serializers.DateTimeField(help_text="The last time.")
    first_watched_at = serializers.DateTimeField()


class WatchedPage(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = Watched(many=True)


class LanguageField(serializers.RegexField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            r"^([a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?)?\Z", max_length=11, allow_blank=True, **options
        )


SUBTITLES = ["off", "auto", "on"]
SIZES = ["small", "medium", "large", "huge"]
STYLES = ["shadow", "box", "outline", "contrast"]


class PreferencesOut(serializers.Serializer[Any]):
    audio_language = serializers.CharField(help_text='BCP 47; "": the original.')
    audio_description = serializers.BooleanField()
    subtitles = serializers.ChoiceField(
        SUBTITLES, help_text="`auto`: where the sound is in another language."
    )
    subtitle_language = serializers.CharField(help_text='BCP 47; "": the profile\'s.')
    caption_size = serializers.ChoiceField(SIZES)
    caption_style = serializers.ChoiceField(STYLES)
    autoplay_next = serializers.BooleanField()
    autoplay_previews = serializers.BooleanField()
    skip_intros = serializers.BooleanField()
    max_height = serializers.IntegerField(allow_null=True, help_text="Lines at most, to save data.")


class PreferencesIn(StrictSerializer):
    audio_language = LanguageField(required=False)
    audio_description = serializers.BooleanField(required=False)
    subtitles = serializers.ChoiceField(SUBTITLES, required=False)
    subtitle_language = LanguageField(required=False)
    caption_size = serializers.ChoiceField(SIZES, required=False)
    caption_style = serializers.ChoiceField(STYLES, required=False)
    autoplay_next = serializers.BooleanField(required=False)
    autoplay_previews = serializers.BooleanField(required=False)
    skip_intros = serializers.BooleanField(required=False)
    max_height = serializers.IntegerField(required=False, allow_null=True, min_value=144, max_value=4320)


@extend_schema_field({"type": "object", "description": event_types.description()})
class EventField(serializers.DictField):
    """An event as it comes: a wrong one does not spoil its batch."""


class EventsIn(StrictSerializer):
    events = serializers.ListField(child=EventField(), min_length=1, max_length=AT_ONCE)


class RejectedEvent(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Its place in the batch, from 0.")
    code = serializers.ChoiceField(["required", "invalid", "unknown_field", "unknown_type", "kid_profile"])
    field = serializers.CharField()


class EventsOut(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField(help_text="They had come before; nothing was done.")
    rejected = RejectedEvent(many=True)
