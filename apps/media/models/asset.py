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
    duplicate_of = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="The asset that was made of the very same file before.",
    )
    filename = models.CharField(max_length=255, blank=True, help_text="As it was uploaded.")
    master_key = models.CharField(max_length=200, blank=True)
    master_size = models.PositiveBigIntegerField(default=0, help_text="Bytes.")
    master_sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    source = models.JSONField(default=dict, blank=True, help_text="What is in the master: `facts.Source`.")
    prefix = models.CharField(max_length=200, blank=True, help_text="Where all that was made of it lies.")
    packaged_at = models.DateTimeField(null=True, blank=True)
    edition = models.PositiveIntegerField(
        default=0, editable=False, help_text="Counts how often its tracks were replaced."
    )
    thumbnails = models.JSONField(default=dict, blank=True, help_text="The sheets: `thumbnails.Sheets`.")
    stills = models.JSONField(default=list, blank=True, help_text="Keys of pictures that could be a poster.")
    chapters = models.JSONField(default=list, blank=True, help_text="[{start_ms, end_ms, title}]")
    findings = models.JSONField(default=list, blank=True, help_text="What quality control found.")
    protection = models.CharField(
        max_length=4,
        blank=True,
        choices=[("", "none"), ("cenc", "cenc"), ("cbcs", "cbcs")],
        help_text="ISO/IEC 23001-7 scheme of its tracks.",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = AssetManager()

    class Meta:
        verbose_name = "video"
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

    def _save_table(self, raw: bool = False, *args: Any, **options: Any) -> bool:
        """Django's, except that loading a fixture over an existing asset changes nothing.

        A fixture knows of no media: it would take what was uploaded meanwhile back to what is still to come.
        """
        if raw and Asset.objects.filter(pk=self.pk).exists():
            return True
        return bool(super()._save_table(raw, *args, **options))  # type: ignore[misc]

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
