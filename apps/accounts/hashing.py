"""Password hashing: bcrypt over SHA-256, a few at a time.

One hash of cost 12 takes a core for a quarter of a second. A storm of sign-ins therefore waits in a short
line of its own and is then turned away, while every other request goes on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock, local
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher

from apps.core.errors import Busy

WAIT_S = 2.0


class HashPool:
    """`slots` hashes at work, `queue` callers waiting at most `WAIT_S`; the next one gets `Busy` at once.

    Who has a place may hash as often as it needs: a place within a place is the same one.
    """

    def __init__(self, slots: int, queue: int) -> None:
        self._slots = BoundedSemaphore(slots)
        self._room = slots + queue
        self._inside = 0
        self._lock = Lock()
        self._mine = local()

    @contextmanager
    def place(self) -> Iterator[None]:
        if getattr(self._mine, "held", False):
            yield
            return
        with self._line():
            self._mine.held = True
            try:
                yield
            finally:
                self._mine.held = False

    @contextmanager
    def _line(self) -> Iterator[None]:
        with self._lock:
            if self._inside >= self._room:
                raise Busy("Too many people are signing in right now. Try again in a moment.")
            self._inside += 1
        try:
            if not self._slots.acquire(timeout=WAIT_S):
                raise Busy("Too many people are signing in right now. Try again in a moment.")
            try:
                yield
            finally:
                self._slots.release()
        finally:
            with self._lock:
                self._inside -= 1


pool = HashPool(settings.HASH_SLOTS, settings.HASH_QUEUE)


class BoundedBCryptSHA256Hasher(BCryptSHA256PasswordHasher):
    """Django's `bcrypt_sha256` (no 72-byte limit) at our cost, within the pool."""

    rounds = settings.PASSWORD_BCRYPT_ROUNDS

    def encode(self, password: str, salt: Any) -> str:
        with pool.place():
            return super().encode(password, salt)

    def harden_runtime(self, password: str, encoded: str) -> None:
        """bcrypt's cost is not additive; hashes of a lower cost are upgraded at the next sign-in."""
