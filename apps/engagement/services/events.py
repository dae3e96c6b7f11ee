"""Taking in what players and sites tell: judged one by one, appended to the stream in one step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings

from apps.core.errors import Busy, Throttled
from apps.engagement.event_types import Wrong, judge
from apps.engagement.store import remembering, stream

AT_ONCE, HOURLY = 500, 20_000


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event that is none, by its place in the batch."""

    index: int
    code: str
    field: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch; `duplicates` had come before, within the last hour at least."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]


def take(account: str, profile: str, told: Sequence[Mapping[str, Any]], *, kid: bool) -> Taken:
    """Take in at most `AT_ONCE` events of a profile.

    Raises `Throttled` beyond `HOURLY` in an hour, and `Busy` while the stream is as long as it may be: its
    room belongs to positions.
    """
    good: list[tuple[str, str]] = []
    rejected = []
    for index, one in enumerate(told):
        try:
            event = judge(one, kid=kid)
        except Wrong as wrong:
            rejected.append(Rejected(index, wrong.code, wrong.path))
        else:
            good.append((event["event_id"], _packed(account, profile, event)))
    accepted = _append(account, profile, good) if good else 0
    return Taken(accepted, len(good) - accepted, rejected)


def _packed(account: str, profile: str, event: dict[str, Any]) -> str:
    told = {
        "id": event["event_id"], "type": event["type"], "account": account, "profile": profile,
        "client_at": event.get("at"), "session": event.get("session_id"), "title": event.get("title"),
        "content": event.get("content"), "data": event["data"],
    }  # fmt: skip
    return orjson.dumps({name: value for name, value in told.items() if value is not None}).decode()


def _append(account: str, profile: str, events: Sequence[tuple[str, str]]) -> int:
    hour, most = remembering.now_ms() // remembering.HOUR_MS, settings.EVENT_STREAM_MOST
    try:
        return stream.add(account, profile, events, hour=hour, hourly=HOURLY, most=most)
    except stream.Full as full:
        if full.of_all:
            raise Busy("Too much waits to be stored. Send these again later.", retry_after_s=60) from full
        raise Throttled("Too many events in this hour.", retry_after_s=600) from full
