"""Who is editing a thing right now, so that two editors do not find out by a conflict."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.models import PermissionsMixin
from django.utils import timezone

from apps.workflow import store
from apps.workflow.models import Workflowed

from .moving import demand


@dataclass(frozen=True, slots=True)
class Editor:
    """Somebody who has the thing open for editing."""

    name: str
    since: datetime


def touch(subject: Workflowed, user: PermissionsMixin, *, at: datetime | None = None) -> None:
    """They are editing it, for the next 30 s; to be repeated until then. Raises PermissionDenied."""
    demand(user, subject, "change")
    store.touch(subject, user.pk, at=at or timezone.now())


def others(subject: Workflowed, user: PermissionsMixin, *, at: datetime | None = None) -> list[Editor]:
    """Who else is editing it, the longest first; nobody when the store cannot tell."""
    found = store.others(subject, user.pk, at=at or timezone.now())
    people = get_user_model().objects.in_bulk([one for one, _ in found]) if found else {}
    return [Editor(str(people[one]), since) for one, since in found if one in people]
