"""`python -m benchmarks.chaos`: a long storm of beats, with an auditor at its end.

100,000 beats, 5 % of them twice, each up to 3,000 places out of its turn; 50 consumers killed in the middle
of their work; MongoDB away for a third of the time. Then every beat that was acknowledged must be in
MongoDB once, and every position, card and session must be what the beats say in their right order. Engines
of its own. Exits with 1 when the auditor finds anything.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

from ottsite import engines


def main() -> None:
    options = arguments()
    with (
        tempfile.TemporaryDirectory(prefix="ottsite-chaos-") as var,
        engines.running(Path(var) / "engines", grace=5) as urls,
    ):
        os.environ |= urls | {"OTTSITE_VAR": var, "OTTSITE_ENV": "test", "LOG_LEVEL": "CRITICAL"}
        os.environ |= {"DJANGO_SETTINGS_MODULE": "ottsite.settings", "REDIS_TIMEOUT_S": "20"}
        import django

        django.setup()
        wrong = storm(options)
    sys.exit(1 if wrong else 0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--beats", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--consumers", type=int, default=2)
    parser.add_argument("--places", type=int, default=3000, help="that a beat may be out of its turn")
    parser.add_argument("--seed", type=int, default=20261126)
    return parser.parse_args()


def storm(options: argparse.Namespace) -> list[str]:
    """What the auditor found."""
    from apps.engagement.tests.storms import Consumers, Storm, audit, send
    from tests.proxy import FaultProxy

    write(f"seed {options.seed}: {options.beats} beats, {options.kills} kills\n")
    storm, random = Storm(options.seed, options.beats, options.places), Random(options.seed)  # noqa: S311
    url = os.environ["MONGO_URL"]
    parts = urlsplit(url)
    proxy = FaultProxy((parts.hostname or "", parts.port or 0))
    consumers = Consumers(os.environ | {"MONGO_URL": proxy.url(url), "MONGO_TIMEOUT_S": "2"})
    told: dict[str, int] = {}
    began = time.monotonic()
    try:
        for _ in range(options.consumers):
            consumers.start()
        size = len(storm.beats) // options.kills + 1
        for n, start in enumerate(range(0, len(storm.beats), size)):
            part = storm.beats[start : start + size]
            for beat, watched in zip(part, send(part), strict=True):
                told[beat.session] = max(watched, told.get(beat.session, 0))
            if n == options.kills // 3:
                proxy.refuse()
            if n == options.kills * 2 // 3:
                report("MongoDB comes back", began)
                proxy.heal()
            time.sleep(random.uniform(0.05, 0.6))
            consumers.kill(random)
        report(f"all sent, {consumers.killed} killed", began)
        await_empty(began)
    finally:
        consumers.end()
    wrong = list(audit(storm.beats, told))
    write(f"{len(storm.beats)} beats acknowledged, {consumers.killed} kills, found wrong: {len(wrong)}\n")
    for one in wrong[:20]:
        write(f"  {one}\n")
    return wrong


def await_empty(began: float) -> None:
    from apps.engagement.store import stream

    shown = 0.0
    while (state := stream.state()).length:
        if time.monotonic() > shown + 5:
            report("draining", began, state)
            shown = time.monotonic()
        time.sleep(0.2)
    report("drained", began, state)


def report(what: str, began: float, state: Any = None) -> None:
    from apps.engagement.store import stream

    state = state or stream.state()
    seconds = time.monotonic() - began
    write(f"{seconds:6.1f} s  {what}: {state.length} wait, {state.pending} handed out, {state.dead} dead\n")


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
