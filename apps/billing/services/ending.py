"""What the clock does to subscriptions: grace begins when a period is over, and then it ends.

Nobody waits for this to lose a plan, for times decide (`entitlements`). It puts that on record, frees the
account for another subscription, and tells those who must act.
"""

from datetime import datetime

from django.db import transaction

from apps.billing.entitlements import Period
from apps.billing.models import Subscription, SubscriptionChange

from .subscribing import Cause, period_of, record

What = SubscriptionChange.What
AT_ONCE = 50


def settle_due(at: datetime) -> int:
    """Note all that is due; how many steps that were. Any number of callers at once: each step is one's."""
    settled = 0
    while found := _settle_some(at):
        settled += found
    return settled


@transaction.atomic
def _settle_some(at: datetime) -> int:
    free = Subscription.objects.due(at).select_for_update(of=("self",), no_key=True, skip_locked=True)
    due = list(free.select_related("account", "plan").order_by("pk")[:AT_ONCE])
    for held in due:
        _settle(held, period_of(held), at)
    return len(due)


def _settle(held: Subscription, period: Period, at: datetime) -> None:
    if period.is_in_grace(at):
        held.lapse()
        held.save(update_fields=["state"])
        record(held, What.LAPSED, Cause(at=at))
        return
    held.end()
    held.ended_at = at
    held.save(update_fields=["state", "ended_at"])
    record(held, What.ENDED, Cause(at=at))
