"""What is different between two sources, field by field, in words that an editor reads."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import get_language_info

from apps.accounts.maturity import Maturity

from .models import Artwork, Descriptor, Extra, Kind, Role, Segment, Tier, Window

Json = dict[str, Any]
Names = Mapping[str, str]
Trail = tuple[str, ...]
Op = Literal["equal", "removed", "added"]

LABELS = {
    "name": "Working name",
    "slug": "Address",
    "released_on": "Release date",
    "maturity": "Maturity rating",
    "announced": "Announce ahead",
    "asset": "Video",
    "held": "Hold back",
    "starts_at": "Starts",
    "ends_at": "Ends",
    "start_ms": "From",
    "end_ms": "To",
    "scope": "Territories",
    "focal_x": "Focal point, across",
    "focal_y": "Focal point, down",
    "alt": "Description",
    "kick_off_at": "Kick-off",
    "genres": "Genre",
    "tags": "Tag",
    "descriptors": "Descriptor",
    "countries": "Country",
    "languages": "Language",
    "contestants": "Team",
}
# Lists of plain values, told by what came and what went.
MEMBERS = {"genres", "tags", "descriptors", "countries", "languages", "contestants"}
# Lists of objects with an id; those in hand-made order have an `order`.
OBJECTS = {"credits", "artworks", "windows", "segments", "extras", "seasons", "episodes"}
BY_HAND = {"credits", "extras"}
# What `names` tells of.
NAMED = {"person", "asset", "genres", "tags", "contestants"}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `path` names it for machines ("texts.hi.synopsis", objects by their id), `label` for
    people ("Synopsis (Hindi)"); `before` and `after` are texts for display, "" where there is nothing.
    """

    path: str
    label: str
    before: str
    after: str
    kind: Literal["added", "removed", "changed"]


def diff(before: Json, after: Json, names: Names | None = None) -> list[Change]:
    """Every change from one source to another; equal sources have none.

    `names` says what ids and slugs are called: `snapshot.names_of`.
    """
    return list(_Walk(names or {}).fields(before, after, (), ()))


def words(before: str, after: str) -> list[tuple[Op, str]]:
    """Both texts in one, word by word: what stayed, what went and what came, in reading order.

    Where several words in a row were replaced they are told together, with the spaces between them.
    """
    old, new = re.findall(r"\s+|\S+", before), re.findall(r"\s+|\S+", after)
    pieces: list[tuple[Op, str]] = []
    gone = come = ""
    for op, i1, i2, j1, j2 in difflib.SequenceMatcher(str.isspace, old, new, autojunk=False).get_opcodes():
        went, came = "".join(old[i1:i2]), "".join(new[j1:j2])
        if op == "equal" and (went.strip() or not gone + come):
            pieces += [*_replaced(gone, come), ("equal", went)]
            gone = come = ""
        else:
            gone, come = gone + went, come + came
    return pieces + _replaced(gone, come)


def _replaced(gone: str, come: str) -> list[tuple[Op, str]]:
    pieces: list[tuple[Op, str]] = [("removed", gone), ("added", come)]
    return [piece for piece in pieces if piece[1]]


# --- How values read ---------------------------------------------------------------------------------


def _language(code: str) -> str:
    try:
        return str(get_language_info(code)["name"])
    except KeyError:
        return code


def _clock(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds / 1000, 60)
    return f"{int(minutes // 60)}:{int(minutes % 60):02}:{seconds:06.3f}".removesuffix(".000")


def _moment(text: str) -> str:
    return text.replace("T", " ").replace("Z", " UTC")


KINDS: dict[str, str] = {
    value: str(label)
    for kinds in (Kind, Artwork.Kind, Extra.Kind, Segment.Kind)
    for value, label in kinds.choices
}
FORMS: dict[str, Callable[[Any], str]] = {
    "kind": lambda value: KINDS.get(value, value),
    "maturity": lambda value: Maturity(value).label,
    "tier": lambda value: Tier(value).label,
    "role": lambda value: str(Role(value).label),
    "scope": lambda value: str(Window.Territories(value).label),
    "descriptors": lambda value: str(Descriptor(value).label),
    "original_language": _language,
    "language": lambda value: _language(value) if value else "Every language",
    "languages": _language,
    "starts_at": _moment,
    "ends_at": _moment,
    "kick_off_at": _moment,
    "start_ms": _clock,
    "end_ms": _clock,
}


def _label(key: str) -> str:
    return LABELS.get(key) or key.replace("_", " ").capitalize()


def _change(path: Trail, trail: Trail, before: str, after: str) -> Change:
    kind: Literal["added", "removed", "changed"] = "changed"
    if bool(before) != bool(after):
        kind = "added" if after else "removed"
    return Change(".".join(path), " › ".join(trail), before, after, kind)  # noqa: RUF001 as in menus


# --- Where they differ -------------------------------------------------------------------------------

Changes = Iterator[Change]


@dataclass(frozen=True, slots=True)
class _Walk:
    """`path` and `trail` say where we are, to machines and to people."""

    names: Names

    def fields(self, before: Json, after: Json, path: Trail, trail: Trail) -> Changes:
        for key in dict.fromkeys((*before, *after)):
            old, new = before.get(key), after.get(key)
            if old != new:
                yield from self.field(key, old, new, path=(*path, key), trail=trail)

    def field(self, key: str, old: Any, new: Any, *, path: Trail, trail: Trail) -> Changes:
        if key == "texts":
            yield from self.texts(old or {}, new or {}, path, trail)
        elif key == "external_ids":
            yield from self.external_ids(old or {}, new or {}, path, trail)
        elif key == "event":
            yield from self.event(old, new, path, (*trail, "Event"))
        elif key in MEMBERS:
            yield from self.members(old or [], new or [], path, trail)
        elif key in OBJECTS:
            yield from self.objects(old or [], new or [], path, trail)
        else:
            yield _change(path, (*trail, _label(key)), self.shown(key, old), self.shown(key, new))

    def texts(self, old: Json, new: Json, path: Trail, trail: Trail) -> Changes:
        for code in dict.fromkeys((*old, *new)):
            was, now = old.get(code, {}), new.get(code, {})
            differing = [name for name in {**was, **now} if was.get(name, "") != now.get(name, "")]
            for name in differing:
                label = f"{name.capitalize()} ({_language(code)})"
                yield _change((*path, code, name), (*trail, label), was.get(name, ""), now.get(name, ""))
            if not differing and (code in old) != (code in new):
                # A row without a word in it came or went.
                sides = ("empty", "") if code in old else ("", "empty")
                yield _change((*path, code), (*trail, f"Texts ({_language(code)})"), *sides)

    def external_ids(self, old: Json, new: Json, path: Trail, trail: Trail) -> Changes:
        for scheme in dict.fromkeys((*old, *new)):
            was, now = old.get(scheme, ""), new.get(scheme, "")
            if was != now:
                yield _change((*path, scheme), (*trail, f"External id ({scheme})"), was, now)

    def event(self, old: Json | None, new: Json | None, path: Trail, trail: Trail) -> Changes:
        if old and new:
            yield from self.fields(old, new, path, trail)
        else:
            sides = (f"{one['competition']} {one['round']}".strip() if one else "" for one in (old, new))
            yield _change(path, trail, *sides)

    def members(self, old: list[str], new: list[str], path: Trail, trail: Trail) -> Changes:
        key, label = path[-1], (*trail, _label(path[-1]))
        for one in old:
            if one not in new:
                yield _change((*path, one), label, self.shown(key, one), "")
        for one in new:
            if one not in old:
                yield _change((*path, one), label, "", self.shown(key, one))
        if set(old) == set(new):
            sides = (", ".join(self.shown(key, one) for one in side) for side in (old, new))
            yield _change(path, (*label, "Order"), *sides)

    def objects(self, old: list[Json], new: list[Json], path: Trail, trail: Trail) -> Changes:
        told = list(self.each(old, new, path, trail))
        yield from told
        # Elsewhere the order follows from fields that were told already.
        if not told or path[-1] in BY_HAND:
            yield from self.order(old, new, path, trail)

    def each(self, old: list[Json], new: list[Json], path: Trail, trail: Trail) -> Changes:
        was, now = _by_id(old), _by_id(new)
        for name in dict.fromkeys((*was, *now)):
            one = now.get(name) or was[name]
            here, label = (*path, name), (*trail, self.called(path[-1], one))
            if name in was and name in now:
                yield from self.fields(_unordered(was[name]), _unordered(one), here, label)
            else:
                summary = self.summary(path[-1], one)
                yield _change(here, label, *((summary, "") if name in was else ("", summary)))

    def order(self, old: list[Json], new: list[Json], path: Trail, trail: Trail) -> Changes:
        """One change for all that moved; where something came or went, mere renumbering is none."""
        was, now = _by_id(old), _by_id(new)
        before, after = [name for name in was if name in now], [name for name in now if name in was]
        label = (*trail, _label(path[-1]), "Order")
        if before != after:
            sides = (", ".join(self.called(path[-1], now[name]) for name in side) for side in (before, after))
            yield _change(path, label, *sides)
        elif was.keys() == now.keys() and any(was[one].get("order") != now[one].get("order") for one in was):
            numbers = (", ".join(str(one["order"]) for one in side.values()) for side in (was, now))
            yield _change(path, label, *numbers)

    def called(self, key: str, one: Json) -> str:
        """What an object in the list `key` is called at the desk."""
        if key in {"seasons", "episodes"}:
            special = key == "seasons" and one["number"] == 0
            return "Specials" if special else f"{key[:-1].capitalize()} {one['number']}"
        if key == "credits":
            return f"{self.shown('role', one['role'])} {self.shown('person', one['person'])}"
        if key == "windows":
            where = " ".join(filter(None, (one["scope"], ", ".join(one["countries"]))))
            return f"Window {where} ({self.shown('tier', one['tier'])})"
        if key == "artworks":
            return f"{self.shown('kind', one['kind'])}, {self.shown('language', one['language']).lower()}"
        if key == "segments":
            return f"{self.shown('kind', one['kind'])} at {_clock(one['start_ms'])}"
        return f"{self.shown('kind', one['kind'])} “{one['name']}”"

    def summary(self, key: str, one: Json) -> str:
        """What to say of an object that came or went; never empty."""
        if key == "seasons":
            count = len(one["episodes"])
            return f"{count} episode{'' if count == 1 else 's'}"
        if key == "windows":
            start, end = (self.shown(name, one[name]) for name in ("starts_at", "ends_at"))
            return f"{start or 'always'} – {end or 'for good'}"  # noqa: RUF001 a range
        told = {"episodes": "name", "credits": "character", "artworks": "alt", "segments": "end_ms"}
        return self.shown(told.get(key, "name"), one.get(told.get(key, "name"))) or self.called(key, one)

    def shown(self, key: str, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if key in NAMED:
            return self.names.get(value, value)
        return FORMS.get(key, str)(value)


def _by_id(objects: list[Json]) -> dict[str, Json]:
    return {one["id"]: one for one in objects}


def _unordered(one: Json) -> Json:
    return {name: value for name, value in one.items() if name != "order"}
