"""`manage.py demo_catalogue`: the demo's titles, filmed and walked through the workflow. Development only."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.accounts.models import User
from apps.catalog.films import master
from apps.catalog.management.clips import film_for, videos_of
from apps.catalog.management.walks import AT_THE_DESK, Cast, Walk, illustrate, publish
from apps.catalog.models import Title
from apps.catalog.services import publishing
from apps.core.errors import DomainError
from apps.media.models import Asset, AssetState, Job, Upload
from apps.media.services import scratch, taking, working
from apps.workflow.models import Transition

# The titles of the first are live in the demo, those of the second are still being worked on.
LIVE, DESK = "titles", "desk"
# What they refer to comes first.
SHARED = ["genres", "tags", "people", "assets"]
FIXTURES = [*SHARED, LIVE, DESK]
COMING = (AssetState.UPLOADING, AssetState.UPLOADED, AssetState.PROCESSING)
PAUSE_S = 1.0
# Percent between two lines about the same video.
TOLD_EVERY = 10


class Command(BaseCommand):
    help = (
        "Load the demo's titles once, draw their pictures, make short films for them, and have the demo "
        "accounts submit, approve and publish each as soon as the worker has encoded its film; some are left "
        "for you to work on. What was done before is not done again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--work", action="store_true", help="encode here as well, instead of waiting for a worker"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("This publishes demonstration titles; it is for development only.")
        self.quiet = not options["verbosity"]
        self.cast, self.live = _cast(), _public_ids(LIVE)
        self.waiting: list[Title] = []
        self.told: dict[int, int] = {}
        self.looked_at = 0.0
        for title in _not_moved():
            illustrate(title, self.cast.editor)
            for asset in videos_of(title):
                self._deliver(asset)
            self.waiting.append(title)
        while self.waiting:
            if options["work"]:
                working.work()
            self._look()
            time.sleep(PAUSE_S if self.waiting else 0)

    def _look(self) -> None:
        """Take those through the workflow that nothing is in the way of, and tell how far the others are."""
        self.waiting = [title for title in self.waiting if not self._has_walked(title)]
        self._tell_progress()
        self.looked_at = time.monotonic()

    def _look_aside(self) -> None:
        if time.monotonic() > self.looked_at + PAUSE_S:
            self._look()

    def _tell(self, line: str) -> None:
        if not self.quiet:
            self.stdout.write(f"  {line}")
            self.stdout.flush()

    def _deliver(self, asset: Asset) -> None:
        """Make the film and hand it in as if somebody had uploaded it, unless that has happened."""
        if asset.state != AssetState.UPLOADING or asset.jobs.exists() or _is_received(asset):
            return
        film = film_for(asset)
        began = time.monotonic()
        with scratch.folder() as folder:
            path = folder / f"{asset.public_id}{master.SUFFIX}"
            master.write(film, path, lambda done: self._look_aside())
            taking.take(path, asset=asset.public_id, by=self.cast.editor)
        self._tell(f"{film.title}: a film of {film.seconds} s, made in {time.monotonic() - began:.1f} s")

    def _has_walked(self, title: Title) -> bool:
        """Whether this title is done with, be it that an editor was faster, or that it cannot be."""
        found = Title.objects.filter(pk=title.pk).first()
        if found is None or has_moved(found):
            return True
        if any(asset.state in COMING for asset in videos_of(found)):
            return False
        unmet = [gate.detail for gate in publishing.checklist(found) if not gate.met]
        if unmet:
            self._tell(f"{found} stays a draft. {' '.join(unmet)}")
            return True
        walk = publish if str(found.public_id) in self.live else AT_THE_DESK.get(found.slug)
        if walk:
            self._go(walk, found)
        return True

    def _go(self, walk: Walk, title: Title) -> None:
        try:
            with transaction.atomic():
                walk(title, self.cast)
        except DomainError as refused:
            self._tell(f"{title} stays a draft. {refused}")
            return
        title.refresh_from_db()
        where = "is live" if title.is_live else f"is at the desk, {title.get_state_display().lower()}"
        self._tell(f"{title} {where}.")

    def _tell_progress(self) -> None:
        """A line for each video whose encoding got on."""
        for job in Job.objects.filter(state="running").select_related("asset").prefetch_related("steps"):
            percent = int(job.done * 100)
            if percent >= self.told.get(job.pk, -TOLD_EVERY) + TOLD_EVERY:
                self.told[job.pk] = percent
                self._tell(f"Encoding {job.asset.name.partition(',')[0]}: {percent} %")


def _cast() -> Cast:
    found = {user.email: user for user in User.objects.filter(email__endswith="@demo.example")}
    try:
        return Cast(*(found[f"{name}@demo.example"] for name in ("editor", "reviewer", "publisher")))
    except KeyError as missing:
        raise CommandError(f"There is no {missing.args[0]}. Run demo_accounts first.") from missing


def has_moved(title: Title) -> bool:
    return Transition.objects.about(title).exists()


def _is_received(asset: Asset) -> bool:
    return asset.uploads.filter(state=Upload.State.RECEIVED).exists()


def _not_moved() -> list[Title]:
    """Titles of the demo that nobody has moved yet, those that go live first."""
    titles = Title.objects.filter(public_id__in=[*_public_ids(LIVE), *_public_ids(DESK)]).order_by("pk")
    # Once only: editors may have changed, renamed or deleted them since.
    if not any(has_moved(title) for title in titles):
        _load_missing()
    return [title for title in titles.all() if not has_moved(title)]


def _load_missing() -> None:
    """The fixtures of which no title is there."""
    missing = [
        name for name in (LIVE, DESK) if not Title.objects.filter(public_id__in=_public_ids(name)).exists()
    ]
    if missing:
        call_command("loaddata", *SHARED, *missing, verbosity=0)


def _public_ids(fixture: str) -> list[str]:
    """Of the titles in it; the one name of theirs that nobody can change."""
    rows = json.loads((Path(settings.FIXTURE_DIRS[0]) / f"{fixture}.json").read_text())
    return [row["fields"]["public_id"] for row in rows if row["model"] == "catalog.title"]
