"""System checks of the settings of billing."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from .gateway import GATEWAYS

NONE = "none"


@register()
def the_gateway_exists(**_: Any) -> Sequence[CheckMessage]:
    found = []
    if settings.BILLING_GATEWAY not in {NONE, *GATEWAYS}:
        hint = f"One of: {', '.join([NONE, *GATEWAYS])}."
        found.append(Error("BILLING_GATEWAY names no gateway.", hint=hint, id="billing.E001"))
    if settings.PRODUCTION and settings.BILLING_GATEWAY == "fake":
        hint = "It would give every plan away."
        found.append(Error("BILLING_GATEWAY is the fake one in production.", hint=hint, id="billing.E002"))
    if not 0 <= settings.BILLING_GRACE_DAYS <= 60:
        found.append(Error("BILLING_GRACE_DAYS is not from 0 to 60.", id="billing.E003"))
    return found


def refuse_to_start() -> None:
    """As that of `core.checks`: a production process does not start with these settings."""
    if settings.PRODUCTION and (found := the_gateway_exists()):
        raise ImproperlyConfigured("Unsafe in production: " + " ".join(one.msg for one in found))
