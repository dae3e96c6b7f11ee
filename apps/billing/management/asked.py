"""What commands are given about people and plans, and what they answer."""

from django.core.management.base import CommandError

from apps.accounts.models import User
from apps.billing.models import Plan, Subscription
from apps.core.errors import DomainError


def account_of(email: str) -> User:
    """Raises CommandError."""
    account = User.objects.with_email(email).first()
    if account is None:
        raise CommandError("There is no account with this e-mail.")
    return account


def plan_of(slug: str) -> Plan:
    """Raises CommandError, which names the plans that there are."""
    plan: Plan | None = Plan.objects.filter(slug=slug).first()
    if plan is None:
        known = ", ".join(Plan.objects.values_list("slug", flat=True)) or "none; run loaddata plans"
        raise CommandError(f"There is no such plan. Plans: {known}.")
    return plan


def end_of(held: Subscription) -> str:
    return f"until {held.ends_at:%d %b %Y, %H:%M} UTC" if held.ends_at else "for good"


def told(refusal: DomainError) -> str:
    return " ".join(one["detail"] for one in refusal.extra.get("errors", [])) or refusal.detail
