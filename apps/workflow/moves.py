"""The editorial workflow as data: every state, every move between states, and what a move asks for.

The state is that of the *working copy*. Whether something is live is another matter: a live title whose
draft is being changed is in `draft` and stays live as it was.
"""

from dataclasses import dataclass

from django.db.models import TextChoices


class State(TextChoices):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    ARCHIVED = "archived"


# In these the working copy may be changed. The first change of the last two takes it back to `draft`.
EDITABLE = {State.DRAFT, State.CHANGES_REQUESTED, State.PUBLISHED, State.UNPUBLISHED}
REOPENED_BY_EDITING = {State.PUBLISHED, State.UNPUBLISHED}


@dataclass(frozen=True, slots=True)
class Move:
    """A way from one state to another.

    `permission` is the verb of the model's permission (`publish` for `catalog.publish_title`). `target`
    is None where the state stays, or where the deed decides it.
    """

    name: str
    label: str
    sources: tuple[State, ...]
    target: State | None
    permission: str
    note_needed: bool = False
    help: str = ""


S = State
ALL = tuple(State)

SUBMIT = Move(
    "submit", "Submit for review", (S.DRAFT, S.CHANGES_REQUESTED), S.IN_REVIEW, "submit",
    help="Somebody else will look at it. Until then it cannot be edited.",
)  # fmt: skip
WITHDRAW = Move(
    "withdraw", "Withdraw from review", (S.IN_REVIEW,), S.DRAFT, "submit",
    help="Takes it back for more work.",
)  # fmt: skip
REQUEST_CHANGES = Move(
    "request_changes", "Request changes", (S.IN_REVIEW,), S.CHANGES_REQUESTED, "review", note_needed=True,
    help="Goes back to the editors with your note.",
)  # fmt: skip
APPROVE = Move(
    "approve", "Approve", (S.IN_REVIEW,), S.APPROVED, "review",
    help="It may go live from now on. Nobody approves a change of their own.",
)  # fmt: skip
REVISE = Move(
    "revise", "Reopen for editing", (S.APPROVED, S.PUBLISHED, S.UNPUBLISHED), S.DRAFT, "change",
    help="Back to draft; it will need another approval. What is live stays live.",
)  # fmt: skip
SCHEDULE = Move(
    "schedule", "Schedule", (S.APPROVED,), S.SCHEDULED, "publish",
    help="Goes live by itself at the time you set.",
)  # fmt: skip
UNSCHEDULE = Move(
    "unschedule", "Cancel the schedule", (S.SCHEDULED,), S.APPROVED, "publish",
    help="It stays approved and waits for somebody to publish it.",
)  # fmt: skip
PUBLISH = Move(
    "publish", "Publish now", (S.APPROVED, S.SCHEDULED), S.PUBLISHED, "publish",
    help="Viewers see it at once.",
)  # fmt: skip
UNPUBLISH = Move(
    "unpublish", "Unpublish", ALL, None, "publish", note_needed=True,
    help="Takes the live version away from viewers at once. Versions are kept.",
)  # fmt: skip
ARCHIVE = Move(
    "archive", "Archive", (S.DRAFT, S.CHANGES_REQUESTED, S.APPROVED, S.UNPUBLISHED), S.ARCHIVED, "publish",
    help="Put away. It can be restored.",
)  # fmt: skip
RESTORE = Move(
    "restore", "Restore from the archive", (S.ARCHIVED,), S.DRAFT, "publish",
    help="Back to draft.",
)  # fmt: skip
DISCARD = Move(
    "discard", "Discard changes", (S.DRAFT, S.CHANGES_REQUESTED), S.PUBLISHED, "change",
    help="Throws the draft away: the desk shows again what is live.",
)  # fmt: skip
ROLL_BACK = Move(
    "roll_back", "Roll back", ALL, None, "publish", note_needed=True,
    help="Makes an earlier version live again, at once.",
)  # fmt: skip

MOVES = {
    move.name: move
    for move in (
        SUBMIT, WITHDRAW, REQUEST_CHANGES, APPROVE, REVISE, SCHEDULE, UNSCHEDULE, PUBLISH, UNPUBLISH,
        ARCHIVE, RESTORE, DISCARD, ROLL_BACK,
    )
}  # fmt: skip
