"""`manage.py engines`: the embedded database servers, for people."""

import json
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ottsite import engines
from ottsite.engines.client import data_root


class Command(BaseCommand):
    help = "Show or stop the database servers that development starts by itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["status", "stop"], nargs="?", default="status")

    def handle(self, *args: Any, **options: Any) -> None:
        root = data_root(os.environ)
        if options["what"] == "stop":
            engines.stop(root)
        self.stdout.write(json.dumps({"root": str(root), **engines.status(root)}, indent=2))
