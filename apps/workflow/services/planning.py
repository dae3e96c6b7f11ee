"""Whose turn it is, until when, how urgent; and what waits for somebody."""

from datetime import date, datetime
from enum import Enum
from functools import reduce
from operator import or_
from typing import Any, Final, Literal, cast

from django.contrib.auth import get_user_model
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from apps.core.errors import InvalidField
from apps.workflow.models import Priority, Workflowed
from apps.workflow.moves import State

from .moving import W, locked, may

PLANNERS = ("change", "review", "publish")
# Nobody has to do anything about these any more.
FINISHED = (State.PUBLISHED, State.UNPUBLISHED, State.ARCHIVED)


class Keep(Enum):
    AS_IT_IS = "as it is"


AS_IT_IS: Final = Keep.AS_IT_IS
Kept = Literal[Keep.AS_IT_IS]


class Reason(models.TextChoices):
    """Why something is in somebody's queue; the first that fits."""

    ASSIGNED = "assigned", "Assigned to you"
    CHANGES = "changes_requested", "Changes were requested"
    REVIEW = "review", "Waits for a review"
    PUBLISH = "publish", "Approved, waits to be published"


def may_plan(by: PermissionsMixin, subject: Workflowed | type[Workflowed]) -> bool:
    return any(may(by, subject, verb) for verb in PLANNERS)


@transaction.atomic
def plan(
    subject: W, *, by: PermissionsMixin, assignee: PermissionsMixin | Kept | None = AS_IT_IS,
    due_on: date | Kept | None = AS_IT_IS, priority: int | Kept = AS_IT_IS,
) -> W:  # fmt: skip
    """Set what is given, in any state, and return the thing as it is then.

    It is no edit: no revision, no author, no move. Raises PermissionDenied, `InvalidField`,
    `EditConflict` when the thing is gone.
    """
    if not may_plan(by, subject):
        raise PermissionDenied("Planning is not among what you may do here.")
    given: dict[str, Any] = {
        name: value
        for name, value in {"assignee": assignee, "due_on": due_on, "priority": priority}.items()
        if value is not AS_IT_IS
    }
    _judge(subject, given)
    planned = locked(subject)
    for name, value in given.items():
        setattr(planned, name, value)
    planned.save(update_fields=list(given))
    return planned


def _judge(subject: Workflowed, given: dict[str, Any]) -> None:
    person = given.get("assignee")
    if person is not None and not _can_work_on(person, subject):
        raise InvalidField("assignee", "not_staff", "Nobody who works here and may see this.")
    due_on = given.get("due_on")
    if due_on is not None and (not isinstance(due_on, date) or isinstance(due_on, datetime)):
        raise InvalidField("due_on", "invalid", "A day is needed, such as 2027-01-31.")
    if "priority" in given and given["priority"] not in Priority.values:
        raise InvalidField("priority", "invalid_choice", f"One of {', '.join(map(str, Priority.values))}.")


def _can_work_on(person: Any, subject: Workflowed) -> bool:
    staff = isinstance(person, get_user_model()) and person.is_staff
    # Who is not active may do nothing.
    return staff and may(person, subject, "view")


def queue_of(user: PermissionsMixin, model: type[W]) -> QuerySet[W]:
    """What waits for this person, most urgent first; `reason` says why (a `Reason`).

    That is what is assigned to them and not finished, and what waits for somebody with their role.
    """
    reasons = _reasons(user, model)
    whens = [When(condition, then=Value(reason)) for reason, condition in reasons.items()]
    waiting = model._default_manager.filter(reduce(or_, reasons.values())).annotate(
        reason=Case(*whens, output_field=models.CharField())
    )
    ordered = waiting.order_by("-priority", "due_on", "pk")
    return cast("QuerySet[W]", ordered if may(user, model, "view") else ordered.none())


def _reasons(user: PermissionsMixin, model: type[Workflowed]) -> dict[Reason, Q]:
    """In the order of precedence."""
    worked_on = Exists(model._base_manager.filter(pk=OuterRef("pk"), authors=user.pk))
    reasons = {
        Reason.ASSIGNED: Q(assignee=user.pk) & ~Q(state__in=FINISHED),
        Reason.CHANGES: Q(worked_on, state=State.CHANGES_REQUESTED),
    }
    if may(user, model, "review"):
        reasons[Reason.REVIEW] = Q(~worked_on, state=State.IN_REVIEW)
    if may(user, model, "publish"):
        reasons[Reason.PUBLISH] = Q(state=State.APPROVED)
    return reasons


def forget_person(user: models.Model, model: type[Workflowed]) -> dict[str, int]:
    """Take somebody's name off all plans and authorships of a model. Safe to repeat."""
    authors: Any = model._meta.get_field("authors")
    rows = authors.remote_field.through._base_manager.filter(user_id=user.pk)
    return {
        "assignments": model._base_manager.filter(assignee_id=user.pk).update(assignee=None),
        "authorships": rows.delete()[0],
    }
