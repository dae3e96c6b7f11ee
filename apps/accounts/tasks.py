"""What the worker does for accounts."""

from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail as deliver
from django.template.loader import render_to_string
from django.utils import timezone

from apps.core.jobs import task

from .models import DataRequest, MailToken, User
from .services import audit, personal_data, registration, sessions

LINKS = {
    "verify": (MailToken.Purpose.VERIFY, "/account/verify#token="),
    "reset": (MailToken.Purpose.RESET, "/account/reset#token="),
}


@task(queue="mail")
def send_mail(letter: str, account: str) -> None:
    """Write one of `templates/mail/*.txt` (first line: the subject) to an account."""
    user = User.objects.filter(public_id=account).first()
    if user is None:
        return
    to = user.pending_email or user.email if letter == "verify" else user.email
    link = ""
    if letter in LINKS:
        purpose, path = LINKS[letter]
        # In the fragment, which browsers keep to themselves: no proxy, log or Referer sees the token.
        link = f"{settings.SITE_URL}{path}{registration.issue_mail_token(user, purpose, to)}"
    text = render_to_string(f"mail/{letter}.txt", {"link": link, "site": settings.SITE_URL})
    subject, _, body = text.partition("\n")
    deliver(subject.strip(), body.lstrip(), None, [to])


@task(attempts=personal_data.TRIES)
def run_data_request(request: str) -> None:
    """Make a copy, or erase an account."""
    found = DataRequest.objects.select_related("account").filter(public_id=request).first()
    if found:
        try:
            personal_data.run(found)
        finally:
            personal_data.give_up(found)


@task()
def forget_profile(account: str, profile: str) -> None:
    """The rest of a profile whose row is deleted."""
    personal_data.erase_profile(account, profile)


@task(cron="43 3 * * *")
def tidy() -> None:
    """Drop what is no longer good for anything."""
    registration.forget_used_tokens()
    personal_data.forget_copies()
    personal_data.pick_up_stuck()
    audit.forget_old()
    sessions.forget_ended(before=timezone.now() - timedelta(days=90))
