"""Dead letters in the newsroom, and what monitoring is told of the stream."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.accounts.tests.steps import at_the_desk
from apps.core import clients
from apps.engagement.services import consumer, letters
from apps.engagement.store import keys, stream

from .players import Viewer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mongo")]
PAGE = "/admin/engagement/deadletter/"


def clerk(*permissions: str) -> User:
    user: User = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


@pytest.fixture
def desk(db: None) -> Client:
    return at_the_desk(clerk("view_deadletter", "change_deadletter"))


def bury(told: str = "{") -> str:
    clients.durable().xadd(keys.STREAM, {"kind": "event", "told": told, "at": "1"})
    consumer.drain(consumer.Pace())
    return stream.dead_letters(1)[0].id


def test_the_page_shows_the_stream_and_its_dead_letters(desk: Client, asha: Viewer) -> None:
    bury("<script>alert(1)</script>")
    asha.session().plays(10)

    page = desk.get(PAGE).content.decode()

    assert "Unreadable: JSONDecodeError" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert '<th scope="row">Entries</th><td>1</td>' in page


def test_it_goes_on_from_a_letter(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.engagement import admin

    monkeypatch.setattr(admin, "SHOWN", 1)
    first, second = bury(), bury()

    page = desk.get(PAGE).content.decode()
    older = desk.get(f"{PAGE}?before={second}").content.decode()

    assert (second in page, first in page) == (True, False)
    assert (second in older, first in older) == (False, True)
    assert desk.get(f"{PAGE}?before=<script>").status_code == 200


def test_a_letter_that_is_sent_again_is_an_entry_like_any_other(
    desk: Client, monkeypatch: pytest.MonkeyPatch, asha: Viewer, mongo: Any
) -> None:
    from apps.engagement import folding

    asha.session().plays(10)
    with monkeypatch.context() as patch:
        patch.setitem(folding.READERS, "beat", lambda fields: {})
        consumer.drain(consumer.Pace())
    (letter,) = stream.dead_letters(10)

    assert desk.post(f"{PAGE}{letter.id}/replay/").status_code == 302
    consumer.drain(consumer.Pace())

    assert stream.dead_letters(10) == []
    assert mongo.watch_history.count_documents({"profile": asha.profile}) == 1


def test_a_letter_that_is_dropped_is_gone(desk: Client) -> None:
    letter = bury()

    assert desk.post(f"{PAGE}{letter}/drop/").status_code == 302
    told = desk.post(f"{PAGE}{letter}/drop/", follow=True).content.decode()

    assert stream.dead_letters(10) == []
    assert letters.NoSuchLetter.detail.partition(":")[0] in told


def test_looking_is_not_doing() -> None:
    letter = bury()
    looker, stranger = at_the_desk(clerk("view_deadletter")), at_the_desk(clerk())

    page = looker.get(PAGE)
    assert page.status_code == 200
    assert "Send again" not in page.content.decode()
    assert stranger.get(PAGE).status_code == 403
    for deed in ("replay", "drop"):
        assert looker.post(f"{PAGE}{letter}/{deed}/").status_code == 403
        assert looker.get(f"{PAGE}{letter}/{deed}/").status_code == 405
    assert len(stream.dead_letters(10)) == 1


def test_a_deed_needs_the_forms_own_token(desk: Client) -> None:
    letter = bury()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = desk.cookies

    assert strict.post(f"{PAGE}{letter}/drop/").status_code == 403
    assert len(stream.dead_letters(10)) == 1


def test_without_valkey_the_page_says_so(desk: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    clients.durable.cache_clear()
    try:
        page = desk.get(PAGE)
    finally:
        clients.durable.cache_clear()

    assert page.status_code == 200
    assert "Valkey does not answer" in page.content.decode()


def test_monitoring_is_told_of_the_stream(client: Client, asha: Viewer) -> None:
    bury()
    asha.session().plays(10)

    told = client.get("/metrics").content.decode()

    assert "ottsite_event_stream_length 1.0" in told
    assert "ottsite_event_stream_dead 1.0" in told
    assert "ottsite_event_stream_lag_seconds " in told
    assert "ottsite_requests_total" in told
