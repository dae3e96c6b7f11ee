"""What plays is judged anew when a parent, an editor or the operator takes something back."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.maturity import Maturity
from apps.accounts.models import Profile, User
from apps.accounts.tests.factories import ProfileFactory
from apps.accounts.tests.steps import V1, work
from apps.billing.models import Plan
from apps.billing.services import plans as selling
from apps.billing.services import subscribing
from apps.billing.services.subscribing import Cause
from apps.catalog.models import Tier, Title, Window
from apps.catalog.signals import title_published
from apps.streaming import tasks
from apps.streaming.models import PlaybackSession

from . import steps
from .steps import beat, started
from .test_ending import plays, reason_of

pytestmark = pytest.mark.django_db
SignIn = Callable[..., APIClient]
Committed = Callable[..., AbstractContextManager[Any]]
Playing = dict[str, Any]


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Committed:
    return partial(django_capture_on_commit_callbacks, execute=True)


# --- By a parent -------------------------------------------------------------------------------------


@pytest.fixture
def family(viewer: User, plans: dict[str, Plan]) -> User:
    """The viewer, with four streams."""
    subscribing.grant(viewer, plan=plans["family"], cause=Cause())
    return viewer


@pytest.fixture
def tame(db: None) -> Title:
    return steps.film("tame", maturity=Maturity.U)


@pytest.fixture
def wild(db: None) -> Title:
    return steps.film("wild", maturity=Maturity.UA_16)


def test_a_lower_ceiling_ends_what_is_above_it_on_that_profile_alone(
    committed: Committed, watching: APIClient, family: User, sign_in: SignIn, tame: Title, wild: Title
) -> None:
    theirs = ProfileFactory(account=family)
    other = sign_in(family, theirs)
    above, below, elsewhere = started(other, wild), started(other, tame), started(watching, wild)

    with committed():
        answer = watching.patch(f"{V1}/profiles/{theirs.public_id}", {"maturity": "U/A 13+"})
    assert answer.status_code == 200, answer.content

    assert reason_of(above) == "restricted"
    assert plays(below)
    assert plays(elsewhere)


def test_a_profile_that_a_child_gets_plays_nothing_that_it_began_before(
    committed: Committed, watching: APIClient, viewer: User, premium: Plan, sign_in: SignIn, tame: Title
) -> None:
    theirs = ProfileFactory(account=viewer)
    before = started(sign_in(viewer, theirs), tame)

    with committed():
        assert watching.patch(f"{V1}/profiles/{theirs.public_id}", {"kid": True}).status_code == 200

    assert reason_of(before) == "restricted"
    assert plays(started(sign_in(viewer, theirs), tame))


def test_a_new_name_or_a_higher_ceiling_ends_nothing(
    committed: Committed, watching: APIClient, profile: Profile, plans: Any, tame: Title
) -> None:
    playing = started(watching, tame)

    with committed():
        changed = watching.patch(f"{V1}/profiles/{profile.public_id}", {"name": "Somebody else"})
    assert changed.status_code == 200, changed.content

    assert plays(playing)


def test_a_session_that_began_as_the_ceiling_fell_is_found(
    committed: Committed, watching: APIClient, profile: Profile, wild: Title
) -> None:
    """As if the start had been committed just after the change was announced."""
    playing = started(watching, wild)
    Profile.objects.update(maturity=Maturity.UA_7)

    with committed():
        tasks.settle_playback()

    assert reason_of(playing) == "restricted"


# --- By the operator ---------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_edited_plan_holds_for_who_plays_by_it(
    watching: APIClient, viewer: User, plans: dict[str, Plan], film: Title
) -> None:
    subscribing.grant(viewer, plan=plans["family"], cause=Cause())
    first, second = started(watching), started(watching)
    plan = plans["family"]
    plan.streams = 1

    selling.save(plan)
    work()

    assert plays(first)
    assert reason_of(second) == "plan_changed"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("less", [{"max_height": 480}, {"tier": Tier.FREE}])
def test_a_plan_of_less_height_or_a_lower_tier_ends_what_it_lacks(
    watching: APIClient, viewer: User, plans: dict[str, Plan], less: dict[str, Any]
) -> None:
    gold = steps.film("gold", tier=Tier.PREMIUM)
    subscribing.grant(viewer, plan=plans["family"], cause=Cause())
    playing = started(watching, gold)
    for name, value in less.items():
        setattr(plans["family"], name, value)

    selling.save(plans["family"])
    work()

    assert reason_of(playing) == "plan_changed"


@pytest.mark.django_db(transaction=True)
def test_another_plan_for_everybody_is_judged_too(
    watching: APIClient, plans: dict[str, Plan], film: Title
) -> None:
    playing = started(watching)
    Plan.objects.filter(slug="premium").update(max_height=360)

    selling.make_default(plans["premium"])
    work()

    assert reason_of(playing) == "plan_changed"


@pytest.mark.django_db(transaction=True)
def test_a_plan_that_gives_more_or_is_renamed_ends_nothing(
    watching: APIClient, viewer: User, plans: dict[str, Plan], film: Title
) -> None:
    playing = started(watching)
    plan = plans["free"]
    plan.streams, plan.name, plan.max_height = 3, "Free of charge", None

    selling.save(plan)
    work()

    assert plays(playing)


# --- By an editor ------------------------------------------------------------------------------------


@pytest.fixture
def published(committed: Committed) -> Callable[[Title], None]:
    """Another version of the title is live, and announced."""

    def publish(title: Title) -> None:
        title.save()
        with committed():
            steps.show(title)
            title_published.send(Title, title_id=title.public_id)

    return publish


def test_a_title_that_is_rated_higher_ends_for_those_who_may_not_see_it(
    published: Any, watching: APIClient, viewer: User, premium: Plan, sign_in: SignIn, tame: Title
) -> None:
    young = started(sign_in(viewer, ProfileFactory(account=viewer, maturity=Maturity.UA_13)), tame)
    grown = started(watching, tame)
    tame.maturity = Maturity.UA_16

    published(tame)

    assert reason_of(young) == "restricted"
    assert plays(grown)


def test_rights_that_are_taken_back_end_what_plays_by_them(
    published: Any, watching: APIClient, film: Title
) -> None:
    playing = started(watching)
    Window.objects.filter(title=film).update(scope="only", countries=["JP"])

    published(film)

    assert reason_of(playing) == "withdrawn"


def test_a_window_that_is_over_by_now_lets_who_watches_see_the_end(
    published: Any, watching: APIClient, film: Title
) -> None:
    playing = started(watching)
    PlaybackSession.objects.update(started_at=timezone.now() - timedelta(hours=1))
    Window.objects.filter(title=film).update(ends_at=timezone.now() - timedelta(minutes=1))

    published(film)

    assert plays(playing)


def test_an_episode_that_is_no_more_in_its_series_ends(
    published: Any, watching: APIClient, premium: Plan
) -> None:
    series = steps.series()
    first, second = (str(one.public_id) for one in series.seasons.get().episodes.order_by("number"))
    one, other = started(watching, episode=first), started(watching, episode=second)
    series.seasons.get().episodes.filter(public_id=first).delete()

    published(series)

    assert reason_of(one) == "withdrawn"
    assert plays(other)
    assert beat(other, 10).status_code == 200
