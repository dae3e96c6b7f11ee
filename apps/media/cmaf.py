"""CMAF track files (ISO/IEC 23000-19): where in one the init section and the fragments lie.

A track file is `ftyp moov sidx (moof mdat)+`; each `moof mdat` is one segment, for HLS and DASH alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any


@dataclass(frozen=True, slots=True)
class Fragment:
    """One segment: `time` and `duration` in the index's timescale, `offset` and `size` in bytes of the file.

    `key_size`: the bytes from the fragment's start to the end of its first sample, if that is a keyframe a
    player can show alone (an I-frame playlist's range); else 0.
    """

    time: int
    duration: int
    offset: int
    size: int
    key_size: int = 0


@dataclass(frozen=True, slots=True)
class Index:
    """Of one track file. `init_size`: bytes of `ftyp moov` at its start; `sidx_size`: of what follows.

    `codecs`: RFC 6381. `timescale`: units a second. Sound has neither width nor height.
    """

    timescale: int
    init_size: int
    sidx_size: int
    codecs: str
    fragments: tuple[Fragment, ...]
    width: int = 0
    height: int = 0
    channels: int = 0
    rate: int = 0

    @property
    def duration(self) -> int:
        """In units of the timescale."""
        return sum(one.duration for one in self.fragments)

    @property
    def duration_ms(self) -> int:
        return round(self.duration * 1000 / self.timescale)

    @property
    def peak_bps(self) -> int:
        """Bits per second of the fragment that has most of them (RFC 8216bis, BANDWIDTH)."""
        return max((self._bps(one.size, one.duration) for one in self.fragments), default=0)

    @property
    def average_bps(self) -> int:
        """Bits per second of all fragments together."""
        return self._bps(sum(one.size for one in self.fragments), self.duration)

    def _bps(self, size: int, duration: int) -> int:
        return -(-size * 8 * self.timescale // duration) if duration else 0

    def to_json(self) -> dict[str, Any]:
        """Fragments are `[duration, size, key_size]`: each begins where the one before it ends."""
        return {
            "timescale": self.timescale,
            "init_size": self.init_size,
            "sidx_size": self.sidx_size,
            "codecs": self.codecs,
            "width": self.width,
            "height": self.height,
            "channels": self.channels,
            "rate": self.rate,
            "fragments": [[one.duration, one.size, one.key_size] for one in self.fragments],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Index":
        rows: Sequence[tuple[int, int, int]] = data["fragments"]
        times = accumulate((row[0] for row in rows), initial=0)
        offsets = accumulate((row[1] for row in rows), initial=data["init_size"] + data["sidx_size"])
        fragments = tuple(
            Fragment(time, duration, offset, size, key_size)
            for (duration, size, key_size), time, offset in zip(rows, times, offsets, strict=False)
        )
        return cls(**{**data, "fragments": fragments})
