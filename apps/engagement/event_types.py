"""What players and sites may tell of themselves, type by type, and whether an event is one of these.

`TYPES` is the one list: it judges, and the API's description is written from it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

Json = dict[str, Any]
LONGEST_MS = 86_400_000


class Wrong(Exception):
    """A field that is not as it should be: its `path`, and a `code` that stays."""

    def __init__(self, code: str, path: str) -> None:
        super().__init__(code)
        self.code, self.path = code, path


@dataclass(frozen=True, slots=True)
class Field:
    """`read` returns the value as it is kept, or raises `ValueError`; `means` is for people."""

    read: Callable[[Any], Any]
    means: str
    needed: bool = False


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise ValueError
    return value


def text(longest: int, *, needed: bool = False) -> Field:
    return Field(lambda value: _text(value, longest), f"text of at most {longest} characters", needed)


def number(most: int, *, needed: bool = False) -> Field:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise ValueError
        return value

    return Field(read, f"whole number from 0 to {most}", needed)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def flag(*, needed: bool = False) -> Field:
    return Field(_flag, "true or false", needed)


def one_of(*values: str) -> Field:
    def read(value: Any) -> str:
        if value not in values:
            raise ValueError
        return str(value)

    return Field(read, f"one of {', '.join(values)}")


def _id(value: Any) -> str:
    return str(UUID(_text(value, 36)))


def _moment(value: Any) -> str:
    found = datetime.fromisoformat(_text(value, 40))
    if found.tzinfo is None:
        raise ValueError
    return found.isoformat()


def _ratio(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise ValueError
    return float(value)


ID = Field(_id, "UUID")
NAMED = Field(_id, "UUID", needed=True)
# Common Media Client Data, CTA-5004, by its keys; `CMCD-Custom` ones are not kept.
CMCD: Mapping[str, Field] = {
    "br": number(10**6), "bl": number(10**7), "bs": flag(), "cid": text(64), "d": number(10**6),
    "dl": number(10**7), "mtp": number(10**7), "nor": text(200), "nrr": text(40),
    "ot": one_of("m", "a", "v", "av", "i", "c", "tt", "k", "o"),
    "pr": Field(_ratio, "rate of play, 1 is real time"), "rtp": number(10**7),
    "sf": one_of("d", "h", "s", "o"), "sid": text(64), "st": one_of("v", "l"), "su": flag(),
    "tb": number(10**6), "v": number(1),
}  # fmt: skip


def _cmcd(value: Any) -> Json:
    if not isinstance(value, dict):
        raise ValueError
    return _fields(value, CMCD, "cmcd")


CMCD_FIELD = Field(_cmcd, f"object with any of the CTA-5004 keys {', '.join(CMCD)}")
POSITION = number(LONGEST_MS)
COMMON: Mapping[str, Field] = {
    "event_id": NAMED,
    "type": text(20, needed=True),
    "at": Field(_moment, "when, by the client's clock, as RFC 3339 with an offset"),
    "session_id": ID,
    "title": ID,
    "content": ID,
}
QUALITY = {"position_ms": POSITION, "cmcd": CMCD_FIELD}
PLACED = {"rail": text(60), "position": number(10_000)}
TYPES: Mapping[str, Mapping[str, Field]] = {
    # The quality of playing.
    "startup": {"startup_ms": number(LONGEST_MS, needed=True), "manifest_ms": number(LONGEST_MS), **QUALITY},
    "stall": {"duration_ms": number(LONGEST_MS, needed=True), "after_seek": flag(), **QUALITY},
    "switch": {
        "from_height": number(10_000), "to_height": number(10_000, needed=True),
        "bitrate_kbps": number(10**6), "by": one_of("player", "viewer"), **QUALITY,
    },
    "error": {
        "code": text(64, needed=True), "detail": text(500), "fatal": flag(needed=True), **QUALITY,
    },
    "sample": {"dropped_frames": number(10**7), "decoded_frames": number(10**9), **QUALITY},
    # What people do on the site.
    "impression": PLACED,
    "click": {"target": text(60), **PLACED},
    "search": {"query": text(200, needed=True), "results": number(10**6)},
    "page": {"page": text(60, needed=True)},
}  # fmt: skip
# What a kid's profile does is not looked at; how well its videos play is.
BEHAVIOUR = frozenset({"impression", "click", "search", "page"})


def judge(told: Mapping[str, Any], *, kid: bool) -> Json:
    """The event as it is kept: the common fields, and its own in `data`. Raises `Wrong`."""
    kind = told.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise Wrong("required" if kind is None else "unknown_type", "type")
    own = TYPES[kind]
    common = _fields({name: value for name, value in told.items() if name not in own}, COMMON, "")
    if kid and kind in BEHAVIOUR:
        raise Wrong("kid_profile", "type")
    data = _fields({name: value for name, value in told.items() if name in own}, own, "")
    return {**common, "data": data}


def _fields(told: Mapping[str, Any], known: Mapping[str, Field], within: str) -> Json:
    prefix = f"{within}." if within else ""
    for name in told:
        if name not in known:
            # Long or odd names of others' fields come back to nobody.
            raise Wrong("unknown_field", f"{prefix}{name[:40]}")
    kept = {}
    for name, one in known.items():
        if told.get(name) is not None:
            try:
                kept[name] = one.read(told[name])
            except ValueError as error:
                raise Wrong("invalid", f"{prefix}{name}") from error
        elif one.needed:
            raise Wrong("required", f"{prefix}{name}")
    return kept


def description() -> str:
    """The types and their fields, for the API's description."""
    lines = [f"Every event: {_listed(COMMON)}.", ""]
    lines += [f"`{kind}`: {_listed(own)}." for kind, own in TYPES.items()]
    return "\n".join(lines)


def _listed(fields: Mapping[str, Field]) -> str:
    return "; ".join(
        f"`{name}` ({re.sub(' +', ' ', one.means)}{', needed' if one.needed else ''})"
        for name, one in fields.items()
    )
