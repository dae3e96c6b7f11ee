"""How the demo's titles go through the workflow, in the hands of the demo accounts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from django.core.files.base import ContentFile
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog import art
from apps.catalog.models import Artwork, Episode, Title
from apps.catalog.services import artworks, contents, publishing, releases
from apps.workflow.models import Priority
from apps.workflow.services import comments, planning

FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Cast:
    editor: User
    reviewer: User
    publisher: User


Walk = Callable[[Title, Cast], None]


def illustrate(title: Title, editor: User) -> None:
    """A poster and a backdrop, and stills for episodes, as far as missing; ready without the worker."""
    wanted: list[tuple[Title | Episode, Artwork.Kind, str]] = [
        (title, Artwork.Kind.POSTER, title.name),
        (title, Artwork.Kind.BACKDROP, ""),
        *((one, Artwork.Kind.STILL, "") for one in Episode.objects.filter(season__title=title)),
    ]
    for owner, kind, lettering in wanted:
        whose = Q(title=owner) if isinstance(owner, Title) else Q(episode=owner)
        if Artwork.objects.filter(whose, kind=kind).exists():
            continue
        seed = crc32(owner.public_id.bytes)
        file = ContentFile(art.draw(kind, seed=seed, lettering=lettering), name=f"{kind}.jpeg")
        artworks.prepare(
            artworks.add(owner, kind=kind, file=file, by=editor, alt=f"{kind.value.capitalize()} of {owner}")
        )


def approve(title: Title, cast: Cast) -> None:
    publishing.submit(title, by=cast.editor, note="Ready for a look.")
    publishing.approve(title, by=cast.reviewer, note="Texts and rating checked.")


def publish(title: Title, cast: Cast) -> None:
    approve(title, cast)
    publishing.publish(title, by=cast.publisher, note="Part of the opening programme.")
    if title.slug == "sintel":
        # Live as version 1, while the desk is ahead of it.
        tagline = {"en": {"tagline": "How far would you go for one small dragon?"}}
        contents.change_title(title, by=cast.editor, texts=tagline)


def schedule(title: Title, cast: Cast) -> None:
    approve(title, cast)
    releases.schedule(title, at=_next_premiere(timezone.now()), by=cast.publisher, note="Friday night.")


def await_review(title: Title, cast: Cast) -> None:
    publishing.submit(title, by=cast.editor, note="For the spring programme.")
    text = f"@{cast.reviewer.email} The Hindi synopsis is new. Could you read it with care?"
    comments.add(title, text, by=cast.editor)
    day = (timezone.now() + timedelta(days=2)).date()
    planning.plan(title, by=cast.editor, assignee=cast.reviewer, due_on=day, priority=Priority.HIGH)


def request_changes(title: Title, cast: Cast) -> None:
    publishing.submit(title, by=cast.editor)
    publishing.request_changes(title, by=cast.reviewer, note="Not without a Hindi text.")
    text = f"@{cast.editor.email} The advice should come first here, in both languages."
    comments.add(title, text, by=cast.reviewer)


# Of titles that are still being worked on, by slug.
AT_THE_DESK: dict[str, Walk] = {
    "elephants-dream": schedule,
    "spring": await_review,
    "cosmos-laundromat": request_changes,
}


def _next_premiere(at: datetime) -> datetime:
    """The next Friday that is at least two days away, at six in the evening in India."""
    days = 2 + (FRIDAY - at.weekday() - 2) % 7
    return (at + timedelta(days=days)).replace(hour=12, minute=30, second=0, microsecond=0)
