"""`manage.py demo_catalogue`: the demo's titles, walked through the workflow. Development only."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog import art
from apps.catalog.models import Artwork, Episode, Title
from apps.catalog.services import artworks, contents, publishing, releases
from apps.workflow.models import Priority, Transition
from apps.workflow.services import comments, planning

# The titles of the first are live in the demo, those of the second are still being worked on.
LIVE, AT_THE_DESK = "titles", "desk"
# What they refer to comes first.
SHARED = ["genres", "tags", "people", "assets"]
FIXTURES = [*SHARED, LIVE, AT_THE_DESK]
FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Cast:
    editor: User
    reviewer: User
    publisher: User


class Command(BaseCommand):
    help = (
        "Load the demo's titles once, draw their pictures, and have the demo accounts submit, approve and "
        "publish them; some are left for you to work on. What was done before is not done again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("This publishes demonstration titles; it is for development only.")
        cast = _cast()
        live, at_the_desk = _public_ids(LIVE), _public_ids(AT_THE_DESK)
        titles = Title.objects.filter(public_id__in=[*live, *at_the_desk]).order_by("pk")
        # Once only: editors may have changed, renamed or deleted them since.
        if not any(has_moved(title) for title in titles):
            _load_missing()
        waiting = [title for title in titles.all() if not has_moved(title)]
        for title in waiting:
            illustrate(title, cast.editor)
            walk = publish if str(title.public_id) in live else WALKS.get(title.slug)
            if walk:
                with transaction.atomic():
                    walk(title, cast)
        if options["verbosity"]:
            self.stdout.write(f"{len(waiting)} titles walked through the workflow.")


def _cast() -> Cast:
    found = {user.email: user for user in User.objects.filter(email__endswith="@demo.example")}
    try:
        return Cast(*(found[f"{name}@demo.example"] for name in ("editor", "reviewer", "publisher")))
    except KeyError as missing:
        raise CommandError(f"There is no {missing.args[0]}. Run demo_accounts first.") from missing


def has_moved(title: Title) -> bool:
    return Transition.objects.about(title).exists()


def _load_missing() -> None:
    """The fixtures of which no title is there."""
    missing = [
        name
        for name in (LIVE, AT_THE_DESK)
        if not Title.objects.filter(public_id__in=_public_ids(name)).exists()
    ]
    if missing:
        call_command("loaddata", *SHARED, *missing, verbosity=0)


def _public_ids(fixture: str) -> list[str]:
    """Of the titles in it; the one name of theirs that nobody can change."""
    rows = json.loads((Path(settings.FIXTURE_DIRS[0]) / f"{fixture}.json").read_text())
    return [row["fields"]["public_id"] for row in rows if row["model"] == "catalog.title"]


# --- Pictures ----------------------------------------------------------------------------------------


def illustrate(title: Title, editor: User) -> None:
    """A poster and a backdrop, and stills for episodes; ready at once, without the worker."""
    wanted: list[tuple[Title | Episode, Artwork.Kind, str]] = [
        (title, Artwork.Kind.POSTER, title.name),
        (title, Artwork.Kind.BACKDROP, ""),
        *((one, Artwork.Kind.STILL, "") for one in Episode.objects.filter(season__title=title)),
    ]
    for owner, kind, lettering in wanted:
        seed = crc32(owner.public_id.bytes)
        file = ContentFile(art.draw(kind, seed=seed, lettering=lettering), name=f"{kind}.jpeg")
        artworks.prepare(
            artworks.add(owner, kind=kind, file=file, by=editor, alt=f"{kind.value.capitalize()} of {owner}")
        )


# --- The walks ---------------------------------------------------------------------------------------


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


WALKS: dict[str, Callable[[Title, Cast], None]] = {
    "elephants-dream": schedule,
    "spring": await_review,
    "cosmos-laundromat": request_changes,
}


def _next_premiere(at: datetime) -> datetime:
    """The next Friday that is at least two days away, at six in the evening in India."""
    days = 2 + (FRIDAY - at.weekday() - 2) % 7
    return (at + timedelta(days=days)).replace(hour=12, minute=30, second=0, microsecond=0)
