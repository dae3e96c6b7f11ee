"""What the worker does for playback."""

from datetime import timedelta

from django.utils import timezone

from apps.core.jobs import task
from apps.core.ticker import every

from .services import ending, judging

JUST_NOW = timedelta(minutes=1)


@every(3, "playback")
def settle_playback() -> None:
    """Redis learns of ends that it missed; leases that came back are looked at."""
    ending.release()
    ending.end_orphans(begun_after=timezone.now() - JUST_NOW)
    ending.judge_readmitted()


@every(20, "playback-expired")
def close_expired() -> None:
    now = timezone.now()
    ending.end_orphans(begun_after=now - ending.KEPT_FOR)
    ending.close_expired(now)


@task()
def judge_plan(plan: str) -> None:
    """A plan was edited: whoever plays by it is judged anew."""
    judging.end_what_the_plan_lacks_now(plan)


@task(cron="11 4 * * *")
def forget_old_sessions() -> None:
    ending.forget_old(timezone.now())
