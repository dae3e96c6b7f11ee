"""Imports and exports of the desk."""

from threading import Event, Thread, Timer
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog import sheets, snapshot
from apps.catalog.models import Episode, Listing, Person, Season, Title, Transfer, Window
from apps.catalog.services import publishing, transfers
from apps.core import jobs
from apps.core.errors import InvalidField

from .factories import GenreFactory, TitleFactory

pytestmark = pytest.mark.django_db(transaction=True)

SINTEL = {
    "external_id": "imdb:tt1727587",
    "kind": "movie",
    "name": "Sintel",
    "maturity": "U/A 13+",
    "descriptors": "violence",
    "released_on": "2010-09-27",
    "genres": "action; drama",
    "windows": "everywhere free; only IN premium 2026-01-01T00:00:00Z.. 1080p",
    "credits": "director: Colin Levy; voice: Halina Reijn as Sintel",
    "name_en": "Sintel",
    "synopsis_en": "A girl looks for her dragon.",
    "name_hi": "सिंटेल",
}
SHOW = {"external_id": "house:show", "kind": "series", "name": "A Show", "name_en": "A Show"}
EPISODE = {"kind": "episode", "parent": "house:show", "season": "1", "name_en": "Pilot"}


@pytest.fixture(autouse=True)
def genres(groups: None) -> None:
    for slug in ("action", "drama"):
        GenreFactory(slug=slug)


def run(
    rows: list[dict[str, str]] | bytes, by: User, *, dry_run: bool = False, kind: str = "csv"
) -> Transfer:
    data = rows if isinstance(rows, bytes) else b"".join(sheets.write(rows, kind))
    transfer = transfers.ask_import(SimpleUploadedFile("x", data), file_format=kind, dry_run=dry_run, by=by)
    jobs.work(None, 1, wait=False)
    transfer.refresh_from_db()
    return transfer


def outcome(transfer: Transfer) -> dict[str, int]:
    assert transfer.state == "done", transfer.problem
    assert transfer.rows_done == transfer.rows
    return {name: count for name, count in transfer.counts.items() if count}


def told(transfer: Transfer) -> list[tuple[int, str, str]]:
    return [(one["row"], one["path"], one["code"]) for one in transfer.errors]


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_title_arrives_as_a_draft_with_all_its_parts(esha: User, kind: str) -> None:
    transfer = run([SINTEL], esha, kind=kind)

    assert outcome(transfer) == {"created": 1}, transfer.errors
    title = Title.objects.get()
    assert (title.state, title.slug, title.maturity, title.descriptors) == (
        "draft",
        "sintel",
        13,
        ["violence"],
    )
    assert list(title.authors.all()) == [esha]
    assert sorted(title.genres.values_list("slug", flat=True)) == ["action", "drama"]
    assert title.texts.get(language="hi").name == "सिंटेल"
    assert sorted(map(str, title.windows.all())) == ["everywhere (free)", "only IN (premium)"]
    assert [(c.person.name, c.role, c.character) for c in title.credits.all()] == [
        ("Colin Levy", "director", ""),
        ("Halina Reijn", "voice", "Sintel"),
    ]
    assert not Listing.objects.exists()


def test_the_same_file_again_changes_nothing(esha: User) -> None:
    run([SINTEL], esha)
    before = (snapshot.take(Title.objects.get()).source, Title.objects.get().revision)

    assert outcome(run([SINTEL], esha)) == {"same": 1}

    assert (snapshot.take(Title.objects.get()).source, Title.objects.get().revision) == before
    assert Person.objects.count() == 2


def test_a_dry_run_says_what_would_happen_and_changes_nothing(esha: User) -> None:
    run([SHOW], esha)

    transfer = run([SINTEL, SHOW | {"name": "Another"}], esha, dry_run=True)

    assert outcome(transfer) == {"created": 1, "changed": 1}
    assert [title.name for title in Title.objects.all()] == ["A Show"]
    assert not Person.objects.exists()

    transfers.apply(transfer, by=esha)
    jobs.work(None, 1, wait=False)
    assert sorted(Title.objects.values_list("name", flat=True)) == ["Another", "Sintel"]


def test_episodes_find_their_series_in_the_same_file_or_at_the_desk(esha: User) -> None:
    pilot = EPISODE | {"external_id": "house:show-1", "number": "1"}
    later = EPISODE | {"external_id": "house:show-3", "number": "3", "name_en": "Third"}

    assert outcome(run([pilot, SHOW], esha)) == {"created": 2}
    assert outcome(run([later], esha)) == {"changed": 1}

    assert [(one.season.number, one.number) for one in Episode.objects.all()] == [(1, 1), (1, 3)]
    assert outcome(run([pilot, SHOW, later], esha)) == {"same": 3}


def test_every_wrong_row_is_told_and_the_others_arrive(esha: User) -> None:
    rows = [
        SINTEL | {"maturity": "PG"},
        SHOW,
        {"external_id": "house:2", "kind": "movie", "name": "X", "genres": "western"},
        EPISODE | {"external_id": "house:e", "parent": "house:nobody", "number": "1"},
        {"external_id": "house:3", "kind": "movie"},
    ]

    transfer = run(rows, esha)

    assert outcome(transfer) == {"created": 1, "wrong": 4}
    assert sorted(told(transfer)) == [
        (1, "maturity", "invalid_choice"),
        (3, "genres", "not_found"),
        (4, "parent", "not_found"),
        (5, "name", "required"),
    ]
    assert [title.name for title in Title.objects.all()] == ["A Show"]
    assert not Season.objects.exists()


def test_a_live_title_becomes_a_draft_and_viewers_see_nothing_of_it(
    esha: User, omar: User, ravi: User
) -> None:
    title = TitleFactory(complete=True, slug="live")
    publishing.submit(title, by=esha)
    publishing.approve(title, by=ravi)
    publishing.publish(title, by=omar)
    shown = Listing.objects.get().documents.get(language="en").document

    outcome_ = outcome(run([{"external_id": "slug:live", "kind": "movie", "synopsis_en": "New."}], esha))

    assert outcome_ == {"changed": 1}
    title.refresh_from_db()
    assert title.state == "draft"
    assert Listing.objects.get().documents.get(language="en").document == shown


def test_a_locked_title_is_left_alone_and_told(esha: User) -> None:
    title = TitleFactory(complete=True, slug="locked")
    publishing.submit(title, by=esha)

    transfer = run([{"external_id": "slug:locked", "kind": "movie", "name": "New"}], esha)

    assert told(transfer) == [(1, "", "locked")]
    title.refresh_from_db()
    assert title.name != "New"


def test_a_name_that_several_people_have_is_asked_about(esha: User) -> None:
    for slug in ("a", "b"):
        Person.objects.create(name="Colin Levy", slug=slug)

    transfer = run([SINTEL], esha)

    assert told(transfer) == [(1, "credits", "ambiguous")]
    assert not Title.objects.exists()


def test_a_file_that_is_none_fails_with_its_reason(esha: User) -> None:
    transfer = run(b"\x89PNG not a table", esha)

    assert (transfer.state, transfer.problem) == ("failed", "The file is not UTF-8 text.")


def test_what_is_exported_is_the_same_when_imported(esha: User) -> None:
    sport = {
        "external_id": "house:cup",
        "kind": "sport",
        "name": "The final",
        "sport": "cricket",
        "competition": "Cup",
        "kick_off_at": "2026-11-30T18:00:00+05:30",
    }
    pilot = EPISODE | {"external_id": "house:show-1", "number": "1", "name": "=1+1"}
    run([SINTEL, SHOW, pilot, sport], esha)
    for kind in ("csv", "json"):
        export = transfers.ask_export(file_format=kind, by=esha)
        jobs.work(None, 1, wait=False)
        export.refresh_from_db()
        assert export.state == "done"
        with export.file.open("rb") as file:
            content = file.read()

        assert outcome(run(content, esha, kind=kind)) == {"same": 4}


def test_only_those_who_may_import(ravi: User, priya: User) -> None:
    for person in (ravi, priya):
        with pytest.raises(PermissionDenied):
            run([SINTEL], person)
        with pytest.raises(PermissionDenied):
            transfers.ask_export(file_format="csv", by=person)
    assert not Transfer.objects.exists()


@pytest.mark.parametrize(("data", "kind", "path"), [(b"", "csv", "file"), (b"x", "xlsx", "format")])
def test_what_cannot_be_a_file_is_refused_at_once(esha: User, data: bytes, kind: str, path: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        run(data, esha, kind=kind)

    assert refusal.value.extra["errors"][0]["path"] == path


def test_a_worker_that_died_in_the_middle_begins_again(esha: User) -> None:
    transfer = run([SINTEL], esha)
    Transfer.objects.filter(pk=transfer.pk).update(state="running", rows_done=0)
    transfer.refresh_from_db()

    transfers.run(transfer)

    assert outcome(transfer) == {"same": 1}
    assert Window.objects.count() == 2


def test_whoever_has_gone_imports_nothing_any_more(esha: User) -> None:
    data: Any = b"".join(sheets.write([SINTEL], "csv"))
    transfer = transfers.ask_import(SimpleUploadedFile("x", data), file_format="csv", dry_run=False, by=esha)
    esha.is_active = False
    esha.save()

    jobs.work(None, 1, wait=False)

    transfer.refresh_from_db()
    assert transfer.state == "failed"
    assert not Title.objects.exists()


def test_a_row_that_somebody_holds_is_tried_again(esha: User) -> None:
    run([SINTEL], esha)
    let_go = Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Title.objects.select_for_update().get()
                held.set()
                let_go.wait(20)
        finally:
            connection.close()

    held = Event()
    holder = Thread(target=hold)
    holder.start()
    held.wait(5)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    Timer(0.5, let_go.set).start()

    transfer = run([SINTEL | {"synopsis_en": "Another."}], esha)

    holder.join()
    assert outcome(transfer) == {"changed": 1}


def test_what_was_lost_with_its_workers_is_given_up_and_says_so(esha: User) -> None:
    transfer = run([SINTEL], esha)
    Transfer.objects.update(state="running", finished_at=None)

    assert transfers.give_up(before=transfer.asked_at) == 0
    assert transfers.give_up(before=timezone.now()) == 1

    transfer.refresh_from_db()
    assert (transfer.state, transfer.problem[:19]) == ("failed", "The worker was lost")


def test_old_files_are_deleted_and_their_record_stays(esha: User) -> None:
    tried = run([SINTEL], esha, dry_run=True)
    name = tried.file.name

    assert transfers.forget_files(before=timezone.now()) == 1

    tried.refresh_from_db()
    assert not default_storage.exists(name)
    assert tried.counts["created"] == 1
    with pytest.raises(InvalidField):
        transfers.apply(tried, by=esha)
