"""`manage.py worker`: runs background jobs, and what is due by the clock. Start as many as you like."""

import logging
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.core import errors, jobs, ticker

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
        if options["once"]:
            ticker.once()
            jobs.work(queues, options["concurrency"], wait=False)
            return
        with ticker.running():
            self._work_on(queues, options["concurrency"])

    def _work_on(self, queues: list[str] | None, concurrency: int) -> None:
        while not self._work(queues, concurrency):
            # PostgreSQL went away: jobs are safe there; come back when it does.
            log.warning("worker lost PostgreSQL, trying again")
            time.sleep(PAUSE_S)

    @staticmethod
    def _work(queues: list[str] | None, concurrency: int) -> bool:
        try:
            return jobs.work(queues, concurrency)
        except errors.STORE_ERRORS:
            return False
