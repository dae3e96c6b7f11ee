"""Imports and exports from the newsroom."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import User
from apps.catalog.models import Title, Transfer
from apps.core import jobs

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/catalog/transfer/"
CSV = b"external_id,kind,name\nhouse:1,movie,Sintel\nhouse:2,film,X\n"


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(client: Client, **fields: Any) -> Any:
    given = {"direction": "import", "format": "csv", "dry_run": "on", **fields}
    return client.post(f"{LIST}add/", given, follow=True)


def finish() -> Transfer:
    jobs.work(None, 1, wait=False)
    return Transfer.objects.first()  # type: ignore[return-value]


def test_an_editor_tries_a_file_reads_what_is_wrong_and_imports_the_rest(esha: User) -> None:
    client = as_(esha)

    assert "It runs in the background" in ask(client, file=SimpleUploadedFile("a.csv", CSV)).content.decode()

    transfer = finish()
    page = client.get(f"{LIST}{transfer.pk}/change/").content.decode()
    assert "This was a dry run" in page
    assert "is none of movie, series, sport, episode" in page
    assert ">Done<" in page
    assert not Title.objects.exists()

    client.post(f"{LIST}{transfer.pk}/apply/")
    finish()
    assert [title.name for title in Title.objects.all()] == ["Sintel"]


def test_what_is_wrong_is_told_in_the_order_of_the_file(esha: User) -> None:
    nameless_before_misread = b"external_id,kind,name\nhouse:1,movie,\nhouse:2,film,X\n"
    ask(as_(esha), file=SimpleUploadedFile("a.csv", nameless_before_misread))

    assert [one["row"] for one in finish().errors] == [1, 2]


def test_the_name_of_the_chosen_file_has_a_place(esha: User) -> None:
    """Unfold's script writes it into a text field beside every file's, and fails where there is none."""
    page = as_(esha).get(f"{LIST}add/").content.decode()

    assert "Choose file to upload" in page


def test_an_export_is_downloaded(esha: User) -> None:
    client = as_(esha)
    ask(client, direction="export")
    transfer = finish()

    answer: Any = client.get(f"{LIST}{transfer.pk}/file/")

    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    assert b"".join(answer.streaming_content).decode("utf-8-sig").startswith("external_id,kind")


def test_what_is_missing_is_told_on_the_page(esha: User) -> None:
    answer = ask(as_(esha))

    assert "Choose the file to import." in answer.content.decode()
    assert not Transfer.objects.exists()


def test_looking_at_a_page_never_imports(esha: User) -> None:
    client = as_(esha)
    ask(client, file=SimpleUploadedFile("a.csv", CSV))
    transfer = finish()

    assert client.get(f"{LIST}{transfer.pk}/apply/").status_code == 405

    assert Transfer.objects.count() == 1


def test_others_see_none_of_it(esha: User, ravi: User) -> None:
    ask(as_(esha), direction="export")
    transfer = finish()
    client = as_(ravi)

    for path in (LIST, f"{LIST}add/", f"{LIST}{transfer.pk}/change/", f"{LIST}{transfer.pk}/file/"):
        assert client.get(path).status_code == 403, path
    assert client.post(f"{LIST}{transfer.pk}/apply/").status_code == 403
