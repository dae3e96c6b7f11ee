"""`manage.py fake_gateway buy EMAIL PLAN`, and what follows a sale: what a payment provider's page and its
events do elsewhere, in development."""

from argparse import ArgumentParser
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.models import User
from apps.billing.gateway import MONTH, Event, FakeGateway, Kind
from apps.billing.management.asked import account_of, end_of, plan_of, told
from apps.billing.models import Subscription
from apps.billing.services import buying
from apps.core.errors import DomainError

TELLS = {"renew": Kind.PAID, "cancel": Kind.CANCELLED, "refund": Kind.ENDED}


class Command(BaseCommand):
    help = (
        "Buy a plan for an account through the fake gateway, or have the gateway tell of another month paid, "
        "of a cancellation or of a refund. Only where BILLING_GATEWAY is fake."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["buy", *TELLS])
        parser.add_argument("email")
        parser.add_argument("plan", nargs="?", default="", help="to buy, or to renew as: a slug")

    def handle(self, *args: Any, **options: Any) -> None:
        if FakeGateway.name != settings.BILLING_GATEWAY:
            raise CommandError("BILLING_GATEWAY is not fake, and nothing else gives plans away.")
        account, what = account_of(options["email"]), options["what"]
        try:
            if what == "buy":
                plan = plan_of(options["plan"])
                buying.buy(account, plan=plan, key=str(uuid4()), at=timezone.now())
            else:
                headers, body = FakeGateway().told(_event(account, TELLS[what], options["plan"]))
                buying.receive(headers, body, at=timezone.now())
        except DomainError as refusal:
            raise CommandError(told(refusal)) from refusal
        self.stdout.write(f"{account.email}: {_standing(_bought(account))}.")


def _event(account: User, kind: Kind, slug: str) -> Event:
    held, now = _bought(account), timezone.now()
    plan = plan_of(slug) if slug else held.plan
    paid = held.ends_at if held.state != Subscription.State.ENDED else None
    until = max(paid or now, now) + MONTH
    return Event(f"fake-{uuid4()}", kind, held.reference, account.public_id, plan.slug, until)


def _bought(account: User) -> Subscription:
    found = account.subscriptions.select_related("plan").filter(gateway=FakeGateway.name).first()
    if found is None:
        raise CommandError("This account has bought nothing from the fake gateway.")
    return found


def _standing(held: Subscription) -> str:
    if held.state == Subscription.State.ENDED:
        return f"{held.plan.slug} has ended"
    renewal = "not renewed" if held.cancelled_at else "renewed unless cancelled"
    return f"{held.plan.slug} {end_of(held)}, {renewal}"
