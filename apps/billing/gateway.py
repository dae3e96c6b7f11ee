"""The port to whoever takes the money, and a fake of it for development.

A provider is a class with these methods, in `GATEWAYS`, under the name that `BILLING_GATEWAY` has. Nothing
is granted because a buyer came back from its page: only its signed events count, and each counts once.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Protocol
from uuid import UUID

import orjson
from django.conf import settings
from django.utils.crypto import salted_hmac

from apps.core.errors import DomainError

SIGNATURE = "X-Fake-Signature"
MONTH = timedelta(days=30)


class NothingForSale(DomainError):
    code = "nothing_for_sale"
    status = 409
    detail = "Nothing is sold on this site. Its staff may grant a plan."


class BadEvent(DomainError):
    """What came in is not from the gateway, or nothing that it may send."""

    code = "bad_event"
    status = 400
    detail = "This is no event of the gateway."


class Kind(StrEnum):
    """PAID: until `until`, also the first time. CANCELLED: not renewed. ENDED: over at once, as after a
    refund. A payment that failed is no event: grace begins by itself."""

    PAID = "paid"
    CANCELLED = "cancelled"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Event:
    """`id` is the gateway's and makes the event count once; `reference` is its name of the subscription;
    `plan` a slug; `until` the end of what was paid for."""

    id: str
    kind: Kind
    reference: str
    account: UUID
    plan: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the buyer goes on; "" and the events that follow at once where there is nothing to do."""

    url: str
    events: tuple[Event, ...] = ()


class Gateway(Protocol):
    name: str

    def checkout(self, *, account: UUID, plan: str, key: str, at: datetime) -> Checkout:
        """Begin to sell; repeated with the key it is the same sale."""

    def cancel(self, reference: str) -> None:
        """No further payments; safe to repeat."""

    def events(self, headers: Mapping[str, str], body: bytes) -> list[Event]:
        """What a webhook's request says. Raises `BadEvent` unless the gateway signed it."""


class FakeGateway:
    """Takes no money: every sale is paid for a month at once."""

    name = "fake"

    def checkout(self, *, account: UUID, plan: str, key: str, at: datetime) -> Checkout:
        reference = f"fake-{sha256(f'{account}:{key}'.encode()).hexdigest()[:32]}"
        return Checkout("", (Event(f"{reference}-1", Kind.PAID, reference, account, plan, at + MONTH),))

    def cancel(self, reference: str) -> None: ...

    def events(self, headers: Mapping[str, str], body: bytes) -> list[Event]:
        if not hmac.compare_digest(headers.get(SIGNATURE, "").encode(), signature(body).encode()):
            raise BadEvent
        try:
            return [_event(**one) for one in orjson.loads(body)]
        except (TypeError, ValueError) as error:
            raise BadEvent from error

    def told(self, *events: Event) -> tuple[dict[str, str], bytes]:
        """The request that tells of them: headers and body, as `events` takes them."""
        body = orjson.dumps(events)
        return {SIGNATURE: signature(body)}, body


def signature(body: bytes) -> str:
    """What the fake gateway signs its requests with."""
    return salted_hmac("apps.billing.gateway", body, algorithm="sha256").hexdigest()


def _event(*, id: str, kind: str, reference: str, account: str, plan: str, until: str) -> Event:  # noqa: A002
    moment = datetime.fromisoformat(until)
    if not (id and reference) or moment.tzinfo is None:
        raise BadEvent
    return Event(id, Kind(kind), reference, UUID(account), plan, moment)


GATEWAYS: dict[str, Callable[[], Gateway]] = {"fake": FakeGateway}


def gateway() -> Gateway:
    """The one that the site sells through. Raises `NothingForSale`."""
    if settings.BILLING_GATEWAY not in GATEWAYS:
        raise NothingForSale
    return GATEWAYS[settings.BILLING_GATEWAY]()
