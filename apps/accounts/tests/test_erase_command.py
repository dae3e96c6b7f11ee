"""`manage.py erase_account`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import DataRequest, User


def test_a_request_by_letter_shuts_the_account_and_prints_the_receipt(viewer: User) -> None:
    said = StringIO()

    call_command("erase_account", viewer.email.upper(), "--yes", stdout=said)

    viewer.refresh_from_db()
    request = DataRequest.objects.get(account=viewer, kind=DataRequest.Kind.ERASE)
    assert not viewer.is_active
    assert said.getvalue().strip().endswith(f"/api/v1/account/erasures/{request.receipt}")


def test_nothing_is_erased_for_an_unknown_address_or_another_answer(
    viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "yes")

    with pytest.raises(CommandError):
        call_command("erase_account", "nobody@example.com")
    with pytest.raises(CommandError):
        call_command("erase_account", viewer.email)

    viewer.refresh_from_db()
    assert viewer.is_active
    assert not DataRequest.objects.exists()


def test_staff_are_not_erased_by_letter_either(viewer: User) -> None:
    User.objects.update(is_staff=True)

    with pytest.raises(CommandError, match="Take the staff rights away first"):
        call_command("erase_account", viewer.email, "--yes")

    viewer.refresh_from_db()
    assert viewer.is_active
    assert not DataRequest.objects.exists()
