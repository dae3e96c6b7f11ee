"""Frames of a finished rendition that an editor may make a poster of."""

import io
from collections.abc import Iterator
from pathlib import Path

import av
from PIL import Image, ImageFilter, ImageStat

from .cmaf import Index

WANTED = 8
LOOKED_AT = 24
QUALITY = 90
# Titles and end credits are mostly at the ends.
FROM, UNTIL = 0.05, 0.90


def pick(track: Path, index: Index, folder: Path) -> list[Path]:
    """The most telling of two dozen keyframes, as JPEG files `still-0.jpg` … in the order of the film.

    `track` is one of ours, in the clear. A frame tells much that is neither dark nor blank nor blurred.
    """
    judged = [(_worth(image), number, image) for number, image in enumerate(_keyframes(track, index))]
    best = sorted(judged, key=lambda one: one[0], reverse=True)[:WANTED]
    paths = []
    for place, (_, _, image) in enumerate(sorted(best, key=lambda one: one[1])):
        paths.append(folder / f"still-{place}.jpg")
        image.save(paths[-1], "JPEG", quality=QUALITY)
    return paths


def _keyframes(track: Path, index: Index) -> Iterator[Image.Image]:
    """Each decoded by itself: the init section and one fragment are a file of one segment."""
    fragments = index.fragments
    inner = fragments[int(len(fragments) * FROM) : max(1, round(len(fragments) * UNTIL))] or fragments
    step = max(1, len(inner) // LOOKED_AT)
    with track.open("rb") as file:
        init = file.read(index.init_size)
        for fragment in inner[::step][:LOOKED_AT]:
            file.seek(fragment.offset)
            segment = io.BytesIO(init + file.read(fragment.size))
            with av.open(segment, "r", format="mp4") as opened:
                frame = next(opened.decode(video=0), None)
                if frame is not None:
                    yield frame.to_image()


def _worth(image: Image.Image) -> float:
    """Contrast times detail; nothing for what is nearly black or white."""
    grey = image.convert("L").resize((160, 90))
    light = ImageStat.Stat(grey)
    if not 16 < light.mean[0] < 240:
        return 0.0
    edges = ImageStat.Stat(grey.filter(ImageFilter.FIND_EDGES))
    return float(light.stddev[0] * edges.mean[0])
