"""Nothing stays that nobody needs: what is written is noted first, and swept unless it got an owner."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Now, StrIndex

from apps.media import origin
from apps.media.models import Asset, AudioTrack, Leftover, Rendition, SubtitleTrack

# A job that was given up may be begun again for so long without doing its finished steps anew.
KEPT_FOR_A_RETRY = timedelta(days=7)
# A player that began before the tracks were replaced plays on with those it knows.
KEPT_FOR_PLAYERS = timedelta(days=1)
AT_ONCE = 20

log = logging.getLogger(__name__)


def note(prefix: str, *, keep: timedelta = KEPT_FOR_A_RETRY) -> None:
    """Objects are about to be written under the prefix; they are swept after `keep`, unless `own` is called.

    Commit it before the first object: call it outside of the transaction that ends in `own`.
    """
    Leftover.objects.update_or_create(prefix=prefix, defaults={"due_at": Now() + keep})


def own(prefix: str) -> None:
    """What lies there has an owner from now on: call it in the transaction that gives it one."""
    Leftover.objects.filter(prefix=prefix).delete()


def disown(prefix: str, *, keep: timedelta = timedelta(0)) -> None:
    """What lies there is swept after `keep`: call it in the transaction that takes it from its owner."""
    note(prefix, keep=keep)


def is_kept(prefix: str) -> bool:
    """Whether what was noted has not been swept yet."""
    return Leftover.objects.filter(prefix=prefix).exists()


def sweep() -> int:
    """Delete what is due; how many prefixes that were. Safe to run anywhere at once, and to be killed."""
    swept = 0
    try:
        while swept < AT_ONCE and _sweep_next():
            swept += 1
    except origin.Unavailable as away:
        log.warning("storage unavailable", extra={"cause": str(away)[:200]})
    return swept


def _sweep_next() -> bool:
    with transaction.atomic():
        due = Leftover.objects.select_for_update(skip_locked=True).filter(due_at__lte=Now())
        row = due.order_by("due_at").first()
        if row is None:
            return False
        if not _is_owned(row.prefix):
            origin.sweep(row.prefix)
        row.delete()
    return True


def _is_owned(prefix: str) -> bool:
    """Whether a row names it after all; sweeping what is in use must not hang on a mistake elsewhere."""
    if Asset.objects.filter(master_key=prefix).exists() or Asset.objects.filter(prefix=prefix).exists():
        return True
    under = StrIndex("key", Value(prefix))
    return any(
        model.objects.alias(at=under).filter(at=1).exists()
        for model in (Rendition, AudioTrack, SubtitleTrack)
    )
