"""`manage.py worker`: runs background jobs. Start as many as you like, on as many machines."""

import logging
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.core import errors, jobs

log = logging.getLogger(__name__)
PAUSE_S = 1.0


class Command(BaseCommand):
    help = "Run background jobs until SIGTERM. Scale by starting more workers, also on other machines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--queues", help="comma-separated; all when left out")
        parser.add_argument("--concurrency", type=int, default=4, help="jobs at once (default 4)")
        parser.add_argument("--once", action="store_true", help="run what is due and stop")

    def handle(self, *args: Any, **options: Any) -> None:
        queues = options["queues"].split(",") if options["queues"] else None
        while not self._work(queues, options["concurrency"], wait=not options["once"]):
            # PostgreSQL went away: jobs are safe there; come back when it does.
            log.warning("worker lost PostgreSQL, trying again")
            time.sleep(PAUSE_S)

    @staticmethod
    def _work(queues: list[str] | None, concurrency: int, *, wait: bool) -> bool:
        try:
            return jobs.work(queues, concurrency, wait=wait)
        except errors.STORE_ERRORS:
            if not wait:
                raise
            return False
