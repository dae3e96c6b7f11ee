"""`python -m benchmarks.pace`: how long players wait at a steady load of 60 % of what the server can do.

Heartbeats, and starts of playing (`POST /playback/sessions`, with the decision, the lease and the row). What
it can do is measured first, in a closed loop; then requests come at random moments, whether or not the server
keeps up, and a latency counts from when its request was due (`load.paced`).
"""

import argparse
import json
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import redis

from benchmarks import cases, load
from benchmarks.heartbeats import KEY, Beats
from benchmarks.measuring import manage, server
from benchmarks.run import UNLIMITED, place
from ottsite import engines

TITLES, ACCOUNTS = 30, 40
WARM_S = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pace", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--share", type=float, default=0.6, help="of what the server can do")
    parser.add_argument("--var", type=Path, help="a folder to keep the catalogue in, for the next run")
    options = parser.parse_args()
    with place(options.var) as var, engines.running(var / "engines", grace=5) as urls:
        environ = urls | UNLIMITED | {
            "OTTSITE_VAR": str(var), "LOG_LEVEL": "WARNING", "DEBUG": "off", "PLAYBACK_TOKEN_KEYS": KEY,
            "PASSWORD_BCRYPT_ROUNDS": "4",
        }  # fmt: skip
        os.environ.update(environ)
        manage(["migrate", "-v0"], environ)
        manage(["demo_accounts", "-v0"], environ)
        slugs = cases.look_at(urls["DATABASE_URL"]).slugs
        if not slugs:
            manage(["generate_catalogue", "--titles", str(TITLES)], environ)
            slugs = cases.look_at(urls["DATABASE_URL"]).slugs
        beats = Beats(var, urls["REDIS_URL"])
        make_playable()
        with server([sys.executable, "manage.py", "web"], environ) as (_, port):
            tell("heartbeat", port, beats.request, options.seconds, options.share)
            request = starts(port, slugs)
            with leases_given_back(urls["REDIS_URL"]):
                tell("start", port, request, options.seconds, options.share)


def make_playable() -> None:
    """What was generated has stand-ins; here they have tracks."""
    from apps.media.models import Asset, AudioTrack, Rendition, SubtitleTrack

    Asset.objects.update(placeholder=False)
    for model in (Rendition, AudioTrack, SubtitleTrack):
        model._default_manager.update(key="assets/x/y/track.mp4")


def starts(port: int, slugs: Sequence[str]) -> load.Request:
    """Of titles that anybody may play, each by the next account."""
    emails = [f"{uuid4()}@benchmark.example" for _ in range(ACCOUNTS)]
    for email in emails:
        cases.register(port, email)
    tokens = [cases.sign_in(port, email) for email in emails]

    def start(number: int, slug: str) -> bytes:
        body = {"title": slug, "device_id": "tablet"}
        head = {"Idempotency-Key": str(uuid4())}
        path, token = "/api/v1/playback/sessions", tokens[number % ACCOUNTS]
        return load.request("POST", path, token=token, body=json.dumps(body).encode(), headers=head)

    playable = [slug for n, slug in enumerate(slugs[:TITLES]) if may_start(port, start(n, slug))]
    if not playable:
        sys.exit("None of the titles can be played.")
    return lambda n: start(n, playable[n % len(playable)])


def may_start(port: int, request: bytes) -> bool:
    outcome = load.run(port, lambda _: request, connections=1, seconds=5, most=1)
    return outcome.statuses == {201: 1}


@contextmanager
def leases_given_back(url: str) -> Iterator[None]:
    """Before an account's turn comes again, or its plan's streams would be in use."""
    client, over = redis.Redis.from_url(url), threading.Event()

    def give_back() -> None:
        while not over.wait(0.05):
            if held := [*client.scan_iter("*:leases", count=1000)]:
                client.delete(*held)

    thread = threading.Thread(target=give_back)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def tell(name: str, port: int, make: load.Request, seconds: float, share: float) -> None:
    load.run(port, make, connections=16, seconds=WARM_S, most=10**9)
    able = load.run(port, make, connections=16, seconds=seconds / 2, most=10**9)
    most = able.requests / able.seconds
    seen = load.paced(port, make, per_s=most * share, seconds=seconds)
    p50, p95, p99 = (seen.percentile_ms(percent) for percent in (50, 95, 99))
    sys.stdout.write(
        f"{name:<10} can {most:6.0f}/s   at {seen.requests / seen.seconds:6.0f}/s"
        f"   p50 {p50:6.1f} ms   p95 {p95:6.1f} ms   p99 {p99:6.1f} ms   {seen.statuses}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
