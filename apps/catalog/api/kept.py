"""Pages that many ask for at once: made by one, kept for a moment in this process, handed to all.

A page is kept at most `PAGES_KEPT_S` and by all that it depends on but the time: where its readers are,
what they may see, their language, the question. So what is published, or whose window opens or ends, is
late by that much at most. Whether somebody may play is judged when they do, never here.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from hashlib import sha256
from time import monotonic

from django.conf import settings

MOST, LONGEST = 50_000_000, 200_000  # bytes of all pages, and of one


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
    """A small memory of bodies by key, shared by threads: each step on the dictionary is one operation."""

    def __init__(self) -> None:
        self._bodies: dict[Hashable, tuple[float, Body]] = {}
        self._size = 0

    def get(self, key: Hashable, make: Callable[[], str | bytes | None]) -> Body | None:
        """What is known under the key, or else made now. What `make` refuses or has not is not kept."""
        now, life = monotonic(), settings.PAGES_KEPT_S
        until, body = self._bodies.get(key, (0.0, None))
        if body is not None and until > now:
            return body
        text = make()
        if text is None:
            return None
        body = Body.of(text)
        if life > 0 and len(body.data) <= LONGEST:
            self._keep(key, body, now + life)
        return body

    def _keep(self, key: Hashable, body: Body, until: float) -> None:
        self._size += len(body.data)
        if self._size > MOST:
            # Nearly all of it has run out already.
            self._bodies.clear()
            self._size = len(body.data)
        self._bodies[key] = until, body
