"""Sheets of thumbnails: what is where on them."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from apps.media import thumbnails
from apps.media.thumbnails import Sheets


def pictures(folder: Path, count: int) -> list[Path]:
    """Each of a colour of its own."""
    paths = [folder / f"thumb_{n:04}.jpg" for n in range(count)]
    for n, path in enumerate(paths):
        Image.new("RGB", (32, 18), (n * 5, 255 - n * 5, 128)).save(path, quality=95)
    return paths


def test_every_picture_is_found_where_the_track_says(tmp_path: Path) -> None:
    thumbs = pictures(tmp_path, 43)

    sheets = thumbnails.paste(thumbs, tmp_path, every_ms=2000, duration_ms=85_500)
    assert sheets is not None
    cues = re.findall(r"(\S+) --> (\S+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)\n", thumbnails.vtt(sheets))

    assert (sheets.count, sheets.sheets, sheets.width, sheets.height) == (43, 2, 32, 18)
    assert [cue[0] for cue in cues[:2]] == ["00:00:00.000", "00:00:02.000"]
    assert cues[-1][:2] == ("00:01:24.000", "00:01:25.500")
    assert all(before[1] == after[0] for before, after in pairwise(cues))
    for n, cue in enumerate(cues):
        left, top, width, height = map(int, cue[3:])
        with Image.open(tmp_path / cue[2]) as sheet:
            assert sheet.size == (32 * 6, 18 * 5)
            seen = sheet.getpixel((left + width // 2, top + height // 2))
        assert all(
            abs(a - b) < 12 for a, b in zip(seen, (n * 5, 255 - n * 5, 128), strict=True)
        ), (n, seen)  # fmt: skip
    assert sheets.peak_size == max((tmp_path / sheets.file(n)).stat().st_size for n in range(2))


def test_the_same_pictures_make_the_same_sheets(tmp_path: Path) -> None:
    thumbs = pictures(tmp_path, 3)
    made = [
        (thumbnails.paste(thumbs, tmp_path / name, every_ms=2000, duration_ms=6000), name) for name in "ab"
    ]

    assert made[0][0] == made[1][0]
    assert (tmp_path / "a/thumbs/1.jpg").read_bytes() == (tmp_path / "b/thumbs/1.jpg").read_bytes()


@pytest.mark.parametrize(("duration_ms", "kept"), [(6000, 3), (6001, 4), (4000, 2), (500, 1)])
def test_a_picture_after_the_end_is_left_out(tmp_path: Path, duration_ms: int, kept: int) -> None:
    sheets = thumbnails.paste(pictures(tmp_path, 4), tmp_path, every_ms=2000, duration_ms=duration_ms)

    assert sheets is not None
    assert sheets.count == kept


def test_a_film_without_pictures_has_no_sheets(tmp_path: Path) -> None:
    assert thumbnails.paste([], tmp_path, every_ms=2000, duration_ms=6000) is None


def test_sheets_come_back_from_json() -> None:
    sheets = Sheets(43, 160, 90, 2000, 85_500, 12_345)

    assert Sheets.from_json(sheets.to_json()) == sheets
    assert [(sheets.starts_ms(n), sheets.ends_ms(n)) for n in range(2)] == [(0, 60_000), (60_000, 85_500)]
