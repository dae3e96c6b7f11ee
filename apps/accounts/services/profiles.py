"""Profiles: making, changing, dropping and selecting them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts import tokens
from apps.accounts.maturity import HIGHEST_KID_CEILING, KID_CEILING, Maturity
from apps.accounts.models import MAX_PROFILES, Profile, Session, User
from apps.accounts.signals import profile_deleted, profile_restricted
from apps.core import jobs
from apps.core.errors import DomainError, InvalidField
from apps.core.network import Caller

from . import audit, pins, sessions

FORGET = "apps.accounts.tasks.forget_profile"


class ProfileLimit(DomainError):
    code = "profile_limit"
    status = 409
    detail = f"An account has at most {MAX_PROFILES} profiles."


class ProfileChanged(DomainError):
    code = "conflict"
    status = 409
    detail = "Somebody else changed this profile just now. Look again, then try again."


@dataclass(frozen=True, slots=True)
class Proof:
    """What the caller offers to show that it may: a profile's PIN, or the account's password."""

    pin: str = ""
    password: str = ""


def create(user: User, fields: Mapping[str, Any], *, ceiling: int, proof: Proof, caller: Caller) -> Profile:
    """Add a profile with `fields` (name, avatar, language, maturity, kid, pin).

    `ceiling` is that of the profile that asks: more than it has itself it can grant only with the
    account's password. Raises `ProfileLimit`.
    """
    fields = dict(fields)
    kid = fields.setdefault("kid", False)
    rating = fields.setdefault("maturity", KID_CEILING if kid else Maturity.A)
    _judge(kid, rating)
    if rating > ceiling:
        _need_password(user, proof, caller)
    pin_hash = pins.hashed(fields.pop("pin", None) or "")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        taken = set(Profile.objects.filter(account=user).values_list("slot", flat=True))
        slot = next((n for n in range(1, MAX_PROFILES + 1) if n not in taken), None)
        if slot is None:
            raise ProfileLimit
        profile = Profile.objects.create(account=user, slot=slot, pin_hash=pin_hash, **fields)
        _record(profile, caller, "created")
    return profile


def change(
    profile: Profile, fields: Mapping[str, Any], *, ceiling: int, proof: Proof, caller: Caller
) -> Profile:
    """Change some fields. What protects a child (PIN, ceiling, kid flag) is loosened only with proof."""
    fields = dict(fields)
    pin = fields.pop("pin", ...)
    kid = fields.get("kid", profile.kid)
    rating = fields.get("maturity", profile.maturity)
    if kid and "maturity" not in fields:
        rating = fields["maturity"] = min(rating, HIGHEST_KID_CEILING)
    _judge(kid, rating)
    looser = rating > profile.maturity or (profile.kid and not kid)
    if rating > ceiling or (looser and profile.kid):
        _need_password(profile.account, proof, caller)
    elif profile.has_pin and (looser or pin is not ...):
        prove(profile, proof, caller=caller)
    if pin is not ...:
        fields |= {"pin_hash": pins.hashed(pin or "")}
    with transaction.atomic():
        locked = _locked(profile)
        if locked.updated_at != profile.updated_at:
            # What it was judged by, and the proof asked for, may be of the past.
            raise ProfileChanged
        for name, value in fields.items():
            setattr(locked, name, value)
        locked.save(update_fields=[*fields, "updated_at"])
        if pin is not ...:
            pins.reset(locked)
        sessions.profile_changed(locked)
        _announce_restriction(profile, locked)
        _record(locked, caller, "changed", *sorted(fields))
    return locked


def _announce_restriction(before: Profile, after: Profile) -> None:
    if after.maturity < before.maturity or after.kid != before.kid:
        told = {"profile_id": after.public_id}
        transaction.on_commit(lambda: profile_restricted.send_robust(Profile, **told))


def drop(profile: Profile, *, proof: Proof, caller: Caller) -> None:
    """Delete a profile with all that is its own. One with a PIN goes only with proof.

    Devices in a child's hands are signed out with it: without a profile they would be the account's.
    Raises `ProfileChanged`.
    """
    prove(profile, proof, caller=caller)
    with transaction.atomic():
        locked = _locked_as_proved(profile)
        if locked.kid:
            sessions.revoke(Session.objects.filter(profile=locked), because="profile_deleted")
        sessions.profile_changed(locked)
        _record(locked, caller, "deleted")
        jobs.enqueue(FORGET, account=str(profile.account.public_id), profile=str(profile.public_id))
        ids = {"account_id": profile.account.public_id, "profile_id": profile.public_id}
        transaction.on_commit(lambda: profile_deleted.send_robust(Profile, **ids))
        locked.delete()


def select(profile: Profile, *, session_id: UUID, from_kid: bool, proof: Proof, caller: Caller) -> str:
    """Hand the device to a profile; an access token of that profile.

    A profile with a PIN asks for it. A child's device is handed on only with the PIN of the profile it
    goes to, or the account's password. The session remembers the profile, so refreshed tokens are its too.
    Raises `ProfileChanged`.
    """
    session = (
        Session.objects.alive(timezone.now()).select_related("profile").filter(public_id=session_id).first()
    )
    if session is None:
        raise sessions.SessionEnded
    # The row knows better than a token, or a remembered state, of before the child got the device.
    from_kid = from_kid or (session.profile is not None and session.profile.kid)
    if from_kid and not profile.has_pin:
        _need_password(profile.account, proof, caller)
    else:
        prove(profile, proof, caller=caller)
    with transaction.atomic():
        _locked_as_proved(profile)
        Session.objects.filter(pk=session.pk).update(profile=profile)
        sessions.profile_changed(profile)
    return tokens.access_token(session, profile.account.public_id, profile.public_id)


def prove(profile: Profile, proof: Proof, *, caller: Caller) -> None:
    """Pass with the profile's PIN, if it has one, or the account's password, which also unlocks the PIN."""
    if proof.password:
        sessions.confirm_password(profile.account, proof.password, caller=caller)
        pins.reset(profile)
    else:
        pins.check(profile, proof.pin, caller=caller)


def _locked(profile: Profile) -> Profile:
    found = Profile.objects.select_for_update().filter(pk=profile.pk).first()
    if found is None:
        raise pins.NoSuchProfile
    found.account = profile.account
    return found


def _locked_as_proved(profile: Profile) -> Profile:
    """The row, locked. `ProfileChanged` where its PIN is not the one (or none) that was asked for."""
    locked = _locked(profile)
    if locked.pin_hash != profile.pin_hash:
        raise ProfileChanged
    return locked


def _need_password(user: User, proof: Proof, caller: Caller) -> None:
    if not proof.password:
        raise pins.PasswordRequired
    sessions.confirm_password(user, proof.password, caller=caller)


def _judge(kid: bool, rating: int) -> None:
    if kid and rating > HIGHEST_KID_CEILING:
        raise InvalidField("maturity", "too_high", f"A kid's profile goes up to {HIGHEST_KID_CEILING.label}.")


def _record(profile: Profile, caller: Caller, what: str, *fields: str) -> None:
    audit.record(
        audit.Kind.PROFILE_CHANGED,
        account=profile.account.public_id,
        caller=caller,
        profile=str(profile.public_id),
        what=what,
        fields=",".join(fields),
    )
