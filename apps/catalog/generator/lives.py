"""How far generated titles have come in the workflow, and when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from apps.workflow import moves
from apps.workflow.moves import Move, State

M = moves
# The moves that lead there, and how many of a hundred unpublished titles are there.
UNFINISHED: dict[str, tuple[tuple[Move, ...], int]] = {
    "draft": ((), 38),
    "in review": ((M.SUBMIT,), 20),
    "changes requested": ((M.SUBMIT, M.REQUEST_CHANGES), 10),
    "approved": ((M.SUBMIT, M.APPROVE), 8),
    "scheduled": ((M.SUBMIT, M.APPROVE, M.SCHEDULE), 4),
    "unpublished": ((M.SUBMIT, M.APPROVE, M.PUBLISH, M.UNPUBLISH), 12),
    "archived": ((M.ARCHIVE,), 8),
}
PUBLISHED: tuple[Move, ...] = (M.SUBMIT, M.APPROVE, M.PUBLISH)
BEING_CHANGED: tuple[Move, ...] = (*PUBLISHED, M.REVISE)
# Of the live ones.
SHARE_BEING_CHANGED = 0.03
# Where the move itself does not say where it leads.
LANDINGS = {M.UNPUBLISH.name: State.UNPUBLISHED}


class Step(NamedTuple):
    move: Move
    source: State
    target: State
    at: datetime


@dataclass(frozen=True, slots=True)
class Life:
    """The moves that were made, oldest first, and what they have come to."""

    begun_at: datetime
    steps: tuple[Step, ...]

    @property
    def state(self) -> State:
        return self.steps[-1].target if self.steps else State.DRAFT

    @property
    def ended_at(self) -> datetime:
        """When it was last touched."""
        return self.steps[-1].at if self.steps else self.begun_at

    @property
    def published_at(self) -> datetime | None:
        return next((step.at for step in self.steps if step.move is M.PUBLISH), None)

    @property
    def is_live(self) -> bool:
        return self.published_at is not None and self.state != State.UNPUBLISHED

    @property
    def is_being_changed(self) -> bool:
        """Somebody worked on it since it was last published, or it never was."""
        return self.state not in {State.PUBLISHED, State.UNPUBLISHED, State.ARCHIVED}


def draw(dice: Random, *, unfinished: float, at: datetime) -> Life:
    """A life up to `at`. `unfinished` is the share of titles that are not live."""
    if dice.random() >= unfinished:
        made = BEING_CHANGED if dice.random() < SHARE_BEING_CHANGED else PUBLISHED
    else:
        weights = [weight for _, weight in UNFINISHED.values()]
        made, _ = dice.choices(list(UNFINISHED.values()), weights)[0]
    # What was published was so over the years; what is in the making is of these weeks.
    days = dice.uniform(10, 1000) if M.PUBLISH in made else dice.uniform(4, 40)
    begun = at - timedelta(days=days)
    return Life(begun, tuple(_walk(made, begun, at, dice)))


def _walk(made: tuple[Move, ...], begun: datetime, at: datetime, dice: Random) -> Iterator[Step]:
    state, when = State.DRAFT, begun
    for move in made:
        # Half of what is left at most, so that the last step is before `at`.
        when += min(timedelta(days=dice.uniform(0.05, 3)), (at - when) / 2)
        target = move.target or LANDINGS[move.name]
        yield Step(move, state, target, when)
        state = target
