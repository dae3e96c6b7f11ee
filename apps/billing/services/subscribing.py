"""Giving plans to accounts and taking them away.

Every deed locks the account, so that two at once follow each other, and is on record. One whose cause has a
key is done once: repeated with it, it changes nothing and gives the subscription as it is.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.billing import store
from apps.billing.entitlements import Period
from apps.billing.models import Plan, Subscription, SubscriptionChange
from apps.billing.signals import subscription_changed
from apps.core import jobs
from apps.core.errors import DomainError, InvalidField
from apps.core.idempotency import IdempotencyMismatch
from apps.workflow import plain_text

What = SubscriptionChange.What
LONGEST_NOTE = 500
TELL_GATEWAY = "apps.billing.tasks.tell_gateway"


class AlreadySubscribed(DomainError):
    code = "already_subscribed"
    status = 409
    detail = "This account has a plan already. Change or extend that one."


class SubscriptionOver(DomainError):
    code = "subscription_over"
    status = 409
    detail = "This subscription has ended. Grant a new one."


class PlanNotOnSale(DomainError):
    code = "plan_not_on_sale"
    status = 409
    detail = "This plan is not on sale."


class AccountGone(DomainError):
    code = "not_found"
    status = 404
    detail = "There is no such account."


@dataclass(frozen=True, slots=True)
class Cause:
    """Who or what is behind a deed: a member of staff, a gateway, or neither (the clock, the demo)."""

    by: User | None = None
    note: str = ""
    key: str = ""
    gateway: str = ""
    at: datetime = field(default_factory=timezone.now)


@transaction.atomic
def grant(
    account: User, *, plan: Plan, until: datetime | None = None, cause: Cause, reference: str = ""
) -> Subscription:
    """Give the account the plan from now on; `until` None: for good. `reference` is the gateway's.

    Raises `AlreadySubscribed`, `PlanNotOnSale`, `AccountGone`, `InvalidField`.
    """
    _lock(account.pk)
    if done := _done_before(cause, account, What.GRANTED):
        return done
    _demand_on_sale(plan)
    _demand_later("until", until, cause.at)
    former = Subscription.objects.live().select_for_update(no_key=True).filter(account=account).first()
    if former is not None:
        if not period_of(former).is_over(cause.at):
            raise AlreadySubscribed
        _end(former, cause)
    granted = Subscription.objects.create(
        account=account, plan=plan, granted_by=cause.by, gateway=cause.gateway, reference=reference,
        starts_at=cause.at, ends_at=until, grace_until=_grace_after(until),
    )  # fmt: skip
    record(granted, What.GRANTED, cause)
    return granted


@transaction.atomic
def change_plan(subscription: Subscription, *, plan: Plan, cause: Cause) -> Subscription:
    """Another plan from now on, to the same end. Raises `SubscriptionOver`, `PlanNotOnSale`."""
    held, done = _open(subscription, cause, What.PLAN_CHANGED)
    if done or held.plan_id == plan.pk:
        return held
    _demand_on_sale(plan)
    held.plan = plan
    held.save(update_fields=["plan"])
    record(held, What.PLAN_CHANGED, cause)
    return held


@transaction.atomic
def extend(subscription: Subscription, *, until: datetime | None, cause: Cause) -> Subscription:
    """A later end, or none. What was cancelled or in grace goes on as if it had not been.

    Raises `SubscriptionOver`, and `InvalidField` for an end that is not later.
    """
    held, done = _open(subscription, cause, What.EXTENDED)
    if done:
        return held
    if held.ends_at is None:
        raise InvalidField("until", "invalid", "It has no end already.")
    _demand_later("until", until, max(held.ends_at, cause.at))
    held.ends_at, held.grace_until, held.cancelled_at = until, _grace_after(until), None
    held.renew()
    held.save(update_fields=["state", "ends_at", "grace_until", "cancelled_at"])
    record(held, What.EXTENDED, cause)
    return held


@transaction.atomic
def cancel(subscription: Subscription, *, at_once: bool = False, cause: Cause) -> Subscription:
    """It ends with its period, without grace; or at once, as one does whose period is over.

    The gateway that sold it is told, unless it said so itself. Raises `SubscriptionOver`, and
    `InvalidField` for one without an end that is not to end at once.
    """
    held, done = _open(subscription, cause, What.CANCELLED)
    if done:
        return held
    at_once = at_once or period_of(held).is_in_grace(cause.at)
    if held.ends_at is None and not at_once:
        raise InvalidField("at_once", "required", "It has no end to wait for. End it at once.")
    if held.cancelled_at is None:
        held.cancelled_at, held.grace_until = cause.at, None
        record(held, What.CANCELLED, cause)
        if held.reference and not cause.gateway:
            jobs.enqueue(TELL_GATEWAY, subscription=str(held.public_id))
    if at_once:
        _end(held, Cause(by=cause.by, at=cause.at))
    else:
        held.save(update_fields=["cancelled_at", "grace_until"])
    return held


def period_of(subscription: Subscription) -> Period:
    return Period(subscription.starts_at, subscription.ends_at, subscription.grace_until)


def record(subscription: Subscription, what: What, cause: Cause) -> None:
    """Note a change in the transaction that makes it, and announce it once it is committed."""
    account = subscription.account
    note = plain_text.judged(cause.note, path="note", longest=LONGEST_NOTE)
    SubscriptionChange.objects.create(
        subscription=subscription, account=account.public_id, at=cause.at, what=what, by=cause.by,
        plan=subscription.plan.slug, ends_at=subscription.ends_at, note=note, key=cause.key,
    )  # fmt: skip
    transaction.on_commit(partial(_announce, account))


def _announce(account: User) -> None:
    store.forget(account.public_id)
    subscription_changed.send_robust(Subscription, account_id=account.public_id, account_pk=account.pk)


def _end(held: Subscription, cause: Cause) -> None:
    held.end()
    held.ended_at = cause.at
    if held.cancelled_at is not None:
        held.grace_until = None
    held.save(update_fields=["state", "ended_at", "cancelled_at", "grace_until"])
    record(held, What.ENDED, Cause(by=cause.by, at=cause.at))


def _lock(account_pk: int) -> None:
    if not User.objects.select_for_update(no_key=True).filter(pk=account_pk).exists():
        raise AccountGone


def _open(subscription: Subscription, cause: Cause, what: What) -> tuple[Subscription, bool]:
    """The subscription as it is now, locked; and whether the deed with this key was done before."""
    _lock(subscription.account_id)
    found = Subscription.objects.select_for_update(of=("self",), no_key=True)
    held = found.select_related("account", "plan").filter(pk=subscription.pk).first()
    if held is None:
        raise SubscriptionOver
    if _done_before(cause, held.account, what):
        return held, True
    if held.state == Subscription.State.ENDED or period_of(held).is_over(cause.at):
        raise SubscriptionOver
    return held, False


def _done_before(cause: Cause, account: User, what: What) -> Subscription | None:
    if not cause.key:
        return None
    done = SubscriptionChange.objects.filter(key=cause.key).select_related("subscription").first()
    if done is None:
        return None
    if (done.account, done.what) != (account.public_id, what):
        raise IdempotencyMismatch
    return done.subscription


def _demand_on_sale(plan: Plan) -> None:
    """Of a plan as it is stored: a form may have been open while it was taken off the shelf."""
    if not Plan.objects.filter(pk=plan.pk, active=True, is_default=False).exists():
        raise PlanNotOnSale


def _demand_later(path: str, until: datetime | None, than: datetime) -> None:
    if until is not None and until <= than:
        raise InvalidField(path, "invalid", f"It must end later than {than:%d %b %Y, %H:%M} UTC.")


def _grace_after(until: datetime | None) -> datetime | None:
    days = settings.BILLING_GRACE_DAYS
    return None if until is None or not days else until + timedelta(days=days)
