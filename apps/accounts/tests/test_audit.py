from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.accounts.models import SecurityEvent, User
from apps.accounts.services import audit
from apps.core.network import Caller

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def event(viewer: User) -> SecurityEvent:
    caller = Caller("192.0.2.77", "television", "")
    return audit.record(audit.Kind.SIGNED_IN, account=viewer.public_id, caller=caller)


@pytest.mark.parametrize(
    "deed",
    [
        lambda: SecurityEvent.objects.update(kind="signed_out"),
        lambda: SecurityEvent.objects.all().delete(),
        lambda: SecurityEvent.objects.get().delete(),
        lambda: SecurityEvent.objects.bulk_update(
            [SecurityEvent(pk=SecurityEvent.objects.get().pk)], ["account"]
        ),
    ],
)
def test_the_database_itself_refuses_to_change_or_drop_an_event(event: SecurityEvent, deed: Any) -> None:
    before = SecurityEvent.objects.values().get()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        deed()

    assert SecurityEvent.objects.values().get() == before


def test_sql_does_not_get_around_it(event: SecurityEvent) -> None:
    for sql in ("UPDATE accounts_securityevent SET network = ''", "DELETE FROM accounts_securityevent"):
        with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
            cursor.execute(sql)

    assert SecurityEvent.objects.get().network == "192.0.2.0"


def test_an_event_older_than_a_year_may_go_but_not_change(viewer: User) -> None:
    long_ago = timezone.now() - timedelta(days=366)
    audit.record(audit.Kind.SIGNED_IN, account=viewer.public_id, at=long_ago)
    with pytest.raises(DatabaseError, match="append-only"):
        SecurityEvent.objects.update(network="")

    assert SecurityEvent.objects.all().delete()[0] == 1


def test_events_past_their_year_are_dropped_and_no_others(viewer: User) -> None:
    for days in (360, 370):
        audit.record(audit.Kind.SIGNED_IN, account=viewer.public_id, at=timezone.now() - timedelta(days=days))
    audit.forget_old()

    assert [(timezone.now() - one.at).days for one in SecurityEvent.objects.all()] == [360]


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0"), ("2001:db8:1:2:3::4", "2001:db8:1::")],
)
def test_an_event_names_a_network_and_no_person(viewer: User, address: str, network: str) -> None:
    audit.record(audit.Kind.SIGNED_IN, account=viewer.public_id, caller=Caller(address, "television", ""))

    assert SecurityEvent.objects.get().network == network


def test_events_of_a_deed_that_failed_are_not_left_behind(viewer: User) -> None:
    def fail() -> None:
        with transaction.atomic():
            audit.record(audit.Kind.PASSWORD_CHANGED, account=viewer.public_id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert not SecurityEvent.objects.exists()
