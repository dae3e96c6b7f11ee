"""Structured logs: one JSON object a line, with the request's ids and without secrets.

Ids only: no addresses, e-mails, tokens or PINs. `scrub` is the second line of defence for text that a
library or an exception message brings along.
"""

import logging
import re
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

# request_id, account_id, …: whatever the current request or job is known by.
context: ContextVar[dict[str, Any]] = ContextVar("log_context", default={})  # noqa: B039 never mutated

SECRETS = re.compile(
    r"(eyJ[\w-]+\.[\w-]+\.[\w-]*)"  # JSON Web Token
    r"|(ott[a-z]?_[\w.-]{16,})"  # our opaque tokens
    r"|([\w.+-]+@[\w-]+\.[\w.-]+)"  # e-mail
    r"|((?<=://)[^/@\s]+@)"  # user:password@ of a URL
    r"|((?i:password|pin|secret|token|authorization)[\"']?\s*[:=]\s*[\"']?[^\s\"',}]+)"
)


def scrub(text: str) -> str:
    """The text with everything that looks like a secret or an e-mail replaced."""
    return SECRETS.sub("[redacted]", text)


class ContextFilter(logging.Filter):
    """Adds the ids of the current request or job to every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in context.get().items():
            record.__dict__.setdefault(name, value)
        return True


class JsonFormatter(BaseJsonFormatter):
    """`{"time", "level", "logger", "message", …ids and extras}`."""

    def __init__(self) -> None:
        super().__init__(
            "{asctime}{levelname}{name}{message}",
            style="{",
            datefmt="%Y-%m-%dT%H:%M:%S%z",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            reserved_attrs=[*RESERVED, "request", "response", "server_time", "status_code"],
        )

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


RESERVED = list(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) + [
    "message",
    "asctime",
    "color_message",
]
