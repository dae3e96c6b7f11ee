"""Becoming an account, proving an e-mail address, and changing it."""

import hashlib
import secrets
import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import MailToken, User
from apps.accounts.models.user import normalized
from apps.accounts.password_rules import judge
from apps.core import jobs, ratelimit
from apps.core.errors import Busy, InvalidField
from apps.core.network import Caller

from . import audit, sessions

SEND_MAIL = "apps.accounts.tasks.send_mail"


class DeadLink(InvalidField):
    """The token of a mailed link is unknown, used, late, or belongs to another address."""

    def __init__(self) -> None:
        super().__init__(
            "token", "invalid_token", "This link was used already or has expired. Ask for a new one."
        )


LIVES = {MailToken.Purpose.VERIFY: timedelta(hours=24), MailToken.Purpose.RESET: timedelta(minutes=30)}


def register(email: str, password: str, *, country: str = "", caller: Caller) -> None:
    """Create the account and mail a link that confirms its address.

    Where the e-mail is taken, its owner gets a mail about the attempt instead, and the caller learns
    nothing: same answer, same work.
    """
    email = normalized(email)
    judge(password, user=User(email=email), path="password")
    encoded = make_password(password)
    with transaction.atomic():
        user = User(email=email, password=encoded, country=country)
        try:
            with transaction.atomic():
                user.save(force_insert=True)
            letter = "verify"
        except IntegrityError as error:
            taken_by = User.objects.with_email(email).first()
            if taken_by is None:
                raise Busy("The account of this address is being erased. Try again.") from error
            user, letter = taken_by, "already_registered"
        if letter == "verify":
            audit.record(audit.Kind.REGISTERED, account=user.public_id, caller=caller)
        jobs.enqueue(SEND_MAIL, letter=letter, account=str(user.public_id))


def ask_for_reset(email: str, *, caller: Caller) -> None:
    """Mail a link for a new password, if that account exists; the caller learns nothing either way."""
    user = User.objects.with_email(email).filter(is_active=True).first()
    audit.record(audit.Kind.PASSWORD_RESET_ASKED, account=user.public_id if user else None, caller=caller)
    # A job without an account does nothing; it is there so that both answers take the same time.
    jobs.enqueue(SEND_MAIL, letter="reset", account=str(user.public_id if user else uuid.uuid4()))


def change_account(user: User, fields: dict[str, str], *, caller: Caller) -> User:
    """Set the country; a new e-mail needs the present `password`, and counts only once it is confirmed."""
    if "email" in fields:
        if "password" not in fields:
            raise InvalidField("password", "required", "The present password is needed to change the e-mail.")
        sessions.confirm_password(user, fields["password"], caller=caller)
        # Each one mails an address of the caller's choice.
        ratelimit.enforce("signup", f"account:{user.pk}", settings.RATE_LIMIT_SIGNUP)
    with transaction.atomic():
        if "country" in fields:
            user.country = fields["country"]
            user.save(update_fields=["country", "updated_at"])
        if "email" in fields:
            _ask_for_email(user, fields["email"], caller=caller)
    user.refresh_from_db()
    return user


def _ask_for_email(user: User, email: str, *, caller: Caller) -> None:
    """Keep a new address until its owner confirms it by the link that is mailed there."""
    email = normalized(email)
    if email == user.email:
        return
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(pending_email=email)
        audit.record(audit.Kind.EMAIL_CHANGE_ASKED, account=user.public_id, caller=caller)
        jobs.enqueue(SEND_MAIL, letter="email_change_asked", account=str(user.public_id))
        # Whether the address is free is told only to whoever reads its mail.
        jobs.enqueue(SEND_MAIL, letter="verify", account=str(user.public_id))


def ask_for_verification(user: User) -> None:
    """Mail the confirming link once more."""
    jobs.enqueue(SEND_MAIL, letter="verify", account=str(user.public_id))


def issue_mail_token(user: User, purpose: MailToken.Purpose, email: str) -> str:
    """A token for a link, valid once; earlier ones of the purpose stop working."""
    text = f"ottm_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        MailToken.objects.filter(account=user, purpose=purpose).delete()
        MailToken.objects.create(
            account=user,
            purpose=purpose,
            email=email,
            sha256=_digest(text),
            expires_at=timezone.now() + LIVES[purpose],
        )
    return text


def use_mail_token(text: str, purpose: MailToken.Purpose) -> MailToken:
    """Use a token up and return it; `DeadLink` when it is unknown, used or late."""
    now = timezone.now()
    ours = MailToken.objects.filter(sha256=_digest(text), purpose=purpose)
    if not ours.filter(used_at=None, expires_at__gt=now).update(used_at=now):
        raise DeadLink
    return ours.select_related("account").get()


def verify_email(text: str, *, caller: Caller) -> None:
    """Confirm the address that the token was mailed to; it becomes the account's if it was pending."""
    with transaction.atomic():
        token = use_mail_token(text, MailToken.Purpose.VERIFY)
        user = User.objects.select_for_update().get(pk=token.account_id)
        if token.email not in {user.email, user.pending_email}:
            raise DeadLink
        user.email, user.pending_email, user.email_verified_at = token.email, "", timezone.now()
        try:
            with transaction.atomic():
                user.save(update_fields=["email", "pending_email", "email_verified_at", "updated_at"])
        except IntegrityError as error:
            raise InvalidField("token", "email_taken", "Another account has this address by now.") from error
        audit.record(audit.Kind.EMAIL_VERIFIED, account=user.public_id, caller=caller)


def forget_used_tokens() -> int:
    """Drop mail tokens that can no longer be used."""
    return MailToken.objects.filter(expires_at__lt=timezone.now() - timedelta(days=7)).delete()[0]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
