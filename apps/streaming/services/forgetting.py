"""Erasing what playback holds on somebody."""

from apps.accounts.models import User
from apps.streaming.models import EndedBy, PlaybackSession
from apps.streaming.store import leases


def forget(account: User) -> dict[str, int]:
    """End what plays and take the record of it away; safe to repeat.

    In Redis only ids remain, and those for a day: without them an old token would play again.
    """
    rows = PlaybackSession.objects.filter(account=account.public_id)
    for session in rows.exclude(ended_at__isnull=False, released=True).values_list("public_id", flat=True):
        leases.end(str(account.public_id), str(session), EndedBy.SIGNED_OUT)
    return {"playback_sessions": rows.delete()[0]}
