"""Files on their way in: opened, received piece by piece, and handed to a job when they are whole.

What a row says is here is durably here: its offset moves only after the bytes are on the disk. What was
written beyond it when something died is cut off by the next who writes.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from threading import Semaphore
from typing import Protocol
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import PermissionDenied
from django.db import close_old_connections, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.core.deadline import budget
from apps.core.errors import Busy, DomainError, InvalidField
from apps.media import labels, parts
from apps.media.models import Asset, Job, Upload
from apps.media.models.job import ENDED
from apps.media.parts import PIECE, Writer

from . import assets, ingest, room

# So much is lost of an endless piece when the power goes.
CHECKPOINT = 64 * 1024 * 1024
# Senders at once in one process: each has one of its threads for as long as it sends.
_places = Semaphore(8)
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
Role, State = Upload.Role, Upload.State


class OffsetConflict(DomainError):
    """`offset`: where the next piece begins."""

    code = "offset_conflict"
    status = 409


class InUse(DomainError):
    code = "upload_in_use"
    status = 423
    detail = "Another connection is sending to this upload right now."


class ChecksumMismatch(DomainError):
    code = "checksum_mismatch"
    status = 460
    detail = "What arrived is not what was sent. Nothing of this piece was kept; send it again."


class Ended(DomainError):
    code = "gone"
    status = 410
    detail = "This upload has expired, or its bytes are lost. Begin a new one."


class Complete(DomainError):
    code = "upload_complete"
    status = 409
    detail = "All of this file has arrived, so there is nothing to send or to take back."


class AssetBusy(DomainError):
    code = "asset_busy"
    status = 409
    detail = "This video is being processed. It takes another film once that has ended."


class PieceTooLong(DomainError):
    code = "payload_too_large"
    status = 413
    detail = "This is more than the file was announced to have."


class Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that is going to be sent: `size` in bytes, `language` in BCP 47."""

    filename: str
    size: int
    role: str = Role.MASTER
    asset: UUID | None = None
    language: str = ""
    described: bool = False
    forced: bool = False
    sdh: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """What is sent at `offset`. `read(n)` gives at most n bytes, none at the end or if the sender is gone.

    `length`: None if it was not said. `checksum`: what the bytes are checked with, and what must come out.
    """

    offset: int
    read: Callable[[int], bytes]
    length: int | None = None
    checksum: tuple[Digest, bytes] | None = None


def demand(by: PermissionsMixin) -> None:
    if not by.has_perm("media.add_asset"):
        raise PermissionDenied


def own(by: PermissionsMixin) -> QuerySet[Upload]:
    """The uploads that somebody may see and go on with."""
    every = Upload.objects.select_related("asset__duplicate_of", "created_by")
    return every if by.is_superuser else every.filter(created_by=by.pk)


# --- Beginning ---------------------------------------------------------------------------------------


def begin(announced: Announced, *, by: PermissionsMixin | None, public_id: UUID | None = None) -> Upload:
    """Open an upload; None is who has the machine itself.

    Raises PermissionDenied, `InvalidField`, `AssetBusy`, `room.TooLarge`, `room.NoRoom`.
    """
    if by is not None:
        demand(by)
    with transaction.atomic():
        asset = _asset_of(announced)
        room.demand(announced.size)
        facts = asdict(announced) | {"asset": asset, "filename": labels.cleaned(announced.filename)}
        upload = Upload.objects.create(
            public_id=public_id or uuid4(), expires_at=_expiry(), created_by_id=by.pk if by else None, **facts
        )
        # Before the row: a file without one is swept, a row without one would be a promise broken.
        parts.create(upload.public_id)
    return upload


def _asset_of(announced: Announced) -> Asset | None:
    if announced.size < 1:
        raise InvalidField("Upload-Length", "min_value", "The file is empty.")
    if announced.asset is None:
        if announced.role != Role.MASTER:
            raise InvalidField("asset", "required", "Say which video this belongs to.")
        return None
    asset = Asset.objects.filter(public_id=announced.asset).first()
    if asset is None:
        raise InvalidField("asset", "does_not_exist", "There is no such video.")
    if asset.placeholder:
        raise InvalidField("asset", "invalid", "There is no film behind a placeholder. Upload a new video.")
    if announced.role == Role.MASTER:
        _refuse_busy(asset)
    elif not announced.language:
        raise InvalidField("language", "required", "Say which language this is in.")
    return asset


def _refuse_busy(asset: Asset) -> None:
    if asset.jobs.filter(kind=Job.Kind.PACKAGE).exclude(state__in=ENDED).exists():
        raise AssetBusy


def _expiry() -> datetime:
    return timezone.now() + timedelta(hours=settings.UPLOAD_EXPIRES_H)


# --- Receiving ---------------------------------------------------------------------------------------


def receive(upload: Upload, piece: Piece) -> Upload:
    """Write on. The upload as it is then, received if that was the end of it.

    Raises `OffsetConflict`, `PieceTooLong`, `InUse`, `Ended`, `Complete`, `ChecksumMismatch`, `room.NoRoom`,
    `AssetBusy` (all is here, and goes on by itself), `Busy` (too many send at once).
    """
    _refuse_ended(upload)
    if not _places.acquire(blocking=False):
        raise Busy("Too many uploads are coming in at once. Try again shortly.", retry_after_s=5)
    try:
        return _receive(upload, piece)
    finally:
        _places.release()


def _receive(upload: Upload, piece: Piece) -> Upload:
    try:
        with parts.writing(upload.public_id) as writer:
            # As it is now that nobody else writes.
            upload = _again(upload)
            _refuse_ended(upload)
            _refuse_misplaced(upload, piece)
            writer.begin(upload.offset)
            _Arriving(upload, writer, piece).take()
    except parts.Taken as error:
        raise InUse(retry_after_s=5) from error
    except parts.Superseded as error:
        raise InUse from error
    except parts.Missing as error:
        raise Ended from error
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise room.NoRoom("The disk is full. What has arrived is kept; go on later.") from error
    upload = _again(upload)
    return complete(upload) if upload.offset == upload.size else upload


def standing(upload: Upload) -> Upload:
    """The upload, if it is one that can be gone on with or is received. Raises `Ended`."""
    if upload.state == State.RECEIVING and not _goes_on(upload):
        raise Ended
    return upload


def _goes_on(upload: Upload) -> bool:
    return upload.expires_at > timezone.now() and parts.holds(upload.public_id, upload.offset)


def _again(upload: Upload) -> Upload:
    found = Upload.objects.select_related("asset__duplicate_of", "created_by").filter(pk=upload.pk).first()
    if found is None:
        raise Ended
    return found


def _refuse_ended(upload: Upload) -> None:
    if upload.state == State.RECEIVED:
        raise Complete
    if upload.expires_at <= timezone.now():
        raise Ended


def _refuse_misplaced(upload: Upload, piece: Piece) -> None:
    if piece.offset != upload.offset:
        raise OffsetConflict(
            f"The next piece begins at byte {upload.offset}.", extra={"offset": upload.offset}
        )
    if piece.length is not None and piece.length > upload.size - upload.offset:
        raise PieceTooLong


@dataclass(slots=True)
class _Arriving:
    """One piece on its way to the disk; `told` is the offset that the row has."""

    upload: Upload
    writer: Writer
    piece: Piece
    told: int = 0

    def take(self) -> None:
        self.told = self.writer.at
        if self.piece.checksum is None:
            try:
                self._copy()
            finally:
                # Also if the sender went away in the middle: what is here need not be sent again.
                self._tell()
            return
        digest, expected = self.piece.checksum
        self._copy(digest)
        if digest.digest() != expected:
            self.writer.begin(self.told)
            raise ChecksumMismatch
        self._tell()

    def _copy(self, digest: Digest | None = None) -> None:
        left = self.upload.size - self.writer.at
        while data := self._read(min(PIECE, left + 1)):
            if len(data) > left:
                raise PieceTooLong
            self.writer.write(data)
            left -= len(data)
            if digest:
                digest.update(data)
            elif self.writer.at - self.told >= CHECKPOINT:
                self._tell()

    def _read(self, most: int) -> bytes:
        # A connection that breaks is the end of the piece.
        with suppress(OSError):
            return self.piece.read(most)
        return b""

    def _tell(self) -> None:
        """Move the row's offset to what is now on the disk. Raises `parts.Superseded`, `Ended`."""
        if self.writer.at == self.told:
            return
        self.writer.keep()
        with afresh():
            moved = Upload.objects.filter(pk=self.upload.pk, state=State.RECEIVING, offset=self.told).update(
                offset=self.writer.at, expires_at=_expiry(), updated_at=timezone.now()
            )
        if not moved:
            raise Ended
        self.told = self.writer.at


@contextmanager
def afresh() -> Iterator[None]:
    """Hours may have passed: the stores are given time anew, and a lost connection is replaced."""
    with budget(settings.REQUEST_DEADLINE_S):
        if not connection.in_atomic_block:
            close_old_connections()
        yield


# --- The end -----------------------------------------------------------------------------------------


def complete(upload: Upload) -> Upload:
    """Hand over what is whole: its asset, and the job, in one commit. Raises `AssetBusy`; then it waits."""
    with afresh(), transaction.atomic():
        upload = Upload.objects.select_for_update(of=("self",)).select_related("created_by").get(pk=upload.pk)
        if upload.state == State.RECEIVED or upload.offset != upload.size:
            return upload
        if upload.asset_id is None:
            upload.asset = assets.uploaded(
                labels.name_of(upload.filename), filename=upload.filename, by=upload.created_by
            )
        elif upload.role == Role.MASTER:
            _refuse_busy(Asset.objects.select_for_update().get(pk=upload.asset_id))
        upload.state, upload.expires_at = State.RECEIVED, _expiry()
        upload.save(update_fields=["asset", "state", "expires_at", "updated_at"])
        ingest.received(upload)
    parts.unlock(upload.public_id)
    return upload


def arrived(upload: Upload) -> Upload:
    """All of it is on the disk, by another way than pieces."""
    with afresh():
        Upload.objects.filter(pk=upload.pk, state=State.RECEIVING).update(offset=F("size"))
    return complete(upload)


def drop(upload: Upload) -> None:
    """Take back what has not arrived as a whole. Raises `Complete`."""
    if upload.state == State.RECEIVED:
        raise Complete
    parts.drop(upload.public_id)
    Upload.objects.filter(pk=upload.pk, state=State.RECEIVING).delete()


# --- By the clock ------------------------------------------------------------------------------------


def go_on() -> None:
    """Hand over what is whole and was not yet: the process died, or the asset was busy."""
    for upload in Upload.objects.filter(state=State.RECEIVING, offset=F("size"))[:20]:
        with suppress(AssetBusy):
            complete(upload)


def sweep(now: datetime) -> int:
    """Away with uploads that expired, the file first and then the row; and with files of none. How many.

    What was received keeps its row as long as its file waits for the job.
    """
    swept = 0
    for upload in Upload.objects.filter(expires_at__lte=now)[:200]:
        if upload.state == State.RECEIVING:
            drop(upload)
            swept += 1
        elif not parts.path_of(upload.public_id).exists():
            upload.delete()
            swept += 1
    return swept + _sweep_unowned(now - timedelta(days=1))


def _sweep_unowned(before: datetime) -> int:
    lying = set(parts.unowned(before=before.timestamp()))
    known = set(Upload.objects.filter(public_id__in=lying).values_list("public_id", flat=True))
    for upload in lying - known:
        parts.drop(upload)
    return len(lying - known)
