"""What must stop playing when something else ends."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from apps.accounts.signals import profile_deleted, profile_restricted, sessions_ended
from apps.billing.signals import plan_changed, subscription_changed
from apps.catalog.signals import title_published, title_unpublished
from apps.core import jobs

from .models import EndedBy, PlaybackSession
from .services import ending, judging


@receiver(sessions_ended)
def stop_on_the_device(session_ids: Iterable[UUID], **_: Any) -> None:
    ending.end(PlaybackSession.objects.filter(signed_in__in=list(session_ids)), EndedBy.SIGNED_OUT)


@receiver(profile_deleted)
def stop_for_the_profile(profile_id: UUID, **_: Any) -> None:
    ending.end(PlaybackSession.objects.filter(profile=profile_id), EndedBy.PROFILE_DELETED)


@receiver(profile_restricted)
def stop_what_the_profile_may_not_see(profile_id: UUID, **_: Any) -> None:
    judging.end_what_the_profile_may_not_see(profile_id)


@receiver(subscription_changed)
def stop_what_the_plan_lacks(account_id: UUID, account_pk: int, **_: Any) -> None:
    ending.end_what_the_plan_lacks(account_id, account_pk)


@receiver(plan_changed)
def judge_who_has_the_plan(plan: str, **_: Any) -> None:
    """There may be many; nobody in the newsroom waits for them."""
    jobs.enqueue("apps.streaming.tasks.judge_plan", plan=plan)


@receiver(title_published)
def stop_what_was_taken_back(title_id: UUID, **_: Any) -> None:
    judging.end_what_was_taken_back(title_id)


@receiver(title_unpublished)
def take_down(title_id: UUID, **_: Any) -> None:
    """Who watches it now does not see its end: an editor took it off for a reason."""
    ending.end(PlaybackSession.objects.filter(title=title_id), EndedBy.WITHDRAWN)
