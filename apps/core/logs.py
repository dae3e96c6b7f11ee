"""Structured logs: one JSON object a line, with the request's ids and without secrets.

Ids only: no addresses, e-mails, tokens or PINs. `scrub` is the second line of defence for text that a
library or an exception message brings along.
"""

import logging
import re
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

# request_id, account_id, …: whatever the current request or job is known by.
context: ContextVar[dict[str, Any]] = ContextVar("log_context", default={})  # noqa: B039 never mutated

REDACTED = "[redacted]"
LONGEST_TEXT = 16_000  # characters of one value; a traceback fits, a request body does not
LOCAL_PART = r"\w.!#$%&'*+/=?^`{|}~-"
NAMES = r"(?:password|passwd|secret|token|cookie)\w{0,40}|(?<![^\W_])pin"
# Bounds and lookbehinds keep a long run of one kind of character from being tried at each of its positions.
SECRETS = re.compile(
    r"(?<![^\W_])eyJ[\w-]{2,512}\.[\w-]+\.[\w-]*"  # JSON Web Token
    r"|ott[a-z]?_[\w.-]{16,}"  # our opaque tokens
    rf"|(?:(?<![{LOCAL_PART}])[{LOCAL_PART}]+|\"[^\"\s]{{1,64}}\")@(?:[\w.-]+|\[[\w.:]+\])"  # e-mail
    r"|(?<=://)[^/@\s]+@"  # user:password@ of a URL
    r"|(?<!\w)(?i:authorization)[\"']?\s*[:=]\s*[\"']?(?:\w+\s+)?[^\s\"',}]+"
    rf"|(?i:{NAMES})[\"']?\s*[:=]\s*(?:\"[^\"]*\"?|'[^']*'?|[^\s\"',}}]+)"
)
SECRET_NAME = re.compile(rf"(?i:\w*(?:{NAMES})|authorization|e?mail)")


# Every secret has one of these, and most of what is logged has none: ids, words, numbers.
CUES = re.compile(r"[@:=]|eyJ|ott")
# Texts no longer than this come again and again: routes, and the time of a second.
SHORT, KNOWN = 100, 1000


def scrub(text: str) -> str:
    """The text with everything that looks like a secret or an e-mail replaced, and cut to `LONGEST_TEXT`."""
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}…"
    if not CUES.search(text):
        return text
    return _scrubbed_before(text) if len(text) <= SHORT else SECRETS.sub(REDACTED, text)


@lru_cache(maxsize=KNOWN)
def _scrubbed_before(text: str) -> str:
    return SECRETS.sub(REDACTED, text)


def scrubbed(value: Any) -> Any:
    """A value of a log record, scrubbed through and through; what JSON has no type for as its text."""
    if isinstance(value, str):
        return scrub(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        names = {name: str(name) for name in value}
        return {
            scrub(name): REDACTED if _is_secret(name) else scrubbed(value[key]) for key, name in names.items()
        }
    if isinstance(value, list | tuple | set):
        return [scrubbed(inner) for inner in value]
    return scrub(str(value))


@lru_cache(maxsize=KNOWN)
def _is_secret(name: str) -> bool:
    return bool(SECRET_NAME.fullmatch(name))


class ContextFilter(logging.Filter):
    """Adds the ids of the current request or job to every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in context.get().items():
            record.__dict__.setdefault(name, value)
        return True


class UnhandledFilter(logging.Filter):
    """For `django.request`: its tracebacks pass, by route and not by path; the access line tells the rest."""

    def filter(self, record: logging.LogRecord) -> bool:
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        record.msg, record.args = "unhandled error", ()
        record.__dict__["route"] = match.route if match else "unmatched"
        return bool(record.exc_info)


class JobFilter(logging.Filter):
    """For Procrastinate: how each job ended, by its ids and never by its arguments, and what it warns of."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("procrastinate"):
            return True
        fields = record.__dict__
        action, job = fields.get("action", ""), fields.get("job")
        if action == "job_success" and "rescue_stalled_jobs" in str(job):
            # Six a minute that say nothing.
            return False
        if isinstance(job, dict):
            record.msg, record.args = action.replace("_", " "), ()
            fields |= {"job_id": job["id"], "task": job["task_name"], "attempts": job["attempts"]}
        return record.levelno >= logging.WARNING or action.startswith("job_")


class JsonFormatter(BaseJsonFormatter):
    """`{"time", "level", "logger", "message", …ids and extras}`."""

    def __init__(self) -> None:
        super().__init__(
            "{asctime}{levelname}{name}{message}",
            style="{",
            datefmt="%Y-%m-%dT%H:%M:%S%z",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            reserved_attrs=[*RESERVED, *NOT_WRITTEN],
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        # Before it becomes JSON: a replacement in the finished line could take its quotes along.
        return super().process_log_record(scrubbed(log_data))


# What Django and Procrastinate attach to records: requests, and jobs with their arguments.
NOT_WRITTEN = ["request", "response", "server_time", "status_code", "job", "worker", "result"]
RESERVED = [*logging.LogRecord("", 0, "", 0, "", (), None).__dict__, "message", "asctime", "color_message"]
