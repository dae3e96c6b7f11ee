"""Bytes on their way in, and bytes that nobody may need any more."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.core.models import PublicId, TimeStamped

from .asset import Asset


class Upload(PublicId, TimeStamped):
    """A file that arrives piece by piece (tus 1.0). Its bytes lie in the upload folder until a job has them.

    `offset` is what is durably there. An upload of a master makes an asset, or gives `asset` another
    master; audio and subtitles are added to `asset`.
    """

    class Role(models.TextChoices):
        MASTER = "master", "the film itself"
        AUDIO = "audio", "another language"
        SUBTITLES = "subtitles", "subtitles"

    class State(models.TextChoices):
        RECEIVING = "receiving"
        RECEIVED = "received"

    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MASTER)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVING)
    asset = models.ForeignKey(Asset, models.CASCADE, null=True, blank=True, related_name="uploads")
    filename = models.CharField(max_length=255, help_text="As the sender calls it; never a path of ours.")
    size = models.PositiveBigIntegerField(help_text="Bytes in all.")
    offset = models.PositiveBigIntegerField(default=0, help_text="Bytes that are here.")
    language = models.CharField(max_length=10, blank=True, help_text="BCP 47, of audio and subtitles.")
    described = models.BooleanField(default=False)
    forced = models.BooleanField(default=False)
    sdh = models.BooleanField(default=False)
    expires_at = models.DateTimeField(db_index=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Nobody: it was put in the watch folder, or its sender is gone.",
    )  # fmt: skip

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(offset__lte=F("size")), name="upload_within_its_size"),
            models.CheckConstraint(
                condition=Q(state="receiving") | Q(offset=F("size"), asset__isnull=False),
                name="upload_received_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(role="master") | Q(asset__isnull=False), name="upload_of_a_track_has_an_asset"
            ),
        ]

    def __str__(self) -> str:
        return self.filename


class Leftover(models.Model):
    """Objects under a prefix of the storage that are swept when their time comes.

    The row is there before the first object is written, and goes in the transaction that gives the objects
    an owner: whatever is killed in between leaves nothing that would stay.
    """

    prefix = models.CharField(max_length=200, unique=True)
    due_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.prefix
