"""Thumbnails of a film for its seek bar: pasted on sheets, and told to players.

Sheets are JPEG of `columns` x `rows` tiles, in the order of reading; the last one may have empty tiles.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image

COLUMNS, ROWS = 6, 5
QUALITY = 75
FOLDER = "thumbs"
TRACK = f"{FOLDER}.vtt"


@dataclass(frozen=True, slots=True)
class Sheets:
    """`count` thumbnails of `width` x `height` pixels, one for every `every_ms` of `duration_ms`.

    `peak_size`: bytes of the largest sheet.
    """

    count: int
    width: int
    height: int
    every_ms: int
    duration_ms: int
    peak_size: int
    columns: int = COLUMNS
    rows: int = ROWS

    @property
    def tiles(self) -> int:
        """On a full sheet."""
        return self.columns * self.rows

    @property
    def sheets(self) -> int:
        return -(-self.count // self.tiles)

    @property
    def span_ms(self) -> int:
        """What a full sheet covers."""
        return self.tiles * self.every_ms

    @property
    def peak_bps(self) -> int:
        span = min(self.span_ms, self.duration_ms) or 1
        return -(-self.peak_size * 8000 // span)

    def file(self, sheet: int) -> str:
        """Relative to the package; sheets count from 0, their files from 1."""
        return f"{FOLDER}/{sheet + 1}.jpg"

    def starts_ms(self, sheet: int) -> int:
        return sheet * self.span_ms

    def ends_ms(self, sheet: int) -> int:
        """The last sheet ends with the film, but lasts a moment in any case."""
        if sheet < self.sheets - 1:
            return self.starts_ms(sheet + 1)
        return max(self.duration_ms, self.starts_ms(sheet) + 1)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Sheets":
        return cls(**data)


def paste(thumbs: Sequence[Path], folder: Path, *, every_ms: int, duration_ms: int) -> Sheets | None:
    """Put the pictures, in the order of the film and all of one size, on sheets `folder/thumbs/1.jpg` ….

    None where there are no pictures. The same pictures make the same bytes.
    """
    # A picture past the end would be a cue that begins after the film.
    thumbs = thumbs[: max(1, -(-duration_ms // every_ms))]
    if not thumbs:
        return None
    with Image.open(thumbs[0]) as first:
        width, height = first.size
    made = Sheets(len(thumbs), width, height, every_ms, duration_ms, 0)
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    sizes = [
        _sheet(thumbs[n * made.tiles : (n + 1) * made.tiles], made, folder / made.file(n))
        for n in range(made.sheets)
    ]
    return Sheets(len(thumbs), width, height, every_ms, duration_ms, max(sizes))


def vtt(sheets: Sheets, *, at: Callable[[str], str] = str) -> str:
    """A WebVTT track whose cues name a part of a sheet (`#xywh=`), as many players read it."""
    places = [_place(sheets, tile) for tile in range(sheets.tiles)]
    files = [at(sheets.file(sheet)) for sheet in range(sheets.sheets)]
    clocks = [_clock(n * sheets.every_ms) for n in range(sheets.count)]
    last = max(sheets.duration_ms, (sheets.count - 1) * sheets.every_ms + 1)
    ends = [*clocks[1:], _clock(last)]
    cues = ["WEBVTT\n"]
    for n, (start, end) in enumerate(zip(clocks, ends, strict=True)):
        left, top = places[n % sheets.tiles]
        uri = f"{files[n // sheets.tiles]}#xywh={left},{top},{sheets.width},{sheets.height}"
        cues.append(f"{start} --> {end}\n{uri}\n")
    return "\n".join(cues)


def _sheet(thumbs: Sequence[Path], made: Sheets, target: Path) -> int:
    """Returns its size in bytes."""
    canvas = Image.new("RGB", (made.width * made.columns, made.height * made.rows))
    for tile, path in enumerate(thumbs):
        with Image.open(path) as thumb:
            canvas.paste(thumb.convert("RGB"), _place(made, tile))
    canvas.save(target, "JPEG", quality=QUALITY, optimize=True)
    return target.stat().st_size


def _place(sheets: Sheets, tile: int) -> tuple[int, int]:
    row, column = divmod(tile, sheets.columns)
    return column * sheets.width, row * sheets.height


def _clock(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{ms:03}"
