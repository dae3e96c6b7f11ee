"""Putting plans up for sale. Who has one gets what was changed of it with the next thing they play."""

from django.db import transaction

from apps.billing.models import Plan

from .subscribing import PlanNotOnSale


def save(plan: Plan) -> None:
    """Add a plan or store what was changed of it, but never which one is the default."""
    told = {one.name for one in Plan._meta.concrete_fields} - {"id", "is_default"}
    plan.save(update_fields=told if plan.pk else None)


@transaction.atomic
def make_default(plan: Plan) -> None:
    """Everybody has this plan from now on, unless they have a subscription that holds."""
    locked = {one.pk: one for one in Plan.objects.select_for_update().order_by("pk")}
    if plan.pk not in locked or not locked[plan.pk].active:
        raise PlanNotOnSale
    Plan.objects.exclude(pk=plan.pk).filter(is_default=True).update(is_default=False)
    Plan.objects.filter(pk=plan.pk).update(is_default=True)
