"""What editors say to each other: remarks, replies, who is asked to look, and when it is settled."""

from datetime import datetime

from django.contrib.auth.models import PermissionsMixin
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from apps.core import jobs
from apps.core.errors import InvalidField
from apps.workflow import mentions, plain_text, signals
from apps.workflow.models import FORMER_STAFF, Comment, Mention

from .moving import demand, may

LONGEST = 4000
SEND_MENTION = "apps.workflow.tasks.send_mention"


def add(
    subject: models.Model, text: str, *, by: PermissionsMixin, reply_to: Comment | None = None,
    at: datetime | None = None,
) -> Comment:  # fmt: skip
    """Say something about a thing; whoever is @mentioned hears of it by mail.

    A reply to a reply joins its thread, and a settled remark is open again. Raises PermissionDenied,
    `InvalidField`, `mentions.UnknownMention`.
    """
    demand_a_say(by, subject)
    text = plain_text.judged(text, path="text", longest=LONGEST)
    if not text:
        raise InvalidField("text", "required", "Say something.")
    thread = _thread_of(reply_to, subject)
    meant = mentions.meant_by(text, admitted=lambda person: may(person, subject, "view"))
    with transaction.atomic():
        comment = Comment.objects.create(
            content_type=ContentType.objects.get_for_model(subject),
            object_id=subject.pk,
            thread=thread,
            author_id=by.pk,
            text=text,
            created_at=at or timezone.now(),
        )
        if thread:
            Comment.objects.filter(pk=thread.pk).update(resolved_at=None, resolved_by=None)
        _tell(comment, [one.pk for one in meant if one.pk != by.pk])
    return comment


def demand_a_say(by: PermissionsMixin, subject: models.Model) -> None:
    """Raises PermissionDenied unless the person may comment, and may see the thing."""
    if not by.has_perm("workflow.add_comment"):
        raise PermissionDenied("Commenting is not among what you may do here.")
    demand(by, subject, "view")


def _thread_of(reply_to: Comment | None, subject: models.Model) -> Comment | None:
    if reply_to is None:
        return None
    if not Comment.objects.about(subject).filter(pk=reply_to.pk).exists():
        raise InvalidField("reply_to", "does_not_exist", "There is no such remark here.")
    return reply_to.thread or reply_to


def _tell(comment: Comment, ids: list[int]) -> None:
    rows = Mention.objects.bulk_create(Mention(comment=comment, user_id=one) for one in ids)
    for row in rows:
        jobs.enqueue(SEND_MENTION, mention=row.pk)
    transaction.on_commit(
        lambda: signals.commented.send_robust(Comment, comment_id=comment.pk, mentioned=ids)
    )


def resolve(comment: Comment, *, by: PermissionsMixin, at: datetime | None = None) -> None:
    """Settle a remark, and its replies with it; who settled it first is kept. Raises as `reopen` does."""
    _demand_remark(comment, by)
    open_one = Comment.objects.filter(pk=comment.pk, resolved_at=None)
    open_one.update(resolved_at=at or timezone.now(), resolved_by=by.pk)
    comment.refresh_from_db()


def reopen(comment: Comment, *, by: PermissionsMixin) -> None:
    """Take up a settled remark again. Raises PermissionDenied, `InvalidField` for a reply."""
    _demand_remark(comment, by)
    Comment.objects.filter(pk=comment.pk).update(resolved_at=None, resolved_by=None)
    comment.refresh_from_db()


def _demand_remark(comment: Comment, by: PermissionsMixin) -> None:
    if comment.thread_id:
        raise InvalidField("comment", "not_a_remark", "A reply is settled together with its remark.")
    if comment.subject is None:
        raise InvalidField("comment", "does_not_exist", "What this was about is gone.")
    demand_a_say(by, comment.subject)


def thread_list(subject: models.Model) -> list[Comment]:
    """The remarks about a thing, oldest first, with authors and `replies`, in two queries."""
    replies = Prefetch("replies", queryset=Comment.objects.select_related("author"))
    remarks = Comment.objects.about(subject).filter(thread=None).select_related("author", "resolved_by")
    return list(remarks.prefetch_related(replies))


def mentions_of(user: models.Model) -> QuerySet[Mention]:
    """Where the person was named and has not looked yet, newest first, with the things that it is about."""
    unseen = Mention.objects.filter(user_id=user.pk, seen_at=None).order_by("-comment__created_at", "-id")
    return unseen.select_related("comment__author").prefetch_related("comment__subject")


def seen(user: models.Model, subject: models.Model, *, at: datetime | None = None) -> int:
    """The person has looked at the thing, so at what was said to them there; how many that were."""
    there = Mention.objects.filter(user_id=user.pk, seen_at=None, comment__in=Comment.objects.about(subject))
    return there.update(seen_at=at or timezone.now())


@transaction.atomic
def forget_person(user: models.Model, *, email: str) -> dict[str, int]:
    """Take a former member of staff out of all comments: as author, as somebody named, and out of the texts.

    What they said stays. Safe to repeat.
    """
    named = list(Comment.objects.filter(mention_rows__user_id=user.pk))
    for comment in named:
        comment.text = mentions.without(comment.text, email, f"[{FORMER_STAFF}]")
    Comment.objects.bulk_update(named, ["text"], batch_size=500)
    Comment.objects.filter(resolved_by_id=user.pk).update(resolved_by=None)
    return {
        "mentions": Mention.objects.filter(user_id=user.pk).delete()[0],
        "comments": Comment.objects.filter(author_id=user.pk).update(author=None),
    }
