"""What a thing with an editorial life has."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.conf import settings
from django.db import models
from django_fsm import GET_STATE, FSMField, transition

from apps.core.models import TimeStamped
from apps.workflow import moves
from apps.workflow.moves import Move, State

Method = TypeVar("Method", bound=Callable[..., None])


class Priority(models.IntegerChoices):
    LOW = 10
    NORMAL = 20
    HIGH = 30
    URGENT = 40


def moved_by(move: Move, landing: Callable[..., State] | None = None) -> Callable[[Method], Method]:
    """django-fsm's `transition` out of a `Move`. `landing(subject)` says where to, if the move does not."""
    target = GET_STATE(landing, states=list(State)) if landing else move.target
    decorator: Callable[[Method], Method] = transition(
        "state", source=list(move.sources), target=target, custom={"move": move}
    )
    return decorator


def _after_unpublishing(subject: "Workflowed") -> State:
    """A schedule would bring it back, so it goes; a draft in the making stays what it is."""
    landings = {State.PUBLISHED: State.UNPUBLISHED, State.SCHEDULED: State.APPROVED}
    return landings.get(State(subject.state), State(subject.state))


def _after_rolling_back(subject: "Workflowed") -> State:
    """The working copy is no longer what is live, unless it was taken back too."""
    if subject.desk_restored:
        return State.PUBLISHED
    landings = {State.PUBLISHED: State.DRAFT, State.UNPUBLISHED: State.DRAFT, State.ARCHIVED: State.DRAFT}
    return landings.get(State(subject.state), State(subject.state))


class Workflowed(TimeStamped):
    """State, authorship and planning of a working copy. Only services change them.

    `revision` counts saves: whoever saves says which one they saw. `authors` are those who changed the
    working copy since it was last published; none of them may approve it.
    """

    state = FSMField(choices=State.choices, default=State.DRAFT, protected=True, db_index=True)
    revision = models.PositiveIntegerField(default=0, editable=False)
    authors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True, editable=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Whose turn it is. It shows up in their queue.",
    )  # fmt: skip
    # Set on the instance by who restores an old version to the desk before rolling back to it.
    desk_restored = False
    due_on = models.DateField("due", null=True, blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)

    class Meta:
        abstract = True

    def refresh_from_db(
        self, using: str | None = None, fields: Iterable[str] | None = None, from_queryset: Any = None
    ) -> None:
        """Django's, except that the protected state may be read again.

        django-fsm's own way (`FSMModelMixin`) takes the protection off the field, for every thread, and for
        good if the row is gone. A state that is not loaded may be set; that is all it takes.
        """
        fields = None if fields is None else list(fields)
        if fields is None or "state" in fields:
            self.__dict__.pop("state", None)
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        if fields is None:
            super().refresh_from_db(using=using, fields=["state"], from_queryset=from_queryset)

    @property
    def is_editable(self) -> bool:
        return State(self.state) in moves.EDITABLE

    @moved_by(moves.SUBMIT)
    def submit(self) -> None: ...

    @moved_by(moves.WITHDRAW)
    def withdraw(self) -> None: ...

    @moved_by(moves.REQUEST_CHANGES)
    def request_changes(self) -> None: ...

    @moved_by(moves.APPROVE)
    def approve(self) -> None: ...

    @moved_by(moves.REVISE)
    def revise(self) -> None: ...

    @moved_by(moves.SCHEDULE)
    def schedule(self) -> None: ...

    @moved_by(moves.UNSCHEDULE)
    def unschedule(self) -> None: ...

    @moved_by(moves.PUBLISH)
    def publish(self) -> None: ...

    @moved_by(moves.UNPUBLISH, _after_unpublishing)
    def unpublish(self) -> None: ...

    @moved_by(moves.ARCHIVE)
    def archive(self) -> None: ...

    @moved_by(moves.RESTORE)
    def restore(self) -> None: ...

    @moved_by(moves.DISCARD)
    def discard(self) -> None: ...

    @moved_by(moves.ROLL_BACK, _after_rolling_back)
    def roll_back(self) -> None: ...
