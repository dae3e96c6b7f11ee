"""Changing a working copy: one editor's save at a time, none lost, each on record."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import PermissionsMixin
from django.db import transaction
from django.utils import timezone

from apps.workflow import moves
from apps.workflow.models import Workflowed
from apps.workflow.moves import State

from .moving import Locked, W, carry_out, demand, locked, refuse_stale


@contextmanager
def editing(subject: W, *, by: PermissionsMixin | None, revision: int | None = None) -> Iterator[W]:
    """A transaction in which the working copy may be changed; yields it, locked.

    `revision` is the one the editor saw. `by` is None for what the site does by itself. Raises
    PermissionDenied, `Locked` (the state allows no editing), `EditConflict` (it has been saved since, or is
    gone). On the way out the revision is counted up, the editor becomes an author of the change, and what
    was published or unpublished is a draft again.
    """
    if by is not None:
        demand(by, subject, "change")
    with transaction.atomic():
        copy = locked(subject)
        refuse_locked(copy)
        refuse_stale(copy, revision)
        yield copy
        changed(copy, by=by)


def refuse_locked(subject: Workflowed) -> None:
    if not subject.is_editable:
        label = State(subject.state).label.lower()
        raise Locked(f"This is {label}, so it cannot be edited. Take it back to draft first.")


def changed(subject: Workflowed, *, by: PermissionsMixin | None) -> None:
    """Put on record that the locked working copy was changed, and by whom."""
    if State(subject.state) in moves.REOPENED_BY_EDITING:
        carry_out(subject, moves.REVISE, by=by, note="", at=timezone.now(), edited=True)
    subject.revision += 1
    # Also when only something under it was changed, it was changed now.
    subject.save(update_fields=["revision", "updated_at"])
    if by is not None:
        subject.authors.add(by.pk)
