"""Still pictures of a finished track, for posters."""

from collections.abc import Sequence
from pathlib import Path

from .running import Watch, opened, run

COST = 60
PICTURE = "scale=in_range=tv:out_range=pc,format=yuv420p"


def take_stills(track: Path, times: Sequence[float], folder: Path, watch: Watch) -> list[Path]:
    """Write `still_01.jpg …`, the frames that are shown at these seconds, as large as the track's.

    Times lie within the track. Raises Broken, NoRoom, Stopped.
    """
    stills = [folder / f"still_{number:02}.jpg" for number in range(1, len(times) + 1)]
    for still, time in zip(stills, times, strict=True):
        source = opened(track, "mov", "-threads", "1", "-ss", f"{time:.6f}")
        output = ("-frames:v", "1", "-vf", PICTURE, "-c:v", "mjpeg", "-q:v", "2", "-flags:v", "+bitexact")
        run(
            ["-v", "warning", *source, *output, "-map_metadata", "-1", "-f", "mjpeg", f"file:{still.name}"],
            folder=folder, seconds=1, cost=COST, watch=watch,
        )  # fmt: skip
    return stills
