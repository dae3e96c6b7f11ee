"""`python -m benchmarks.streams`: rounds of a hundred starts at once on a limit of two streams.

It measures nothing: a round in which another number than two begins ends it, loudly. On a Valkey of its own.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from benchmarks.run import place
from ottsite import engines

CROWD, LIMIT = 100, 2


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streams", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    rounds = parser.parse_args().rounds
    with place(None) as var, engines.running(var / "engines", grace=5) as urls:
        os.environ.update(urls | {"OTTSITE_VAR": str(var), "REDIS_TIMEOUT_S": "5"})
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ottsite.settings")
        import django

        django.setup()
        from apps.streaming.store import leases
        from apps.streaming.store.leases import Granted

        def start(account: str) -> bool:
            return isinstance(leases.start(account, str(uuid4()), limit=LIMIT), Granted)

        began = time.monotonic()
        with ThreadPoolExecutor(CROWD) as crowd:
            for number in range(1, rounds + 1):
                account = str(uuid4())
                granted = sum(crowd.map(start, [account] * CROWD))
                if granted != LIMIT or len(leases.live(account)) != LIMIT:
                    sys.exit(f"Round {number}: {granted} of {CROWD} began, {len(leases.live(account))} live.")
    sys.stdout.write(
        f"{rounds} rounds of {CROWD} starts: {LIMIT} began in each, {time.monotonic() - began:.0f} s\n"
    )


if __name__ == "__main__":
    main()
