"""Who is editing is shown, to within half a minute; and nobody is kept from editing by it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from apps.accounts.models import User
from apps.catalog.models import Title
from apps.catalog.tests.factories import GenreFactory, TitleFactory
from apps.core import clients
from apps.workflow import store
from apps.workflow.services import presence
from apps.workflow.services.presence import Editor

pytestmark = pytest.mark.django_db
NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_one_sees_the_others_and_since_when_but_not_oneself(title: Title, esha: User, omar: User) -> None:
    presence.touch(title, esha, at=NOON)
    presence.touch(title, omar, at=after(5))
    presence.touch(title, esha, at=after(10))

    assert presence.others(title, esha, at=after(10)) == [Editor(omar.email, after(5))]
    assert presence.others(title, omar, at=after(10)) == [Editor(esha.email, NOON)]


def test_the_longest_there_comes_first(title: Title, esha: User, omar: User, ravi: User) -> None:
    presence.touch(title, omar, at=NOON)
    presence.touch(title, esha, at=after(1))
    presence.touch(title, omar, at=after(2))

    assert [one.name for one in presence.others(title, ravi, at=after(3))] == [omar.email, esha.email]


def test_half_a_minute_after_the_last_touch_one_is_gone(title: Title, esha: User, omar: User) -> None:
    presence.touch(title, esha, at=NOON)
    presence.touch(title, esha, at=after(20))

    assert presence.others(title, omar, at=after(49.9))
    assert presence.others(title, omar, at=after(50)) == []


def test_who_comes_back_is_there_since_then(title: Title, esha: User, omar: User) -> None:
    presence.touch(title, esha, at=NOON)
    presence.touch(title, esha, at=after(30))

    assert presence.others(title, omar, at=after(31)) == [Editor(esha.email, after(30))]


def test_a_late_touch_makes_nobody_leave_early(title: Title, esha: User, omar: User) -> None:
    presence.touch(title, esha, at=after(20))
    presence.touch(title, esha, at=after(10))

    assert presence.others(title, omar, at=after(45))


def test_every_thing_has_its_own_editors(title: Title, esha: User, omar: User) -> None:
    presence.touch(title, esha, at=NOON)

    assert presence.others(TitleFactory(), omar, at=NOON) == []
    assert store.others(GenreFactory(pk=title.pk), omar.pk, at=NOON) == []


def test_who_may_not_edit_is_not_shown_as_editing(title: Title, ravi: User, omar: User) -> None:
    with pytest.raises(PermissionDenied):
        presence.touch(title, ravi, at=NOON)

    assert presence.others(title, omar, at=NOON) == []


def test_an_erased_editor_is_not_there(title: Title, esha: User, omar: User) -> None:
    presence.touch(title, esha, at=NOON)
    esha.delete()

    assert presence.others(title, omar, at=NOON) == []


def test_what_nobody_touches_is_forgotten_by_the_store(title: Title, esha: User) -> None:
    presence.touch(title, esha)
    keys = list(clients.durable().scan_iter("presence:*"))

    assert len(keys) == 1
    assert 0 < clients.durable().ttl(keys[0]) <= 60


@pytest.fixture
def store_away(settings: Any) -> Iterator[None]:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    clients.durable.cache_clear()
    yield
    clients.durable.cache_clear()


@pytest.mark.usefixtures("store_away")
def test_without_the_store_the_page_works_and_shows_nobody(title: Title, esha: User, omar: User) -> None:
    presence.touch(title, esha, at=NOON)

    assert presence.others(title, omar, at=NOON) == []
