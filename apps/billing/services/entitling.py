"""Who may have what, now."""

from datetime import datetime

from django.utils import timezone

from apps.accounts.authentication import Principal
from apps.billing import store
from apps.billing.entitlements import UNSOLD, Entitlement, Period, judge
from apps.billing.models import Plan
from apps.core.postgres.base import prepared_cursor

# The default plan, and the one of the account's subscription that has not ended, with its period.
STATEMENT = """
SELECT plan.is_default, held.starts_at, held.ends_at, held.grace_until,
  plan.slug, plan.tier, plan.max_height, plan.streams, plan.ads, plan.downloads
FROM billing_plan AS plan
LEFT JOIN billing_subscription AS held
  ON held.plan_id = plan.id AND held.account_id = %s AND held.state <> 'ended'
WHERE plan.is_default OR held.id IS NOT NULL
"""


def entitlement_of(account_pk: int, at: datetime) -> Entitlement:
    """What the account may have at that moment, as it is stored now: one statement."""
    with prepared_cursor() as cursor:
        cursor.execute(STATEMENT, [account_pk])
        rows = cursor.fetchall()
    default, held = UNSOLD, None
    for is_default, *row in rows:
        period, terms = row[:3], Entitlement(*row[3:])
        if is_default:
            default = terms
        if period[0] is not None:
            held = terms, Period(*period)
    return judge(default, held, at)


def plan_that_would_do(tier: int) -> str | None:
    """The slug of the first plan on sale with that tier; None: there is none. One statement."""
    fitting = Plan.objects.filter(active=True, tier__gte=tier).order_by("tier", "order", "slug")
    slug: str | None = fitting.values_list("slug", flat=True).first()
    return slug


def tier_of(principal: Principal) -> int:
    """The tier for reading the catalogue, which may be remembered; playing asks `entitlement_of`."""
    now = timezone.now()
    known = store.recall(principal.account_id)
    if known is None or (known.until is not None and known.until <= now):
        found = entitlement_of(principal.pk, now)
        known = store.Remembered(found.tier, found.until)
        store.remember(principal.account_id, known)
    return known.tier
