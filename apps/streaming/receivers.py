"""What must stop playing when something else ends."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from apps.accounts.signals import profile_deleted, sessions_ended
from apps.billing.signals import subscription_changed
from apps.catalog.signals import title_unpublished

from .models import EndedBy, PlaybackSession
from .services import ending


@receiver(sessions_ended)
def stop_on_the_device(session_ids: Iterable[UUID], **_: Any) -> None:
    ending.end(PlaybackSession.objects.filter(signed_in__in=list(session_ids)), EndedBy.SIGNED_OUT)


@receiver(profile_deleted)
def stop_for_the_profile(profile_id: UUID, **_: Any) -> None:
    ending.end(PlaybackSession.objects.filter(profile=profile_id), EndedBy.PROFILE_DELETED)


@receiver(subscription_changed)
def stop_what_the_plan_lacks(account_id: UUID, account_pk: int, **_: Any) -> None:
    ending.end_what_the_plan_lacks(account_id, account_pk)


@receiver(title_unpublished)
def take_down(title_id: UUID, **_: Any) -> None:
    """Who watches it now does not see its end: an editor took it off for a reason."""
    ending.end(PlaybackSession.objects.filter(title=title_id), EndedBy.WITHDRAWN)
