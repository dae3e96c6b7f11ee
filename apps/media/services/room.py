"""Whether there is room for a file, asked before its first byte."""

import shutil

from django.conf import settings
from django.db import connection
from django.db.models import F, Max, Q, Sum

from apps.core.errors import DomainError
from apps.media.models import Asset, Upload

# Two that ask at once would both be given the last room.
LOCK_OF_ROOM = 0x726F6F6D
UNITS = ("bytes", "kB", "MB", "GB", "TB")


class NoRoom(DomainError):
    """`needed` and `free`, where they are known, in bytes; `free` is what a file may have at most."""

    code = "insufficient_storage"
    status = 507


class TooLarge(DomainError):
    """`most`: bytes."""

    code = "payload_too_large"
    status = 413


def demand(size: int) -> None:
    """Room for a file of so many bytes, held until the transaction ends. Raises `TooLarge`, `NoRoom`."""
    if size > settings.UPLOAD_MAX_BYTES:
        most = settings.UPLOAD_MAX_BYTES
        raise TooLarge(f"A file may have {told(most)}; this one has {told(size)}.", extra={"most": most})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_OF_ROOM])
    if settings.UPLOAD_QUOTA_BYTES:
        _refuse(size, settings.UPLOAD_QUOTA_BYTES - used(), "The quota")
    _refuse(size, free_on_disk(), "The disk")


def _refuse(size: int, free: int, what: str) -> None:
    if size > free:
        free = max(0, free)
        raise NoRoom(
            f"{what} has no room for this: it needs {told(size)}, and {told(free)} are free.",
            extra={"needed": size, "free": free},
        )


def used() -> int:
    """Bytes of all masters, each counted once, and of what is on its way to be one."""
    masters = Asset.objects.exclude(master_key="").order_by().values("master_key")
    kept = masters.annotate(size=Max("master_size")).aggregate(total=Sum("size"))["total"] or 0
    coming = Q(state=Upload.State.RECEIVING) | Q(asset__master_key="")
    return int(kept + (Upload.objects.filter(coming).aggregate(total=Sum("size"))["total"] or 0))


def free_on_disk() -> int:
    """Bytes that may be promised: not those that open uploads have still to write, nor those kept free."""
    settings.UPLOAD_DIR.mkdir(parents=True, exist_ok=True)
    promised = Upload.objects.filter(state=Upload.State.RECEIVING).aggregate(
        total=Sum(F("size") - F("offset"))
    )["total"]
    free = shutil.disk_usage(settings.UPLOAD_DIR).free
    return int(free - (promised or 0) - settings.UPLOAD_KEEP_FREE_BYTES)


def told(size: float) -> str:
    """A number of bytes for people: 1.5 GB."""
    unit = 0
    while size >= 1000 and unit < len(UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {UNITS[unit]}" if unit else f"{size:.0f} {UNITS[0]}"
