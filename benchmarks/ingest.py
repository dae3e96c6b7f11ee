"""`python -m benchmarks.ingest [FILE]`: what the whole way costs, beside one bare ffmpeg command.

The way: stored, hashed, looked into, encoded, each track decoded again, loudness measured, joined, indexed,
thumbnails, playlists, published. The bare command: the same decode, rungs, sound and thumbnails, and nothing
else. Wall time and CPU time of both, in one run; nothing else should run meanwhile. Without FILE a film of
`--seconds` is generated: moving pictures with noise, two languages.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import manage
from ottsite import engines

PICTURE = "testsrc2=size=1280x720:rate=24:duration={0},noise=alls=12:allf=t"
TONES = (
    "sine=frequency=330:sample_rate=48000:duration={0}",
    "sine=frequency=440:sample_rate=48000:duration={0}",
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Both in seconds."""

    wall: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="a film of your own")
    parser.add_argument("--seconds", type=int, default=60, help="of the generated film (default 60)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ottsite-bench-") as name:
        place = Path(name)
        film = options.file.resolve() if options.file else generated(place / "film.mp4", options.seconds)
        with engines.running(place / "engines", grace=5) as urls:
            environ = urls | {"OTTSITE_VAR": str(place), "LOG_LEVEL": "WARNING", "DEBUG": "off"}
            # One chunk, as the bare command has it.
            os.environ.update(environ | {"CHUNK_S": "86400", "DJANGO_SETTINGS_MODULE": "ottsite.settings"})
            manage(["migrate", "-v0"], environ)
            report(measured(lambda: bare(film, place)), measured(lambda: whole(film)))


def generated(path: Path, seconds: int) -> Path:
    import imageio_ffmpeg

    graphs = (PICTURE, *TONES)
    inputs = [argument for graph in graphs for argument in ("-f", "lavfi", "-i", graph.format(seconds))]
    coded = "-map 0:v -map 1:a -map 2:a -c:v libx264 -preset ultrafast -b:v 8M -pix_fmt yuv420p -c:a aac"
    told = "-metadata:s:a:0 language=eng -metadata:s:a:1 language=hin"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *inputs, *coded.split(), *told.split()]
    subprocess.run([*command, str(path)], check=True)
    return path


def measured(work: Callable[[], None]) -> Cost:
    before, began = spent(), time.monotonic()
    work()
    return Cost(time.monotonic() - began, spent() - before)


def spent() -> float:
    """CPU seconds of this process and of its children that have ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def bare(film: Path, place: Path) -> None:
    """Everything in one command, run in a folder of its own."""
    import django

    django.setup()
    from apps.media import ladder, packager, probe
    from apps.media.packager import picture
    from apps.media.services.making import ladder_options

    source = probe.probe(film)
    plan = ladder.plan(source, ladder_options())
    if plan is None:
        sys.exit("There is no picture in it.")
    folder = place / "bare"
    folder.mkdir()
    command = [packager.program(), "-nostdin", "-y", *picture.arguments(film, plan, plan.chunks[0])]
    for audio in source.audios:
        name = f"a{audio.index}.mp4"
        command += ["-map", f"0:{audio.index}", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000"]
        command += ["-movflags", "+cmaf+delay_moov", "-frag_duration", "4000000", "-f", "mp4", name]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def whole(film: Path) -> None:
    """From the file to the asset that can be played, in this process."""
    from apps.core import jobs as background
    from apps.media.models import Job, JobState
    from apps.media.services import finishing, taking  # finishing registers its step

    assert callable(finishing.finish)  # noqa: S101
    taking.take(film)
    background.work(["media"], 4, wait=False)
    job = Job.objects.get()
    if job.state != JobState.DONE:
        sys.exit(f"It did not work: {job.cause}")


def report(bare_: Cost, whole_: Cost) -> None:
    write = sys.stdout.write
    write(f"{'':<24}{'wall s':>10}{'CPU s':>10}\n")
    for name, one in (("one bare command", bare_), ("the whole way", whole_)):
        write(f"{name:<24}{one.wall:>10.1f}{one.cpu:>10.1f}\n")
    wall, cpu = (whole_.wall / bare_.wall, whole_.cpu / bare_.cpu)
    write(f"{'ratio':<24}{wall:>10.3f}{cpu:>10.3f}\n")


if __name__ == "__main__":
    main()
