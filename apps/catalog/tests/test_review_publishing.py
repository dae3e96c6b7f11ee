"""Ways around four eyes and the draft's address, and deeds that wait for each other."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.forms import inlineformset_factory
from django.test import Client

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.catalog.admin.forms import NumberedFormSet
from apps.catalog.models import (
    Artwork,
    Collection,
    Episode,
    FormerSlug,
    Listing,
    ListingDocument,
    Season,
    Tag,
    Title,
)
from apps.catalog.services import contents, desk, publishing, shared
from apps.catalog.services.promises import Gone, kept
from apps.workflow.services import moving

from .factories import ArtworkFactory, AssetFactory, GenreFactory, PersonFactory, TitleFactory, staff
from .newsday import again, approve, consistent, edit, refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def both(groups: None) -> User:
    """She edits and reviews."""
    return staff("Editor", "Reviewer", email="both@example.com")


@pytest.fixture
def live(esha: User, ravi: User, priya: User) -> Title:
    title = approve(TitleFactory(complete=True, kind="series", slug="show"), esha, ravi)
    publishing.publish(title, by=priya)
    return again(title)


def hold_back(title: Title, by: User) -> Season:
    """A new season that nobody has looked at."""
    season = contents.add_season(title, by=by, number=2, held=True)
    contents.add_episode(season, by=by, number=1, name="Unseen", asset=AssetFactory())
    return season


# --- Four eyes ---------------------------------------------------------------------------------------


def test_discarding_does_not_wash_the_author_off_a_season_that_is_held_back(live: Title, both: User) -> None:
    hold_back(live, both)
    publishing.discard(live, by=both)
    assert Episode.objects.filter(name="Unseen").exists()

    publishing.revise(live, by=both)
    publishing.submit(live, by=both)

    gates = refused("gates_unmet", publishing.approve, live, by=both).extra["gates"]
    assert [one["code"] for one in gates] == ["four_eyes"]


def test_nor_does_taking_the_desk_back_to_a_version(live: Title, both: User, priya: User) -> None:
    hold_back(live, both)
    publishing.roll_back(live, 1, by=priya, note="Back.", restore_desk=True)

    publishing.revise(live, by=both)
    publishing.submit(live, by=both)

    refused("gates_unmet", publishing.approve, live, by=both)


def test_without_such_a_season_nobody_is_an_author_of_what_is_live(live: Title, esha: User) -> None:
    live = edit(live, esha, synopsis="New.")
    publishing.discard(live, by=esha)

    assert not live.authors.exists()


# --- The address -------------------------------------------------------------------------------------


def address(title: Title) -> tuple[str, str]:
    """On the desk, and for viewers."""
    document = ListingDocument.objects.get(listing=title.pk, language="en").document
    shown = Listing.objects.get(title=title).slug
    assert orjson.loads(document)["slug"] == shown
    return again(title).slug, shown


def test_the_address_of_what_is_live_changes_when_it_is_published_and_not_before(
    live: Title, esha: User, ravi: User, priya: User, client: Client
) -> None:
    contents.change_title(live, by=esha, slug="the-show")
    assert address(live) == ("the-show", "show")
    assert client.get("/api/v1/titles/show").status_code == 200
    assert client.get("/api/v1/titles/the-show").status_code == 404

    publishing.publish(approve(live, esha, ravi), by=priya)

    assert address(live) == ("the-show", "the-show")
    assert client.get("/api/v1/titles/show").headers["Location"] == "/api/v1/titles/the-show"


def test_a_discarded_draft_takes_its_address_along(live: Title, esha: User) -> None:
    contents.change_title(live, by=esha, slug="the-show")
    publishing.discard(live, by=esha)

    assert address(live) == ("show", "show")
    assert publishing.pending_changes(again(live)) == []
    consistent(live)


@pytest.mark.parametrize("restore_desk", [False, True])
def test_rolling_back_publishes_no_address_of_a_draft(
    live: Title, esha: User, priya: User, restore_desk: bool
) -> None:
    contents.change_title(live, by=esha, slug="the-show")
    publishing.roll_back(live, 1, by=priya, note="Back.", restore_desk=restore_desk)

    assert address(live) == ("show" if restore_desk else "the-show", "show")
    changes = {change.path for change in publishing.pending_changes(again(live))}
    assert changes == (set() if restore_desk else {"slug"})


def test_an_old_version_is_at_the_present_address_and_that_is_no_change(
    live: Title, esha: User, ravi: User, priya: User
) -> None:
    contents.change_title(live, by=esha, slug="the-show")
    publishing.publish(approve(live, esha, ravi), by=priya)
    publishing.roll_back(live, 1, by=priya, note="Back.", restore_desk=True)

    assert address(live) == ("the-show", "the-show")
    assert publishing.pending_changes(again(live)) == []


def test_nobody_else_gets_an_address_under_which_something_is_live(live: Title, esha: User) -> None:
    contents.change_title(live, by=esha, slug="the-show")

    refused("validation_error", contents.create_title, by=esha, name="Other", slug="show")
    assert contents.create_title(by=esha, name="Show").slug == "show-2"


# --- Waiting for each other --------------------------------------------------------------------------


def at_once(deed: Any, *args: Any, **options: Any) -> Any:
    """What it returns in a transaction of another connection, which waits for nobody for long."""

    def run() -> Any:
        try:
            with transaction.atomic():
                connection.cursor().execute("SET LOCAL lock_timeout = '3s'")
                return deed(*args, **options)
        finally:
            connection.close()

    return ThreadPoolExecutor(1).submit(run).result(30)


def test_a_list_with_a_title_can_be_saved_while_somebody_saves_the_title(live: Title, esha: User) -> None:
    collection = Collection.objects.create(name="List", slug="list")
    with transaction.atomic():
        moving.locked(live)
        at_once(shared.change, collection, by=esha, titles=[live.public_id])

    assert collection.items.get().title == live


def test_what_somebody_begins_to_use_does_not_vanish_under_them(esha: User) -> None:
    genre, title = GenreFactory(), TitleFactory()
    with transaction.atomic():
        contents.change_title(title, by=esha, genres=[genre.slug])
        pool = ThreadPoolExecutor(1)
        going = pool.submit(at_once, shared.drop, genre, by=esha)
        # It waits for us, or has refused.
        with pytest.raises(TimeoutError):
            going.result(1)
    assert isinstance(going.exception(30), desk.InUse)
    assert list(title.genres.all()) == [genre]


def test_a_draft_that_somebody_else_deleted_first_is_a_conflict(esha: User) -> None:
    title = TitleFactory()
    seen = again(title)
    desk.delete(title, by=esha)

    refused("edit_conflict", desk.delete, seen, by=esha)


def test_somebody_who_was_credited_a_moment_ago_is_a_refusal_and_no_bug() -> None:
    with pytest.raises(Gone), kept():
        raise ProtectedError("in use", set())
    assert issubclass(ProtectedError, IntegrityError)


# --- What is live is used, whatever the draft says ---------------------------------------------------


def test_what_a_live_version_shows_is_not_deleted_and_the_draft_can_be_discarded(
    live: Title, esha: User, ravi: User, priya: User
) -> None:
    person, genre, tag = PersonFactory(), GenreFactory(), Tag.objects.create(slug="open", name="Open")
    credit = {"person": person.public_id, "role": "actor"}
    contents.change_title(live, by=esha, credits=[credit], genres=[genre.slug], tags=["open"])
    publishing.publish(approve(live, esha, ravi), by=priya)
    contents.change_title(live, by=esha, credits=[], genres=[], tags=[])

    for thing in (person, genre, tag):
        assert refused("in_use", shared.drop, thing, by=esha).extra["uses"] == [
            f"{live} (title, as it is live)"
        ]
    publishing.discard(live, by=esha)
    assert list(live.genres.all()) == [genre]
    assert live.credits.get().person == person


def test_nor_is_a_video_that_viewers_watch(live: Title, esha: User) -> None:
    root = UserFactory(is_staff=True, is_superuser=True)
    episode = Episode.objects.filter(season__title=live).first()
    assert episode is not None
    watched = episode.asset
    contents.change(episode, by=esha, asset=AssetFactory())

    refused("in_use", desk.delete_shared, watched, by=root)
    desk.delete_shared(AssetFactory(), by=root)


def test_a_word_that_titles_refer_to_keeps_its_short_name(live: Title, esha: User) -> None:
    genre, unused = GenreFactory(slug="drama"), GenreFactory(slug="dramma")
    contents.change_title(live, by=esha, genres=["drama"])

    refused("validation_error", shared.change, genre, by=esha, slug="tragedy")
    shared.change(genre, by=esha, slug="drama", name="A drama")
    shared.change(unused, by=esha, slug="comedy")


# --- Addresses that tell of what is hidden -----------------------------------------------------------


def test_a_former_address_tells_nothing_of_a_collection_that_is_not_published(
    live: Title, esha: User, client: Client
) -> None:
    collection = Collection.objects.create(name="List", slug="list")
    shared.change(collection, by=esha, slug="secret-launch", titles=[live.public_id])
    assert FormerSlug.objects.filter(collection=collection).exists()

    assert client.get("/api/v1/collections/list").status_code == 404

    shared.change(collection, by=esha, published=True)
    moved = client.get("/api/v1/collections/list")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/api/v1/collections/secret-launch")


def test_nor_of_somebody_in_nothing_that_the_viewer_may_see(esha: User, client: Client) -> None:
    person = PersonFactory(slug="asha")
    shared.change(person, by=esha, slug="asha-rao")

    assert client.get("/api/v1/people/asha").status_code == 404


# --- Pictures that viewers look at -------------------------------------------------------------------


@pytest.mark.parametrize("model", [Season, Episode])
def test_a_row_deleted_on_the_titles_page_takes_no_picture_along_that_is_live(
    live: Title, esha: User, model: type[Season] | type[Episode]
) -> None:
    season = live.seasons.get()
    episode = season.episodes.get(number=1)
    shown = [ArtworkFactory(season=season, public=True), ArtworkFactory(episode=episode, public=True)]
    parent, row = (live, season) if model is Season else (season, episode)
    factory: Any = inlineformset_factory(
        type(parent), model, formset=NumberedFormSet, fields=["number"], extra=0, can_delete=True
    )
    rows = list(model._default_manager.filter(**{str(parent._meta.model_name): parent}))
    data: dict[str, Any] = {"rows-TOTAL_FORMS": len(rows), "rows-INITIAL_FORMS": len(rows)}
    for index, one in enumerate(rows):
        data |= {f"rows-{index}-id": one.pk, f"rows-{index}-number": one.number}
        data |= {f"rows-{index}-DELETE": "on"} if one == row else {}
    formset: Any = factory(data=data, instance=parent, prefix="rows")
    assert formset.is_valid(), formset.errors
    with contents.changing(live, by=esha, revision=None):
        formset.save()

    assert not model._default_manager.filter(pk=row.pk).exists()
    assert Artwork.objects.filter(pk__in=[one.pk for one in shown]).count() == 2
