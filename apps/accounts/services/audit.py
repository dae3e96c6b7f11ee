"""Writing the security audit log."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from apps.accounts.models import SecurityEvent, User
from apps.core.network import Caller

Kind = SecurityEvent.Kind
# As the receipt of an erasure promises; the database keeps younger ones even from us.
KEPT_FOR = timedelta(days=367)


def record(
    kind: Kind,
    *,
    account: UUID | None,
    caller: Caller | None = None,
    by: User | None = None,
    session: UUID | None = None,
    at: datetime | None = None,
    **facts: str | int | bool,
) -> SecurityEvent:
    """Add one event. Facts are ids, names of fields and counts, never secrets or e-mails."""
    return SecurityEvent.objects.create(
        at=at or timezone.now(),
        kind=kind,
        account=account,
        by=by,
        session=session,
        network=caller.network if caller else "",
        facts=facts,
    )


def forget_old() -> int:
    """Drop events past their year."""
    return SecurityEvent.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()[0]
