"""`manage.py generate_catalogue`: a believable catalogue of any size, for demonstrations and benchmarks."""

import multiprocessing
import os
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from apps.catalog.generator.titles import Task
from apps.catalog.services import generating


class Command(BaseCommand):
    help = (
        "Add invented titles: with texts in two languages, people, rights, pictures; most of them live, the "
        "rest anywhere in the workflow. The same seed gives the same titles; a further run adds others."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--titles", type=int, required=True, help="how many to add")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--drafts", type=float, default=0.1, help="the share that is not live (0.1)")
        parser.add_argument("--pictures", type=int, default=24, help="different posters, if there are none")
        parser.add_argument(
            "--processes", type=int, default=min(2, os.cpu_count() or 1), help="at work at once (2)"
        )
        parser.add_argument("--force", action="store_true", help="also in production")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION and not options["force"]:
            raise CommandError("These titles are invented. If this is what you want in production: --force.")
        if min(options["titles"], options["pictures"]) < 1 or not 0 <= options["drafts"] <= 1:
            raise CommandError("--titles and --pictures are at least 1, --drafts is from 0 to 1.")
        if lacking := generating.lacking_words():
            call_command("loaddata", *lacking, verbosity=0)
        began, count = time.monotonic(), options["titles"]
        first = generating.next_number()
        generating.provide(first + count)
        stock = generating.stock(first + count, options["pictures"])
        self._say(f"People, teams, videos and pictures are there after {time.monotonic() - began:.0f} s.")
        batches = [
            range(at, min(at + generating.BATCH, first + count))
            for at in range(first, first + count, generating.BATCH)
        ]
        task = Task(options["seed"], options["drafts"], timezone.now(), stock)
        began, done = time.monotonic(), 0
        for written in _written(batches, task, options["processes"]):
            done += written
            rate = done / (time.monotonic() - began)
            self._say(f"{done} of {count} titles, {rate:.0f} a second")
        generating.tell_the_planner()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _written(batches: list[range], task: Task, processes: int) -> Iterator[int]:
    """How many titles each batch had, as they are done. A single batch, or process, is done in this one."""
    if processes < 2 or len(batches) < 2:
        yield from (generating.write(numbers, task) for numbers in batches)
        return
    write = partial(_write_elsewhere, task, connection.settings_dict["NAME"])
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=django.setup) as pool:
        yield from pool.map(write, batches)


def _write_elsewhere(task: Task, database: str, numbers: range) -> int:
    """In a process of its own, on the database that its parent is connected to."""
    connection.settings_dict["NAME"] = database
    return generating.write(numbers, task)
