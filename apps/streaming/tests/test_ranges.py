"""Byte ranges, by the letter of RFC 9110."""

import pytest

from apps.streaming.ranges import Span, Unsatisfiable, asked


@pytest.mark.parametrize(
    ("header", "start", "size"),
    [
        ("bytes=0-0", 0, 1), ("bytes=0-9", 0, 10), ("bytes=5-", 5, 95), ("bytes=-10", 90, 10),
        ("bytes=90-500", 90, 10), ("bytes=-500", 0, 100), ("bytes=99-99", 99, 1),
    ],
)  # fmt: skip
def test_one_range_is_answered_with_its_bytes(header: str, start: int, size: int) -> None:
    assert asked(header, 100) == Span(start, size, 100, partial=True)


@pytest.mark.parametrize(
    "header",
    ["", "bytes=", "bytes=-", "bytes=0-1,5-6", "items=0-5", "bytes=9-5", "bytes=a-b", "bytes=+1-2",
     "bytes=1-2-3", "bytes=\u0663-\u0665", "bytes=" + "9" * 30 + "-"],
)  # fmt: skip
def test_what_makes_no_sense_is_answered_with_the_whole(header: str) -> None:
    assert asked(header, 100) == Span(0, 100, 100, partial=False)


@pytest.mark.parametrize(
    ("header", "total"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=500-600", 100), ("bytes=0-", 0)]
)
def test_what_begins_past_the_end_is_unsatisfiable(header: str, total: int) -> None:
    with pytest.raises(Unsatisfiable):
        asked(header, total)
