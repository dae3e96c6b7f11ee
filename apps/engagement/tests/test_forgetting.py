"""A copy of what was watched, and its end: with the account, or with one profile."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from apps.accounts.models import Profile, User
from apps.accounts.personal_data import HOLDERS
from apps.accounts.services import profiles
from apps.accounts.services.profiles import Proof
from apps.accounts.tests.factories import ProfileFactory
from apps.accounts.tests.steps import work
from apps.core import clients
from apps.core.errors import STORE_ERRORS
from apps.core.network import Caller
from apps.engagement.services import consumer, events, forgetting, preferences
from apps.engagement.store import keys, stream

from .conftest import Away
from .players import Viewer, send

pytestmark = pytest.mark.django_db
HERE = Caller("127.0.0.1", "test", "")


@pytest.fixture
def watcher(profile: Profile) -> Viewer:
    return Viewer(str(profile.account.public_id), str(profile.public_id))


def lived(viewer: Viewer) -> Any:
    """Leaves a trace in every place there is; the player goes on."""
    player = viewer.session(str(uuid4()))
    player.plays(60)
    preferences.change(viewer.account, viewer.profile, {"subtitles": "on"})
    click = {"event_id": str(uuid4()), "type": "click", "target": "play"}
    events.take(viewer.account, viewer.profile, [click], kid=False)
    consumer.drain(consumer.Pace())
    clients.durable().xadd(keys.STREAM, {"kind": "event", "told": "{", "account": viewer.account,
                                         "profile": viewer.profile})  # fmt: skip
    consumer.drain(consumer.Pace())
    return player


def traces(mongo: Any, key: str) -> list[str]:
    """Where the id, of an account or a profile, is still to be found."""
    found = [name for name in mongo.list_collection_names() for row in mongo[name].find() if key in str(row)]
    redis = clients.durable()
    found += [name for name in redis.scan_iter() if key in name]
    for name in (keys.STREAM, keys.DEAD):
        found += [name for _, fields in redis.xrange(name) if key in str(fields)]
    return sorted(found)


EVERYWHERE = {"engagement_events", "viewing_sessions", "watch_history", "user_preferences", keys.DEAD}


def test_a_copy_has_all_that_is_held(viewer: User, watcher: Viewer, mongo: Any) -> None:
    lived(watcher)

    copy = HOLDERS["watching"].export(viewer)

    assert {name: len(rows) for name, rows in copy.items()} == {
        "watch_history": 1, "viewing_sessions": 1, "user_preferences": 1, "engagement_events": 1,
    }  # fmt: skip
    assert copy["engagement_events"][0]["data"] == {"target": "play"}
    assert copy["user_preferences"][0]["set"] == {"subtitles": "on"}


def test_nothing_of_an_erased_account_is_left_not_even_what_comes_late(
    viewer: User, watcher: Viewer, mongo: Any
) -> None:
    other = Viewer()
    player = lived(watcher)
    lived(other)
    assert set(traces(mongo, watcher.account)) >= EVERYWHERE
    send(replace(player.last, seq=50))

    counts = HOLDERS["watching"].erase(viewer)
    send(replace(player.last, seq=51))
    consumer.drain(consumer.Pace())

    assert traces(mongo, watcher.account) == []
    assert set(traces(mongo, other.account)) >= EVERYWHERE
    assert (counts["watch_history"], counts["user_preferences"], counts["dead_letters"]) == (1, 1, 1)
    again = HOLDERS["watching"].erase(viewer)
    assert set(again.values()) == {0}, "it may be repeated"


def test_an_erasure_waits_for_mongodb(viewer: User, watcher: Viewer, mongo: Any, mongo_away: Away) -> None:
    lived(watcher)

    with mongo_away(), pytest.raises(STORE_ERRORS):
        forgetting.erase_account(viewer)

    assert set(traces(mongo, watcher.account)) >= EVERYWHERE
    forgetting.erase_account(viewer)
    assert traces(mongo, watcher.account) == []


@pytest.mark.django_db(transaction=True)
def test_a_deleted_profile_takes_its_history_along(viewer: User, profile: Profile, mongo: Any) -> None:
    mine = Viewer(str(viewer.public_id), str(profile.public_id))
    others = Viewer(str(viewer.public_id), str(ProfileFactory(account=viewer).public_id))
    player = lived(mine)
    lived(others)

    profiles.drop(profile, proof=Proof(), caller=HERE)
    work()
    send(replace(player.last, seq=50))
    consumer.drain(consumer.Pace())

    assert traces(mongo, mine.profile) == []
    assert set(traces(mongo, others.profile)) >= EVERYWHERE
    assert [one.fields["profile"] for one in stream.dead_letters(10)] == [others.profile]
