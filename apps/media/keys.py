"""Content keys, which encrypt media: made, told apart, and wrapped for the database.

Wrapped by AES-256-GCM under a key that HKDF derives of a secret from the ring (`CONTENT_KEY_KEYS`), bound to
the key's id: a row's key does not open another row's media, and the database alone opens none.
"""

from collections.abc import Sequence
from secrets import token_bytes
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .ciphers import KEY_SIZE
from .models import ContentKey

SD_LINES = 576
FORM = b"\1"
NONCE_SIZE = 12
PURPOSE = b"ottsite: wraps content keys, form 1"


class Unreadable(Exception):
    """No secret of the ring opens it, or it is not what was wrapped."""


def new_key() -> tuple[UUID, bytes]:
    """An id and a key, both random."""
    return uuid4(), token_bytes(KEY_SIZE)


def label(height: int) -> ContentKey.Label:
    """Of a rung with so many lines; sound has `ContentKey.Label.AUDIO`."""
    return ContentKey.Label.SD if height <= SD_LINES else ContentKey.Label.HD


def wrap(key: bytes, kid: UUID, ring: Sequence[str]) -> bytes:
    """Under the first secret of the ring: form, nonce, then the encrypted key with its tag."""
    nonce = token_bytes(NONCE_SIZE)
    return FORM + nonce + _cipher(ring[0]).encrypt(nonce, key, FORM + kid.bytes)


def unwrap(wrapped: bytes, kid: UUID, ring: Sequence[str]) -> bytes:
    """By whichever secret of the ring wrapped it. Raises Unreadable."""
    form, nonce, sealed = wrapped[:1], wrapped[1 : 1 + NONCE_SIZE], wrapped[1 + NONCE_SIZE :]
    if form == FORM and len(nonce) == NONCE_SIZE:
        for secret in ring:
            try:
                return _cipher(secret).decrypt(nonce, sealed, FORM + kid.bytes)
            except InvalidTag:
                continue
    raise Unreadable(f"The content key {kid} cannot be unwrapped with the secrets of CONTENT_KEY_KEYS.")


def _cipher(secret: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=PURPOSE).derive(secret.encode()))
