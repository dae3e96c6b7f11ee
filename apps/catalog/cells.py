"""What the cells of imports and exports mean, from text and back. Pure.

Every reader raises `BadCell`. Lists have semicolons between their parts.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime

from apps.accounts.maturity import BY_LABEL, Maturity
from apps.workflow.plain_text import REFUSED

from .models import Descriptor, ExternalId, Kind, Role, Tier, Window
from .territories import TERRITORIES

LANGUAGES = [code for code, _ in settings.LANGUAGES]
TEXT_FIELDS = {"name": 200, "tagline": 200, "synopsis": 4000, "advice": 300}
EPISODE = "episode"
CLEAR = "-"
# Of any cell, and of one credit in it.
LONGEST_CELL, LONGEST_CREDIT = 100_000, 600
LONGEST_ID, LONGEST_TAG = 100, 10
SCHEMES = {*ExternalId.Scheme.values, "slug"}
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
CREDIT = re.compile(r"(?P<role>[a-z_]+)\s*:\s*(?P<person>.+?)(?:\s+as\s+(?P<character>.+))?", re.DOTALL)
# Parts of a list, between semicolons; one that belongs to a part has a backslash before it.
PARTS, ESCAPED = re.compile(r"(?:\\.|[^;])+"), re.compile(r"\\([;\\])")


class BadCell(ValueError):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def _line(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > longest:
            raise BadCell("max_length", f"At most {longest} characters.")
        if REFUSED.search(text):
            raise BadCell("control", "Control characters are not allowed.")
        return text

    return read


def _one_of(choices: Iterable[str]) -> Callable[[str], str]:
    allowed = list(choices)

    def read(text: str) -> str:
        if text.lower() not in allowed:
            raise BadCell("invalid_choice", f"{_told(text)} is none of {', '.join(allowed)}.")
        return text.lower()

    return read


def _told(text: str) -> str:
    """For a sentence about it, however long it is."""
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def _many(read_one: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    def read(text: str) -> list[Any]:
        parts = (ESCAPED.sub(r"\1", part.strip()) for part in PARTS.findall(text))
        return [read_one(part) for part in parts if part]

    return read


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 32_768):
        raise BadCell("invalid", f"{_told(text)} is not a whole number.")
    return int(text)


def _slug(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,120}", text):
        raise BadCell("invalid", f"{_told(text)} is not an address: letters, digits, hyphens.")
    return text


def _external_id(text: str) -> tuple[str, str]:
    scheme, _, value = text.partition(":")
    if scheme not in SCHEMES or not value:
        raise BadCell("invalid", f"Scheme and id, such as house:123; schemes: {', '.join(sorted(SCHEMES))}.")
    return scheme, _slug(value) if scheme == "slug" else _line(LONGEST_ID)(value)


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise BadCell("invalid", f"{_told(text)} is not a date such as 2026-11-22.") from error


def _instant(text: str) -> str:
    try:
        found = parse_datetime(text) or datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        if found.tzinfo is None:
            raise BadCell("no_time_zone", f"{_told(text)} has no time zone; end it with Z for UTC.")
        return found.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except BadCell:
        raise
    except (ValueError, OverflowError) as error:
        raise BadCell("invalid", f"{_told(text)} is not a time such as 2026-11-22T18:00:00Z.") from error


def _language(text: str) -> str:
    if not LANGUAGE_TAG.fullmatch(text) or len(text) > LONGEST_TAG:
        raise BadCell("invalid", f"{_told(text)} is not a language tag such as en or hi.")
    return text


def _maturity(text: str) -> int:
    if text in BY_LABEL:
        return int(BY_LABEL[text])
    if text in map(str, Maturity.values):
        return int(text)
    raise BadCell("invalid_choice", f"{_told(text)} is none of {', '.join(BY_LABEL)}.")


def _boolean(text: str) -> bool:
    if text.lower() not in {"yes", "no", "true", "false"}:
        raise BadCell("invalid", "yes or no.")
    return text.lower() in {"yes", "true"}


def read_window(text: str) -> dict[str, Any]:
    """`only IN NP premium 2026-01-01T00:00:00Z.. 1080p lang:en,hi` as a window of a snapshot, without id."""
    scope, *words = text.split()
    window: dict[str, Any] = {
        "scope": _one_of(Window.Territories.values)(scope), "countries": [], "tier": int(Tier.FREE),
        "starts_at": None, "ends_at": None, "max_height": None, "languages": [],
    }  # fmt: skip
    for word in words:
        _read_window_word(window, word)
    if (window["scope"] == Window.Territories.EVERYWHERE) is bool(window["countries"]):
        raise BadCell("invalid", "“only” and “except” name countries; “everywhere” names none.")
    if window["starts_at"] and window["ends_at"] and window["ends_at"] <= window["starts_at"]:
        raise BadCell("invalid", "A window ends after it starts.")
    return window


def _read_window_word(window: dict[str, Any], word: str) -> None:
    if word in TERRITORIES and word not in window["countries"]:
        window["countries"].append(word)
    elif word in Tier.labels:
        window["tier"] = int(next(tier for tier in Tier if tier.label == word))
    elif ".." in word:
        start, _, end = word.partition("..")
        window["starts_at"] = _instant(start) if start else None
        window["ends_at"] = _instant(end) if end else None
    elif re.fullmatch(r"[1-9]\d{2,3}p", word):
        window["max_height"] = int(word[:-1])
    elif word.startswith("lang:"):
        window["languages"] = [_language(one) for one in word[5:].split(",")]
    else:
        raise BadCell("invalid", f"{_told(word)} is nothing that a window knows, or is there twice.")


def write_window(window: dict[str, Any]) -> str:
    words = [window["scope"], *window["countries"], Tier(window["tier"]).label]
    if window["starts_at"] or window["ends_at"]:
        words.append(f"{window['starts_at'] or ''}..{window['ends_at'] or ''}")
    words += [f"{window['max_height']}p"] if window["max_height"] else []
    words += ["lang:" + ",".join(window["languages"])] if window["languages"] else []
    return " ".join(str(word) for word in words)


def read_credit(text: str) -> dict[str, str]:
    """`voice: Halina Reijn as Sintel`; a person may be named by `@slug`."""
    found = CREDIT.fullmatch(_line(LONGEST_CREDIT)(text))
    if found is None:
        raise BadCell("invalid", f"{_told(text)} is not “role: person as character”.")
    role, name = _one_of(Role.values)(found["role"]), _line(200)
    character = name((found["character"] or "").strip())
    return {"role": role, "person": name(found["person"].strip()), "character": character}


def write_credit(credit: dict[str, Any], slug: str) -> str:
    character = credit["character"].replace("\\", "\\\\").replace(";", "\\;")
    return f"{credit['role']}: @{slug}" + (f" as {character}" if character else "")


COLUMNS: dict[str, Callable[[str], Any]] = {
    "kind": _one_of([*Kind.values, EPISODE]),
    "parent": _line(110),
    "season": _number,
    "number": _number,
    "slug": _slug,
    "name": _line(200),
    "original_language": _language,
    "released_on": _date,
    "maturity": _maturity,
    "descriptors": _many(_one_of(Descriptor.values)),
    "announced": _boolean,
    "genres": _many(_slug),
    "tags": _many(_slug),
    "windows": _many(read_window),
    "credits": _many(read_credit),
    "sport": _line(60),
    "competition": _line(120),
    "event_season": _line(60),
    "round": _line(60),
    "venue": _line(120),
    "kick_off_at": _instant,
    "teams": _many(_slug),
    **{f"{name}_{code}": _line(longest) for code in LANGUAGES for name, longest in TEXT_FIELDS.items()},
}


def as_cell(value: Any, *, listed: bool = False) -> str:
    """A value of a JSON file as the cell it would be; lists go one deep."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and not listed:
        return "; ".join(as_cell(one, listed=True) for one in value) or CLEAR
    if isinstance(value, list | dict):
        raise BadCell("invalid", "Text, a number, true, false, null, or a list of these.")
    return "" if value is None else tidy(str(value))


def tidy(text: str) -> str:
    """As cells are compared: space around it and the kind of its line ends say nothing."""
    return text.strip().replace("\r\n", "\n")


def value(name: str, text: str) -> Any:
    """What a cell says; None empties the field. Raises `BadCell`."""
    if len(text) > LONGEST_CELL:
        raise BadCell("max_length", f"At most {LONGEST_CELL} characters.")
    if name == "external_id":
        return _external_id(text)
    if name not in COLUMNS:
        raise BadCell("unknown_field", "There is no such column.")
    return None if text == CLEAR else COLUMNS[name](text)
