"""What billing holds on people, for their copy and their erasure."""

from typing import Any

from apps.accounts.models import User
from apps.accounts.personal_data import Holder, register

from .models import Subscription, SubscriptionChange
from .services import forgetting

SUBSCRIPTION_FIELDS = ("public_id", "plan__slug", "state", "gateway", "reference", "starts_at", "ends_at",
                       "grace_until", "cancelled_at", "ended_at")  # fmt: skip
CHANGE_FIELDS = ("at", "what", "plan", "ends_at", "note")


def _export(user: User) -> dict[str, Any]:
    made = SubscriptionChange.objects.filter(by=user)
    return {
        "subscriptions": list(Subscription.objects.filter(account=user).values(*SUBSCRIPTION_FIELDS)),
        "changes": list(SubscriptionChange.objects.filter(account=user.public_id).values(*CHANGE_FIELDS)),
        "changes_made_for_others": list(made.exclude(account=user.public_id).values("at", "what", "plan")),
    }


register(
    Holder(
        "billing",
        _export,
        forgetting.forget,
        kept="The record of which plan was given, changed and ended when, under the account's random id, "
        "without name, e-mail, note or the gateway's reference: it is what the books are checked by.",
    )
)
