"""Moving things: the only way a state changes."""

from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth.models import PermissionsMixin
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils import timezone
from django_fsm import can_proceed

from apps.core.errors import DomainError, InvalidField
from apps.workflow import guards, plain_text, signals
from apps.workflow.models import Transition, Workflowed
from apps.workflow.moves import Move, State

W = TypeVar("W", bound=Workflowed)
LONGEST_NOTE = 2000


class WrongState(DomainError):
    """The move does not start from where the thing is."""

    code = "wrong_state"
    status = 409


class GatesUnmet(DomainError):
    """Guards refuse; `gates` lists every one: `{code, detail, path}`."""

    code = "gates_unmet"
    status = 409
    detail = "Not yet: some conditions are not met."

    def __init__(self, unmet: list[guards.Unmet]) -> None:
        super().__init__(
            "Not yet: " + " ".join(one.detail for one in unmet),
            extra={"gates": [one.as_dict() for one in unmet]},
        )
        self.unmet = unmet


class EditConflict(DomainError):
    """It was saved since: by somebody else, or in another window."""

    code = "edit_conflict"
    status = 409
    detail = "This was saved in another place meanwhile. Nothing of yours was stored; look at that first."


class Locked(DomainError):
    """The state allows no editing."""

    code = "locked"
    status = 409


def may(by: PermissionsMixin, subject: models.Model | type[models.Model], verb: str) -> bool:
    """Whether the person has the model's permission for the verb: `publish` is `catalog.publish_title`."""
    meta = subject._meta
    return bool(by.has_perm(f"{meta.app_label}.{verb}_{meta.model_name}"))


def demand(by: PermissionsMixin, subject: models.Model | type[models.Model], verb: str) -> None:
    if not may(by, subject, verb):
        raise PermissionDenied(f"{verb} is not among what you may do here.")


def locked(subject: W) -> W:
    """The thing as it is now, locked to the end of the transaction. Raises `EditConflict` if it is gone."""
    # Not the key: what only refers to it (a list that has it, a release) need not wait, nor be waited for.
    found = type(subject)._default_manager.select_for_update(no_key=True).filter(pk=subject.pk).first()
    if found is None:
        raise EditConflict("Somebody else deleted this in the meantime.")
    return found


def refuse_stale(subject: Workflowed, seen: int | None) -> None:
    """Raises `EditConflict` if the locked thing was saved since somebody saw that revision; None: unseen."""
    if seen is not None and seen != subject.revision:
        raise EditConflict


def ready_for(subject: Workflowed, move: Move, *, by: PermissionsMixin | None, at: datetime) -> None:
    """Raises `WrongState`, or `GatesUnmet` with every guard that refuses. Nothing changes."""
    if not can_proceed(getattr(subject, move.name)):
        label = State(subject.state).label.lower()
        raise WrongState(f"“{move.label}” is not possible while this is {label}.")
    if unmet := guards.unmet(subject, move, by=by, at=at):
        raise GatesUnmet(unmet)


def move(
    subject: Workflowed, move: Move, *, by: PermissionsMixin, note: str = "", at: datetime | None = None,
    **facts: Any,
) -> Transition:  # fmt: skip
    """Make a person's move: permission, state, guards, then the change and its record.

    `subject` must be locked by the caller (`locked`) in the transaction that this belongs to.
    Raises PermissionDenied, `WrongState`, `GatesUnmet`, `InvalidField` for a missing note.
    """
    demand(by, subject, move.permission)
    note = plain_text.judged(note, path="note", longest=LONGEST_NOTE)
    if move.note_needed and not note:
        raise InvalidField("note", "required", "Say why, for those who read this later.")
    at = at or timezone.now()
    ready_for(subject, move, by=by, at=at)
    return _perform(subject, move, by=by, note=note, at=at, facts=facts)


def carry_out(
    subject: Workflowed, move: Move, *, by: PermissionsMixin | None, note: str, at: datetime, **facts: Any
) -> Transition:
    """Make a move that was permitted earlier (a schedule) or follows from another deed (an edit).

    State and guards are judged now; the permission was judged then.
    """
    ready_for(subject, move, by=None, at=at)
    return _perform(subject, move, by=by, note=note, at=at, facts=facts)


@transaction.atomic
def _perform(
    subject: Workflowed, move: Move, *, by: PermissionsMixin | None, note: str, at: datetime,
    facts: dict[str, Any],
) -> Transition:  # fmt: skip
    source = subject.state
    getattr(subject, move.name)()
    # Also where a caller forgot to lock: of two moves from one state, one finds it.
    stored = type(subject)._default_manager.filter(pk=subject.pk, state=source).update(state=subject.state)
    if not stored:
        raise WrongState(f"“{move.label}” came too late: somebody else moved this a moment ago.")
    record = Transition.objects.create(
        content_type=ContentType.objects.get_for_model(subject),
        object_id=subject.pk,
        subject_label=str(subject)[:200],
        at=at,
        by_id=by.pk if by else None,
        move=move.name,
        source=source,
        target=subject.state,
        note=note,
        facts=facts,
    )
    transaction.on_commit(lambda: signals.moved.send_robust(type(subject), transition_id=record.pk))
    return record
