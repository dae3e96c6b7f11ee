"""Rows of an import or export: what the columns mean, from text and back. Pure.

A row is a title or, with `parent`, an episode of one. An empty cell leaves the desk as it is; a single
"-" empties the field. Cells that a spreadsheet would take for a formula carry a leading apostrophe in CSV
files, and lose it on the way in (OWASP, CSV injection).
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import orjson
from django.conf import settings
from django.utils.dateparse import parse_datetime

from apps.accounts.maturity import BY_LABEL, Maturity

from .models import Descriptor, ExternalId, Kind, Role, Tier, Window

LANGUAGES = [code for code, _ in settings.LANGUAGES]
TEXT_FIELDS = {"name": 200, "tagline": 200, "synopsis": 4000, "advice": 300}
EPISODE = "episode"
CLEAR = "-"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
MOST_ROWS = 50_000
SCHEMES = {*ExternalId.Scheme.values, "slug"}
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
CREDIT = re.compile(r"(?P<role>[a-z_]+)\s*:\s*(?P<person>.+?)(?:\s+as\s+(?P<character>.+))?")


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a cell: `{row, path, code, detail}`; row 1 is the first below the heading."""

    row: int
    path: str
    code: str
    detail: str


class BadCell(ValueError):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class BadFile(ValueError):
    """No row of it can be read; the text says why."""


@dataclass(slots=True)
class Row:
    """One row, read. `values` holds the columns that say something; None empties a field."""

    number: int
    external_id: tuple[str, str]
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def is_episode(self) -> bool:
        return bool(self.values.get("kind") == EPISODE)


# --- Cells -------------------------------------------------------------------------------------------


def _line(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > longest:
            raise BadCell("max_length", f"At most {longest} characters.")
        if not text.replace("\n", " ").replace("\u200c", "").replace("\u200d", "").isprintable():
            raise BadCell("control", "Control characters are not allowed.")
        return text

    return read


def _one_of(choices: Iterable[str]) -> Callable[[str], str]:
    allowed = list(choices)

    def read(text: str) -> str:
        if text.lower() not in allowed:
            raise BadCell("invalid_choice", f"{text!r} is none of {', '.join(allowed)}.")
        return text.lower()

    return read


def _many(read_one: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    def read(text: str) -> list[Any]:
        return [read_one(part.strip()) for part in text.split(";") if part.strip()]

    return read


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 32_768):
        raise BadCell("invalid", f"{text!r} is not a whole number.")
    return int(text)


def _slug(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,120}", text):
        raise BadCell("invalid", f"{text!r} is not an address: letters, digits, hyphens.")
    return text


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise BadCell("invalid", f"{text!r} is not a date such as 2026-11-22.") from error


def _instant(text: str) -> str:
    try:
        found = parse_datetime(text) or datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError as error:
        raise BadCell("invalid", f"{text!r} is not a time such as 2026-11-22T18:00:00Z.") from error
    if found.tzinfo is None:
        raise BadCell("no_time_zone", f"{text!r} has no time zone; end it with Z for UTC.")
    return found.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _language(text: str) -> str:
    if not LANGUAGE_TAG.fullmatch(text):
        raise BadCell("invalid", f"{text!r} is not a language tag such as en or hi.")
    return text


def _maturity(text: str) -> int:
    if text in BY_LABEL:
        return int(BY_LABEL[text])
    if text.isdigit() and int(text) in Maturity.values:
        return int(text)
    raise BadCell("invalid_choice", f"{text!r} is none of {', '.join(BY_LABEL)}.")


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
    if re.fullmatch(r"[A-Z]{2}", word):
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
        raise BadCell("invalid", f"{word!r} is nothing that a window knows.")


def write_window(window: dict[str, Any]) -> str:
    words = [window["scope"], *window["countries"], Tier(window["tier"]).label]
    if window["starts_at"] or window["ends_at"]:
        words.append(f"{window['starts_at'] or ''}..{window['ends_at'] or ''}")
    words += [f"{window['max_height']}p"] if window["max_height"] else []
    words += ["lang:" + ",".join(window["languages"])] if window["languages"] else []
    return " ".join(str(word) for word in words)


def read_credit(text: str) -> dict[str, str]:
    """`voice: Halina Reijn as Sintel`; a person may be named by `@slug`."""
    found = CREDIT.fullmatch(text)
    if found is None:
        raise BadCell("invalid", f"{text!r} is not “role: person as character”.")
    role = _one_of(Role.values)(found["role"])
    return {"role": role, "person": found["person"].strip(), "character": (found["character"] or "").strip()}


def write_credit(credit: dict[str, Any], slug: str) -> str:
    return f"{credit['role']}: @{slug}" + (f" as {credit['character']}" if credit["character"] else "")


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
HEADING = ["external_id", *COLUMNS]
NEEDED = {"external_id", "kind"}


# --- Files -------------------------------------------------------------------------------------------


def read(data: bytes, file_format: str) -> Iterator[Row | Wrong]:
    """The rows of a file, and what is wrong with others. Raises `BadFile`."""
    seen: dict[tuple[str, str], int] = {}
    rows = _csv_rows(data) if file_format == "csv" else _json_rows(data)
    for number, cells in enumerate(rows, start=1):
        if number > MOST_ROWS:
            raise BadFile(f"At most {MOST_ROWS} rows in one file.")
        row, wrong = read_row(number, cells)
        if row and row.external_id in seen:
            wrong = [Wrong(number, "external_id", "repeated", f"The same as in row {seen[row.external_id]}.")]
        elif row:
            seen[row.external_id] = number
        if wrong:
            yield from wrong
        elif row:
            yield row


def _csv_rows(data: bytes) -> Iterator[dict[str, str]]:
    try:
        text = data.decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        _judge_heading(reader.fieldnames or [])
        for cells in reader:
            if None in cells:
                raise BadFile(f"Line {reader.line_num} has more cells than the heading.")
            yield {name: _without_apostrophe(cell or "") for name, cell in cells.items()}
    except UnicodeDecodeError as error:
        raise BadFile("The file is not UTF-8 text.") from error
    except csv.Error as error:
        raise BadFile(f"The file is not proper CSV: {error}.") from error


def _judge_heading(names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in HEADING]
    missing = [name for name in NEEDED if name not in names]
    if unknown or missing:
        told = [f"unknown columns: {', '.join(map(repr, unknown))}"] if unknown else []
        told += [f"missing columns: {', '.join(sorted(missing))}"] if missing else []
        raise BadFile(f"The heading is not right: {'; '.join(told)}.")


def _json_rows(data: bytes) -> Iterator[dict[str, Any]]:
    try:
        rows = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadFile(f"The file is not JSON: {error}.") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadFile("A JSON file is a list of objects, one for each row.")
    for row in rows:
        yield {name: _as_cell(value) for name, value in row.items()}


def _as_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(_as_cell(one) for one in value) or CLEAR
    return "" if value is None else str(value)


def read_row(number: int, cells: dict[str, str]) -> tuple[Row | None, list[Wrong]]:
    """A row out of its cells, or everything that is wrong with them."""
    wrong: list[Wrong] = []
    values: dict[str, Any] = {}
    scheme, _, value = cells.get("external_id", "").strip().partition(":")
    if scheme not in SCHEMES or not value or len(value) > 100:
        detail = f"Scheme and id, such as house:123; schemes: {', '.join(sorted(SCHEMES))}."
        wrong.append(Wrong(number, "external_id", "invalid", detail))
    for name, cell in cells.items():
        text = cell.strip().replace("\r\n", "\n")
        if name == "external_id" or not text:
            continue
        if name not in COLUMNS:
            wrong.append(Wrong(number, name, "unknown_field", "There is no such column."))
            continue
        try:
            values[name] = None if text == CLEAR else COLUMNS[name](text)
        except BadCell as error:
            wrong.append(Wrong(number, name, error.code, error.detail))
    wrong += [] if wrong else _judge_row(number, values)
    return (None if wrong else Row(number, (scheme, value), values)), wrong


def _judge_row(number: int, values: dict[str, Any]) -> Iterator[Wrong]:
    kind = values.get("kind")
    if not kind:
        yield Wrong(number, "kind", "required", "movie, series, sport or episode.")
    needed = ("parent", "season", "number") if kind == EPISODE else ("name",) if "name" in values else ()
    for name in needed:
        if values.get(name) is None:
            yield Wrong(number, name, "required", "Needed here.")
    if kind == EPISODE:
        only = {"kind", "parent", "season", "number", "name", "released_on", "windows", "credits"}
        texts = {f"{name}_{code}" for code in LANGUAGES for name in ("name", "tagline", "synopsis")}
        for name in values.keys() - only - texts:
            yield Wrong(number, name, "not_for_episodes", "Episodes have no such field.")
    else:
        for name in values.keys() & {"parent", "season", "number"}:
            yield Wrong(number, name, "only_for_episodes", "Only episodes have it.")


def _without_apostrophe(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] in {*FORMULA, "'"} else text


def neutral(text: str) -> str:
    """The cell so that no spreadsheet runs it."""
    formula = text.startswith(FORMULA) and text != CLEAR
    quoted = text[:1] == "'" and text[1:2] in {*FORMULA, "'"}
    return f"'{text}" if formula or quoted else text


def write(rows: Iterable[dict[str, str]], file_format: str) -> Iterator[bytes]:
    """The file of these rows (`{column: text}`), piece by piece."""
    if file_format == "json":
        yield b"["
        for number, row in enumerate(rows):
            yield (b",\n" if number else b"\n") + orjson.dumps(
                {name: text for name, text in row.items() if text}
            )
        yield b"\n]\n"
        return
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, HEADING, restval="")
    writer.writeheader()
    yield "\ufeff".encode()
    for row in rows:
        writer.writerow({name: neutral(text) for name, text in row.items()})
        yield _drained(out)
    yield _drained(out)


def _drained(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode()
