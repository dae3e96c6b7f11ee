"""Rows of an import or export, and the files they come in. Pure.

A row is a title or, with `parent`, an episode of one. An empty cell leaves the desk as it is; a single
"-" empties the field. Cells that a spreadsheet would take for a formula carry a leading apostrophe in CSV
files, and lose it on the way in (OWASP, CSV injection).
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from apps.workflow.plain_text import REFUSED

from . import cells as reading
from .cells import CLEAR, COLUMNS, EPISODE, LANGUAGES, BadCell

FORMULA = ("=", "+", "-", "@", "\t", "\r")
MOST_ROWS = 50_000
HEADING = ["external_id", *COLUMNS]
NEEDED = {"external_id", "kind"}


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a cell: `{row, path, code, detail}`; row 1 is the first below the heading."""

    row: int
    path: str
    code: str
    detail: str


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
        told = [f"unknown columns: {', '.join(repr(name[:60]) for name in unknown[:20])}"] if unknown else []
        told += [f"missing columns: {', '.join(sorted(missing))}"] if missing else []
        raise BadFile(f"The heading is not right: {'; '.join(told)}.")


def _json_rows(data: bytes) -> Iterator[dict[str, Any]]:
    try:
        rows = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadFile(f"The file is not JSON: {error}.") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadFile("A JSON file is a list of objects, one for each row.")
    yield from rows


def read_row(number: int, cells: Mapping[str, Any]) -> tuple[Row | None, list[Wrong]]:
    """A row out of its cells, or everything that is wrong with them."""
    wrong: list[Wrong] = []
    values: dict[str, Any] = {}
    for name, cell in {"external_id": "", **cells}.items():
        try:
            text = reading.as_cell(cell)
            if name == "external_id" or text:
                values[name] = reading.value(name, text)
        except BadCell as error:
            wrong.append(Wrong(number, REFUSED.sub("?", name[:60]), error.code, error.detail))
    external_id = values.pop("external_id", ("", ""))
    wrong += [] if wrong else _judge_row(number, values)
    return (None if wrong else Row(number, external_id, values)), wrong


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
