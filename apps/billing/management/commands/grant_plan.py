"""`manage.py grant_plan EMAIL PLAN [--until TIME]`: give somebody a plan without the admin."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.billing.management.asked import account_of, end_of, plan_of, told
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
        account, plan = account_of(options["email"]), plan_of(options["plan"])
        try:
            granted = subscribing.grant(
                account, plan=plan, until=options["until"], cause=Cause(note=options["note"])
            )
        except DomainError as refusal:
            raise CommandError(told(refusal)) from refusal
        self.stdout.write(f"{account.email} has {plan.slug} {end_of(granted)}.")


def moment(text: str) -> datetime:
    """ISO 8601, in UTC unless it says otherwise. Raises `ValueError`."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
