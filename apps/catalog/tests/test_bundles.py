"""Bundles: titles and seasons that are put together, armed all or none, and taken apart again."""

from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Artwork, Episode, Kind, Release, Season, Title
from apps.catalog.services import publishing, releases
from apps.catalog.services.releases import Entry
from apps.catalog.services.releases.bundles import MOST_TITLES
from apps.workflow.services.editing import editing

from .factories import AssetFactory, TitleFactory
from .newsday import again, approve, approved, codes, fields_wrong, refused, soon

pytestmark = pytest.mark.django_db
UNPUBLISH = Release.Action.UNPUBLISH


@pytest.fixture
def title(esha: User, ravi: User) -> Title:
    return approved(esha, ravi, name="Sintel")


@pytest.fixture
def live(title: Title, priya: User) -> Title:
    publishing.publish(title, by=priya)
    return again(title)


def bundle_of(*entries: Any, by: User, **fields: Any) -> Release:
    items = [entry if isinstance(entry, Entry) else Entry(entry) for entry in entries]
    whole: dict[str, Any] = {"action": "publish", "at": soon(), "items": items, "by": by}
    return releases.compose("Diwali", **whole | fields)


def test_an_armed_bundle_takes_all_its_titles_in(esha: User, ravi: User, priya: User) -> None:
    titles = [approved(esha, ravi) for _ in range(3)]
    bundle = bundle_of(*titles, by=priya)
    assert bundle.state == "draft"
    assert {again(title).state for title in titles} == {"approved"}

    releases.arm(bundle, by=priya)

    bundle.refresh_from_db()
    assert bundle.state == "waiting"
    assert {again(title).state for title in titles} == {"scheduled"}


def test_a_bundle_goes_without_a_title_that_left_and_is_cancelled_with_the_last(
    esha: User, ravi: User, priya: User
) -> None:
    first, second, third = (approved(esha, ravi) for _ in range(3))
    bundle = bundle_of(first, second, third, by=priya)
    releases.arm(bundle, by=priya)

    releases.unschedule(first, by=priya, note="Not this one.")
    publishing.publish(second, by=priya)

    bundle.refresh_from_db()
    assert bundle.state == "waiting"
    assert [item.title for item in bundle.items.all()] == [third]
    assert again(first).state == "approved"
    releases.unschedule(third, by=priya)
    bundle.refresh_from_db()
    assert bundle.state == "cancelled"


def test_arming_tells_every_problem_of_every_title_at_once(esha: User, ravi: User, priya: User) -> None:
    fine, draft, broken, taken = (
        approved(esha, ravi, name="Fine"),
        TitleFactory(name="Draft"),
        approved(esha, ravi, name="Broken"),
        approved(esha, ravi, name="Taken"),
    )
    Artwork.objects.filter(title=broken, kind="poster").delete()
    broken.descriptors = []
    broken.save(update_fields=["descriptors"])
    releases.schedule(taken, at=soon(), by=priya)
    bundle = bundle_of(fine, draft, broken, taken, by=priya)

    error = refused("gates_unmet", releases.arm, bundle, by=priya)

    found = codes(error)
    assert {code for owner, code in found if owner == str(broken.public_id)} == {
        "has_poster",
        "has_descriptors",
    }
    assert (str(taken.public_id), "already_scheduled") in found
    assert {(str(draft.public_id), code) for code in ("wrong_state", "asset_ready", "has_name")} <= found
    assert not [owner for owner, _ in found if owner == str(fine.public_id)]
    assert "Broken: Add a poster" in error.detail


def test_a_season_of_a_bundle_is_judged_as_if_it_were_not_held(esha: User, ravi: User, priya: User) -> None:
    series = TitleFactory(kind=Kind.SERIES, complete=True)
    held = Season.objects.create(title=series, number=2, held=True)
    episode = Episode.objects.create(season=held, number=1)
    approve(series, esha, ravi)
    bundle = bundle_of(Entry(series, held), by=priya)

    error = refused("gates_unmet", releases.arm, bundle, by=priya)

    assert codes(error) == {(str(series.public_id), "episodes_ready")}
    assert "S2E1" in error.detail
    Episode.objects.filter(pk=episode.pk).update(asset=AssetFactory())
    releases.arm(bundle, by=priya)
    held.refresh_from_db()
    assert held.held, "until its time"


def test_a_bundle_may_bring_titles_down(live: Title, esha: User, ravi: User, priya: User) -> None:
    other = approved(esha, ravi)
    bundle = bundle_of(live, other, by=priya, action=UNPUBLISH)
    error = refused("gates_unmet", releases.arm, bundle, by=priya)
    assert codes(error) == {(str(other.public_id), "is_live")}

    publishing.publish(other, by=priya)
    releases.arm(bundle, by=priya)

    bundle.refresh_from_db()
    assert bundle.state == "waiting"


def test_odd_bundles_are_refused_with_the_place(title: Title, priya: User) -> None:
    series = TitleFactory(kind=Kind.SERIES, complete=True)
    shown = series.seasons.get()
    held = Season.objects.create(title=series, number=2, held=True)
    odd: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({"items": [Entry(title), Entry(title)]}, ("items.1.title", "unique")),
        ({"items": [Entry(title, held)]}, ("items.0.season", "invalid")),
        ({"items": [Entry(series, shown)]}, ("items.0.season", "invalid")),
        ({"items": [Entry(series, held)], "action": UNPUBLISH}, ("items.0.season", "invalid")),
        ({"items": [Entry(title)] * (MOST_TITLES + 1)}, ("items", "max_length")),
        ({"action": "burn"}, ("action", "invalid_choice")),
        ({"name": "  "}, ("name", "required")),
        ({"name": "x" * 121}, ("name", "max_length")),
        ({"note": "x" * 2001}, ("note", "max_length")),
        ({"name": "a\x00b"}, ("name", "control")),
    ]
    whole: dict[str, Any] = {"name": "Diwali", "action": "publish", "at": soon(), "items": [Entry(title)]}
    bundle = releases.compose(**whole, by=priya)
    for fields, expected in odd:
        error = refused("validation_error", releases.compose, **whole | fields, by=priya)
        assert fields_wrong(error) == [expected]
        error = refused("validation_error", releases.change, bundle, by=priya, **fields)
        assert fields_wrong(error) == [expected]


def test_an_empty_bundle_or_one_whose_time_has_passed_is_not_armed(title: Title, priya: User) -> None:
    empty, late = bundle_of(by=priya), bundle_of(title, by=priya)
    Release.objects.filter(pk=late.pk).update(at=timezone.now())

    assert fields_wrong(refused("validation_error", releases.arm, empty, by=priya)) == [("items", "required")]
    assert fields_wrong(refused("validation_error", releases.arm, late, by=priya)) == [("at", "past")]


def test_a_bundle_is_changed_only_while_it_is_put_together(
    title: Title, esha: User, ravi: User, priya: User
) -> None:
    other = approved(esha, ravi)
    bundle = bundle_of(title, by=priya)
    releases.change(bundle, by=priya, name="Holi", note="Colours.", at=soon(days=1), items=[Entry(other)])
    bundle.refresh_from_db()
    assert (bundle.name, bundle.note) == ("Holi", "Colours.")
    assert [item.title for item in bundle.items.all()] == [other]
    releases.change(bundle, by=priya, note="")
    assert [item.title for item in bundle.items.all()] == [other]

    releases.arm(bundle, by=priya)

    refused("wrong_state", releases.change, bundle, by=priya, name="Eid")
    refused("wrong_state", releases.arm, bundle, by=priya)


def test_a_disarmed_bundle_leaves_its_titles_approved_and_can_be_armed_again(
    title: Title, priya: User
) -> None:
    bundle = bundle_of(title, by=priya)
    refused("wrong_state", releases.disarm, bundle, by=priya)
    releases.arm(bundle, by=priya)

    releases.disarm(bundle, by=priya, note="One more look.")

    bundle.refresh_from_db()
    assert bundle.state == "draft"
    assert again(title).state == "approved"
    releases.change(bundle, by=priya, name="Holi")
    releases.arm(bundle, by=priya)
    assert again(title).state == "scheduled"


def test_cancelling_a_bundle_that_is_put_together_leaves_schedules_of_its_titles_alone(
    title: Title, priya: User
) -> None:
    bundle = bundle_of(title, by=priya)
    own = releases.schedule(title, at=soon(), by=priya)

    releases.cancel(bundle, by=priya)

    own.refresh_from_db()
    assert (own.state, again(title).state) == ("waiting", "scheduled")


def test_a_season_that_is_deleted_takes_no_release_with_it(esha: User, priya: User) -> None:
    series = TitleFactory(kind=Kind.SERIES, complete=True)
    held = Season.objects.create(title=series, number=2, held=True)
    bundle = bundle_of(Entry(series, held), by=priya)

    with editing(series, by=esha):
        held.delete()

    assert [(item.title, item.season) for item in bundle.items.all()] == [(series, None)]
