"""`manage.py erase_account EMAIL`: for a request that came by letter."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User
from apps.accounts.services import personal_data


class Command(BaseCommand):
    help = "Shut an account at once and erase it in the background; prints the address of the receipt."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--yes", action="store_true", help="do not ask again")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.with_email(options["email"]).first()
        if user is None:
            raise CommandError("There is no account with this e-mail.")
        if not options["yes"] and input(f"Erase {user.email} for good? Type the e-mail: ") != user.email:
            raise CommandError("Nothing was erased.")
        try:
            receipt = personal_data.begin_erasure(user)
        except personal_data.StaffAccount as refusal:
            raise CommandError(refusal.detail) from refusal
        self.stdout.write(f"{settings.SITE_URL}/api/v1/account/erasures/{receipt.receipt}")
