"""What the newsroom holds on the people who work in it, for their copy and their erasure."""

from typing import Any

from apps.accounts.models import User
from apps.accounts.personal_data import Holder, register
from apps.workflow.models import Comment, Mention, Transition
from apps.workflow.services import comments, planning

from .models import Release, Title, TitleVersion, Transfer

MOVE_FIELDS = ("at", "move", "subject_label", "source", "target", "note")
VERSION_FIELDS = ("at", "title__name", "number", "note")
TRANSFER_FIELDS = ("public_id", "direction", "format", "dry_run", "state", "asked_at", "finished_at", "rows")
RELEASE_FIELDS = ("public_id", "name", "action", "at", "state", "note", "created_at")
TITLE_FIELDS = ("public_id", "name", "state", "due_on", "priority")


def _export(user: User) -> dict[str, Any]:
    written = Comment.objects.filter(author=user).prefetch_related("subject")
    mentioned = Mention.objects.filter(user=user).order_by("comment__created_at")
    return {
        "comments": [
            {"at": one.created_at, "about": _called(one), "text": one.text, "resolved_at": one.resolved_at}
            for one in written
        ],
        "mentions": [
            {"at": one.comment.created_at, "about": _called(one.comment), "seen_at": one.seen_at}
            for one in mentioned.select_related("comment").prefetch_related("comment__subject")
        ],
        "moves": list(Transition.objects.filter(by=user).values(*MOVE_FIELDS)),
        "versions": list(TitleVersion.objects.filter(by=user).order_by("at").values(*VERSION_FIELDS)),
        "releases": list(Release.objects.filter(by=user).values(*RELEASE_FIELDS)),
        "transfers": list(Transfer.objects.filter(by=user).values(*TRANSFER_FIELDS)),
        "assigned": list(Title.objects.filter(assignee=user).values(*TITLE_FIELDS)),
        "author_of": list(Title.objects.filter(authors=user).values(*TITLE_FIELDS)),
    }


def _called(comment: Comment) -> str:
    return "something deleted" if comment.subject is None else str(comment.subject)


def _erase(user: User) -> dict[str, int]:
    return {
        **comments.forget_person(user, email=user.email),
        **planning.forget_person(user, Title),
        "releases": Release.objects.filter(by=user).update(by=None),
        "transfers": Transfer.objects.filter(by=user).update(by=None),
    }


register(
    Holder(
        "newsroom",
        _export,
        _erase,
        kept="The record of who moved and published what, under the account's former number, without name or "
        "e-mail: it shows that every publication was approved by a second person. What was said in comments, "
        "without its author.",
    )
)
