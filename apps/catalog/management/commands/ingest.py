"""`manage.py ingest`: a film that lies on this machine, as if it had been uploaded."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User
from apps.catalog.models import Episode, Title
from apps.catalog.services import contents, videos
from apps.core.errors import DomainError
from apps.media.models import Asset, AssetState
from apps.media.services import assets, progress, room, taking
from apps.workflow.services.editing import refuse_locked

LOOKS_EVERY_S = 1.0
OVER = {"quarantined": "It was given up.", "cancelled": "It was cancelled."}


class Command(BaseCommand):
    help = (
        "Take in a film and have it made playable. The file stays where it is. With --title it becomes that "
        "title's video at the desk, in the place of any that it has."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--title", metavar="SLUG", default="", help="whose main video it is")
        parser.add_argument("--episode", metavar="S1E2", default="", help="of a series: which episode's")
        parser.add_argument(
            "--name", default="", help="what the video is called at the desk; else as the file"
        )
        parser.add_argument("--by", metavar="EMAIL", default="", help="in whose name; else in the site's own")
        parser.add_argument("--wait", action="store_true", help="tell how far it is, until it can be played")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asset = self._take_in(options)
        except DomainError as refusal:
            reasons = [one["detail"] for one in refusal.extra.get("errors", [])]
            raise CommandError(" ".join(reasons) or refusal.detail) from refusal
        except PermissionDenied as refusal:
            raise CommandError(f"{options['by']} may not do this.") from refusal
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
        self.stdout.write(f"Video {asset.public_id}, {asset.name}.")
        if options["wait"]:
            self._wait(asset)

    def _take_in(self, options: dict[str, Any]) -> Asset:
        by, place = self._person(options["by"]), self._place(options)
        self._before = -1
        size = options["file"].stat().st_size
        upload = taking.take(options["file"], by=by, told=lambda done: self._copied(done, size))
        assert upload.asset is not None  # noqa: S101 a constraint
        if options["name"]:
            assets.rename(upload.asset, options["name"])
            upload.asset.refresh_from_db()
        if place is not None:
            videos.assign(upload.asset, place, by=by)
            self.stdout.write(
                f"It is the video of {place}, at the desk. Viewers see it once that is published."
            )
        return upload.asset

    @staticmethod
    def _person(email: str) -> User | None:
        if not email:
            return None
        found = User.objects.filter(email=email, is_staff=True, is_active=True).first()
        if found is None:
            raise CommandError(f"No member of staff is {email}.")
        return found

    @staticmethod
    def _place(options: dict[str, Any]) -> Title | Episode | None:
        """Where it goes; what is in the way is told before anything is copied."""
        if not options["title"]:
            if options["episode"]:
                raise CommandError("--episode needs --title.")
            return None
        place = videos.find(options["title"], options["episode"])
        refuse_locked(contents.title_of(place))
        return place

    def _copied(self, done: int, size: int) -> None:
        percent = 100 * done // size
        if percent // 10 > self._before // 10:
            self._before = percent
            self._say(f"{room.told(done)} of {room.told(size)} copied.")

    def _wait(self, asset: Asset) -> None:
        before = ""
        while True:
            asset.refresh_from_db()
            work = progress.of(asset)
            if asset.state == AssetState.READY:
                self._say(f"Ready to play, {(asset.duration_ms or 0) / 1000:.1f} s.")
                return
            if asset.state == AssetState.FAILED or (work and work.state in OVER):
                cause = (work.cause if work else "") or asset.failure
                raise CommandError(f"{OVER.get(work.state if work else '', 'It failed.')} {cause}".strip())
            told = f"{work.percent:.0f} %, {work.state}. {work.cause}".strip() if work else "Waiting."
            if told != before:
                self._say(told)
            before = told
            time.sleep(LOOKS_EVERY_S)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
