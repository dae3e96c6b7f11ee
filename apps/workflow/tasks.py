"""What the worker does for the workflow."""

from django.conf import settings
from django.core.mail import send_mail as deliver
from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse

from apps.core.jobs import task

from .models import Mention, called
from .services.moving import may


@task(queue="mail")
def send_mention(mention: int) -> None:
    """Write to somebody who was named in a comment, unless they have looked, or may not any more."""
    row = Mention.objects.select_related("comment__author", "user").filter(pk=mention, seen_at=None).first()
    if row is None or row.comment.subject is None:
        return
    comment, user, subject = row.comment, row.user, row.comment.subject
    if not (user.is_staff and may(user, subject, "view")):
        return
    # One line, whatever the thing is called: the first line of the letter is its subject.
    name = " ".join(called(subject).split())
    facts = {"author": comment.who, "subject": name, "text": comment.text, "link": address_of(subject)}
    heading, _, body = render_to_string("mail/mentioned.txt", facts).partition("\n")
    deliver(heading, body.lstrip(), None, [user.email])


def address_of(subject: Model) -> str:
    """The thing's page in the admin; the admin's front page for what has none of its own."""
    meta = subject._meta
    try:
        path = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[subject.pk])
    except NoReverseMatch:
        path = reverse("admin:index")
    return f"{settings.SITE_URL}{path}"
