"""Files that lie on this machine already: taken in as if they had been sent."""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from django.contrib.auth.models import PermissionsMixin

from apps.core.errors import DomainError
from apps.media import parts
from apps.media.models import Upload
from apps.media.parts import PIECE

from . import uploads
from .uploads import Announced


class Changed(DomainError):
    code = "changed"
    status = 409
    detail = "The file changed while it was read."


def take(
    source: Path, *, asset: UUID | None = None, by: PermissionsMixin | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> Upload:  # fmt: skip
    """Copy a film in, for a new video or for `asset`; it stays where it is. `told` hears how many bytes are
    there.

    Raises what `uploads.begin` does, `Changed`, OSError; then nothing of it is left.
    """
    upload = uploads.begin(Announced(source.name, source.stat().st_size, asset=asset), by=by)
    taken = False
    try:
        _copy(source, upload, told)
        taken = True
    finally:
        if not taken:
            uploads.drop(upload)
    return uploads.arrived(upload)


def adopt(
    source: Path, upload_id: UUID, *, filename: str, told: Callable[[int], None] = lambda _: None
) -> Upload:
    """Take a file over for good; the caller removes it then. Safe to repeat after being killed at any point:
    the id stands for this very file, and a received upload with it says that it was taken.

    Raises what `uploads.begin` does, `Changed`, OSError.
    """
    upload = Upload.objects.filter(public_id=upload_id).first()
    if upload is None:
        upload = uploads.begin(Announced(filename, source.stat().st_size), by=None, public_id=upload_id)
    if upload.state == Upload.State.RECEIVED:
        return upload
    try:
        if not _linked(source, upload):
            _copy(source, upload, told)
    except Changed:
        # That file is no more, nor is what stands for it.
        uploads.drop(upload)
        raise
    return uploads.arrived(upload)


def _linked(source: Path, upload: Upload) -> bool:
    """Whether it could be given its second name: it lies on the same disk, and we may."""
    target = parts.path_of(upload.public_id)
    with source.open("rb") as file:
        os.fsync(file.fileno())
    try:
        target.unlink(missing_ok=True)
        target.hardlink_to(source)
    except OSError:
        parts.create(upload.public_id)
        return False
    return _whole(target, upload)


def _copy(source: Path, upload: Upload, told: Callable[[int], None]) -> None:
    target = parts.path_of(upload.public_id)
    with source.open("rb") as file, target.open("wb") as copy:
        while data := file.read(PIECE):
            copy.write(data)
            told(copy.tell())
        copy.flush()
        os.fsync(copy.fileno())
    _whole(target, upload)


def _whole(target: Path, upload: Upload) -> bool:
    if target.stat().st_size != upload.size:
        raise Changed
    return True
