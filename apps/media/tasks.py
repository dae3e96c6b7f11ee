"""What the worker does for media."""

from apps.core.jobs import task
from apps.core.ticker import every

from .services import (
    adding,  # noqa: F401 registers steps
    finishing,  # noqa: F401 registers steps
    leftovers,
    scratch,
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
    leftovers.sweep()
