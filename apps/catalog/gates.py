"""The publish gates: what a title must have before viewers may get it. All are judged, all are told."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import PermissionsMixin
from django.db.models import prefetch_related_objects

from apps.media.models import Asset, AssetState
from apps.workflow import moves
from apps.workflow.guards import Unmet, guard
from apps.workflow.models import Workflowed

from .models import Artwork, Descriptor, Kind, Season, Title

# All that the gates look at.
PARTS = ("asset", "artworks", "texts", "windows", "event", "seasons__episodes__asset")
LANGUAGE_NAMES = dict(settings.LANGUAGES)


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition: its stable code, a label for the checklist, whether it is met, and what to do if not."""

    code: str
    label: str
    met: bool
    detail: str
    path: str


def read(titles: Sequence[Title]) -> None:
    """Fetch what the gates look at, of all titles at once; judging these objects asks nothing more."""
    prefetch_related_objects(titles, *PARTS)


def judge(title: Title, at: datetime, *, releasing: Collection[int] = ()) -> list[Gate]:
    """Every gate of the title at that time. Seasons held back count only if they are `releasing` (pks)."""
    return [
        *_video(title, releasing),
        *_artwork(title),
        *_texts(title),
        *_rating(title),
        *_rights(title, at),
        *_event(title),
    ]


def _video(title: Title, releasing: Collection[int]) -> Iterator[Gate]:
    if title.kind != Kind.SERIES:
        met = title.asset is not None and title.asset.is_ready
        yield Gate("asset_ready", "Main video", met, _about(title.asset), "asset")
        return
    shown = [season for season in _seasons(title) if not season.held or season.pk in releasing]
    episodes = [episode for season in shown for episode in season.episodes.all()]
    yield Gate("has_episodes", "Episodes", bool(episodes), "Add a season with an episode.", "seasons")
    lacking = [one for one in episodes if one.asset is None or not one.asset.is_ready]
    numbers = {season.pk: season.number for season in shown}
    named = ", ".join(f"S{numbers[one.season_id]}E{one.number}" for one in lacking[:8])
    named += f" and {len(lacking) - 8} more" if len(lacking) > 8 else ""
    yield Gate("episodes_ready", "Videos of all episodes", not lacking, f"Not ready: {named}.", "seasons")


def _seasons(title: Title) -> Iterable[Season]:
    if "seasons" in getattr(title, "_prefetched_objects_cache", {}):
        return title.seasons.all()
    return title.seasons.prefetch_related("episodes__asset")


def _about(asset: Asset | None) -> str:
    if asset is None:
        return "Choose the main video."
    if asset.state == AssetState.FAILED:
        return f"The video failed: {asset.failure or 'no reason given'}."
    return f"The video is still {asset.get_state_display().lower()}."  # type: ignore[attr-defined]


def _artwork(title: Title) -> Iterator[Gate]:
    ready = Artwork.State.READY
    there = {one.kind for one in title.artworks.all() if one.state == ready and not one.dropped}
    for kind in (Artwork.Kind.POSTER, Artwork.Kind.BACKDROP):
        yield Gate(
            f"has_{kind}",
            str(kind.label),
            kind in there,
            f"Add a {kind} and wait until it is ready.",
            "artworks",
        )


def _texts(title: Title) -> Iterator[Gate]:
    language = LANGUAGE_NAMES[settings.LANGUAGE_CODE]
    text = next((one for one in title.texts.all() if one.language == settings.LANGUAGE_CODE), None)
    path = f"texts.{settings.LANGUAGE_CODE}"
    yield Gate("has_name", f"Name ({language})", bool(text and text.name.strip()),
               f"Write the name in {language}.", f"{path}.name")  # fmt: skip
    yield Gate("has_synopsis", f"Synopsis ({language})", bool(text and text.synopsis.strip()),
               f"Write the synopsis in {language}.", f"{path}.synopsis")  # fmt: skip


def _rating(title: Title) -> Iterator[Gate]:
    yield Gate(
        "has_rating", "Maturity rating", title.maturity is not None, "Choose the maturity rating.", "maturity"
    )
    chosen = set(title.descriptors)
    if Descriptor.NONE in chosen and len(chosen) > 1:
        detail = "“Nothing of concern” does not go with other descriptors."
    else:
        detail = "Say what the rating is for, or that there is nothing of concern."
    met = bool(chosen) and not (Descriptor.NONE in chosen and len(chosen) > 1)
    yield Gate("has_descriptors", "Content descriptors", met, detail, "descriptors")


def _rights(title: Title, at: datetime) -> Iterator[Gate]:
    windows = title.windows.all()
    lasting = [one for one in windows if one.ends_at is None or one.ends_at > at]
    detail = "All rights windows have ended." if windows else "Add a rights window."
    yield Gate("has_window", "Rights window", bool(lasting), detail, "windows")


def _event(title: Title) -> Iterator[Gate]:
    if title.kind == Kind.SPORT:
        met = hasattr(title, "event")
        yield Gate("has_event", "Event", met, "Say which event it is: competition and kick-off.", "event")


def _as_title(subject: Workflowed) -> Title:
    assert isinstance(subject, Title)  # noqa: S101 registered for titles alone
    return subject


@guard("catalog.title", moves.SUBMIT, moves.APPROVE, moves.SCHEDULE, moves.PUBLISH)
def publish_gates(subject: Workflowed, by: PermissionsMixin | None, at: datetime) -> list[Unmet]:
    return unmet(_as_title(subject), at)


def unmet(title: Title, at: datetime, *, releasing: Collection[int] = ()) -> list[Unmet]:
    return [
        Unmet(one.code, one.detail, one.path) for one in judge(title, at, releasing=releasing) if not one.met
    ]


@guard("catalog.title", moves.UNPUBLISH, moves.DISCARD)
def is_live(subject: Workflowed, by: PermissionsMixin | None, at: datetime) -> list[Unmet]:
    return [] if _as_title(subject).is_live else [Unmet("is_live", "Nothing of this is live.")]


@guard("catalog.title", moves.ARCHIVE)
def is_not_live(subject: Workflowed, by: PermissionsMixin | None, at: datetime) -> list[Unmet]:
    return [Unmet("is_not_live", "Unpublish it first.")] if _as_title(subject).is_live else []
