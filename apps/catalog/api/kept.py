"""Pages that many ask for at once: made by one, kept for a moment in this process, handed to all.

A page is kept at most `PAGES_KEPT_S` and by all that it depends on but the time: where its readers are,
what they may see, their language, the question. So what is published, or whose window opens or ends, is
late by that much at most; what a title plays for whom is judged by its own page, which is not kept.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from hashlib import sha256
from time import monotonic

from django.conf import settings

MOST, LONGEST = 200, 200_000  # pages, and bytes of one


@dataclass(frozen=True, slots=True)
class Body:
    """An answer's bytes and the ETag that stands for them."""

    data: bytes
    etag: str

    @classmethod
    def of(cls, text: str | bytes) -> "Body":
        data = text.encode() if isinstance(text, str) else text
        return cls(data, f'"{sha256(data).hexdigest()[:32]}"')


class Kept:
    """A small memory of bodies by key."""

    def __init__(self) -> None:
        self._bodies: dict[Hashable, tuple[float, Body]] = {}

    def get(self, key: Hashable, make: Callable[[], str | bytes]) -> Body:
        """What is known under the key, or else made now. What `make` refuses is not kept."""
        now, life = monotonic(), settings.PAGES_KEPT_S
        until, body = self._bodies.get(key, (0.0, None))
        if body is None or until <= now:
            body = Body.of(make())
            self._keep(key, body, now + life)
        return body

    def _keep(self, key: Hashable, body: Body, until: float) -> None:
        if until <= monotonic() or len(body.data) > LONGEST:
            return
        if len(self._bodies) >= MOST:
            # All of it is about to run out, and most of it has.
            self._bodies.clear()
        self._bodies[key] = until, body
