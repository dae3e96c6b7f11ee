"""The database is empty after a test that commits, whatever guards its tables; and as it was migrated."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection
from django.test import TransactionTestCase
from django.utils import timezone

from apps.accounts.models import SecurityEvent, User
from apps.catalog.tests.factories import TitleFactory
from apps.core import jobs
from tests import emptying

pytestmark = pytest.mark.django_db(transaction=True)


def rows() -> dict[str, int]:
    """How many each table of the database has, where there are any."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 the catalogue's own names
            found[table] = cursor.fetchone()[0]
    return {table: count for table, count in found.items() if count}


def test_nothing_is_left_but_what_migrating_makes() -> None:
    before = rows()
    TitleFactory(complete=True)
    group = Group.objects.create(name="Readers")
    group.permissions.set(Permission.objects.all()[:3])
    user = User.objects.create_user("asha@example.com", "a long enough phrase")
    SecurityEvent.objects.create(account=user.public_id, kind="signed_in", at=timezone.now())
    jobs.enqueue("apps.core.tasks.rescue_stalled_jobs")
    assert len(rows()) > len(before) + 8
    assert "procrastinate_jobs" in rows()

    emptying.empty_or_flush(TransactionTestCase())

    assert rows() == before
    assert before.keys() == {"django_content_type", "auth_permission", "django_migrations"}


@pytest.mark.parametrize("model", [Permission, ContentType])
def test_what_migrating_made_is_made_again_when_it_was_changed(model: Any) -> None:
    names = set(Permission.objects.values_list("content_type__app_label", "codename"))
    model.objects.filter(pk=model.objects.first().pk).delete()
    assert set(Permission.objects.values_list("content_type__app_label", "codename")) < names

    emptying.empty_or_flush(TransactionTestCase())

    assert set(Permission.objects.values_list("content_type__app_label", "codename")) == names


def test_guards_of_tables_hold_again_afterwards() -> None:
    emptying.empty_or_flush(TransactionTestCase())
    user = User.objects.create_user("asha@example.com", "a long enough phrase")
    SecurityEvent.objects.create(account=user.public_id, kind="signed_in", at=timezone.now())

    with pytest.raises(DatabaseError, match="append-only"):
        SecurityEvent.objects.all().delete()
