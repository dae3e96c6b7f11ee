"""What the tests of core share."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest

from apps.core.logs import ContextFilter, JobFilter, JsonFormatter

# The same examples each time, and no clock on each of them: the machine is shared with other tests.
hypothesis.settings.register_profile("ottsite", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ottsite")
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _room_for_many_requests(settings: Any) -> None:
    """Tests send more than a person does; those of the limits set their own."""
    for name in ("DEFAULT", "SIGNUP", "LOGIN_CLIENT", "LOGIN_ACCOUNT"):
        setattr(settings, f"RATE_LIMIT_{name}", "100000/m")


@pytest.fixture
def log_lines() -> Iterator[Lines]:
    """`log_lines()`: what was logged so far, each line parsed; every line must be one JSON object."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(ContextFilter())
    handler.addFilter(JobFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
