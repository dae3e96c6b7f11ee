"""The setting LOGGING: JSON lines on the standard output, from everybody."""

from typing import Any


def logging(level: str) -> dict[str, Any]:
    """Of `logging.config.dictConfig`; `level` is the root's."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "context": {"()": "apps.core.logs.ContextFilter"},
            "jobs": {"()": "apps.core.logs.JobFilter"},
            "unhandled": {"()": "apps.core.logs.UnhandledFilter"},
        },
        "formatters": {"json": {"()": "apps.core.logs.JsonFormatter"}},
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "json",
                "filters": ["context", "jobs"],
            }
        },
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["stdout"], "level": "WARNING", "propagate": False},
            # Without Django's own handlers, which write plain text and mail it.
            "django": {"handlers": []},
            "django.request": {"level": "ERROR", "filters": ["unhandled"]},
            # Refused requests are told by the access line; these name paths and what callers sent.
            "django.security": {"level": "CRITICAL"},
        },
    }
