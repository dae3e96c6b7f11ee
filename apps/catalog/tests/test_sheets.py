"""Cells and files of imports and exports."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from apps.catalog import cells, sheets
from apps.catalog.sheets import BadFile, Row, Wrong

COMMON = {"external_id": "house:1", "kind": "movie"}


def read(**cells: str) -> Row:
    row, wrong = sheets.read_row(1, COMMON | cells)
    assert row is not None, wrong
    return row


def refused(**cells: str) -> set[tuple[str, str]]:
    row, wrong = sheets.read_row(1, COMMON | cells)
    assert row is None
    return {(one.path, one.code) for one in wrong}


def file_of(rows: list[dict[str, str]], file_format: str = "csv") -> bytes:
    return b"".join(sheets.write(rows, file_format))


def test_an_empty_cell_says_nothing_and_a_dash_empties() -> None:
    row = read(name="Sintel", tagline_en="", released_on="-")

    assert row.values == {"kind": "movie", "name": "Sintel", "released_on": None}


def test_a_window_is_read_from_words() -> None:
    row = read(windows="only IN NP premium 2026-01-01T00:00:00Z..2027-01-01T05:30:00+05:30 1080p lang:en,hi")

    assert row.values["windows"] == [
        {
            "scope": "only",
            "countries": ["IN", "NP"],
            "tier": 10,
            "starts_at": "2026-01-01T00:00:00Z",
            "ends_at": "2027-01-01T00:00:00Z",
            "max_height": 1080,
            "languages": ["en", "hi"],
        }
    ]


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("windows", "only free", "invalid"),
        ("windows", "everywhere IN", "invalid"),
        ("windows", "nowhere", "invalid_choice"),
        ("windows", "everywhere 2027-01-01T00:00:00Z..2026-01-01T00:00:00Z", "invalid"),
        ("windows", "everywhere 2026-01-01T00:00:00..", "no_time_zone"),
        ("windows", "everywhere sometimes", "invalid"),
        ("maturity", "PG", "invalid_choice"),
        ("released_on", "31.12.2026", "invalid"),
        ("released_on", "2026-02-30", "invalid"),
        ("announced", "perhaps", "invalid"),
        ("descriptors", "violence; boredom", "invalid_choice"),
        ("credits", "Halina Reijn", "invalid"),
        ("credits", "hero: Halina Reijn", "invalid_choice"),
        ("original_language", "English", "invalid"),
        ("name", "x" * 201, "max_length"),
        ("name", "a\x00b", "control"),
        ("season", "1", "only_for_episodes"),
        ("kind", "film", "invalid_choice"),
    ],
)
def test_a_wrong_cell_is_named(column: str, text: str, code: str) -> None:
    assert refused(**{column: text}) == {(column, code)}


def test_everything_that_is_wrong_with_a_row_is_told() -> None:
    assert refused(external_id="nonsense", maturity="PG", released_on="soon") == {
        ("external_id", "invalid"),
        ("maturity", "invalid_choice"),
        ("released_on", "invalid"),
    }


def test_an_episode_needs_a_place_and_has_no_rating() -> None:
    assert refused(kind="episode", maturity="7") == {
        ("parent", "required"),
        ("season", "required"),
        ("number", "required"),
        ("maturity", "not_for_episodes"),
    }


def test_credits_name_people_by_name_or_address() -> None:
    row = read(credits="voice: Halina Reijn as Sintel; director: @colin-levy")

    assert row.values["credits"] == [
        {"role": "voice", "person": "Halina Reijn", "character": "Sintel"},
        {"role": "director", "person": "@colin-levy", "character": ""},
    ]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"kind,name\nmovie,X\n", "missing columns: external_id"),
        (b"external_id,kind,colour\nhouse:1,movie,red\n", "unknown columns: 'colour'"),
        (b"external_id,kind\nhouse:1,movie,more\n", "more cells than the heading"),
        ("external_id,kind\nhouse:1,कथा\n".encode("utf-16"), "not UTF-8"),
        (b'external_id,kind\n"house:1,movie\n', "not proper CSV"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, told: str) -> None:
    with pytest.raises(BadFile, match=told):
        list(sheets.read(data, "csv"))


@pytest.mark.parametrize("data", [b"{}", b"[1]", b"[{]", b"\xff"])
def test_a_json_file_is_a_list_of_objects(data: bytes) -> None:
    with pytest.raises(BadFile):
        list(sheets.read(data, "json"))


def test_the_same_id_twice_in_a_file_is_told() -> None:
    data = file_of([COMMON | {"name": "A"}, COMMON | {"name": "B"}])

    first, second = sheets.read(data, "csv")

    assert isinstance(first, Row)
    assert second == Wrong(2, "external_id", "repeated", "The same as in row 1.")


def test_no_cell_of_an_export_is_a_formula() -> None:
    data = file_of(
        [COMMON | {"name": '=HYPERLINK("http://evil.example","x")', "tagline_en": "+1", "advice_en": "@a"}]
    )

    (cells,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    assert [cells[name][0] for name in ("name", "tagline_en", "advice_en")] == ["'", "'", "'"]


TEXT = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=40).filter(
    lambda text: text.strip() == text and text != cells.CLEAR
)


@seed(20261122)
@given(name=TEXT, tagline=TEXT, file_format=st.sampled_from(["csv", "json"]))
def test_what_is_written_is_read_again(name: str, tagline: str, file_format: str) -> None:
    written: dict[str, Any] = COMMON | {"name": name, "tagline_hi": tagline}

    (row,) = sheets.read(file_of([written], file_format), file_format)

    if isinstance(row, Row):
        assert row.values == {"kind": "movie", "name": name, "tagline_hi": tagline}
    else:
        assert row.code == "control"


def test_windows_are_written_as_they_are_read() -> None:
    text = "except DE FR premium 2026-01-01T00:00:00Z.. 720p lang:hi"

    assert cells.write_window(cells.read_window(text)) == text
