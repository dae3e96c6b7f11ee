"""What the worker does for the catalogue."""

from datetime import timedelta
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import timezone

from apps.accounts.models import User
from apps.core.jobs import task
from apps.core.ticker import every
from apps.media.services.watching import Watcher

from .models import Artwork, Release, Transfer
from .services import artworks, listings, releases, transfers, videos


@task(queue="images", priority=-10)
def prepare_artwork(artwork_id: str) -> None:
    """Make the variants of a picture. Behind everything else, for pictures come by the hundred."""
    if artwork := Artwork.objects.filter(public_id=artwork_id).first():
        artworks.prepare(artwork)


@task(cron="29 * * * *")
def give_up_lost_artwork() -> None:
    artworks.give_up(before=timezone.now() - timedelta(hours=6))


@task()
def run_transfer(transfer_id: int) -> None:
    if transfer := Transfer.objects.select_related("by").filter(pk=transfer_id).first():
        transfers.run(transfer)


@task()
def renew_videos(asset_id: str) -> None:
    """What live titles say of a video's tracks follows the video."""
    listings.renew_videos(asset_id)


@task(cron="41 * * * *")
def tidy_transfers() -> None:
    now = timezone.now()
    transfers.give_up(before=now - timedelta(hours=6))
    transfers.forget_files(before=now - timedelta(days=30))


@every(1, "releases")
def run_releases() -> None:
    releases.run_due(timezone.now())


@every(30, "look ahead")
def look_ahead() -> None:
    releases.look_ahead(timezone.now())


@every(5, "watch folder")
def look_into_watch_folder() -> None:
    if settings.WATCH_FOLDER:
        _watcher(settings.WATCH_FOLDER).look()


@cache
def _watcher(folder: str) -> Watcher:
    """This process's own, which remembers since when each file has been as it is."""
    return Watcher(Path(folder), videos.assign_by_path)


@task(queue="mail")
def tell_of_failed_release(release: str, account: str) -> None:
    """Write to somebody that a schedule could not run, and why."""
    failed = Release.objects.filter(public_id=release).first()
    to = User.objects.filter(public_id=account, is_active=True, is_staff=True).first()
    if failed is None or to is None:
        return
    shown = {"release": failed, "titles": failed.items.select_related("title"), "site": settings.SITE_URL}
    text = render_to_string("mail/release_failed.txt", shown)
    subject, _, body = text.partition("\n")
    send_mail(subject.strip(), body.lstrip(), None, [to.email])
