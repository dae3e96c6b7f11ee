"""What the worker does for media."""

from django.utils import timezone

from apps.core.jobs import task
from apps.core.ticker import every

from .services import (
    adding,  # noqa: F401 registers steps
    assets,
    finishing,  # noqa: F401 registers steps
    leftovers,
    masters,
    scratch,
    trying,  # noqa: F401 registers a step
    uploads,
    working,
)


@task(queue="media", attempts=1)
def work() -> None:
    """Do the steps that wait, as long as there are any."""
    working.work()


@every(5, "media")
def look_around() -> None:
    working.look_around()


@every(30, "media-sweep")
def tidy() -> None:
    """What killed workers and replaced packages left behind."""
    scratch.sweep()
    masters.sweep()
    leftovers.sweep()
    assets.forget_former()


@every(5, "uploads")
def hand_over_uploads() -> None:
    uploads.go_on()


@every(60, "expired uploads")
def sweep_uploads() -> None:
    uploads.sweep(timezone.now())
