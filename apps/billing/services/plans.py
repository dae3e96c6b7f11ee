"""Putting plans up for sale. Who has one has what was changed of it from now on."""

from django.db import transaction

from apps.billing.models import Plan
from apps.billing.signals import plan_changed

from .subscribing import PlanNotOnSale


@transaction.atomic
def save(plan: Plan) -> None:
    """Add a plan or store what was changed of it, but never which one is the default."""
    told = {one.name for one in Plan._meta.concrete_fields} - {"id", "is_default"}
    plan.save(update_fields=told if plan.pk else None)
    _announce(plan)


@transaction.atomic
def make_default(plan: Plan) -> None:
    """Everybody has this plan from now on, unless they have a subscription that holds."""
    locked = {one.pk: one for one in Plan.objects.select_for_update().order_by("pk")}
    if plan.pk not in locked or not locked[plan.pk].active:
        raise PlanNotOnSale
    for former in Plan.objects.exclude(pk=plan.pk).filter(is_default=True):
        Plan.objects.filter(pk=former.pk).update(is_default=False)
        _announce(former)
    Plan.objects.filter(pk=plan.pk).update(is_default=True)


def _announce(plan: Plan) -> None:
    transaction.on_commit(lambda: plan_changed.send_robust(Plan, plan=plan.slug))
