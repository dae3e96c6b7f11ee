"""Processes that use engines, and what they ask of them, for the tests of the engines."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pymongo
import redis

from ottsite.engines import wheels

PROJECT = Path(__file__).resolve().parents[1]
VARIABLES = tuple(wheels.VARIABLES.values())
# Says its URLs in one line, then lives until its standard input ends.
CLIENT = """
import os, sys
from ottsite import engines
engines.provide(os.environ)
print(os.environ["OTTSITE_ENGINES_PROVIDED"], flush=True)
sys.stdin.read()
"""


@contextmanager
def client(root: Path, grace: float = 20, code: str = CLIENT) -> Iterator[subprocess.Popen[str]]:
    environ = {k: v for k, v in os.environ.items() if k not in (*VARIABLES, "OTTSITE_ENV")}
    environ |= {"OTTSITE_VAR": str(root.parent), "OTTSITE_ENGINES_GRACE": str(grace)}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


def urls_of(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    urls: dict[str, str] = json.loads(process.stdout.readline())
    return urls


def is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def eventually(holds: Callable[[], Any], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False


def query(urls: dict[str, str]) -> dict[str, Any]:
    """Ask each of the servers something only a real one can answer."""
    answers: dict[str, Any] = {}
    if "DATABASE_URL" in urls:
        with psycopg.connect(urls["DATABASE_URL"]) as postgres:
            row = postgres.execute("SELECT current_database(), lower('ÉCOLE')").fetchone()
            answers["DATABASE_URL"] = row
    for variable in {"REDIS_URL", "CACHE_URL"} & set(urls):
        with redis.Redis.from_url(urls[variable]) as valkey:
            answers[variable] = valkey.config_get("maxmemory-policy")["maxmemory-policy"]
    if "MONGO_URL" in urls:
        with mongo(urls["MONGO_URL"]) as server, server.start_session() as session:
            with session.start_transaction():
                server.get_default_database().probe.insert_one({}, session=session)
            answers["MONGO_URL"] = server.get_default_database().name
    return answers


def mongo(url: str) -> pymongo.MongoClient[dict[str, Any]]:
    return pymongo.MongoClient(url, serverSelectionTimeoutMS=20_000)


def write_300(engine: str, url: str) -> None:
    """Make 300 writes, each acknowledged by itself."""
    if engine == "postgres":
        with psycopg.connect(url, autocommit=True) as postgres:
            postgres.execute("CREATE TABLE kept (n int)")
            for n in range(300):
                postgres.execute("INSERT INTO kept VALUES (%s)", [n])
    elif engine == "mongo":
        with mongo(url) as server:
            for n in range(300):
                server.get_default_database().kept.insert_one({"n": n})
    else:
        with redis.Redis.from_url(url) as valkey:
            for n in range(300):
                valkey.rpush("kept", n)


def count(engine: str, url: str) -> int:
    if engine == "postgres":
        with psycopg.connect(url) as postgres:
            row = postgres.execute("SELECT count(*) FROM kept").fetchone()
            return int(row[0]) if row else 0
    if engine == "mongo":
        with mongo(url) as server:
            return server.get_default_database().kept.count_documents({})
    with redis.Redis.from_url(url) as valkey:
        return int(str(valkey.llen("kept")))


def answers_again(engine: str, url: str) -> bool:
    try:
        count(engine, url)
    except (psycopg.OperationalError, redis.RedisError, pymongo.errors.PyMongoError):
        return False
    return True
