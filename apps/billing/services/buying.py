"""Selling plans through the gateway: a sale begins here, and its events come back here."""

import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.billing.gateway import Checkout, Event, Kind, gateway
from apps.billing.models import Plan, Subscription, SubscriptionChange

from . import subscribing
from .subscribing import AlreadySubscribed, Cause, PlanNotOnSale

log = logging.getLogger(__name__)


def buy(account: User, *, plan: Plan, key: str, at: datetime) -> Checkout:
    """Begin a sale; with the same key it is the same sale. What is paid by then is granted.

    Raises `NothingForSale`, `PlanNotOnSale`, `AlreadySubscribed`.
    """
    seller = gateway()
    if not plan.active or plan.is_default:
        raise PlanNotOnSale
    checkout = seller.checkout(account=account.public_id, plan=plan.slug, key=key, at=at)
    ours = [one.reference for one in checkout.events]
    live = Subscription.objects.live().filter(account=account)
    others = live.exclude(gateway=seller.name, reference__in=ours)
    if any(not subscribing.period_of(one).is_over(at) for one in others):
        raise AlreadySubscribed
    for event in checkout.events:
        take(event, gateway_name=seller.name, at=at)
    return checkout


def receive(headers: Mapping[str, str], body: bytes, *, at: datetime) -> int:
    """A request of the gateway's webhook: all of its events or none. Raises `BadEvent`, `NothingForSale`."""
    seller = gateway()
    events = seller.events(headers, body)
    with transaction.atomic():
        for event in events:
            take(event, gateway_name=seller.name, at=at)
    return len(events)


@transaction.atomic
def take(event: Event, *, gateway_name: str, at: datetime) -> None:
    """Do what the event says. One that was taken before, is out of order, or is about something that is
    gone, changes nothing."""
    account = User.objects.filter(public_id=event.account).first()
    plan = Plan.objects.filter(slug=event.plan).first()
    if account is None or plan is None:
        log.warning("event of nobody", extra={"gateway": gateway_name, "event": event.id})
        return
    User.objects.select_for_update(no_key=True).get(pk=account.pk)
    cause = Cause(gateway=gateway_name, key=f"{gateway_name}:{event.id}", at=at)
    if SubscriptionChange.objects.filter(key=cause.key).exists():
        return
    sold = Subscription.objects.live().filter(gateway=gateway_name, reference=event.reference)
    held = sold.filter(account=account).first()
    if held is not None and subscribing.period_of(held).is_over(at):
        held = None
    if event.kind == Kind.PAID:
        _paid(event, account, plan, held, cause)
    elif held is not None:
        subscribing.cancel(held, at_once=event.kind == Kind.ENDED, cause=cause)


def _paid(event: Event, account: User, plan: Plan, held: Subscription | None, cause: Cause) -> None:
    if event.until <= cause.at:
        return
    if held is None:
        subscribing.grant(account, plan=plan, until=event.until, cause=cause, reference=event.reference)
        return
    if held.ends_at is not None and held.ends_at < event.until:
        held = subscribing.extend(held, until=event.until, cause=cause)
        subscribing.change_plan(held, plan=plan, cause=Cause(gateway=cause.gateway, at=cause.at))
