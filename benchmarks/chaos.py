"""`python -m benchmarks.chaos`: a long storm of players, with an auditor at its end. It measures nothing.

Viewers of three plans play by HTTP, always on one screen more than they may: 100,000 heartbeats, 5 % of them
twice, each far out of its turn, with positions and clocks that cannot be. Web servers and workers are killed
60 times, MongoDB is away for a third of it and then killed, Valkey is killed three times and emptied once.
Then everything that was acknowledged must be in MongoDB once and as it was sent, every position as the beats
say in their right order; nobody has watched longer than the clock ran, nor on more screens than the plan has.
Engines of its own. Exits with 1 when the auditor finds anything.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path


def main() -> None:
    options = arguments()
    # Engines as in development, which sync what tests leave to the kernel.
    os.environ["DEBUG"] = "off"
    from tests.chaos.storm import Weather, say, storm

    weather = Weather(options.seed, options.beats, options.accounts, options.kills, options.engine_kills)
    with tempfile.TemporaryDirectory(prefix="ottsite-chaos-") as var:
        verdict = storm(weather, Path(var), say)
    for name, value in verdict.told.items():
        say(f"{name:>32}  {value}")
    say(f"found wrong: {len(verdict.wrong)}")
    for one in verdict.wrong[:20]:
        say(f"  {one[:500]}")
    for one in verdict.ledger.ghosts[:5]:
        say(f"  {one[:500]}")
    sys.exit(1 if verdict.wrong else 0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--beats", type=int, default=100_000, help="repetitions not counted")
    parser.add_argument("--accounts", type=int, default=60, help="a third of each plan: 1, 2 and 4 streams")
    parser.add_argument("--kills", type=int, default=60, help="of web servers and workers")
    parser.add_argument("--engine-kills", type=int, default=3, help="of Valkey")
    parser.add_argument("--seed", type=int, default=20261126)
    return parser.parse_args()


if __name__ == "__main__":
    main()
