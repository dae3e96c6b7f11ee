"""Things that happen at a time: schedules of single titles, bundles that go live together, and their runs."""

from .bundles import Entry, arm, change, compose, disarm
from .rules import AlreadyScheduled
from .running import look_ahead, run_due
from .schedules import cancel, reschedule, schedule, unschedule
from .standing import Status, status

__all__ = [
    "AlreadyScheduled",
    "Entry",
    "Status",
    "arm",
    "cancel",
    "change",
    "compose",
    "disarm",
    "look_ahead",
    "reschedule",
    "run_due",
    "schedule",
    "status",
    "unschedule",
]
