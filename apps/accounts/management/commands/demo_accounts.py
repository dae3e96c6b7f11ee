"""`manage.py demo_accounts`: people to try the site with. Development only."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from apps.accounts.maturity import Maturity
from apps.accounts.models import Profile, User
from apps.accounts.services import pins

PASSWORD = "ottsite-demo"  # noqa: S105 printed on purpose
PIN = "1234"


@dataclass(frozen=True, slots=True)
class Account:
    email: str
    what: str
    group: str = ""
    superuser: bool = False


ACCOUNTS = [
    Account("free@demo.example", f"viewer, free; profiles Asha, Ravi (PIN {PIN}) and Mini (kid)"),
    Account("premium@demo.example", "viewer, premium"),
    Account("editor@demo.example", "staff: writes", "Editor"),
    Account("reviewer@demo.example", "staff: approves", "Reviewer"),
    Account("publisher@demo.example", "staff: publishes", "Publisher"),
    Account("admin@demo.example", "staff: everything", superuser=True),
]
PROFILES: dict[str, list[dict[str, Any]]] = {
    "free@demo.example": [
        {"name": "Asha", "avatar": "coral"},
        {"name": "Ravi", "avatar": "ocean", "language": "hi", "pin": PIN},
        {"name": "Mini", "avatar": "sun", "kid": True, "maturity": Maturity.UA_7},
    ],
    "premium@demo.example": [{"name": "Noor", "avatar": "plum"}],
}


class Command(BaseCommand):
    help = "Create the demo accounts that are missing. Refuses to run in production."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Demo accounts have a known password; they are for development only.")
        present = set(
            User.objects.filter(email__in=[one.email for one in ACCOUNTS]).values_list("email", flat=True)
        )
        missing = [one for one in ACCOUNTS if one.email not in present]
        for account in missing:
            create(account)
        if options["verbosity"]:
            self.stdout.write(f"{len(missing)} accounts created, {len(present)} were there.")


@transaction.atomic
def create(account: Account) -> None:
    staff = bool(account.group) or account.superuser
    user = User.objects.create_user(
        account.email,
        PASSWORD,
        is_staff=staff,
        is_superuser=account.superuser,
        email_verified_at=timezone.now(),
        country="IN",
    )
    if account.group:
        user.groups.add(Group.objects.get_or_create(name=account.group)[0])
    for slot, wanted in enumerate(PROFILES.get(account.email, []), start=1):
        fields = dict(wanted)
        pin = str(fields.pop("pin", ""))
        Profile.objects.create(account=user, slot=slot, pin_hash=pins.hashed(pin), **fields)
