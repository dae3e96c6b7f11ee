"""Ending sessions, and keeping PostgreSQL and Redis of one mind about them.

What ends a session is written down first (`ended_at`, and `released` once Redis has been told), so that a
Redis that is away when it happens is told as soon as it is back.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from apps.accounts.models import Profile, Session
from apps.billing.services import entitlement_of
from apps.catalog.models import Listing
from apps.catalog.offers import Viewer, decide
from apps.core.errors import STORE_ERRORS
from apps.streaming.models import EndedBy, PlaybackSession
from apps.streaming.models.session import PlaybackSessionQuerySet
from apps.streaming.store import leases
from apps.streaming.store.leases import Life
from apps.streaming.tokens import PlaybackClaims

from .finding import Wanted, live

AT_ONCE = 500
# Redis may have been emptied: players have this long to bring their leases back.
SETTLED_AFTER = timedelta(minutes=2)
KEPT_FOR = timedelta(days=90)
EVERYTHING = 10**6


def stop(claims: PlaybackClaims) -> None:
    """The player is done. The lease is free at once; safe to repeat."""
    leases.end(claims.account, claims.session, EndedBy.STOPPED)
    PlaybackSession.objects.open().filter(public_id=claims.session).update(
        ended_at=timezone.now(), ended_by=EndedBy.STOPPED, released=True
    )


def end(sessions: PlaybackSessionQuerySet, by: EndedBy) -> int:
    """End those that are open; how many. Whoever plays them is told by the next beat."""
    with transaction.atomic():
        locked = sessions.open().select_for_update().order_by("pk")
        keys = list(locked.values_list("pk", flat=True))
        PlaybackSession.objects.filter(pk__in=keys).update(ended_at=timezone.now(), ended_by=by)
        transaction.on_commit(lambda: _try_to_release(keys))
    return len(keys)


def of_account(account: UUID) -> PlaybackSessionQuerySet:
    return PlaybackSession.objects.filter(account=account)


def live_of(account: UUID) -> Sequence[PlaybackSession]:
    """The sessions of the account that have a lease right now."""
    sessions = leases.live(str(account))
    return list(PlaybackSession.objects.open().filter(public_id__in=sessions))


def end_what_the_plan_lacks(account: UUID, account_pk: int) -> int:
    """After a change of plan: what it does not open, is too sharp for it, or is one stream too many, the
    latest begun first."""
    now = timezone.now()
    entitlement = entitlement_of(account_pk, now)
    lacking, playing = [], []
    for session in of_account(account).open().order_by("started_at", "pk"):
        is_sharper = entitlement.max_height is not None and (
            session.max_height is None or session.max_height > entitlement.max_height
        )
        if is_sharper or not _opens(entitlement.tier, session, now):
            lacking.append(session.pk)
        else:
            playing.append(session)
    alive = {str(one.public_id) for one in live_of(account)}
    held = [one.pk for one in playing if str(one.public_id) in alive]
    lacking += held[entitlement.streams :]
    return end(PlaybackSession.objects.filter(pk__in=lacking), EndedBy.PLAN_CHANGED)


def _opens(tier: int, session: PlaybackSession, at: datetime) -> bool:
    """Whether the tier would do. What else has changed meanwhile ends no running session."""
    found, part = live(Wanted(str(session.title), session.episode))
    if found is None or session.extra:
        return True
    viewer = Viewer(session.territory, tier, EVERYTHING, False, "", at)
    return decide(viewer, found.maturity, *found.levels(part)).code != "plan_required"


def end_orphans(*, begun_after: datetime) -> int:
    """What began just as its device was signed out, its profile deleted or restricted, or its title taken
    down or rated anew."""
    rows = PlaybackSession.objects.open().filter(started_at__gt=begun_after)
    devices = Session.objects.filter(public_id=OuterRef("signed_in"), revoked_at=None)
    ended = end(rows.filter(~Exists(devices)), EndedBy.SIGNED_OUT)
    profiles = Profile.objects.filter(public_id=OuterRef("profile"))
    ended += end(rows.filter(~Exists(profiles)), EndedBy.PROFILE_DELETED)
    ended += end(restricted(rows), EndedBy.RESTRICTED)
    listings = Listing.objects.filter(public_id=OuterRef("title"))
    return ended + end(rows.filter(~Exists(listings)), EndedBy.WITHDRAWN)


def restricted(rows: PlaybackSessionQuerySet) -> PlaybackSessionQuerySet:
    """Those whose title is rated above what their profile may see by now; and those that began before it
    became a kid's, or ceased to be one's, for that is what their tokens say."""
    ratings = Listing.objects.filter(public_id=OuterRef("title")).values("maturity")
    profiles = Profile.objects.filter(public_id=OuterRef("profile"))
    return rows.annotate(
        rating=Subquery(ratings), ceiling=Subquery(profiles.values("maturity")),
        is_kid=Subquery(profiles.values("kid")),
    ).filter(Q(rating__gt=F("ceiling")) | Q(kid=True, is_kid=False) | Q(kid=False, is_kid=True))  # fmt: skip


# --- Of one mind -----------------------------------------------------------------------------------------


def release() -> int:
    """Tell Redis of what ended while it was away; how many that were."""
    keys = list(PlaybackSession.objects.to_release().order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    _release(keys)
    return len(keys)


def _try_to_release(keys: Iterable[int]) -> None:
    try:
        _release(keys)
    except STORE_ERRORS:
        # The clock tries again (`tasks.settle_playback`).
        return


def _release(keys: Iterable[int]) -> None:
    for session in PlaybackSession.objects.to_release().filter(pk__in=list(keys)):
        leases.end(str(session.account), str(session.public_id), session.ended_by)
        PlaybackSession.objects.filter(pk=session.pk).update(released=True)


def judge_readmitted() -> int:
    """Sessions whose leases beats brought back by their tokens alone: what had ended for good ends again,
    what was taken for expired goes on. How many were looked at."""
    found = leases.readmitted()
    rows = PlaybackSession.objects.filter(public_id__in=found, ended_at__isnull=False)
    for session in rows:
        if session.ended_by == EndedBy.EXPIRED:
            PlaybackSession.objects.filter(pk=session.pk, ended_by=EndedBy.EXPIRED).update(
                ended_at=None, ended_by="", released=False
            )
        else:
            leases.end(str(session.account), str(session.public_id), session.ended_by)
    leases.forget_readmitted(found)
    return len(found)


def close_expired(at: datetime) -> int:
    """Put on record which open sessions have no lease any more; how many."""
    closed = 0
    for batch in _batches(at - SETTLED_AFTER):
        told = leases.lives((str(one.account), str(one.public_id)) for one in batch)
        for session, (life, reason) in zip(batch, told, strict=True):
            if life is Life.ALIVE:
                continue
            closed += (
                PlaybackSession.objects.open()
                .filter(pk=session.pk)
                .update(ended_at=at, ended_by=reason or EndedBy.EXPIRED, released=True)
            )
    return closed


def _batches(begun_before: datetime) -> Iterator[list[PlaybackSession]]:
    after = 0
    rows = PlaybackSession.objects.open().filter(started_at__lt=begun_before).order_by("pk")
    while batch := list(rows.filter(pk__gt=after)[:AT_ONCE]):
        yield batch
        after = batch[-1].pk


def forget_old(at: datetime) -> int:
    return PlaybackSession.objects.over_before(at - KEPT_FOR).delete()[0]
