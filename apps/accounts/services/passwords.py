"""Changing a password, and everything that must end when it changes."""

from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import MailToken, User
from apps.accounts.password_rules import judge
from apps.core import jobs
from apps.core.network import Caller

from . import audit, registration, sessions


def change(user: User, *, current: str, new: str, session: UUID, caller: Caller) -> None:
    """Set a new password, given the current one. Every other session ends."""
    sessions.confirm_password(user, current, caller=caller)
    judge(new, user=user, path="new_password")
    _set(user, new, audit.Kind.PASSWORD_CHANGED, keep=session, caller=caller)


def reset(token: str, *, new: str, caller: Caller) -> None:
    """Set a new password by a mailed token. Every session ends, and the address counts as confirmed."""
    judge(new, user=None, path="password")
    with transaction.atomic():
        found = registration.use_mail_token(token, MailToken.Purpose.RESET)
        if found.email != found.account.email or not found.account.is_active:
            # It was mailed to an address that is no longer the account's.
            raise registration.DeadLink
        judge(new, user=found.account, path="password")
        if not found.account.email_verified:
            User.objects.filter(pk=found.account_id).update(email_verified_at=timezone.now())
        _set(found.account, new, audit.Kind.PASSWORD_RESET, keep=None, caller=caller)


def _set(user: User, new: str, kind: audit.Kind, *, keep: UUID | None, caller: Caller | None) -> None:
    encoded = make_password(new)
    with transaction.atomic():
        # The proof was checked against this hash; where it has been replaced since, the proof is void.
        same = User.objects.filter(pk=user.pk, password=user.password, is_active=True)
        if not same.update(password=encoded, updated_at=timezone.now()):
            raise sessions.AccountChanged(retry_after_s=1)
        sessions.sign_out_everywhere(user, because=kind.value, keep=keep, caller=caller)
        MailToken.objects.filter(account=user, purpose=MailToken.Purpose.RESET).delete()
        audit.record(kind, account=user.public_id, caller=caller, session=keep)
        jobs.enqueue(registration.SEND_MAIL, letter="password_changed", account=str(user.public_id))


def set_elsewhere(user: User) -> None:
    """A password was set past this module (admin, shell): everything the old one opened ends all the same."""
    with transaction.atomic():
        links, _ = MailToken.objects.filter(account=user, purpose=MailToken.Purpose.RESET).delete()
        # A new account has neither sessions nor links, and needs no mail about its first password.
        if links or user.sessions.exists():
            sessions.sign_out_everywhere(user, because="password_changed")
            jobs.enqueue(registration.SEND_MAIL, letter="password_changed", account=str(user.public_id))


def set_active(user: User, *, active: bool, by: User) -> None:
    """Staff: shut an account out, or let it in again. Its sessions end at once."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=active)
        if not active:
            sessions.sign_out_everywhere(user, because="disabled", by=by)
        kind = audit.Kind.ACCOUNT_ENABLED if active else audit.Kind.ACCOUNT_DISABLED
        audit.record(kind, account=user.public_id, by=by)
