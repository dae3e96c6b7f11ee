"""Hundreds of damaged films: each is read or refused, in time, and nothing else happens.

FUZZ_SEED and FUZZ_FILES change the run; the seed is printed.
"""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from apps.media import accept, probe, sandbox, signatures
from apps.media.facts import Source
from apps.media.probe import Unreadable
from apps.media.sandbox import Outcome

from .clips import clip
from .mutations import mutated, with_boxes_changed

BATCH = Path(__file__).with_name("batch.py")
SEED = int(os.environ.get("FUZZ_SEED") or random.randrange(10**9))  # noqa: S311 not for secrets
FILES = int(os.environ.get("FUZZ_FILES") or 500)
FILMS = (
    "plain.mp4", "fragments.mp4", "marked.mp4", "prores.mov", "plain.mkv", "marked.mkv", "plain.webm",
    "plain.ts", "field.ts", "plain.avi", "motion.avi", "covered.mp3", "sound.flac", "sound.ogg", "sound.wav",
    "sound.aac",
)  # fmt: skip
IN_BOXES = ("plain.mp4", "fragments.mp4", "marked.mp4", "covered.mp4", "prores.mov")


def damaged(number: int) -> bytes:
    """The n-th file of the run: a third of them with boxes that lie."""
    dice = Random(f"{SEED} {number}")  # noqa: S311 it has to repeat itself
    if number % 3 == 0:
        return with_boxes_changed(clip(dice.choice(IN_BOXES)).read_bytes(), dice)
    film, other = dice.choice(FILMS), dice.choice(FILMS)
    return mutated(clip(film).read_bytes(), clip(other).read_bytes(), dice)


def asked(path: Path, demuxer: str) -> dict[str, object]:
    """What `batch` is to do, as `probe` would."""
    limits = replace(probe.LIMITS, file_bytes=sandbox.GIB)  # answers go to files here
    order = json.loads(sandbox._order([sys.executable], limits, path.parent, [path]))
    return {"path": str(path), "order": order, "wanted": probe._wanted(path, demuxer)}


def answers(jobs: list[dict[str, object]]) -> list[tuple[int | str, str]]:
    command = [sys.executable, "-I", str(BATCH), str(sandbox.LAUNCHER), str(probe.PROBER)]
    lines = "".join(json.dumps(job) + "\n" for job in jobs)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def judged(path: Path, code: int | str, document: str) -> str:
    """What the caller of the probe would have got: "read", or the code of a refusal."""
    assert code != "hung", path
    tail = document[-sandbox.TAIL :]
    ending = sandbox._ending(int(code), tail)
    assert "Traceback" not in tail, tail
    try:
        source = probe._facts(document, Outcome(ending, int(code), ""), _demuxer(path), path.stat().st_size)
    except Unreadable as refused:
        return refused.code
    assert Source.from_json(json.loads(json.dumps(source.to_json()))) == source
    refusals = accept.refusals(source)
    assert all(one.told and one.remedy for one in refusals)
    return "not accepted" if refusals else "read"


def _demuxer(path: Path) -> str:
    return signatures.container(signatures.head(path))


def test_damaged_films_are_read_or_refused(tmp_path: Path) -> None:
    print(f"FUZZ_SEED={SEED}")  # noqa: T201 for whoever repeats a failure
    outcomes: Counter[str] = Counter()
    jobs = []
    for number in range(FILES):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(damaged(number))
        try:
            demuxer = probe._looked_at(path)
        except Unreadable as refused:
            outcomes[refused.code] += 1
        else:
            jobs.append(asked(path, demuxer))

    for job, (code, document) in zip(jobs, answers(jobs), strict=True):
        outcomes[judged(Path(str(job["path"])), code, document)] += 1

    print(FILES, dict(outcomes))  # noqa: T201
    assert sum(outcomes.values()) == FILES
    assert outcomes["read"] > FILES / 50, "some films survive a scratch"
    assert outcomes["slow"] == 0


@pytest.mark.parametrize("number", range(0, 60, 5))
def test_a_damaged_film_before_the_real_thing(number: int, tmp_path: Path) -> None:
    print(f"FUZZ_SEED={SEED}")  # noqa: T201
    path = tmp_path / "film.mp4"
    path.write_bytes(damaged(number))

    found = told(path)

    assert found == "read" or found in probe.TOLD or found == "not-media"


def told(path: Path) -> str:
    try:
        probe.probe(path)
    except Unreadable as refused:
        return refused.code
    return "read"
