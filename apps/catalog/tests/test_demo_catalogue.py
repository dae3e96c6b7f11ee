"""`manage.py demo_catalogue`: a shelf with four titles, and a desk with something left to do."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Model
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.management.commands.demo_catalogue import FIXTURES, SHARED
from apps.catalog.management.commands.demo_catalogue import LIVE as LIVE_TITLES
from apps.catalog.models import Artwork, Listing, Release, Title, TitleText, TitleVersion
from apps.catalog.services import desk, publishing
from apps.workflow.models import Comment, Mention, Transition
from apps.workflow.moves import State

pytestmark = pytest.mark.django_db

LIVE = {"big-buck-bunny", "sintel", "tears-of-steel", "demo-series"}


def demo() -> None:
    call_command("demo_catalogue", verbosity=0)


def called(email: str) -> User:
    return User.objects.get(email=f"{email}@demo.example")


def record(title: str) -> list[tuple[str, str]]:
    """Its moves, oldest first, and by whom."""
    moves = Transition.objects.about(Title.objects.get(slug=title)).order_by("pk").select_related("by")
    return [(one.move, one.by.email.partition("@")[0]) for one in moves]


def everything() -> dict[type[Model], list[dict[str, Any]]]:
    models: list[type[Model]] = [
        Title,
        TitleText,
        TitleVersion,
        Artwork,
        Listing,
        Release,
        Comment,
        Transition,
    ]
    return {model: list(model._default_manager.order_by("pk").values()) for model in models}


@pytest.fixture
def accounts(groups: None) -> None:
    call_command("demo_accounts", verbosity=0)


def test_the_demo_opens_with_four_titles_and_work_to_do(accounts: None) -> None:
    demo()

    assert set(Listing.objects.values_list("slug", flat=True)) == LIVE
    assert record("big-buck-bunny") == [
        ("submit", "editor"),
        ("approve", "reviewer"),
        ("publish", "publisher"),
    ]
    assert not Artwork.objects.exclude(state=Artwork.State.READY).exists()

    ahead = Title.objects.get(slug="sintel")
    assert (ahead.state, ahead.is_live) == (State.DRAFT, True)
    assert [change.path for change in publishing.pending_changes(ahead)] == ["texts.en.tagline"]

    waiting = Release.objects.waiting().get()
    assert waiting.at > timezone.now()
    assert waiting.items.get().title.slug == "elephants-dream"

    reviewed = Title.objects.get(slug="spring")
    assert (reviewed.state, reviewed.assignee) == (State.IN_REVIEW, called("reviewer"))
    assert set(Mention.objects.values_list("user__email", flat=True)) == {
        called("editor").email, called("reviewer").email,
    }  # fmt: skip
    assert record("cosmos-laundromat") == [("submit", "editor"), ("request_changes", "reviewer")]

    before = everything()
    demo()
    assert everything() == before


def test_what_editors_did_since_is_left_alone(accounts: None) -> None:
    demo()
    admin = called("admin")
    bunny = Title.objects.get(slug="big-buck-bunny")
    publishing.unpublish(bunny, by=admin, note="Not this week.")
    desk.readdress(Title.objects.get(slug="demo-series"), "another-address")
    spring = Title.objects.get(slug="spring")
    publishing.withdraw(spring, by=admin)
    desk.delete(spring, by=admin)
    before = everything()

    demo()

    assert everything() == before


def test_a_run_that_was_cut_off_is_carried_on(accounts: None) -> None:
    """The fixtures were loaded, and one title had its pictures, when the laptop was shut."""
    call_command("loaddata", *FIXTURES, verbosity=0)
    Title.objects.exclude(slug__in=["sintel", "spring"]).delete()

    demo()

    assert set(Listing.objects.values_list("slug", flat=True)) == {"sintel"}
    assert record("spring") == [("submit", "editor")]


def test_titles_that_were_loaded_by_hand_are_joined_by_the_others(accounts: None) -> None:
    call_command("loaddata", *SHARED, LIVE_TITLES, verbosity=0)
    Title.objects.exclude(slug="sintel").delete()
    TitleText.objects.filter(language="en").update(tagline="Edited by hand.")

    demo()

    assert Listing.objects.get().documents.get(language="en").document.count("Edited by hand.") == 1
    assert Release.objects.waiting().count() == 1


def test_it_needs_the_demo_accounts(groups: None) -> None:
    with pytest.raises(CommandError, match="demo_accounts"):
        demo()

    assert not Title.objects.exists()


def test_production_is_refused(accounts: None, settings: Any) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="development"):
        demo()

    assert not Title.objects.exists()
