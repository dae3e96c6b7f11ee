"""Common encryption (ISO/IEC 23001-7) of samples: which bytes of one are encrypted, and how."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, CTR

from .boxes import Damaged
from .slices import Slices

CENC, CBCS = "cenc", "cbcs"
KEY_SIZE = BLOCK = 16
IV_SIZE = 8
# cbcs of pictures: of ten blocks the first is encrypted (§10.4.2).
CRYPT, SKIP = 1, 9
STRIDE = (CRYPT + SKIP) * BLOCK
MOST_CLEAR = 0xFFFF
COUNT, SUBSAMPLE = Struct(">H"), Struct(">HI")

Parts = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Protection:
    """`seed`: 16 bytes that no other track under this key has, of which its IVs are made."""

    scheme: str
    key: bytes
    kid: UUID
    seed: bytes

    @classmethod
    def of(cls, scheme: str, key: bytes, kid: UUID, digest: bytes) -> "Protection":
        """For the track that has this digest. The same once more for the same; raises ValueError."""
        if scheme not in (CENC, CBCS) or len(key) != KEY_SIZE:
            raise ValueError("neither cenc nor cbcs, or no key of 16 bytes")
        return cls(scheme, key, kid, hmac.digest(key, b"iv" + kid.bytes + digest, "sha256")[:BLOCK])

    @property
    def iv_size(self) -> int:
        """Of each sample's own; 0 where one serves them all."""
        return IV_SIZE if self.scheme == CENC else 0

    def iv(self, number: int) -> bytes:
        """Of the nth sample; they follow one another, so that none comes twice."""
        if self.scheme == CBCS:
            return self.seed
        first = int.from_bytes(self.seed[:IV_SIZE], "big")
        return ((first + number) % (1 << 8 * IV_SIZE)).to_bytes(IV_SIZE, "big")


class Samples:
    """Encrypts a track's samples in turn: pictures but for what `slices` leaves clear, sound as a whole."""

    def __init__(self, protection: Protection, slices: Slices | None) -> None:
        self.protection, self.slices = protection, slices
        self.count = 0

    def encrypt(self, data: bytearray) -> bytes:
        """In place. Returns the sample's auxiliary information (§7.2). Raises Damaged."""
        parts = [(0, len(data))] if self.slices is None else self._parts(data, self.slices)
        iv = self.protection.iv(self.count)
        self.count += 1
        if self.protection.scheme == CENC:
            self._count_on(data, parts, iv)
        else:
            self._chain(data, parts, iv)
        told = iv if self.protection.iv_size else b""
        if self.slices is not None:
            told += COUNT.pack(len(parts)) + b"".join(SUBSAMPLE.pack(*part) for part in parts)
        return told

    def _parts(self, data: bytearray, slices: Slices) -> Parts:
        """Subsamples: clear and encrypted bytes by turns."""
        found: Parts = []
        clear, at, size = 0, 0, slices.length_size
        view = memoryview(data)
        while at < len(data):
            start = at + size
            end = start + int.from_bytes(view[at:start], "big")
            if end > len(data):
                raise Damaged("A picture is cut off.")
            covered = self._whole(end - start - slices.clear(view[start:end]))
            clear += end - at - covered
            if covered:
                found += _spread(clear, covered)
                clear = 0
            at = end
        return found + _spread(clear, 0) if clear else found

    def _whole(self, size: int) -> int:
        """Counters go on from part to part in whole blocks (§9.5.2.3); chains leave a last piece as it is."""
        return size - size % BLOCK if self.protection.scheme == CENC else size

    def _count_on(self, data: bytearray, parts: Parts, iv: bytes) -> None:
        """AES-CTR over all encrypted bytes of the sample together."""
        encryptor = Cipher(AES(self.protection.key), CTR(iv.ljust(BLOCK, b"\0"))).encryptor()
        at = 0
        for clear, covered in parts:
            at += clear
            data[at : at + covered] = encryptor.update(bytes(data[at : at + covered]))
            at += covered

    def _chain(self, data: bytearray, parts: Parts, iv: bytes) -> None:
        """AES-CBC, begun anew for each part; of pictures only the first block of ten."""
        at = 0
        for clear, covered in parts:
            at += clear
            encryptor = Cipher(AES(self.protection.key), CBC(iv)).encryptor()
            if self.slices is None:
                end = at + covered - covered % BLOCK
                data[at:end] = encryptor.update(bytes(data[at:end]))
            elif covered >= BLOCK:
                blocks = (covered - BLOCK) // STRIDE + 1
                _every_tenth(data, at, blocks, encryptor.update)
            at += covered


def _spread(clear: int, covered: int) -> Parts:
    """The field of the clear bytes has but 16 bits."""
    full, rest = divmod(clear, MOST_CLEAR)
    return [(MOST_CLEAR, 0)] * full + [(rest, covered)]


def _every_tenth(data: bytearray, at: int, blocks: int, update: Callable[[bytes], bytes]) -> None:
    """Columns of the blocks are gathered and put back, for that costs the same for any number of them."""
    places = [slice(at + n, at + n + STRIDE * (blocks - 1) + 1, STRIDE) for n in range(BLOCK)]
    gathered = bytearray(BLOCK * blocks)
    for n, place in enumerate(places):
        gathered[n::BLOCK] = data[place]
    made = update(bytes(gathered))
    for n, place in enumerate(places):
        data[place] = made[n::BLOCK]
