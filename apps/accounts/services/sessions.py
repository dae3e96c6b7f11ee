"""Signing in, staying signed in, and every way of being signed out."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore as AdminSessions
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Least
from django.utils import timezone

from apps.accounts import store, tokens
from apps.accounts.models import Profile, Session, User
from apps.accounts.models.user import normalized
from apps.accounts.signals import sessions_ended
from apps.accounts.tokens import Grant
from apps.core import ratelimit
from apps.core.errors import Busy, DomainError
from apps.core.network import Caller

from . import audit

SEEN_EVERY = timedelta(minutes=1)


class BadCredentials(DomainError):
    code = "not_authenticated"
    status = 401
    detail = "The e-mail or the password is wrong."


class DeadRefreshToken(DomainError):
    code = "not_authenticated"
    status = 401
    detail = "This refresh token is no longer good. Sign in again."


class SessionEnded(DomainError):
    code = "token_expired"
    status = 401
    detail = "This session has ended. Sign in again."


class AccountChanged(Busy):
    """What was checked a moment ago no longer holds; asking again finds out."""

    detail = "The account is being changed right now. Try again."


@dataclass(frozen=True, slots=True)
class ProfileState:
    """The facts of a profile that decide what it may see."""

    id: str
    kid: bool
    maturity: int
    language: str


@dataclass(frozen=True, slots=True)
class SessionState:
    """What a request needs to know of its session; at most `store.STATE_LIVES_S` old."""

    account: int
    verified: bool
    staff: bool
    profile: ProfileState | None


# --- Signing in ------------------------------------------------------------------------------------


def check_credentials(email: str, password: str, *, caller: Caller) -> User:
    """The active account of these credentials. `Throttled` or `BadCredentials` otherwise.

    An unknown e-mail costs the same hash as a known one.
    """
    email = normalized(email)
    ratelimit.enforce("login-client", caller.rate_key, settings.RATE_LIMIT_LOGIN_CLIENT)
    ratelimit.enforce("login-account", email, settings.RATE_LIMIT_LOGIN_ACCOUNT)
    user = User.objects.with_email(email).first()
    if user is None:
        make_password(password)
    elif user.check_password(password) and user.is_active:
        return user
    audit.record(audit.Kind.SIGN_IN_FAILED, account=user.public_id if user else None, caller=caller)
    raise BadCredentials


def confirm_password(user: User, password: str, *, caller: Caller) -> None:
    """That it is really the owner who asks. Counts against the account like a sign-in."""
    ratelimit.enforce("login-account", user.email, settings.RATE_LIMIT_LOGIN_ACCOUNT)
    if not user.check_password(password):
        audit.record(audit.Kind.SIGN_IN_FAILED, account=user.public_id, caller=caller)
        raise PasswordWrong


class PasswordWrong(DomainError):
    code = "password_wrong"
    status = 403
    detail = "The account password is wrong."


def sign_in(email: str, password: str, *, device_name: str = "", caller: Caller) -> Grant:
    """Start a session on a device."""
    user = check_credentials(email, password, caller=caller)
    now = timezone.now()
    with transaction.atomic():
        # Changing the password or shutting the account ends its sessions; this one must not slip in after.
        same = User.objects.filter(pk=user.pk, password=user.password, is_active=True)
        if not same.select_for_update(no_key=True).values_list("pk").first():
            raise AccountChanged(retry_after_s=1)
        session = Session.objects.create(
            account=user,
            device_name=device_name,
            user_agent=caller.user_agent,
            country=caller.country,
            created_at=now,
            rotated_at=now,
            last_seen_at=now,
            expires_at=now + settings.REFRESH_TOKEN_IDLE_LIFETIME,
            ends_at=now + settings.REFRESH_TOKEN_ABSOLUTE_LIFETIME,
        )
        audit.record(audit.Kind.SIGNED_IN, account=user.public_id, caller=caller, session=session.public_id)
    return _grant(session, user.public_id, session.generation)


def _grant(session: Session, account_id: UUID, generation: int) -> Grant:
    profile_id = session.profile.public_id if session.profile else None
    return Grant(
        access=tokens.access_token(session, account_id, profile_id),
        refresh=tokens.refresh_token(session, generation),
        expires_in=int(settings.ACCESS_TOKEN_LIFETIME.total_seconds()),
    )


# --- Staying signed in -----------------------------------------------------------------------------


def refresh(text: str, *, caller: Caller) -> Grant:
    """Trade a refresh token for its successor. It works once.

    The same device that asks again within `REFRESH_TOKEN_RETRY_WINDOW` gets the same successor, for
    answers get lost on the way. Any other second use means that somebody holds a copy: the whole family
    ends. Raises `DeadRefreshToken`.
    """
    claim = tokens.parse_refresh(text)
    session = claim and (
        Session.objects.select_related("account", "profile").filter(public_id=claim.session_id).first()
    )
    if not claim or not session or not tokens.is_genuine(claim, session):
        raise DeadRefreshToken
    now = timezone.now()
    if not session.account.is_active:
        raise DeadRefreshToken
    if not _rotate(session, claim.generation, now, caller) and not _is_retry(
        session, claim.generation, now, caller
    ):
        _end_family(session, claim.generation, caller, now)
        raise DeadRefreshToken
    return _grant(session, session.account.public_id, claim.generation + 1)


def _rotate(session: Session, generation: int, now: datetime, caller: Caller) -> bool:
    """Use the token up: one statement on one row, so that of many parallel uses exactly one wins."""
    # No joins here: PostgreSQL re-checks only the updated row's own columns after waiting for its lock.
    won = Session.objects.filter(
        pk=session.pk, generation=generation, revoked_at=None, expires_at__gt=now
    ).update(
        generation=generation + 1,
        rotated_at=now,
        last_seen_at=now,
        expires_at=Least(now + settings.REFRESH_TOKEN_IDLE_LIFETIME, F("ends_at")),
        user_agent=caller.user_agent,
        country=caller.country,
    )
    return won == 1


def _is_retry(session: Session, generation: int, now: datetime, caller: Caller) -> bool:
    return (
        Session.objects.alive(now)
        .filter(
            pk=session.pk,
            generation=generation + 1,
            rotated_at__gt=now - settings.REFRESH_TOKEN_RETRY_WINDOW,
            user_agent=caller.user_agent,
        )
        .exists()
    )


def _end_family(session: Session, generation: int, caller: Caller, now: datetime) -> None:
    """A token that is merely late, or whose session has ended, is no sign of a copy."""
    with transaction.atomic():
        if revoke(Session.objects.alive(now).filter(pk=session.pk), because="refresh_reused", at=now):
            audit.record(
                audit.Kind.REFRESH_REUSED,
                account=session.account.public_id,
                caller=caller,
                session=session.public_id,
                generation=generation,
            )


def state_of(session_id: str, profile_id: str) -> SessionState | None:
    """What is known of a session, seen by a token for that profile ("" for none); None: the token is dead."""
    known = store.read_state(session_id, profile_id)
    if known is None:
        asked_at = monotonic()
        found = _load_state(session_id, profile_id)
        known = {"dead": True} if found is None else asdict(found)
        store.write_state(session_id, profile_id, known, age_s=monotonic() - asked_at)
    if known.get("dead"):
        return None
    profile = known.pop("profile")
    return SessionState(**known, profile=ProfileState(**profile) if profile else None)


def _load_state(session_id: str, profile_id: str) -> SessionState | None:
    now = timezone.now()
    session = (
        Session.objects.alive(now)
        .select_related("account", "profile")
        .only(
            "last_seen_at",
            "account__is_staff",
            "account__email_verified_at",
            "profile__public_id",
            "profile__kid",
        )
        .filter(public_id=session_id)
        .first()
    )
    if session is None:
        return None
    held = session.profile
    # A device handed to a child stays with the child: tokens issued before that do not get around it.
    if held and held.kid and str(held.public_id) != profile_id:
        return None
    profile = None
    if profile_id:
        profile = Profile.objects.filter(account=session.account_id, public_id=profile_id).first()
        if profile is None:
            return None
    if now - session.last_seen_at > SEEN_EVERY:
        Session.objects.filter(pk=session.pk).update(last_seen_at=now)
    return SessionState(
        account=session.account_id,
        verified=session.account.email_verified,
        staff=session.account.is_staff,
        profile=ProfileState(str(profile.public_id), profile.kid, profile.maturity, profile.language)
        if profile
        else None,
    )


# --- Signing out -----------------------------------------------------------------------------------


def revoke(sessions: "QuerySet[Session]", *, because: str, at: datetime | None = None) -> int:
    """End sessions; their tokens, access tokens too, are dead within 5 s. How many were still alive."""
    now = at or timezone.now()
    with transaction.atomic():
        alive = sessions.filter(revoked_at=None).order_by("pk").select_for_update(of=("self",))
        ids = dict(alive.values_list("pk", "public_id"))
        count = Session.objects.filter(pk__in=ids).update(revoked_at=now, revoked_because=because)
        transaction.on_commit(lambda: _announce(list(ids.values())))
    return count


def _announce(ended: list[UUID]) -> None:
    store.forget_states(ended)
    if ended:
        sessions_ended.send_robust(Session, session_ids=ended)


def sign_out(user: User, session_id: UUID, *, caller: Caller) -> None:
    """End one session of the account; `Session.DoesNotExist` for one that is not alive or not its own."""
    with transaction.atomic():
        session = Session.objects.alive(timezone.now()).get(account=user, public_id=session_id)
        if not revoke(Session.objects.filter(pk=session.pk), because="signed_out"):
            # Somebody else did it between the two lines above.
            raise Session.DoesNotExist
        audit.record(audit.Kind.SIGNED_OUT, account=user.public_id, caller=caller, session=session_id)


def sign_out_everywhere(
    user: User,
    *,
    because: str,
    keep: UUID | None = None,
    caller: Caller | None = None,
    by: User | None = None,
) -> int:
    """End every session of the account, but for `keep`; those of the admin, too, where it is staff's.

    A request of the admin that does this to its own account ends itself, unless it goes on with this very
    `user` (Django's `update_session_auth_hash`).
    """
    ours = Session.objects.filter(account=user)
    if keep:
        ours = ours.exclude(public_id=keep)
    with transaction.atomic():
        # The account's row before its sessions', as everywhere.
        _begin_epoch(user)
        count = revoke(ours, because=because)
        audit.record(
            audit.Kind.SESSION_REVOKED,
            account=user.public_id,
            caller=caller,
            by=by,
            because=because,
            sessions=count,
        )
    return count


def _begin_epoch(user: User) -> None:
    row = User.objects.filter(pk=user.pk)
    if row.update(session_epoch=F("session_epoch") + 1):
        user.session_epoch = row.values_list("session_epoch", flat=True).get()


def end_by_staff(sessions: "QuerySet[Session]", *, by: User) -> int:
    """Staff: sign devices out. How many were still alive."""
    ended = 0
    with transaction.atomic():
        for session in sessions.filter(revoked_at=None).select_related("account"):
            if not revoke(Session.objects.filter(pk=session.pk), because="staff"):
                continue
            ended += 1
            audit.record(
                audit.Kind.SESSION_REVOKED,
                account=session.account.public_id,
                by=by,
                session=session.public_id,
                because="staff",
            )
    return ended


def profile_changed(profile: Profile) -> None:
    """What a profile may see has changed: nobody goes on with the old facts."""
    ids = list(
        Session.objects.filter(account=profile.account_id, revoked_at=None).values_list(
            "public_id", flat=True
        )
    )
    transaction.on_commit(lambda: store.forget_states(ids))


def forget_ended(*, before: datetime) -> int:
    """Drop sessions that ended long ago, and those of the admin that are over."""
    AdminSessions.clear_expired()
    return Session.objects.filter(expires_at__lt=before).delete()[0]
