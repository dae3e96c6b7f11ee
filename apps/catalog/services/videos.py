"""Which title or episode a video is for, by the names that files and commands use."""

import logging
import re
from pathlib import Path

from apps.accounts.models import User
from apps.catalog.models import Episode, Kind, Title
from apps.core.errors import DomainError, InvalidField
from apps.media.models import Asset

from . import contents

log = logging.getLogger(__name__)
EPISODE = re.compile(r"s(\d{1,4})e(\d{1,4})", re.ASCII | re.IGNORECASE)


def find(slug: str, episode: str = "") -> Title | Episode:
    """`sintel`, or `demo-series` and `S1E2`. Raises `InvalidField` where no such place for a video is."""
    title = Title.objects.filter(slug=slug).first()
    if title is None:
        raise InvalidField("title", "does_not_exist", f"There is no title at {slug!r}.")
    if not episode:
        if title.kind == Kind.SERIES:
            raise InvalidField("episode", "required", "A series has its videos on its episodes. Say which.")
        return title
    match = EPISODE.fullmatch(episode)
    if match is None:
        raise InvalidField("episode", "invalid", "An episode is named as S1E2.")
    found = Episode.objects.filter(
        season__title=title, season__number=int(match[1]), number=int(match[2])
    ).select_related("season__title", "asset")
    there: Episode | None = found.first()
    if there is None:
        raise InvalidField("episode", "does_not_exist", f"{title} has no {episode.upper()}.")
    return there


def is_vacant(place: Title | Episode) -> bool:
    """Whether a video is wanted there: there is none, or what stands in for one."""
    return place.asset is None or place.asset.placeholder


def assign(asset: Asset, place: Title | Episode, *, by: User | None) -> None:
    """Make it the video there, at the desk; None: the site does, by itself.

    Raises PermissionDenied, `Locked`, `EditConflict`.
    """
    with contents.changing(place, by=by, revision=None) as title:
        copy = title if isinstance(place, Title) else Episode.objects.get(pk=place.pk)
        copy.asset = asset
        copy.save(update_fields=["asset"])


def assign_by_path(asset: Asset, path: Path) -> None:
    """Of the watch folder: `sintel.mp4` and `demo-series/s1e2.mkv` say what they are for.

    What is for nothing, for a title that cannot be edited, or for a place that is taken, is a video like any.
    """
    slug, episode = (path.stem, "") if path.parent == Path() else (path.parent.name, path.stem)
    try:
        place = find(slug, episode)
        if is_vacant(place):
            assign(asset, place, by=None)
    except DomainError as refusal:
        log.info("film has no place yet", extra={"why": refusal.detail, "asset": str(asset.public_id)})
