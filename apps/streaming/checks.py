"""System checks of the settings of playback."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from .store.leases import LONGEST_S, SHORTEST_S

# Who serves the bytes (MEDIA_DELIVERY).
DIRECT, NGINX, REDIRECT = "direct", "nginx", "redirect"


@register()
def beats_come_often_enough(**_: Any) -> Sequence[CheckMessage]:
    if SHORTEST_S <= settings.HEARTBEAT_INTERVAL_S <= LONGEST_S:
        return []
    return [
        Error(f"HEARTBEAT_INTERVAL_S is not from {SHORTEST_S} to {LONGEST_S} seconds.", id="streaming.E001")
    ]


@register()
def bytes_can_be_delivered(**_: Any) -> Sequence[CheckMessage]:
    in_bucket = bool(settings.BUCKET["bucket_name"])
    if settings.MEDIA_DELIVERY in ([REDIRECT] if in_bucket else [DIRECT, NGINX]):
        return []
    told = "In a bucket media are served by MEDIA_DELIVERY=redirect, from files by direct or nginx."
    return [Error(told, id="streaming.E002")]
