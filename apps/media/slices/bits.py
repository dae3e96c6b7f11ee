"""Bits of a NAL unit, without the bytes that keep start codes out of it (H.264 §7.4.1, H.265 §7.4.2)."""

import re

# A header longer than that is none; slices are not looked at any further.
MOST = 1024
ESCAPE = re.compile(b"\0\0\3")

Unit = bytes | memoryview


class Bits:
    """Reads on and on; raises IndexError past the end."""

    def __init__(self, unit: Unit, skip: int) -> None:
        """`skip`: bytes of the unit's own header."""
        head = bytes(unit[skip : skip + MOST])
        # Where in what is read a byte is missing.
        self.escapes = [found.start() + 2 - n for n, found in enumerate(ESCAPE.finditer(head))]
        plain = ESCAPE.sub(b"\0\0", head) if self.escapes else head
        self.size = len(plain) * 8
        self.value = int.from_bytes(plain, "big")
        self.at = 0

    def u(self, count: int) -> int:
        """An unsigned number of so many bits."""
        self.at += count
        if self.at > self.size:
            raise IndexError("past the end")
        return self.value >> (self.size - self.at) & ((1 << count) - 1)

    def flag(self) -> bool:
        return self.u(1) == 1

    def skip(self, *counts: int) -> None:
        self.u(sum(counts))

    def ue(self) -> int:
        """An unsigned number of Exp-Golomb code (§9.1)."""
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)

    def ues(self, count: int) -> list[int]:
        return [self.ue() for _ in range(count)]

    @property
    def bytes_read(self) -> int:
        """Of the unit after its header, the last one begun included, with what was left out on the way."""
        found = -(-self.at // 8)
        return found + sum(1 for escape in self.escapes if escape < found)
