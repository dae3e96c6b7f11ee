"""`python -m benchmarks.heartbeats`: what a heartbeat costs, beside a bare WSGI callable that makes the same
call of Valkey, and with `--peer FOLDER` (see peer.mjs) beside Fastify doing the same work.

Requests per CPU-second of the server, in one run, a core for it and one for the load; compare the fractions.
Valkey's own time is none of it, and the same for all. With more `--sessions` than tokens are remembered
(`beating.KNOWN`), every beat is that of a session the process has never heard of.
"""

import argparse
import json
import os
import struct
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import redis

from benchmarks import load
from benchmarks.cases import Case, Catalogue, Site
from benchmarks.measuring import manage, measure, server
from benchmarks.run import GRANIAN, UNLIMITED, place
from ottsite import engines

SESSIONS = 4000
# Until Node has compiled what is hot.
WARM_S = 2.0
BARE = [*GRANIAN, "--blocking-threads", "4"]
KEY = "benchmark-only-" + "0123456789abcdef" * 2


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.heartbeats", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=2, help="the best of so many counts")
    parser.add_argument("--sessions", type=int, default=SESSIONS, help="that beat in turn")
    parser.add_argument("--peer", type=Path, help="a folder that has what peer.mjs needs")
    options = parser.parse_args()
    with place(None) as var, engines.running(var / "engines", grace=5) as urls:
        environ = urls | UNLIMITED | {
            "OTTSITE_VAR": str(var), "LOG_LEVEL": "WARNING", "DEBUG": "off", "PLAYBACK_TOKEN_KEYS": KEY,
        }  # fmt: skip
        os.environ.update(environ)
        manage(["migrate", "-v0"], environ)
        postgres = engines.pids(var / "engines")["postgres"]
        beats = Beats(var, urls["REDIS_URL"], options.sessions)
        best: dict[str, float] = {}
        for _ in range(options.rounds):
            for name, command, more in beats.servers(options.peer):
                beats.begin_anew()
                with server(command, environ | more) as (pid, port):
                    case = Case(name, lambda _: beats.request)
                    site = Site(port, Catalogue([], []))
                    row = measure(pid, postgres, case, site, options.seconds, warm_s=WARM_S)
                report(row)
                best[name] = max(best.get(name, 0.0), row["per_cpu_s"])
    for name, per_cpu_s in best.items():
        sys.stdout.write(
            f"{name:<22}{per_cpu_s:>9.0f} req/CPU-s {per_cpu_s / best['bare callable']:>7.0%} of bare\n"
        )


def report(row: dict[str, Any]) -> None:
    told = {name: row[name] for name in ("name", "per_cpu_s", "per_s", "p50_ms", "p99_ms", "statuses")}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


class Beats:
    """Sessions of as many accounts, their tokens, and their packed commands."""

    def __init__(self, var: Path, url: str, sessions: int = SESSIONS) -> None:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ottsite.settings")
        import django

        django.setup()
        from apps.engagement.store import beat_args
        from apps.streaming import hot
        from apps.streaming.services.beating import KNOWN, SAME_TOKEN_S, Seat
        from apps.streaming.store import beats
        from apps.streaming.tokens import PlaybackClaims, playback_token

        self.url, self.script = url, beats.BEAT
        self.requests, packed = [], []
        for _ in range(sessions):
            session, account, profile, asset, content = (str(uuid4()) for _ in range(5))
            its = PlaybackClaims(
                session, account, profile, asset, 1080, None, "IN", 2**33, content, content, "",
                1_780_000_000_000, 6_000_000, 0, "tablet", False, 2,
            )  # fmt: skip
            body = b'{"seq":12,"position_ms":120000,"state":"playing"}'
            path = f"/api/v1/playback/sessions/{session}/heartbeat"
            self.requests.append(load.request("POST", path, token=playback_token(its), body=body))
            call = Seat(its).call
            packed.append(call.command(self.script.by_digest, beat_args(12, 120_000, "playing", 1.0)))
        self.file, self.facts = var / "beats", var / "facts.json"
        self.file.write_bytes(b"".join(struct.pack(">I", len(one)) + one for one in packed))
        facts = {
            "key": KEY, "keyId": self.requests[0].split(b"ottp_")[1][:8].decode(), "lua": self.script.lua,
            "keys": 8, "known": KNOWN, "sameTokenS": SAME_TOKEN_S, "headers": dict(hot._usual(False)),
        }  # fmt: skip
        self.facts.write_text(json.dumps(facts))

    def request(self, number: int) -> bytes:
        return self.requests[number % len(self.requests)]

    def begin_anew(self) -> None:
        client = redis.Redis.from_url(self.url)
        client.flushdb()
        client.script_load(self.script.lua)

    def servers(self, peer: Path | None) -> list[tuple[str, list[str], dict[str, str]]]:
        bare = {"BEATS_FILE": str(self.file)}
        found = [
            ("no call of Valkey", [*BARE, "benchmarks.bare_beat:silent"], bare),
            ("bare callable", [*BARE, "benchmarks.bare_beat:application"], bare),
            ("heartbeat", [sys.executable, "manage.py", "web"], {}),
            ("heartbeat, 4 threads", [sys.executable, "manage.py", "web", "--threads", "4"], {}),
            ("heartbeat, logged", [sys.executable, "manage.py", "web"], {"LOG_LEVEL": "DEBUG"}),
        ]
        if peer:
            facts = {"PEER": str(peer.resolve()), "PEER_FACTS": str(self.facts)}
            for name, pipelining in (("fastify", ""), ("fastify, pipelining", "on")):
                more = facts | {"PEER_PIPELINING": pipelining}
                found.append((name, ["node", "benchmarks/peer.mjs"], more))
        return found


if __name__ == "__main__":
    main()
