"""Erasing what billing holds on somebody."""

from apps.accounts.models import User
from apps.billing.models import Subscription, SubscriptionChange


def forget(account: User) -> dict[str, int]:
    """Take the subscriptions away, and from the record of them what people wrote; safe to repeat.

    A gateway's customer is its own to erase; no gateway of ours keeps one yet.
    """
    User.objects.select_for_update(no_key=True).filter(pk=account.pk).first()
    changes = SubscriptionChange.objects.filter(account=account.public_id)
    return {
        "notes": changes.exclude(note="", key="").update(note="", key=""),
        "subscriptions": Subscription.objects.filter(account=account).delete()[0],
        "granted": Subscription.objects.filter(granted_by=account).update(granted_by=None),
    }
