"""What the catalogue does when lower apps announce something."""

from typing import Any
from uuid import UUID

from django.dispatch import receiver

from apps.core import jobs
from apps.media.signals import asset_ready


@receiver(asset_ready)
def videos_changed(asset_id: UUID, **_: Any) -> None:
    """Tracks were made anew or added: live titles shall tell of them."""
    jobs.enqueue("apps.catalog.tasks.renew_videos", asset_id=str(asset_id))
