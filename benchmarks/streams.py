"""`python -m benchmarks.streams`: rounds of a hundred starts at once on a limit of two streams.

First on the store itself, then with `--http ROUNDS` by HTTP on three web servers. It measures nothing: a
round in which another number than two begins ends it, loudly. On engines of its own.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from benchmarks.run import place
from ottsite import engines

CROWD, LIMIT = 100, 2


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streams", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000, help="on the store (1000)")
    parser.add_argument("--http", type=int, default=0, help="rounds by HTTP (0)")
    options = parser.parse_args()
    if options.rounds:
        on_the_store(options.rounds)
    if options.http:
        by_http(options.http)


def on_the_store(rounds: int) -> None:
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
    report(rounds, "on the store", began)


def by_http(rounds: int) -> None:
    from tests.chaos.house import house

    os.environ["OTTSITE_ENV"] = "test"
    # What a crowd waits for is its turn, not a store.
    patient = {"REQUEST_DEADLINE_S": "30", "REDIS_TIMEOUT_S": "5"}
    with (
        tempfile.TemporaryDirectory(prefix="ottsite-streams-") as var,
        house(Path(var), webs=3, workers=0, settings=patient) as site,
    ):
        stage = json.loads(site.run("-m", "tests.chaos.stage", "6"))
        site.open()
        asyncio.run(crowds(rounds, list(site.ports.values()), stage))


async def crowds(rounds: int, ports: list[int], stage: Any) -> None:
    from tests.chaos.ledger import Content
    from tests.chaos.viewers import SESSIONS, Account, Viewers
    from tests.chaos.wire import Wire

    accounts = [Account(**one) for one in stage["viewers"] if one["limit"] == LIMIT]
    film = Content(stage["contents"][0]["slug"], stage["contents"][0]["title"], None, None)
    viewers = Viewers(Wire(ports, Random(1), silent_s=60), Random(1), accounts, [film], beats=0)  # noqa: S311
    for account in accounts:
        await viewers.sign_in(account)
    began = time.monotonic()
    for number in range(1, rounds + 1):
        account = accounts[number % len(accounts)]
        starts = (viewers.begun(account, viewers.wanted(film, f"device-{n}")) for n in range(CROWD))
        answers = await asyncio.gather(*starts)
        statuses = Counter(one.status for one in answers)
        if statuses != {201: LIMIT, 409: CROWD - LIMIT}:
            sys.exit(f"Round {number}: {dict(statuses)}")
        for one in answers:
            if one.status == 201:
                path = f"{SESSIONS}/{one.body['session_id']}/stop"
                await viewers.wire.until_answered("POST", path, token=one.body["playback_token"])
    viewers.wire.close()
    report(rounds, "by HTTP", began)


def report(rounds: int, how: str, began: float) -> None:
    sys.stdout.write(
        f"{rounds} rounds of {CROWD} starts {how}: {LIMIT} began in each, {time.monotonic() - began:.0f} s\n"
    )


if __name__ == "__main__":
    main()
