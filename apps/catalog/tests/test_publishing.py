"""From the desk to the shelf and back: what viewers get, what stays on record, what is refused."""

from typing import Any

import orjson
import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import User
from apps.catalog import compile as compiling
from apps.catalog.models import (
    Artwork,
    Kind,
    Listing,
    ListingDocument,
    Person,
    Season,
    Title,
    TitleText,
    Window,
)
from apps.catalog.services import publishing
from apps.catalog.signals import title_published, title_unpublished
from apps.media.models import Asset
from apps.workflow.models import Transition
from apps.workflow.services.editing import editing

from .factories import TitleFactory, staff
from .newsday import again, approve, approved, consistent, edit, everything, forbidden, moves_of, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def title(esha: User, ravi: User) -> Title:
    return approved(esha, ravi, name="Sintel")


@pytest.fixture
def live(title: Title, priya: User) -> Title:
    publishing.publish(title, by=priya, note="Premiere.")
    return again(title)


def shown(title: Title, language: str = "en") -> Any:
    """The document that viewers get."""
    return orjson.loads(ListingDocument.objects.get(listing=title.pk, language=language).document)


def shelf() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Listing, ListingDocument)]


def gates_of(refusal: Any) -> set[str]:
    return {one["code"] for one in refusal.extra["gates"]}


# --- Publishing --------------------------------------------------------------------------------------


def test_publishing_stores_a_version_and_puts_it_on_the_shelf(title: Title, priya: User) -> None:
    version = publishing.publish(title, by=priya, note="Premiere.")

    assert (version.number, version.by_id, version.note) == (1, priya.pk, "Premiere.")
    assert version.checksum == compiling.checksum(version.source, version.columns, version.documents)
    assert again(title).state == "published"
    assert Listing.objects.get().version == version
    assert shown(title)["synopsis"] == "The story of Sintel."
    assert shown(title, "hi")["name"] == "Sintel हिन्दी"
    moved = Transition.objects.filter(object_id=title.pk).first()
    assert moved is not None
    assert (moved.move, moved.by_id, moved.note, moved.facts) == (
        "publish",
        priya.pk,
        "Premiere.",
        {"version": 1},
    )
    consistent(title)


def test_a_version_never_changes_and_never_goes(live: Title) -> None:
    for statement in ("UPDATE catalog_titleversion SET note = ''", "DELETE FROM catalog_titleversion"):
        with (
            pytest.raises(DatabaseError, match="immutable"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    assert live.versions.get().note == "Premiere."


def test_editing_what_is_live_changes_nothing_for_viewers(live: Title, esha: User) -> None:
    before = shelf()

    with editing(live, by=esha) as desk:
        TitleText.objects.filter(title=desk).update(synopsis="Rewritten.", name="Renamed")
        desk.maturity, desk.popularity = 18, 5
        desk.save(update_fields=["maturity", "popularity"])
        Window.objects.filter(title=desk).delete()
        Artwork.objects.filter(title=desk).update(dropped=True)

    assert again(live).state == "draft"
    assert again(live).is_live
    assert shelf() == before
    consistent(live)


def test_a_second_publication_shows_the_change(live: Title, esha: User, ravi: User, priya: User) -> None:
    edit(live, esha, synopsis="Rewritten.")
    assert [(one.path, one.after) for one in publishing.pending_changes(again(live))] == [
        ("texts.en.synopsis", "Rewritten.")
    ]
    approve(live, esha, ravi)

    version = publishing.publish(live, by=priya)

    assert version.number == 2
    assert shown(live)["synopsis"] == "Rewritten."
    assert [one.number for one in publishing.versions(live)] == [2, 1]
    assert publishing.pending_changes(again(live)) == []
    consistent(live)


def test_a_publication_is_announced_once_it_is_committed(
    title: Title, priya: User, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[Any] = []

    def hear(sender: Any, title_id: Any, signal: Any, **_: Any) -> None:
        heard.append((signal is title_published, title_id))

    for signal in (title_published, title_unpublished):
        signal.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            publishing.publish(title, by=priya)
            assert heard == []
        with django_capture_on_commit_callbacks(execute=True):
            publishing.unpublish(title, by=priya, note="A complaint.")
    finally:
        for signal in (title_published, title_unpublished):
            signal.disconnect(hear)

    assert heard == [(True, title.public_id), (False, title.public_id)]


def test_every_gate_is_told_at_once(esha: User) -> None:
    empty = TitleFactory()

    error = refused("gates_unmet", publishing.submit, empty, by=esha)

    assert gates_of(error) == {
        "asset_ready",
        "has_poster",
        "has_backdrop",
        "has_name",
        "has_synopsis",
        "has_rating",
        "has_descriptors",
        "has_window",
    }
    assert {one.code for one in publishing.checklist(empty) if not one.met} == gates_of(error)
    assert all(one["path"] and one["detail"] for one in error.extra["gates"])


def test_a_gate_that_broke_after_approval_stops_the_publication(title: Title, priya: User) -> None:
    Asset.objects.filter(pk=title.asset_id).update(state="failed", failure="Checksum.")
    Window.objects.filter(title=title).delete()

    error = refused("gates_unmet", publishing.publish, title, by=priya)

    assert gates_of(error) == {"asset_ready", "has_window"}


def test_nobody_approves_a_change_of_their_own(esha: User, ravi: User, omar: User) -> None:
    title = TitleFactory(complete=True)
    edit(title, omar, synopsis="By Omar.")
    publishing.submit(title, by=esha)

    error = refused("gates_unmet", publishing.approve, title, by=omar)

    assert gates_of(error) == {"four_eyes"}
    publishing.approve(title, by=ravi)
    assert again(title).state == "approved"


@pytest.mark.parametrize(
    ("deed", "who"),
    [
        ("submit", "ravi"),
        ("approve", "esha"),
        ("publish", "esha"),
        ("publish", "ravi"),
        ("unpublish", "ravi"),
        ("archive", "esha"),
    ],
)
def test_deeds_are_for_those_who_may(deed: str, who: str, live: Title, request: Any) -> None:
    forbidden(getattr(publishing, deed), live, by=request.getfixturevalue(who), note="Because.")
    forbidden(getattr(publishing, deed), live, by=staff(), note="Because.")
    viewer = request.getfixturevalue("viewer")
    forbidden(publishing.roll_back, live, 1, by=viewer, note="Because.")
    forbidden(publishing.restore_desk, live, 1, by=viewer)
    forbidden(publishing.discard, live, by=viewer)


def test_a_title_that_is_gone_is_a_readable_conflict(title: Title, priya: User) -> None:
    gone = Title(pk=title.pk + 1000, name="Gone")

    assert "deleted" in refused("edit_conflict", publishing.publish, gone, by=priya).detail


# --- Coming down -------------------------------------------------------------------------------------


def test_unpublishing_takes_it_from_viewers_and_keeps_its_versions(live: Title, priya: User) -> None:
    publishing.unpublish(live, by=priya, note="A complaint.")

    assert shelf() == [[], []]
    assert again(live).state == "unpublished"
    assert live.versions.count() == 1
    consistent(live)
    refused("gates_unmet", publishing.unpublish, live, by=priya, note="Again.")


def test_unpublishing_needs_a_reason(live: Title, priya: User) -> None:
    refused("validation_error", publishing.unpublish, live, by=priya, note=" ")


def test_what_is_live_is_not_archived(live: Title, esha: User, priya: User) -> None:
    edit(live, esha, synopsis="Rewritten.")

    assert gates_of(refused("gates_unmet", publishing.archive, live, by=priya)) == {"is_not_live"}
    publishing.unpublish(live, by=priya, note="A complaint.")
    publishing.archive(live, by=priya)
    publishing.restore(live, by=priya)
    assert moves_of(live)[-3:] == ["unpublish", "archive", "restore"]
    consistent(live)


# --- Versions ----------------------------------------------------------------------------------------


@pytest.fixture
def twice(live: Title, esha: User, ravi: User, priya: User) -> Title:
    """Live as v2; v1 told another story."""
    approve(edit(live, esha, synopsis="Rewritten."), esha, ravi)
    publishing.publish(live, by=priya)
    return again(live)


def test_rolling_back_makes_the_old_version_live_and_leaves_the_desk_as_a_draft(
    twice: Title, priya: User, ravi: User, omar: User
) -> None:
    publishing.roll_back(twice, 1, by=omar, note="Wrong story.")

    assert shown(twice)["synopsis"] == "The story of Sintel."
    title = again(twice)
    assert (title.state, title.live_version.number) == ("draft", 1)
    assert title.texts.get(language="en").synopsis == "Rewritten."
    assert [(one.path, one.after) for one in publishing.pending_changes(title)] == [
        ("texts.en.synopsis", "Rewritten.")
    ]
    consistent(title)
    publishing.submit(title, by=omar)
    assert gates_of(refused("gates_unmet", publishing.approve, title, by=omar)) == {"four_eyes"}


def test_rolling_back_with_the_desk_makes_it_what_is_live(twice: Title, priya: User) -> None:
    revision = twice.revision
    publishing.roll_back(twice, 1, by=priya, note="Wrong story.", restore_desk=True)

    title = again(twice)
    assert (title.state, title.live_version.number, title.revision) == ("published", 1, revision + 1)
    assert title.texts.get(language="en").synopsis == "The story of Sintel."
    assert publishing.pending_changes(title) == []
    assert not title.authors.exists()
    assert title.versions.count() == 2
    consistent(title)


def test_rolling_back_lets_nobody_approve_their_own_draft(
    twice: Title, esha: User, priya: User, omar: User
) -> None:
    edit(twice, omar, synopsis="By Omar.")
    publishing.submit(twice, by=esha)

    publishing.roll_back(twice, 1, by=priya, note="Wrong story.")

    assert again(twice).state == "in_review"
    assert gates_of(refused("gates_unmet", publishing.approve, twice, by=omar)) == {"four_eyes"}


def test_a_desk_that_is_locked_is_not_restored(twice: Title, esha: User, priya: User) -> None:
    edit(twice, esha, synopsis="Thrice.")
    publishing.submit(twice, by=esha)

    refused("locked", publishing.roll_back, twice, 1, by=priya, note="No.", restore_desk=True)
    refused("locked", publishing.restore_desk, twice, 1, by=esha)


def test_an_unpublished_title_is_brought_back_by_rolling_back(live: Title, priya: User) -> None:
    publishing.unpublish(live, by=priya, note="A complaint.")

    publishing.roll_back(live, 1, by=priya, note="Settled.")

    assert shown(live)["synopsis"] == "The story of Sintel."
    consistent(live)


def test_a_version_whose_video_is_gone_does_not_come_back(twice: Title, priya: User) -> None:
    refused("not_found", publishing.roll_back, twice, 9, by=priya, note="Back.")
    refused("validation_error", publishing.roll_back, twice, 1, by=priya, note="")
    Asset.objects.update(state="failed", failure="Lost.")

    assert gates_of(refused("gates_unmet", publishing.roll_back, twice, 1, by=priya, note="Back.")) == {
        "asset_ready"
    }


def test_a_version_is_restored_to_the_desk_without_viewers_noticing(twice: Title, esha: User) -> None:
    before = shelf()

    publishing.restore_desk(twice, 1, by=esha, revision=twice.revision)

    assert shelf() == before
    title = again(twice)
    assert (title.state, title.texts.get(language="en").synopsis) == ("draft", "The story of Sintel.")
    assert list(title.authors.all()) == [esha]
    refused("edit_conflict", publishing.restore_desk, twice, 2, by=esha, revision=twice.revision)
    consistent(title)


def test_a_discarded_draft_leaves_the_desk_as_what_is_live(live: Title, esha: User) -> None:
    edit(live, esha, synopsis="Rewritten.", tagline="New.")

    publishing.discard(live, by=esha)

    title = again(live)
    assert title.state == "published"
    assert publishing.pending_changes(title) == []
    assert not title.authors.exists()
    consistent(title)
    refused("wrong_state", publishing.discard, title, by=esha)


def test_versions_and_the_desk_are_compared_field_by_field(twice: Title, esha: User) -> None:
    edit(twice, esha, tagline="New.")

    assert [one.path for one in publishing.compare(twice, 1, 2)] == ["texts.en.synopsis"]
    assert {one.path for one in publishing.compare(twice, 1, None)} == {
        "texts.en.synopsis",
        "texts.en.tagline",
    }
    assert publishing.compare(twice, 2, 2) == []
    refused("not_found", publishing.compare, twice, 1, 9)


def test_a_season_that_is_held_back_is_no_pending_change(esha: User, ravi: User, priya: User) -> None:
    series = approved(esha, ravi, kind=Kind.SERIES)
    publishing.publish(series, by=priya)

    with editing(series, by=esha) as desk:
        Season.objects.create(title=desk, number=2, held=True)

    assert publishing.pending_changes(again(series)) == []


def test_a_renamed_person_shows_with_the_next_publication(
    live: Title, esha: User, ravi: User, priya: User
) -> None:
    with editing(live, by=esha) as desk:
        person = Person.objects.create(name="Colin", slug="colin")
        desk.credits.create(person=person, role="director")
    approve(live, esha, ravi)
    publishing.publish(live, by=priya)
    before = everything()

    Person.objects.update(name="Colin Levy")

    assert everything() == before
    assert shown(live)["credits"][0]["person"]["name"] == "Colin"
