"""What players get of an asset: CMAF track files and subtitles, each one object that never changes."""

from fractions import Fraction
from typing import Any

from django.db import models
from django.db.models import Q

from apps.media.cmaf import Index

from .asset import Asset


class TrackManager(models.Manager[Any]):
    """Tracks are named by their asset and the fields of theirs that tell them apart."""

    def __init__(self, *fields: str) -> None:
        super().__init__()
        self.fields = fields

    def get_by_natural_key(self, asset: str, *values: str | int | bool) -> Any:
        named = dict(zip(self.fields, values, strict=True))
        return self.get(Q(asset__public_id=asset), **named)


class Track(models.Model):
    """An object of the storage. Without a `key` it belongs to a placeholder and has no bytes.

    `index`: where the init section and the fragments lie, as `cmaf.Index.to_json`; of a long film it is long.
    `outline`: what manifests tell of it, as `cmaf.Outline.to_json`. `codecs`: RFC 6381. `peak_bps`: the
    fragment with the most bits per second; `average_bps`: over the whole track.
    """

    key = models.CharField(max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes.")
    sha256 = models.CharField(max_length=64, blank=True)
    codecs = models.CharField(max_length=60, blank=True)
    index = models.JSONField(default=dict, blank=True)
    outline = models.JSONField(default=dict, blank=True)
    peak_bps = models.PositiveBigIntegerField(default=0)
    average_bps = models.PositiveBigIntegerField(default=0)

    class Meta:
        abstract = True

    def lay_out(self, index: Index) -> None:
        """Its file is laid out like this."""
        outline = index.outline
        self.index, self.outline, self.codecs = index.to_json(), outline.to_json(), index.codecs
        self.peak_bps, self.average_bps = outline.peak_bps, outline.average_bps


class Rendition(Track):
    """One rung of the asset's ladder."""

    class Codec(models.TextChoices):
        H264 = "h264", "H.264"
        HEVC = "hevc", "HEVC"
        AV1 = "av1", "AV1"

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="renditions")
    codec = models.CharField(max_length=10, choices=Codec.choices, default=Codec.H264)
    height = models.PositiveSmallIntegerField(
        help_text="The rung, in lines of a landscape picture; the picture may be less high."
    )
    picture_width = models.PositiveSmallIntegerField(default=0, help_text="Pixels.")
    picture_height = models.PositiveSmallIntegerField(default=0, help_text="Pixels.")
    frame_rate = models.CharField(max_length=20, blank=True, help_text="A fraction, such as 24000/1001.")

    objects = TrackManager("height", "codec")

    class Meta:
        ordering = ["asset_id", "height", "codec"]
        constraints = [
            models.UniqueConstraint(fields=["asset", "height", "codec"], name="one_rendition_per_rung")
        ]

    def __str__(self) -> str:
        suffix = "" if self.codec == self.Codec.H264 else f" {self.get_codec_display()}"
        return f"{self.height}p{suffix}"

    def natural_key(self) -> tuple[str, int, str]:
        return (str(self.asset.public_id), self.height, self.codec)

    @property
    def fps(self) -> Fraction:
        return Fraction(self.frame_rate or 0)


class AudioTrack(Track):
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="audio_tracks")
    language = models.CharField(max_length=10, help_text="BCP 47, such as en or hi.")
    described = models.BooleanField(default=False, help_text="Tells what is to be seen (audio description).")
    label = models.CharField(max_length=100, blank=True, help_text="As viewers choose it.")
    channels = models.PositiveSmallIntegerField(default=2)
    loudness = models.FloatField(null=True, blank=True, help_text="LUFS, as measured of what viewers get.")

    objects = TrackManager("language", "described")

    class Meta:
        ordering = ["asset_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["asset", "language", "described"], name="one_audio_per_language")
        ]

    def __str__(self) -> str:
        return f"{self.language} (described)" if self.described else self.language

    def natural_key(self) -> tuple[str, str, bool]:
        return (str(self.asset.public_id), self.language, self.described)


class SubtitleTrack(Track):
    """WebVTT in one object."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="subtitle_tracks")
    language = models.CharField(max_length=10, help_text="BCP 47, such as en or hi.")
    forced = models.BooleanField(default=False, help_text="Only what is foreign in the picture or the sound.")
    sdh = models.BooleanField(default=False, help_text="For the deaf and hard of hearing.")
    label = models.CharField(max_length=100, blank=True, help_text="As viewers choose it.")
    cues = models.PositiveIntegerField(default=0)

    objects = TrackManager("language", "forced", "sdh")

    class Meta:
        ordering = ["asset_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "language", "forced", "sdh"], name="one_subtitle_per_language"
            )
        ]

    def __str__(self) -> str:
        marks = [name for name, on in (("forced", self.forced), ("SDH", self.sdh)) if on]
        return f"{self.language} ({', '.join(marks)})" if marks else self.language

    def natural_key(self) -> tuple[str, str, bool, bool]:
        return (str(self.asset.public_id), self.language, self.forced, self.sdh)


class ContentKey(models.Model):
    """The key of a class of an asset's tracks, wrapped: the key itself is not in the database."""

    class Label(models.TextChoices):
        SD = "SD"
        HD = "HD"
        AUDIO = "AUDIO"

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="content_keys")
    label = models.CharField(max_length=5, choices=Label.choices)
    kid = models.UUIDField(unique=True)
    wrapped = models.BinaryField(help_text="As media.keys.wrap made it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "label"], name="one_content_key_per_label")]

    def __str__(self) -> str:
        return f"{self.label} {self.kid}"
