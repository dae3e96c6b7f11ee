"""Refusals to play, each under its own code. Pure."""

from collections.abc import Mapping
from typing import Any

from apps.core.decisions import Decision
from apps.core.errors import DomainError


class NotThere(DomainError):
    """Not live, not announced, or hidden from this profile."""

    code = "not_found"
    status = 404


class NotAvailableYet(DomainError):
    code = "not_available_yet"
    status = 403


class NoLongerAvailable(DomainError):
    code = "no_longer_available"
    status = 403


class TerritoryRestricted(DomainError):
    code = "territory_restricted"
    status = 403


class PlanRequired(DomainError):
    """`plan`: the slug of one that would do; None: none is on sale."""

    code = "plan_required"
    status = 403


class EmailUnverified(DomainError):
    code = "email_unverified"
    status = 403


class DeviceUnsupported(DomainError):
    """By what the device said of its codecs."""

    code = "device_unsupported"
    status = 403


class NotReady(DomainError):
    code = "not_ready"
    status = 409


class StreamLimit(DomainError):
    """`sessions`: those that play, each with the code that ends it."""

    code = "stream_limit"
    status = 409
    detail = "All streams of the plan are in use. End one to play here."


KINDS: dict[str, type[DomainError]] = {
    kind.code: kind
    for kind in (
        NotThere, NotAvailableYet, NoLongerAvailable, TerritoryRestricted, PlanRequired, EmailUnverified,
        NotReady, DeviceUnsupported, StreamLimit,
    )
}  # fmt: skip


def refusal(decision: Decision, extra: Mapping[str, Any]) -> DomainError:
    """The decision's refusal as services raise it."""
    return KINDS[decision.code](decision.detail, extra=extra)
