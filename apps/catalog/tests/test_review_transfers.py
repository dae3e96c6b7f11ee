"""Imports of strange files, of files that others edit meanwhile, and of what was just exported."""

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from apps.accounts.models import User
from apps.catalog import snapshot
from apps.catalog.diff import diff
from apps.catalog.models import Credit, Episode, Title, Transfer
from apps.catalog.services import publishing, rows, transfers
from apps.core import jobs
from apps.workflow.services.editing import editing

from .desks import movie, series
from .factories import PersonFactory, TitleFactory
from .newsday import again, approved

pytestmark = pytest.mark.django_db(transaction=True)

FILM: dict[str, Any] = {"external_id": "house:1", "kind": "movie", "name": "A film"}
OTHER: dict[str, Any] = {"external_id": "house:2", "kind": "movie", "name": "Another"}
SHOW: dict[str, Any] = {"external_id": "house:show", "kind": "series", "name": "A Show"}


def run(content: Any, by: User, kind: str = "json") -> Transfer:
    data = content if isinstance(content, bytes) else orjson.dumps(content)
    transfer = transfers.ask_import(SimpleUploadedFile("x", data), file_format=kind, dry_run=False, by=by)
    jobs.work(None, 1, wait=False)
    transfer.refresh_from_db()
    return transfer


def exported(by: User, kind: str = "csv") -> bytes:
    export = transfers.ask_export(file_format=kind, by=by)
    jobs.work(None, 1, wait=False)
    export.refresh_from_db()
    assert export.state == "done", export.problem
    with export.file.open("rb") as file:
        return bytes(file.read())


def deep(levels: int) -> Any:
    nested: Any = "x"
    for _ in range(levels):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("external_id", "house:a\0b"),
        ("external_id", "slug:no address/../x"),
        ("parent", "x" * 200),
        ("na\0me", "x"),
        ("x" * 1_000_000, "x"),
        ("season", "9" * 5000),
        ("maturity", "\u00b2"),
        ("maturity", "9" * 5000),
        ("kick_off_at", "0001-01-01T00:00:00+14:00"),
        ("windows", "everywhere free 0001-01-01T00:00:00+14:00.."),
        ("windows", "only UK free"),
        ("windows", "only IN IN free"),
        ("windows", "everywhere free 120p"),
        ("windows", "everywhere free lang:sqi-Latn-AL"),
        ("original_language", "sqi-Latn-AL"),
        ("credits", "actor: " + "x" * 300),
        ("credits", "actor: Somebody as " + "x" * 300),
        ("credits", "actor: Some\0body"),
        ("credits", "actor: x" + " " * 50_000 + "y"),
        ("credits", "actor: @nobody\0"),
        ("name_en", {"en": "A film"}),
        ("name_en", deep(200)),
        ("genres", [["a"]]),
        ("kind", "m" * 1_000_000),
    ],
)
def test_a_hostile_cell_is_one_wrong_row_and_the_others_arrive(esha: User, column: str, value: Any) -> None:
    transfer = run([FILM | {column: value}, OTHER], esha)

    assert transfer.state == "done", transfer.problem
    assert (transfer.counts["wrong"], transfer.counts["created"]) == (1, 1)
    assert [one["row"] for one in transfer.errors][:1] == [1]
    assert len(orjson.dumps(transfer.errors)) < 10_000
    assert [title.name for title in Title.objects.all()] == ["Another"]


def test_typographic_spaces_and_tabs_are_text(esha: User) -> None:
    text = "10\u00a0000 dragons\u2009\u2014\u200atwo\tcolumns \u3000 \u00adsoft"

    transfer = run([FILM | {"synopsis_en": text}], esha)

    assert transfer.counts["created"] == 1, transfer.errors
    assert Title.objects.get().texts.get().synopsis == text


def test_whoever_saved_while_a_row_was_read_is_not_overwritten(
    esha: User, omar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    title = TitleFactory(slug="a-film", name="Before")
    take = snapshot.take
    saved: list[Any] = []

    def taken_just_before_omar_saves(*given: Any, **options: Any) -> Any:
        found = take(*given, **options)
        if not saved:
            saved.append(later(title, omar))
        return found

    monkeypatch.setattr(rows.snapshot, "take", taken_just_before_omar_saves)

    run([{"external_id": "slug:a-film", "kind": "movie", "tagline_en": "New."}], esha)

    saved[0].result(20)
    assert again(title).name == "Omar's"
    assert again(title).texts.get().tagline == "New."


def later(title: Title, by: User) -> Any:
    """A save in another thread, which has begun, and ended unless somebody holds the title."""

    def save() -> None:
        try:
            with editing(title, by=by) as working:
                working.name = "Omar's"
                working.save()
        finally:
            connection.close()

    future = ThreadPoolExecutor(1).submit(save)
    wait([future], timeout=1)
    return future


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_an_export_of_everything_changes_nothing_when_imported(
    esha: User, ravi: User, priya: User, kind: str
) -> None:
    title = series()
    Credit.objects.create(title=title, person=PersonFactory(), character="Anna; the maid", order=5)
    Credit.objects.create(title=title, person=PersonFactory(), character="Thus as said \\", order=6)
    movie(name="Lines")
    text = title.texts.get(language="en")
    text.synopsis = "One.\r\n\r\nTwo.\u00a0Three."
    text.tagline = "-"
    text.save()
    live = approved(esha, ravi, kind="series", name="Without ids")
    publishing.publish(live, by=priya)
    before = {one.pk: snapshot.take(one).source for one in Title.objects.all()}

    transfer = run(exported(esha, kind), esha, kind)

    assert transfer.errors == []
    after = {one.pk: snapshot.take(one).source for one in Title.objects.all()}
    assert [diff(before[key], after[key]) for key in before] == [[]] * len(before)
    assert after == before
    assert transfer.counts == {"created": 0, "changed": 0, "same": transfer.rows, "wrong": 0}
    assert again(live).state == "published"


def test_two_rows_for_one_episode_are_a_mistake(esha: User) -> None:
    pilot = {"kind": "episode", "parent": "house:show", "season": 1, "number": 1}

    transfer = run([SHOW, pilot | {"external_id": "house:e1"}, pilot | {"external_id": "house:e2"}], esha)

    assert [(one["row"], one["path"], one["code"]) for one in transfer.errors] == [(3, "number", "repeated")]
    assert not Episode.objects.exists()


def test_another_address_of_a_title_that_is_there_is_no_silent_success(esha: User) -> None:
    run([FILM], esha)

    transfer = run([FILM | {"slug": "somewhere-else"}], esha)

    assert [(one["path"], one["code"]) for one in transfer.errors] == [("slug", "cannot_change")]
    assert Title.objects.get().slug == "a-film"
