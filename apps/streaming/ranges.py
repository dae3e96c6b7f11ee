"""Byte ranges (RFC 9110, 14): which part of a file a request is for. Pure."""

import re
from dataclasses import dataclass

RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


class Unsatisfiable(Exception):
    """It begins past the end (416)."""


@dataclass(frozen=True, slots=True)
class Span:
    """`size` bytes from `start` of `total`; `partial`: a part was asked for (206)."""

    start: int
    size: int
    total: int
    partial: bool

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.start + self.size - 1}/{self.total}"


def asked(header: str, total: int) -> Span:
    """What `Range` asks for of so many bytes.

    Several ranges at once, other units and what makes no sense are answered with the whole, as a server may
    (RFC 9110, 14.2). Raises `Unsatisfiable`.
    """
    match = RANGE.fullmatch(header.replace(" ", ""))
    first, last = (match[1], match[2]) if match else ("", "")
    if not (first or last) or (first and last and int(last) < int(first)):
        return Span(0, total, total, partial=False)
    start = int(first) if first else max(0, total - int(last))
    end = min(int(last), total - 1) if first and last else total - 1
    if start > end or (not first and int(last) == 0):
        raise Unsatisfiable
    return Span(start, end - start + 1, total, partial=True)
