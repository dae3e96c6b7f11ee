"""What stands in the way of a move: rules that models register, all asked, all told at once."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.contrib.auth.models import PermissionsMixin

from .models import Workflowed
from .moves import APPROVE, Move


@dataclass(frozen=True, slots=True)
class Unmet:
    """A guard that refuses: a stable code, a sentence for the editor, and the field it is about."""

    code: str
    detail: str
    path: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


# (subject, who moves it, when) -> what is in the way; nothing in the way is an empty list.
Guard = Callable[[Workflowed, PermissionsMixin | None, datetime], list[Unmet]]
_guards: dict[tuple[str, str], list[Guard]] = {}


def guard(model: str, *guarded: Move) -> Callable[[Guard], Guard]:
    """Registers a guard of `model` ("catalog.title") for these moves."""

    def register(function: Guard) -> Guard:
        for move in guarded:
            _guards.setdefault((model, move.name), []).append(function)
        return function

    return register


def unmet(subject: Workflowed, move: Move, *, by: PermissionsMixin | None, at: datetime) -> list[Unmet]:
    """Everything that stands in the way, of every guard of the move."""
    found = four_eyes(subject, by) if move is APPROVE else []
    for one in _guards.get((subject._meta.label_lower, move.name), []):
        found += one(subject, by, at)
    return found


def four_eyes(subject: Workflowed, by: PermissionsMixin | None) -> list[Unmet]:
    if by is not None and subject.authors.filter(pk=by.pk).exists():
        return [Unmet("four_eyes", "You worked on this change, so somebody else has to approve it.")]
    return []
