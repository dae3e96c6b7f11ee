"""Who is meant by the @names in a text."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import PermissionsMixin
from django.db.models import Q

from apps.core.errors import InvalidField

MOST = 20
# After an @ that is not inside an address: a whole address, or what stands before the @ of one.
NAME = re.compile(r"(?<!\w)@([\w.+'-]*\w@[\w-]+(?:\.[\w-]+)*|[\w.+-]*\w)")


class UnknownMention(InvalidField):
    """`names` are those that mean nobody here, or more than one."""

    def __init__(self, names: list[str]) -> None:
        called = ", ".join(f"@{name}" for name in names)
        super().__init__(
            "text", "unknown_mention",
            f"{called}: nobody who works here, or more than one person. Write the whole e-mail address.",
        )  # fmt: skip
        self.names = names


def named_in(text: str) -> list[str]:
    """The names in a text, each once, in the order in which they come; without their first @."""
    return list(dict.fromkeys(_normalized(found) for found in NAME.findall(text)))


def meant_by(text: str, *, admitted: Callable[[PermissionsMixin], bool]) -> list[PermissionsMixin]:
    """The members of staff whom a text names, by e-mail or by a local part that only one of them has.

    Raises `UnknownMention` for names of nobody, of several, or of somebody who is not `admitted`, and
    `InvalidField` if there are too many.
    """
    names = named_in(text)
    if len(names) > MOST:
        raise InvalidField("text", "too_many_mentions", f"At most {MOST} people can be mentioned at once.")
    if not names:
        return []
    candidates = _staff_called(names)
    people: dict[str, PermissionsMixin] = {}
    for name in names:
        called = [one for one in candidates if name in spellings(one.email)]
        if len(called) == 1 and admitted(called[0]):
            people[name] = called[0]
    if unknown := [name for name in names if name not in people]:
        raise UnknownMention(unknown)
    return list(dict.fromkeys(people.values()))


def without(text: str, email: str, instead: str) -> str:
    """The text with other words where it names the owner of this address."""

    def replaced(found: re.Match[str]) -> str:
        return instead if _normalized(found[1]) in spellings(email) else found[0]

    return NAME.sub(replaced, text)


def spellings(email: str) -> tuple[str, str]:
    """The names that an address goes by: itself, and what stands before the @."""
    return email, email.partition("@")[0]


def _normalized(name: str) -> str:
    return unicodedata.normalize("NFKC", name).lower()


def _staff_called(names: Iterable[str]) -> list[Any]:
    called = Q()
    for name in names:
        called |= Q(email=name) if "@" in name else Q(email__startswith=f"{name}@")
    return list(get_user_model().objects.filter(called, is_staff=True, is_active=True))
