"""What playback takes and gives, field by field."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import StrictSerializer, TextField
from apps.engagement.api.serializers import RejectedEvent
from apps.streaming.services import beating, licensing

NAMED = r"^[a-z0-9_-]{1,120}$"
TALLEST = 8640


class Capabilities(StrictSerializer):
    max_height = serializers.IntegerField(
        required=False, min_value=144, max_value=TALLEST, help_text="The most lines that the device can show."
    )
    codecs = serializers.ListField(
        child=serializers.RegexField(r"^[a-z0-9]{1,16}$", max_length=16), required=False, max_length=32,
        help_text="All that the device decodes, picture and sound: `h264`, `hevc`, `av1`, `aac`. Other names "
        "say nothing. Without it, everything is offered.",
    )  # fmt: skip


class StartSerializer(StrictSerializer):
    title = serializers.RegexField(
        NAMED, required=False, max_length=120, help_text="Slug or id. A series goes on where the profile was."
    )
    episode = serializers.UUIDField(required=False, help_text="Its id; the title need not be given then.")
    extra = serializers.UUIDField(
        required=False, help_text="The id of one of the title's extras, such as its trailer."
    )
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
        if not {"title", "episode", "extra"} & given.keys():
            told = {"title": "Name a title, an episode or an extra."}
            raise serializers.ValidationError(told, code="required")
        if {"episode", "extra"} <= given.keys():
            raise serializers.ValidationError({"extra": "An episode or an extra, not both."})
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


class Drm(serializers.Serializer[Any]):
    system = serializers.ChoiceField([licensing.SYSTEM], help_text="Of Encrypted Media Extensions.")
    scheme = serializers.ChoiceField(["cenc", "cbcs"])
    licence_url = serializers.CharField(help_text="Takes the key system's requests, `{kids}` for Clear Key.")
    hls_url = serializers.CharField(
        help_text="HLS for players that ask `licence_url` for keys; the other leads to the keys themselves."
    )


class Started(serializers.Serializer[Any]):
    session_id = serializers.UUIDField()
    playback_token = serializers.CharField(help_text="The bearer of this session's heartbeats and of `stop`.")
    title_id = serializers.UUIDField()
    episode_id = serializers.UUIDField(allow_null=True)
    extra_id = serializers.UUIDField(allow_null=True)
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
    drm = Drm(allow_null=True, help_text="Null: nothing is encrypted.")
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
