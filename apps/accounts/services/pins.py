"""Profile PINs: four digits, so what protects them is that nobody gets to try many.

Each try is paid for before it is hashed, by one UPDATE that also locks the profile at the fifth: of any
number of parallel guesses at most five are looked at. The counters live in PostgreSQL; no flush of a cache
gives new tries (docs/decisions/0006).
"""

import math
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import Case, DateTimeField, F, IntegerField, Q, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from apps.accounts import hashing
from apps.accounts.models import Profile, User
from apps.core.errors import DomainError
from apps.core.network import Caller

from . import audit

TRIES = 5
TRIES_A_DAY = 20
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=24)


class PinRequired(DomainError):
    code = "pin_required"
    status = 403
    detail = "This profile asks for its PIN."


class PinWrong(DomainError):
    code = "pin_wrong"
    status = 403
    detail = "The PIN is wrong."


class PinLocked(DomainError):
    code = "pin_locked"
    status = 429
    detail = "Too many wrong PINs. Wait, or use the account password."


class PasswordRequired(DomainError):
    code = "password_required"
    status = 403
    detail = "The account password is needed for this."


class NoSuchProfile(DomainError):
    """It was there when the request began."""

    code = "not_found"
    status = 404
    detail = "This profile was deleted."


def hashed(pin: str) -> str:
    return make_password(pin) if pin else ""


def check(profile: Profile, pin: str, *, caller: Caller) -> None:
    """Pass, or raise `PinRequired`, `PinWrong`, `PinLocked` or, after twenty a day, `PasswordRequired`."""
    if not profile.has_pin:
        return
    now = timezone.now()
    _refuse_if_locked(profile, now)
    if not pin:
        raise PinRequired
    # The place comes first: a server too busy to look at a PIN must not count it as wrong.
    with hashing.pool.place():
        if not _pay_for_a_try(profile, now):
            _reload(profile)
            _refuse_if_locked(profile, now)
            raise PinLocked(retry_after_s=1)
        right = check_password(pin, profile.pin_hash)
    if right:
        _give_back(profile)
        return
    _reload(profile)
    _record(audit.Kind.PIN_WRONG, profile, caller)
    if profile.pin_locked_until and profile.pin_locked_until > now:
        _record(audit.Kind.PIN_LOCKED, profile, caller)
    raise PinWrong(extra={"tries_left": _tries_left(profile)})


def reset(profile: Profile) -> None:
    """Forget all wrong tries: the account password was given, or staff vouch."""
    Profile.objects.filter(pk=profile.pk).update(
        pin_failures=0, pin_locks=0, pin_locked_until=None, pin_failures_today=0
    )


def _give_back(profile: Profile) -> None:
    """The PIN was right: no lock, and this try costs nothing. The day's wrong ones still count, or whoever
    guesses would get a new score each time the owner comes in."""
    Profile.objects.filter(pk=profile.pk).update(
        pin_failures=0,
        pin_locks=0,
        pin_locked_until=None,
        pin_failures_today=Greatest(F("pin_failures_today") - 1, 0),
    )


def unlock(profile: Profile, *, by: User) -> None:
    """Staff: give the profile its tries back."""
    reset(profile)
    audit.record(
        audit.Kind.UNLOCKED, account=profile.account.public_id, by=by, profile=str(profile.public_id)
    )


def _reload(profile: Profile) -> None:
    try:
        profile.refresh_from_db()
    except Profile.DoesNotExist as error:
        raise NoSuchProfile from error


def _tries_left(profile: Profile) -> int:
    until_lock = TRIES - profile.pin_failures if profile.pin_failures else 0
    return min(until_lock, TRIES_A_DAY - profile.pin_failures_today)


def _refuse_if_locked(profile: Profile, now: datetime) -> None:
    if profile.pin_failures_today >= TRIES_A_DAY:
        raise PasswordRequired("Too many wrong PINs today. Use the account password.")
    if profile.pin_locked_until and profile.pin_locked_until > now:
        raise PinLocked(retry_after_s=math.ceil((profile.pin_locked_until - now).total_seconds()))


def _pay_for_a_try(profile: Profile, now: datetime) -> bool:
    """Count one try as wrong, and lock at the fifth. False when there is none to be had."""
    today = now.date()
    last = Q(pin_failures__gte=TRIES - 1)
    locks = [
        When(last & Q(pin_locks=n), then=Value(now + min(FIRST_LOCK * 2**n, LONGEST_LOCK))) for n in range(7)
    ]
    paid = (
        Profile.objects.filter(pk=profile.pk, pin_failures_today__lt=TRIES_A_DAY)
        .filter(Q(pin_locked_until=None) | Q(pin_locked_until__lte=now))
        .update(
            pin_failures=Case(
                When(last, then=Value(0)), default=F("pin_failures") + 1, output_field=IntegerField()
            ),
            pin_locked_until=Case(
                *locks,
                When(last, then=Value(now + LONGEST_LOCK)),
                default=Value(None),
                output_field=DateTimeField(),
            ),
            pin_locks=Case(
                When(last, then=F("pin_locks") + 1), default=F("pin_locks"), output_field=IntegerField()
            ),
            pin_failures_today=Case(
                When(pin_day=today, then=F("pin_failures_today") + 1),
                default=Value(1),
                output_field=IntegerField(),
            ),
            pin_day=today,
        )
    )
    return paid == 1


def _record(kind: audit.Kind, profile: Profile, caller: Caller) -> None:
    audit.record(kind, account=profile.account.public_id, caller=caller, profile=str(profile.public_id))
