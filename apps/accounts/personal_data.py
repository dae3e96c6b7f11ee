"""Who holds personal data: every app that does registers one holder, so that export and erase miss none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .models import User


@dataclass(frozen=True, slots=True)
class Holder:
    """A place with personal data.

    `export` returns JSON of everything held on the account; `erase` removes it, says what it removed
    (`{"profiles": 3}`), and must be safe to repeat. `kept` names what law makes us keep, and why.
    `erase_profile` (ids of account and profile) does the same when a profile alone is deleted, for what the
    database does not delete with its row.
    """

    name: str
    export: Callable[[User], dict[str, Any]]
    erase: Callable[[User], dict[str, int]]
    kept: str = ""
    erase_profile: Callable[[str, str], None] | None = None


HOLDERS: dict[str, Holder] = {}


def register(holder: Holder) -> Holder:
    HOLDERS[holder.name] = holder
    return holder
