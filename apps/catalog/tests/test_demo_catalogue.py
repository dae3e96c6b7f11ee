"""`manage.py demo_catalogue`: a shelf with four titles, and a desk with something left to do."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Model
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.films import master
from apps.catalog.management.clips import CLIPS, Clip, film_for
from apps.catalog.management.commands.demo_catalogue import FIXTURES, SHARED
from apps.catalog.management.commands.demo_catalogue import LIVE as LIVE_TITLES
from apps.catalog.models import Artwork, Listing, Release, Title, TitleText, TitleVersion
from apps.catalog.services import desk, publishing
from apps.media.models import Asset, AssetState, Job
from apps.media.services import taking
from apps.workflow.models import Comment, Mention, Transition
from apps.workflow.moves import State

pytestmark = pytest.mark.django_db

LIVE = {"big-buck-bunny", "sintel", "tears-of-steel", "demo-series"}
SINTEL, SPRING = "213873b4-c21a-5721-94b7-57379c54d179", "980dc849-7a44-59ed-a047-72e9d3fe66b2"


def demo(*options: str) -> str:
    """What it tells."""
    out = StringIO()
    call_command("demo_catalogue", *options, stdout=out)
    return out.getvalue()


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


@pytest.fixture
def filmed(db: None) -> None:
    """All films were made and encoded by an earlier run."""
    Asset.objects.bulk_create(
        Asset(public_id=public_id, name="A film", state=AssetState.READY, duration_ms=clip.seconds * 1000)
        for public_id, clip in CLIPS.items()
    )


def test_the_demo_opens_with_four_titles_and_work_to_do(accounts: None, filmed: None) -> None:
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


def test_what_editors_did_since_is_left_alone(accounts: None, filmed: None) -> None:
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


def test_a_run_that_was_cut_off_is_carried_on(accounts: None, filmed: None) -> None:
    """The fixtures were loaded, and one title had its pictures, when the laptop was shut."""
    call_command("loaddata", *FIXTURES, verbosity=0)
    Title.objects.exclude(slug__in=["sintel", "spring"]).delete()

    demo()

    assert set(Listing.objects.values_list("slug", flat=True)) == {"sintel"}
    assert record("spring") == [("submit", "editor")]


def test_titles_that_were_loaded_by_hand_are_joined_by_the_others(accounts: None, filmed: None) -> None:
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


# --- Films -------------------------------------------------------------------------------------------


@pytest.fixture
def unfilmed(accounts: None, filmed: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[Asset]:
    """The films of two titles are still to come, and small ones will do."""
    settings.LADDER_HEIGHTS = [144]
    monkeypatch.setitem(CLIPS, SINTEL, Clip(144, 5, ("en", "hi"), ("en", "hi")))
    monkeypatch.setitem(CLIPS, SPRING, Clip(144, 3, subtitles=()))
    call_command("loaddata", *FIXTURES, verbosity=0)
    missing = Asset.objects.filter(public_id__in=[SINTEL, SPRING])
    missing.update(state=AssetState.UPLOADING, duration_ms=None)
    return [Asset.objects.get(public_id=public_id) for public_id in (SINTEL, SPRING)]


@pytest.mark.django_db(transaction=True)
def test_a_title_goes_live_when_the_film_that_is_made_for_it_is_encoded(unfilmed: list[Asset]) -> None:
    told = demo("--work")

    sintel, spring = (Asset.objects.get(pk=asset.pk) for asset in unfilmed)
    assert (sintel.state, sintel.duration_ms, sintel.placeholder) == (AssetState.READY, 5_000, False)
    assert [(one.height, one.frame_rate) for one in sintel.renditions.all()] == [(144, "24/1")]
    assert {one.language for one in sintel.audio_tracks.all()} == {"en", "hi"}
    assert {(one.language, one.cues) for one in sintel.subtitle_tracks.all()} == {("en", 2), ("hi", 2)}
    assert not spring.subtitle_tracks.exists()
    assert set(Listing.objects.values_list("slug", flat=True)) == LIVE
    assert record("spring") == [("submit", "editor")]
    shown = json.loads(Listing.objects.get(slug="sintel").documents.get(language="en").document)
    assert shown["duration_ms"] == 5_000
    lines = [line.strip() for line in told.splitlines()]
    made = next(at for at, line in enumerate(lines) if line.startswith("Sintel: a film of 5 s, made in "))
    assert made < lines.index("Sintel is live.")


@pytest.mark.django_db(transaction=True)
def test_a_film_that_was_handed_in_before_is_not_made_again(unfilmed: list[Asset], tmp_path: Path) -> None:
    """The demo was stopped after the first of two films."""
    master.write(film_for(unfilmed[0]), tmp_path / "film.mkv")
    taking.take(tmp_path / "film.mkv", asset=unfilmed[0].public_id)

    told = demo("--work")

    assert "Sintel: a film" not in told
    assert "Spring: a film" in told
    assert [job.state for job in Job.objects.all()] == ["done", "done"]
    assert set(Listing.objects.values_list("slug", flat=True)) == LIVE


def test_a_title_that_is_refused_stays_a_draft_says_why_and_holds_nobody_up(
    accounts: None, filmed: None
) -> None:
    """A film that could not be encoded, and somebody who tried the demo while it was still being made."""
    call_command("loaddata", *FIXTURES, verbosity=0)
    Asset.objects.filter(public_id=SINTEL).update(state=AssetState.FAILED, failure="It is torn")
    Title.objects.get(slug="demo-series").authors.add(called("reviewer"))

    told = demo()

    assert "Sintel stays a draft. The video failed: It is torn." in told
    assert "Demo Series stays a draft. " in told
    assert record("sintel") == record("demo-series") == []
    assert set(Listing.objects.values_list("slug", flat=True)) == LIVE - {"sintel", "demo-series"}
    pictures = Artwork.objects.count()

    demo()

    assert Artwork.objects.count() == pictures
