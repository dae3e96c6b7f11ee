"""The real database servers, out of pip wheels, for development, demo and tests.

Where DATABASE_URL, REDIS_URL, CACHE_URL or MONGO_URL is unset outside production, `provide`
starts PostgreSQL, Valkey (twice) and MongoDB on loopback, or attaches to the ones another
process of the same data root already started, and sets the variables.

How it holds together: one detached supervisor process per data root owns the servers and
restarts those that die. Every process that uses them keeps a connection to it, so the kernel
reports a client's death by whatever cause; some seconds after the last client is gone the
supervisor stops the servers and exits. Ports and passwords are kept in ROOT/state.json.

This package imports without Django and before its settings.
"""

from ottsite.engines.client import pids, provide, running, status, stop
from ottsite.engines.wheels import EngineUnavailable

__all__ = ["EngineUnavailable", "pids", "provide", "running", "status", "stop"]
