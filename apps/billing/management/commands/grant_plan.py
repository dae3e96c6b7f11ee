"""`manage.py grant_plan EMAIL PLAN [--until TIME]`: give somebody a plan without the admin."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User
from apps.billing.models import Plan
from apps.billing.services import subscribing
from apps.billing.services.subscribing import Cause
from apps.core.errors import DomainError


class Command(BaseCommand):
    help = "Grant an account a plan, for good or until a time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("plan", help="its slug, such as premium")
        parser.add_argument("--until", type=moment, help="2027-01-31, or 2027-01-31T18:00, in UTC")
        parser.add_argument("--note", default="", help="why; it is kept with the record")

    def handle(self, *args: Any, **options: Any) -> None:
        account = User.objects.with_email(options["email"]).first()
        if account is None:
            raise CommandError("There is no account with this e-mail.")
        plan = Plan.objects.filter(slug=options["plan"]).first()
        if plan is None:
            known = ", ".join(Plan.objects.values_list("slug", flat=True)) or "none; run loaddata plans"
            raise CommandError(f"There is no such plan. Plans: {known}.")
        try:
            granted = subscribing.grant(
                account, plan=plan, until=options["until"], cause=Cause(note=options["note"])
            )
        except DomainError as refusal:
            raise CommandError(told(refusal)) from refusal
        end = f"until {granted.ends_at:%d %b %Y, %H:%M} UTC" if granted.ends_at else "for good"
        self.stdout.write(f"{account.email} has {plan.slug} {end}.")


def moment(text: str) -> datetime:
    """ISO 8601, in UTC unless it says otherwise. Raises `ValueError`."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def told(refusal: DomainError) -> str:
    return " ".join(one["detail"] for one in refusal.extra.get("errors", [])) or refusal.detail
