"""System checks of the settings of playback."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from .store.leases import LONGEST_S, SHORTEST_S


@register()
def beats_come_often_enough(**_: Any) -> Sequence[CheckMessage]:
    if SHORTEST_S <= settings.HEARTBEAT_INTERVAL_S <= LONGEST_S:
        return []
    return [
        Error(f"HEARTBEAT_INTERVAL_S is not from {SHORTEST_S} to {LONGEST_S} seconds.", id="streaming.E001")
    ]
