"""`manage.py generate_catalogue`: invented titles that hold what real ones hold."""

from collections import Counter
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone
from django.utils.text import slugify

from apps.accounts.models import User
from apps.catalog import compile as compiling
from apps.catalog import gates, snapshot
from apps.catalog.generator import lives, names
from apps.catalog.generator.lives import LANDINGS, UNFINISHED
from apps.catalog.generator.titles import Task, invent
from apps.catalog.models import (
    Artwork,
    ExternalId,
    FormerSlug,
    Kind,
    Listing,
    ListingDocument,
    Release,
    Title,
    TitleText,
)
from apps.catalog.services import generating
from apps.workflow.models import Transition
from apps.workflow.moves import State

from .desks import projected
from .factories import GenreFactory, TitleFactory

pytestmark = pytest.mark.django_db

# Enough for every kind and most states.
TITLES = 120


def generate(titles: int = TITLES, **options: Any) -> None:
    given = {"seed": 3, "pictures": 1, "processes": 1, "drafts": 0.4} | options
    call_command("generate_catalogue", titles=titles, stdout=StringIO(), **given)


def shown(slug: str) -> list[Any]:
    documents = ListingDocument.objects.filter(listing__slug=slug).order_by("language")
    return list(documents.values("language", "name", "card", "document"))


def test_the_catalogue_is_believable(esha: User, ravi: User, priya: User) -> None:
    generate()

    titles = Title.objects.all()
    assert titles.count() == TITLES
    kinds = Counter(titles.values_list("kind", flat=True))
    assert kinds[Kind.SPORT] == TITLES // 10
    assert kinds[Kind.MOVIE] > kinds[Kind.SERIES] > 0
    assert len(set(titles.values_list("name", flat=True))) == TITLES
    assert TitleText.objects.filter(language="hi").exclude(name="").count() == TITLES
    assert not titles.filter(kind=Kind.SPORT, event=None).exists()
    assert not titles.filter(kind=Kind.SERIES, seasons__episodes=None).exists()
    assert not titles.exclude(kind=Kind.SPORT).filter(credits=None).exists()
    assert not titles.filter(genres=None).exists()
    states = Counter(titles.values_list("state", flat=True))
    assert states[State.PUBLISHED] > TITLES // 3
    assert len(states) >= 5
    people = Transition.objects.values_list("by", flat=True)
    assert set(people) <= {esha.pk, ravi.pk, priya.pk}


def test_what_is_live_is_what_publishing_would_have_made() -> None:
    generate()

    live = Title.objects.filter(state=State.PUBLISHED)
    assert live
    assert Listing.objects.count() == Title.objects.exclude(live_version=None).count()
    for title in live:
        taken, version = snapshot.take(title), title.versions.get()
        compiled = compiling.compile(taken.source, taken.facts)
        assert title.live_version == version
        assert version.source == taken.source
        assert version.documents == compiled.documents
        assert version.checksum == compiling.checksum(version.source, version.columns, version.documents)
        before = shown(title.slug)
        projected(version)
        assert shown(title.slug) == before


def test_whatever_was_submitted_passes_the_gates_that_it_went_through() -> None:
    """But windows may have ended since."""
    generate()

    beyond = Title.objects.exclude(state__in=[State.DRAFT, State.ARCHIVED])
    for title in beyond:
        unmet = {one.code for one in gates.judge(title, timezone.now()) if not one.met}
        assert unmet <= ({"has_window"} if title.versions.exists() else set()), title


def test_moves_lead_from_state_to_state_until_now() -> None:
    generate()

    for title in Title.objects.all():
        at, state = None, State.DRAFT
        for step in Transition.objects.about(title).order_by("pk"):
            assert step.source == state
            assert at is None or at < step.at < timezone.now()
            at, state = step.at, step.target
        assert title.state == state


@pytest.mark.parametrize("made", [*(made for made, _ in UNFINISHED.values()), lives.BEING_CHANGED])
def test_no_life_makes_a_move_that_the_workflow_forbids(made: Any) -> None:
    state = State.DRAFT
    for move in made:
        assert state in move.sources
        state = move.target or LANDINGS[move.name]


def test_what_is_scheduled_waits_for_a_time_to_come() -> None:
    generate(drafts=1)

    scheduled = Title.objects.filter(state=State.SCHEDULED)
    assert scheduled.exists()
    waiting = Release.objects.waiting().filter(at__gt=timezone.now())
    assert set(waiting.values_list("items__title", flat=True)) == set(scheduled.values_list("pk", flat=True))


def test_a_title_is_the_same_for_the_same_seed() -> None:
    generate(1)
    at, stock = timezone.now(), generating.stock(1, 1)

    def told(seed: int) -> list[Any]:
        made = [invent(number, Task(seed, 0.1, at, stock)) for number in range(40)]
        return [
            (one.title.slug, one.title.public_id, one.title.maturity, one.title.popularity, one.life,
             [(type(row), str(row)) for row in one.rows])
            for one in made
        ]  # fmt: skip

    assert told(5) == told(5)
    assert told(5) != told(6)


def test_a_further_run_adds_others() -> None:
    generate(15)
    before = list(Title.objects.order_by("pk").values())
    pictures = set(Artwork.objects.values_list("sha256", flat=True))

    generate(15, seed=9)

    assert list(Title.objects.order_by("pk").values())[:15] == before
    assert Title.objects.count() == 30
    assert ExternalId.objects.filter(scheme="house", value__startswith="generated-").count() == 30
    assert set(Artwork.objects.values_list("sha256", flat=True)) == pictures


@pytest.mark.django_db(transaction=True)
def test_two_processes_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generating, "BATCH", 6)

    generate(20, processes=2)

    assert Title.objects.count() == 20
    assert Listing.objects.filter(version=F("title__live_version")).count() == Listing.objects.count()


def test_what_is_there_is_no_hindrance() -> None:
    """Genres of our own, and titles that have, or had, the very names."""
    GenreFactory(slug="noir")
    TitleFactory(slug=slugify(names.story(0).en))
    FormerSlug.objects.create(title=TitleFactory(), slug=slugify(names.story(1).en))

    generate(10)

    assert ExternalId.objects.count() == 10
    assert Title.objects.filter(name=names.story(0).en).get().slug == slugify(names.story(0).en) + "-2"
    assert Title.objects.filter(name=names.story(1).en).get().slug == slugify(names.story(1).en) + "-2"


def test_names_are_unique_however_many_there_are() -> None:
    stories = [names.story(number) for number in range(120_000)]
    people = [names.person(number) for number in range(20_000)]
    matches = [names.match(number) for number in range(20_000)]

    assert len({slugify(one.en) for one in stories}) == len(stories)
    assert len({one.hi for one in stories}) == len(stories)
    assert len({slugify(one.en) for one in people}) == len(people)
    assert len({slugify(one.name.en) for one in matches}) == len(matches)
    assert all(one.home != one.away for one in matches)


@pytest.mark.parametrize("wrong", [{"titles": 0}, {"drafts": 1.5}, {"drafts": -0.1}, {"pictures": 0}])
def test_odd_numbers_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        generate(**wrong)

    assert not Title.objects.exists()


def test_production_has_to_be_asked_for(settings: Any) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="--force"):
        generate(1)

    assert not Title.objects.exists()
