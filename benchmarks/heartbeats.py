"""`python -m benchmarks.heartbeats`: what a heartbeat costs, beside a bare WSGI callable that makes the same
call of Valkey, and with `--peer FOLDER` (see peer.mjs) beside Fastify doing the same work.

Requests per CPU-second of the server, in one run, a core for it and one for the load; compare the fractions.
"""

import argparse
import json
import os
import struct
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import hiredis
import redis

from benchmarks import load
from benchmarks.cases import Case, Catalogue, Site
from benchmarks.measuring import manage, measure, server
from benchmarks.run import GRANIAN, UNLIMITED, place
from ottsite import engines

SESSIONS = 4000
BARE = [*GRANIAN, "--blocking-threads", "4", "benchmarks.bare_beat:application"]
KEY = "benchmark-only-" + "0123456789abcdef" * 2


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.heartbeats", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=2, help="the best of so many counts")
    parser.add_argument("--peer", type=Path, help="a folder with fastify and ioredis in its node_modules")
    options = parser.parse_args()
    with place(None) as var, engines.running(var / "engines", grace=5) as urls:
        environ = urls | UNLIMITED | {
            "OTTSITE_VAR": str(var), "LOG_LEVEL": "WARNING", "DEBUG": "off", "PLAYBACK_TOKEN_KEYS": KEY,
        }  # fmt: skip
        os.environ.update(environ)
        manage(["migrate", "-v0"], environ)
        postgres = engines.pids(var / "engines")["postgres"]
        beats = Beats(var, urls["REDIS_URL"])
        best: dict[str, float] = {}
        for _ in range(options.rounds):
            for name, command, more in beats.servers(options.peer):
                beats.begin_anew()
                with server(command, environ | more) as (pid, port):
                    case = Case(name, lambda _: beats.request)
                    row = measure(pid, postgres, case, Site(port, Catalogue([], [])), options.seconds)
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

    def __init__(self, var: Path, url: str) -> None:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ottsite.settings")
        import django

        django.setup()
        from apps.engagement.store import record_args, record_keys
        from apps.streaming.services import beating
        from apps.streaming.store import beats, keys
        from apps.streaming.tokens import PlaybackClaims, playback_token

        self.url, self.script = url, beats.BEAT
        self.requests, packed = [], []
        for _ in range(SESSIONS):
            session, account, profile, asset, content = (str(uuid4()) for _ in range(5))
            its = PlaybackClaims(
                session, account, profile, asset, 1080, None, "IN", 2**33, content, content, "",
                1_780_000_000_000, 6_000_000, 0, "tablet", False, 2,
            )  # fmt: skip
            body = b'{"seq":12,"position_ms":120000,"state":"playing"}'
            path = f"/api/v1/playback/sessions/{session}/heartbeat"
            self.requests.append(load.request("POST", path, token=playback_token(its), body=body))
            beat = beating._beat(its, beating.read(body))
            names = [keys.leases(account), keys.ended(account, session), keys.beats(account, session),
                     keys.INTERVAL, keys.READMITTED, *record_keys(account, profile)]  # fmt: skip
            args = [session, keys.ended(account), 2, 10, *record_args(beat)]
            words: Any = ("EVALSHA", self.script.digest, len(names), *names, *args)
            packed.append(hiredis.pack_command(words))
        self.file, self.facts = var / "beats", var / "facts.json"
        self.file.write_bytes(b"".join(struct.pack(">I", len(one)) + one for one in packed))
        key_id = self.requests[0].split(b"ottp_")[1][:8].decode()
        self.facts.write_text(json.dumps({"key": KEY, "keyId": key_id, "lua": self.script.lua, "keys": 8}))

    def request(self, number: int) -> bytes:
        return self.requests[number % SESSIONS]

    def begin_anew(self) -> None:
        client = redis.Redis.from_url(self.url)
        client.flushdb()
        client.script_load(self.script.lua)

    def servers(self, peer: Path | None) -> list[tuple[str, list[str], dict[str, str]]]:
        bare = {"BEATS_FILE": str(self.file)}
        found = [
            ("bare callable", BARE, bare),
            ("heartbeat", [sys.executable, "manage.py", "web"], {}),
            ("heartbeat, logged", [sys.executable, "manage.py", "web"], {"LOG_LEVEL": "INFO"}),
        ]
        if peer:
            facts = {"PEER": str(peer.resolve()), "PEER_FACTS": str(self.facts)}
            found.append(("fastify", ["node", "benchmarks/peer.mjs"], facts))
        return found


if __name__ == "__main__":
    main()
