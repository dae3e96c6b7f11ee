"""Imports and exports: asked for at the desk, run in the background, with progress."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from tempfile import TemporaryFile
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import DataError, IntegrityError, OperationalError, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected, LockNotAvailable

from apps.accounts.models import User
from apps.catalog import sheets, snapshot
from apps.catalog.models import Title, Transfer
from apps.catalog.sheets import BadFile, Row, Wrong
from apps.core import jobs
from apps.core.errors import DomainError, InvalidField
from apps.workflow.services.moving import demand

from .rows import BadRow, Unit, bring, rows_of, units

LARGEST = 32 * 1024 * 1024
MOST_ERRORS = 1_000
AT_ONCE = 200
PATIENCE = 4  # times that a unit is begun again because somebody held its rows
State = Transfer.State
OUTCOMES = ("created", "changed", "same", "wrong")


class _DryRun(Exception):
    """Ends the transaction of a unit that was only tried."""


def ask_import(file: "UploadedFile[Any]", *, file_format: str, dry_run: bool, by: User) -> Transfer:
    """Enqueue an import of the file. Raises PermissionDenied, `InvalidField` (`file`, `format`)."""
    demand(by, Title, "import")
    if file_format not in Transfer.Format.values:
        raise InvalidField("format", "invalid_choice", "csv or json.")
    if not file.size or file.size > LARGEST:
        raise InvalidField("file", "size", f"Between 1 byte and {LARGEST // 2**20} MB.")
    return _ask(Transfer(direction=Transfer.Direction.IMPORT, format=file_format, dry_run=dry_run, by=by,
                         file=ContentFile(file.read(), f"import.{file_format}")))  # fmt: skip


def ask_export(*, file_format: str, by: User) -> Transfer:
    """Enqueue an export of the whole desk."""
    demand(by, Title, "import")
    if file_format not in Transfer.Format.values:
        raise InvalidField("format", "invalid_choice", "csv or json.")
    return _ask(Transfer(direction=Transfer.Direction.EXPORT, format=file_format, dry_run=False, by=by))


def apply(transfer: Transfer, *, by: User) -> Transfer:
    """After a dry run: the same file, for good."""
    demand(by, Title, "import")
    if (
        transfer.direction != Transfer.Direction.IMPORT
        or not transfer.dry_run
        or transfer.state != State.DONE
    ):
        raise InvalidField("transfer", "invalid", "Only a finished dry run can be applied.")
    if not transfer.file:
        raise InvalidField("transfer", "invalid", "Its file is no longer kept. Upload it again.")
    with transfer.file.open("rb") as file:
        content = ContentFile(file.read(), f"import.{transfer.format}")
    return _ask(Transfer(direction=Transfer.Direction.IMPORT, format=transfer.format, dry_run=False, by=by,
                         file=content))  # fmt: skip


def _ask(transfer: Transfer) -> Transfer:
    with transaction.atomic():
        transfer.save()
        jobs.enqueue("apps.catalog.tasks.run_transfer", transfer_id=transfer.pk)
    return transfer


def run(transfer: Transfer) -> None:
    """Do what was asked; safe to repeat after a worker's death, since rows are brought by external id."""
    if transfer.state not in {State.QUEUED, State.RUNNING}:
        return
    by = transfer.by
    if by is None or not by.is_active:
        _finish(transfer, State.FAILED, "Whoever asked for it is no longer here.")
        return
    _note(transfer, state=State.RUNNING, rows_done=0, counts=dict.fromkeys(OUTCOMES, 0), errors=[])
    try:
        if transfer.direction == Transfer.Direction.IMPORT:
            _run_import(transfer, by)
        else:
            _run_export(transfer)
        _finish(transfer, State.DONE)
    except BadFile as error:
        _finish(transfer, State.FAILED, str(error))
    finally:
        if transfer.state == State.RUNNING:
            # A bug, which the log tells of: whoever waits for this is told now, not never.
            _finish(transfer, State.FAILED, "It failed for a reason of ours, which is in the log.")


def _note(transfer: Transfer, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(transfer, name, value)
    transfer.save(update_fields=list(fields))


def _finish(transfer: Transfer, state: str, problem: str = "") -> None:
    _note(transfer, state=state, problem=problem, finished_at=timezone.now())


def give_up(*, before: datetime) -> int:
    """Say so of those that were asked for before that time and never ended; how many these are."""
    late = Transfer.objects.filter(state__in=[State.QUEUED, State.RUNNING], asked_at__lt=before)
    lost = "The worker was lost over it again and again. Ask again; what was brought in stays."
    return late.update(state=State.FAILED, problem=lost, finished_at=timezone.now())


def forget_files(*, before: datetime) -> int:
    """Delete the files of transfers that ended before that time; the record of them stays."""
    old = Transfer.objects.filter(finished_at__lt=before).exclude(file="")
    for transfer in old:
        transfer.file.delete(save=False)
        transfer.save(update_fields=["file"])
    return len(old)


# --- Import ------------------------------------------------------------------------------------------


def _run_import(transfer: Transfer, by: User) -> None:
    with transfer.file.open("rb") as file:
        read = list(sheets.read(file.read(), transfer.format))
    wrong = [one for one in read if isinstance(one, Wrong)]
    batches = units(one for one in read if isinstance(one, Row))
    bad_rows = len({one.row for one in wrong})
    transfer.counts["wrong"] = bad_rows
    _note(transfer, rows=bad_rows + sum(map(len, batches)), rows_done=bad_rows, errors=_told(wrong))
    for done, unit in enumerate(batches, start=1):
        _count(transfer, unit, by)
        if done % 50 == 0:
            _note_progress(transfer)
    _note_progress(transfer)


def _note_progress(transfer: Transfer) -> None:
    # Rows that could not be read were told first; who mends the file reads it from the top.
    transfer.errors.sort(key=lambda error: error["row"])
    transfer.save(update_fields=["rows_done", "counts", "errors"])


def _told(wrong: Iterable[Wrong]) -> list[dict[str, Any]]:
    return [asdict(one) for one in islice(wrong, MOST_ERRORS)]


def _count(transfer: Transfer, unit: Unit, by: User) -> None:
    transfer.rows_done += len(unit)
    try:
        transfer.counts[_try(unit, by, dry_run=transfer.dry_run)] += len(unit)
    except (DomainError, PermissionDenied, ValidationError, IntegrityError, DataError) as error:
        transfer.counts["wrong"] += len(unit)
        if len(transfer.errors) < MOST_ERRORS:
            transfer.errors.append(asdict(_as_wrong(error, unit)))


def _try(unit: Unit, by: User, *, dry_run: bool) -> str:
    """Bring the unit; again, if the database let somebody else go first."""
    for _ in range(PATIENCE):
        try:
            return _try_once(unit, by, dry_run=dry_run)
        except OperationalError as error:
            if not isinstance(error.__cause__, (DeadlockDetected, LockNotAvailable)):
                raise
    return _try_once(unit, by, dry_run=dry_run)


def _try_once(unit: Unit, by: User, *, dry_run: bool) -> str:
    outcome = ""
    try:
        with transaction.atomic():
            outcome = bring(unit, by=by)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return outcome


def _as_wrong(error: Exception, unit: Unit) -> Wrong:
    if isinstance(error, BadRow):
        return error.wrong
    if isinstance(error, DomainError):
        first = next(iter(error.extra.get("errors", [])), {"path": "", "code": error.code})
        return Wrong(unit.first_row, first["path"], first["code"], first.get("detail", error.detail))
    if isinstance(error, PermissionDenied):
        return Wrong(unit.first_row, "", "permission_denied", "You may not do this.")
    return Wrong(unit.first_row, "", "invalid", "The database refuses this row: two values contradict.")


# --- Export ------------------------------------------------------------------------------------------


def _run_export(transfer: Transfer) -> None:
    _note(transfer, rows=Title.objects.count())
    name = f"transfers/export-{transfer.public_id}.{transfer.format}"
    # On disk, for the catalogue may be larger than the memory.
    with TemporaryFile() as out:
        out.writelines(sheets.write(_all_rows(transfer), transfer.format))
        if default_storage.exists(name):
            default_storage.delete(name)
        transfer.file.name = default_storage.save(name, File(out))
    transfer.save(update_fields=["file", "rows_done"])


def _all_rows(transfer: Transfer) -> Iterator[dict[str, str]]:
    last = 0
    while titles := list(Title.objects.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        for taken in snapshot.take_many(titles):
            yield from rows_of(taken)
        last = titles[-1].pk
        transfer.rows_done += len(titles)
        transfer.save(update_fields=["rows_done"])
