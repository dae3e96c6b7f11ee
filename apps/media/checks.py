"""System checks of the settings of media."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

SCHEMES = ("", "cenc", "cbcs")
CODECS = ("h264", "hevc", "av1")
CANNOT_ENCRYPT = frozenset({"av1"})


@register()
def ladder_can_be_made(**_: Any) -> Sequence[CheckMessage]:
    if "h264" in settings.LADDER_CODECS and set(settings.LADDER_CODECS) <= set(CODECS):
        return []
    return [Error(f"LADDER_CODECS are h264 and, beside it, of {', '.join(CODECS[1:])}.", id="media.E001")]


@register()
def ladder_can_be_protected(**_: Any) -> Sequence[CheckMessage]:
    if settings.MEDIA_PROTECTION not in SCHEMES:
        return [Error("MEDIA_PROTECTION is cenc, cbcs or empty.", id="media.E002")]
    open_ = CANNOT_ENCRYPT.intersection(settings.LADDER_CODECS)
    if settings.MEDIA_PROTECTION and open_:
        told = f"MEDIA_PROTECTION cannot encrypt {', '.join(sorted(open_))}: take it out of LADDER_CODECS."
        return [Error(told, id="media.E003")]
    return []
