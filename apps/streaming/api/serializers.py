"""What playback takes and gives, field by field."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import StrictSerializer, TextField
from apps.engagement.api.serializers import RejectedEvent
from apps.streaming.services import beating

NAMED = r"^[a-z0-9_-]{1,120}$"
TALLEST = 8640


class Capabilities(StrictSerializer):
    max_height = serializers.IntegerField(
        required=False, min_value=144, max_value=TALLEST, help_text="The most lines that the device can show."
    )


class StartSerializer(StrictSerializer):
    title = serializers.RegexField(
        NAMED, required=False, max_length=120, help_text="Slug or id. A series goes on where the profile was."
    )
    episode = serializers.UUIDField(required=False, help_text="Its id; the title need not be given then.")
    device_id = serializers.RegexField(
        r"^[A-Za-z0-9_.:-]{1,64}$",
        max_length=64,
        help_text="What the app always calls this device.",
    )
    device_name = TextField(required=False, max_length=80, help_text="As people call it.")
    capabilities = Capabilities(required=False)
    terminate = serializers.RegexField(
        r"^[A-Za-z0-9_-]{1,64}$", required=False, max_length=64,
        help_text="A code of `stream_limit`: that session ends, and this one begins.",
    )  # fmt: skip

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if not {"title", "episode"} & given.keys():
            raise serializers.ValidationError({"title": "Name a title or an episode."}, code="required")
        return given


class Audio(serializers.Serializer[Any]):
    language = serializers.CharField()
    label = serializers.CharField()
    described = serializers.BooleanField()


class Subtitles(serializers.Serializer[Any]):
    language = serializers.CharField()
    label = serializers.CharField()
    forced = serializers.BooleanField()
    sdh = serializers.BooleanField()


class SegmentOf(serializers.Serializer[Any]):
    kind = serializers.CharField()
    start_ms = serializers.IntegerField()
    end_ms = serializers.IntegerField()


class NextEpisode(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    season_number = serializers.IntegerField()
    number = serializers.IntegerField()
    name = serializers.CharField()


class Started(serializers.Serializer[Any]):
    session_id = serializers.UUIDField()
    playback_token = serializers.CharField(help_text="The bearer of this session's heartbeats and of `stop`.")
    title_id = serializers.UUIDField()
    episode_id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    hls_url = serializers.CharField()
    dash_url = serializers.CharField()
    resume_ms = serializers.IntegerField()
    duration_ms = serializers.IntegerField()
    heartbeat_interval_s = serializers.IntegerField()
    max_height = serializers.IntegerField(help_text="Of the rungs that plan, rights and device leave.")
    audio = Audio(many=True)
    subtitles = Subtitles(many=True)
    segments = SegmentOf(many=True)
    thumbnails_url = serializers.CharField(allow_null=True)
    next_episode = NextEpisode(allow_null=True)


class BeatSerializer(StrictSerializer):
    """Of a heartbeat it only describes what `services.beating.read` judges."""

    seq = serializers.IntegerField(
        min_value=0, max_value=beating.MOST_SEQ, help_text="Counts the beats of the session."
    )
    position_ms = serializers.IntegerField(min_value=0, max_value=beating.MOST_MS)
    state = serializers.ChoiceField(sorted(beating.STATES), required=False, default="playing")
    speed = serializers.FloatField(
        required=False, default=1.0, min_value=beating.SLOWEST, max_value=beating.FASTEST
    )
    events = serializers.ListField(
        child=serializers.DictField(), required=False, max_length=beating.MOST_EVENTS,
        help_text="As in `POST /events`.",
    )  # fmt: skip


class StopSerializer(StrictSerializer):
    last = BeatSerializer(required=False, help_text="A last heartbeat, recorded before the session ends.")


class Kept(serializers.Serializer[Any]):
    next_interval_s = serializers.IntegerField()
    token = serializers.CharField(help_text="A new media token, for the paths of manifests and media.")
    rejected = RejectedEvent(many=True, required=False, help_text="Events that came along and are none.")
