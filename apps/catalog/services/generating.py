"""Storing a generated catalogue, in bulk: for demonstrations and benchmarks.

Everything is made by the code that editors use it by: the same snapshot, the same compiler, the same
shelf. Only the moves are written as they would have been, for nobody made them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Model, OuterRef, Subquery
from django.utils.text import slugify

from apps.accounts.models import User
from apps.catalog import art, snapshot
from apps.catalog import compile as compiling
from apps.catalog.art import Drawn
from apps.catalog.generator import names, words
from apps.catalog.generator.stock import VIDEOS, Crew, Stock
from apps.catalog.generator.titles import GENRES, SCHEME, Invented, Task, invent, marker
from apps.catalog.models import (
    Artwork,
    Episode,
    Event,
    ExternalId,
    Extra,
    FormerSlug,
    Genre,
    Person,
    PersonText,
    Release,
    ReleaseItem,
    Season,
    Tag,
    Team,
    Title,
    TitleText,
    TitleVersion,
)
from apps.core.bulk import copy_in
from apps.media.models import Asset
from apps.media.services import assets
from apps.workflow import moves
from apps.workflow.models import Transition

from . import desk, listings

BATCH = 500
KINDS = (Artwork.Kind.POSTER, Artwork.Kind.BACKDROP)
TITLES_PER_PERSON = 8
FEWEST_PEOPLE = 200
NOTE = "Generated."
NEW_TAGLINE = "Now with a new beginning."
LONGEST_RELEASE = Release._meta.get_field("name").max_length
# Quarters of an hour, over which schedules are spread.
WAITING_SLOTS = 4 * 24 * 60
# What others point to comes first.
ORDER: list[type[Model]] = [Title, Season, Episode, Extra, Event]


# --- What they share ---------------------------------------------------------------------------------


def next_number() -> int:
    """The first number that no generated title has."""
    markers = ExternalId.objects.filter(scheme=SCHEME, value__startswith=marker(0)[:-9])
    last = markers.order_by("-value").values_list("value", flat=True).first()
    return int(last[-9:]) + 1 if last else 0


def lacking_words() -> list[str]:
    """The fixtures that have to be loaded before anything can be generated."""
    genres = Genre.objects.filter(slug__in=GENRES).count() == len(GENRES)
    return [name for name, there in (("genres", genres), ("tags", Tag.objects.exists())) if not there]


def provide(titles: int) -> None:
    """Make what the first `titles` titles share, as far as it is not there."""
    with transaction.atomic():
        _provide_people(max(FEWEST_PEOPLE, titles // TITLES_PER_PERSON))
        teams = [Team(slug=slugify(one.en), name=one.en, short_name=_short(one.en)) for one in words.TEAMS]
        Team.objects.bulk_create(teams, ignore_conflicts=True)
        present = set(Asset.objects.filter(placeholder=True).values_list("name", flat=True))
        for video in VIDEOS:
            if video.name not in present:
                assets.placeholder(
                    video.name, duration_ms=video.minutes * 60_000, heights=video.heights,
                    audio=video.audio, subtitles=video.subtitles,
                )  # fmt: skip


def _short(name: str) -> str:
    return "".join(word[0] for word in name.split()).upper()


def _provide_people(count: int) -> None:
    """Numbers in the order of their making: who comes first is in most titles."""
    wanted = {slugify(name.en): name for name in map(names.person, range(count))}
    present = set(Person.objects.filter(slug__in=wanted).values_list("slug", flat=True))
    made = Person.objects.bulk_create(
        (Person(slug=slug, name=name.en) for slug, name in wanted.items() if slug not in present), BATCH
    )
    PersonText.objects.bulk_create(
        (PersonText(person=one, language="hi", name=wanted[one.slug].hi) for one in made), BATCH
    )


def stock(titles: int, pictures: int) -> Stock:
    """What `provide` made, and pictures: those of earlier runs, or so many new ones, half a second each."""
    people = [slugify(names.person(n).en) for n in range(max(FEWEST_PEOPLE, titles // TITLES_PER_PERSON))]
    keys = dict(Person.objects.filter(slug__in=people).values_list("slug", "pk"))
    teams = dict(Team.objects.values_list("slug", "pk"))
    placeholders = dict(Asset.objects.filter(placeholder=True).values_list("name", "pk"))
    videos = defaultdict(list)
    for video in VIDEOS:
        videos[video.use, video.language].append((placeholders[video.name], video.minutes * 60_000))
    return Stock(
        genres=dict(Genre.objects.values_list("slug", "pk")),
        tags=list(Tag.objects.order_by("slug").values_list("pk", flat=True)),
        people=[keys[slug] for slug in people],
        teams=[teams[slugify(one.en)] for one in words.TEAMS],
        videos=dict(videos),
        pictures={kind: _drawn_before(kind) or _drawn(kind, pictures) for kind in KINDS},
        crew=Crew(_first("Editor"), _first("Reviewer"), _first("Publisher")),
    )


def _drawn_before(kind: str) -> list[dict[str, Any]]:
    rows = Artwork.objects.filter(kind=kind, original__startswith=f"{art.FOLDER}/", state=Artwork.State.READY)
    of_each = rows.order_by("sha256", "pk").distinct("sha256")
    return list(of_each.values(*(one.name for one in fields(Drawn)), "state"))


def _drawn(kind: str, count: int) -> list[dict[str, Any]]:
    return [one.fields() for one in art.pool(count, (kind,))[kind]]


def _first(group: str) -> int | None:
    staff = User.objects.filter(groups__name=group, is_staff=True).order_by("pk")
    return staff.values_list("pk", flat=True).first()


# --- The titles --------------------------------------------------------------------------------------


@transaction.atomic
def write(numbers: Iterable[int], task: Task) -> int:
    """Invent and store the titles of these numbers, and put on the shelf what is live; how many these are.

    All or nothing.
    """
    invented = [invent(number, task) for number in numbers]
    _address([one.title for one in invented])
    _store(invented)
    _publish([one for one in invented if one.life.published_at], task.stock.crew)
    _record(invented, task.stock.crew)
    _wait([one for one in invented if one.life.state == moves.State.SCHEDULED], task)
    return len(invented)


def _address(titles: Sequence[Title]) -> None:
    """Names differ among generated titles, but editors may have had the same idea."""
    slugs = [title.slug for title in titles]
    taken = set(Title.objects.filter(slug__in=slugs).values_list("slug", flat=True))
    former = FormerSlug.objects.filter(slug__in=slugs, title__isnull=False)
    taken.update(former.values_list("slug", flat=True))
    for title in titles:
        if title.slug in taken:
            title.slug = desk.free_slug(Title, title.name)


def _store(invented: Sequence[Invented]) -> None:
    rows: dict[type[Model], list[Model]] = defaultdict(list)
    for one in invented:
        rows[Title].append(one.title)
        for row in one.rows:
            rows[type(row)].append(row)
    for model in [*ORDER, *(model for model in rows if model not in ORDER)]:
        _insert(rows[model])


def _insert(rows: Sequence[Model]) -> None:
    """What they refer to has its key by now, as `bulk_create` would find out."""
    for row in rows:
        row._prepare_related_fields_for_save(operation_name="copy_in")  # type: ignore[attr-defined]
    copy_in(rows)


def _publish(published: Sequence[Invented], crew: Crew) -> None:
    """A version of each, and a place on the shelf for those that are still live."""
    taken = snapshot.take_many([one.title for one in published])
    versions = [_version(one, snap, crew) for one, snap in zip(published, taken, strict=True)]
    _insert(versions)
    live = [version for version, one in zip(versions, published, strict=True) if one.life.is_live]
    keys = [version.title_id for version in live]
    of_title = TitleVersion.objects.filter(title=OuterRef("pk")).values("pk")
    Title.objects.filter(pk__in=keys).update(live_version=Subquery(of_title))
    listings.project_many(live)
    _change_since([one.title.pk for one in published if one.life.is_live and one.life.is_being_changed])


def _version(one: Invented, snap: snapshot.Snapshot, crew: Crew) -> TitleVersion:
    compiled = compiling.compile(snap.source, snap.facts)
    assert one.life.published_at is not None  # noqa: S101 who calls has seen to it
    return TitleVersion(
        title=one.title,
        number=1,
        at=one.life.published_at,
        by_id=crew.publisher,
        note=NOTE,
        source=snap.source,
        columns=compiled.columns,
        documents=compiled.documents,
        checksum=compiling.checksum(snap.source, compiled.columns, compiled.documents),
    )


def _change_since(keys: Sequence[int]) -> None:
    """The desk is ahead of what is live."""
    Title.objects.filter(pk__in=keys).update(revision=2)
    TitleText.objects.filter(title__in=keys, language="en").update(tagline=NEW_TAGLINE)


def _record(invented: Sequence[Invented], crew: Crew) -> None:
    """The moves that brought the titles to where they are, and who worked on what is not published."""
    _insert([row for one in invented for row in _transitions(one, crew)])
    authors = Title.authors.through
    if crew.editor:
        in_hand = [one.title for one in invented if one.life.is_being_changed]
        _insert([authors(title=title, user_id=crew.editor) for title in in_hand])


def _transitions(one: Invented, crew: Crew) -> Iterator[Transition]:
    who = {"submit": crew.editor, "change": crew.editor, "review": crew.reviewer, "publish": crew.publisher}
    about = ContentType.objects.get_for_model(Title)
    for step in one.life.steps:
        yield Transition(
            content_type=about,
            object_id=one.title.pk,
            subject_label=one.title.name,
            at=step.at,
            by_id=who[step.move.permission],
            move=step.move.name,
            source=step.source,
            target=step.target,
            note=NOTE,
            facts={"version": 1} if step.move is moves.PUBLISH else {},
        )


def _wait(scheduled: Sequence[Invented], task: Task) -> None:
    """A release of its own for each; one a quarter of an hour, from tomorrow on."""
    releases = [
        Release(
            name=one.title.name[:LONGEST_RELEASE],
            at=task.at + timedelta(days=1, minutes=15 * (one.title.pk % WAITING_SLOTS)),
            state=Release.State.WAITING,
            by_id=task.stock.crew.publisher,
            note=NOTE,
            created_at=one.life.ended_at,
        )
        for one in scheduled
    ]
    _insert(releases)
    pairs = zip(releases, scheduled, strict=True)
    _insert([ReleaseItem(release=release, title=one.title) for release, one in pairs])


def tell_the_planner() -> None:
    """PostgreSQL learns how much there is now, rather than some minutes later."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
