"""`manage.py demo_plans`: the plans of the fixture, and one of them for the demo's premium viewer."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User
from apps.billing.models import Plan
from apps.billing.services import subscribing
from apps.billing.services.subscribing import AlreadySubscribed, Cause

VIEWER, PLAN = "premium@demo.example", "premium"


class Command(BaseCommand):
    help = "Load the plans unless there are any, and grant the demo's premium account its plan."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("This gives a plan to an account with a known password; for development only.")
        if not Plan.objects.exists():
            call_command("loaddata", "plans", verbosity=0)
        account = User.objects.with_email(VIEWER).first()
        if account is None:
            raise CommandError(f"There is no {VIEWER}. Run demo_accounts first.")
        plan = Plan.objects.filter(slug=PLAN).first()
        if plan is None:
            raise CommandError(f"There is no plan {PLAN}. Run loaddata plans.")
        try:
            subscribing.grant(account, plan=plan, cause=Cause(note="For the demo."))
        except AlreadySubscribed:
            return
