"""One uploaded master and what became of it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django_fsm import FSMField, FSMModelMixin, transition

from apps.core.models import PublicId, TimeStamped


class AssetState(models.TextChoices):
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class AssetManager(models.Manager["Asset"]):
    def get_by_natural_key(self, public_id: str) -> "Asset":
        return self.get(public_id=public_id)


class Asset(FSMModelMixin, PublicId, TimeStamped):
    """A master with its renditions and tracks. Only a ready one can be played.

    A placeholder stands in where nothing was uploaded: it passes for ready at the desk, is marked as what
    it is everywhere, and has no bytes to play.
    """

    name = models.CharField(max_length=200, help_text="What the file is, for people at the desk.")
    state = FSMField(choices=AssetState.choices, default=AssetState.UPLOADING, protected=True, db_index=True)
    placeholder = models.BooleanField(default=False, help_text="No media behind it: for demonstration only.")
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    failure = models.CharField(max_length=500, blank=True, help_text="Why it failed, for the editor.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = AssetManager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=AssetState.READY) | Q(duration_ms__gt=0), name="ready_asset_has_a_length"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} (placeholder)" if self.placeholder else self.name

    def natural_key(self) -> tuple[str]:
        return (str(self.public_id),)

    @property
    def is_ready(self) -> bool:
        return bool(self.state == AssetState.READY)

    @transition(state, source=AssetState.UPLOADING, target=AssetState.UPLOADED)
    def uploaded(self) -> None: ...

    @transition(state, source=[AssetState.UPLOADED, AssetState.FAILED], target=AssetState.PROCESSING)
    def process(self) -> None: ...

    @transition(state, source=AssetState.PROCESSING, target=AssetState.READY)
    def ready(self) -> None: ...

    @transition(
        state, source=[AssetState.UPLOADING, AssetState.UPLOADED, AssetState.PROCESSING],
        target=AssetState.FAILED,
    )  # fmt: skip
    def fail(self) -> None: ...


class PartManager(models.Manager[Any]):
    """Parts of an asset are named by the asset and the one field they differ in."""

    def __init__(self, field: str = "") -> None:
        super().__init__()
        self.field = field

    def get_by_natural_key(self, asset: str, value: str | int) -> Any:
        of_asset = Q(("asset__public_id", asset), (self.field, value))
        return self.get(of_asset)


class Rendition(models.Model):
    """One rung of the asset's ladder."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="renditions")
    height = models.PositiveSmallIntegerField(help_text="Pixels.")

    objects = PartManager("height")

    class Meta:
        ordering = ["asset_id", "height"]
        constraints = [models.UniqueConstraint(fields=["asset", "height"], name="one_rendition_per_height")]

    def __str__(self) -> str:
        return f"{self.height}p"

    def natural_key(self) -> tuple[str, int]:
        return (str(self.asset.public_id), self.height)


class AudioTrack(models.Model):
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="audio_tracks")
    language = models.CharField(max_length=10, help_text="BCP 47, such as en or hi.")

    objects = PartManager("language")

    class Meta:
        ordering = ["asset_id", "id"]
        constraints = [models.UniqueConstraint(fields=["asset", "language"], name="one_audio_per_language")]

    def __str__(self) -> str:
        return self.language

    def natural_key(self) -> tuple[str, str]:
        return (str(self.asset.public_id), self.language)


class SubtitleTrack(models.Model):
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="subtitle_tracks")
    language = models.CharField(max_length=10, help_text="BCP 47, such as en or hi.")

    objects = PartManager("language")

    class Meta:
        ordering = ["asset_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["asset", "language"], name="one_subtitle_per_language")
        ]

    def __str__(self) -> str:
        return self.language

    def natural_key(self) -> tuple[str, str]:
        return (str(self.asset.public_id), self.language)
