"""From entries of the stream to documents: pure, and the same whatever their order and however often.

Of several entries that lead to one document, the later decides; what was counted is a maximum, never a
sum. So a batch may be written twice, or half, and again with others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from .store.documents import EVENTS, HISTORY, REMOVED, SESSIONS, Write, moment

Json = dict[str, Any]
TEXTS = ("session", "account", "profile", "content", "card", "title", "next", "state", "device", "asset")
NUMBERS = ("epoch", "seq", "duration_ms")
MOST = 2**62


class Unreadable(Exception):
    """The entry is none of ours; says why."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What one entry says. `kind`: "beat", "event" or "removed"."""

    entry: str
    kind: str
    account: str
    profile: str
    at_ms: int
    told: Json


def read(entry: str, fields: Mapping[str, str]) -> Fact:
    """Raises `Unreadable`."""
    try:
        kind = fields["kind"]
        told = READERS[kind](fields)
        at_ms = _number(fields["at"] if "at" in fields else entry.partition("-")[0])
        return Fact(entry, kind, _text(told["account"]), _text(told["profile"]), at_ms, told)
    except (KeyError, ValueError, TypeError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error


def _beat(fields: Mapping[str, str]) -> Json:
    told = orjson.loads(fields["told"])
    beat: Json = {name: _text(told[name]) for name in TEXTS}
    beat |= {name: _number(told[name]) for name in NUMBERS}
    beat |= {"speed": float(told["speed"]), "kid": bool(told["kid"])}
    beat |= {"position_ms": _number(fields["position"]), "finished": fields["finished"] == "1"}
    return beat | {"watched_ms": _number(fields["watched"]), "since": str(_number(fields["since"]))}


def _event(fields: Mapping[str, str]) -> Json:
    told: Json = orjson.loads(fields["told"])
    return {**told, "id": _text(told["id"]), "type": _text(told["type"])}


def _removed(fields: Mapping[str, str]) -> Json:
    told: Json = {name: fields[name] for name in ("account", "profile", "card")}
    return told | {"epoch": _number(fields["epoch"])}


READERS = {"beat": _beat, "event": _event, "removed": _removed}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.100} is no text")
    return value


def _number(value: Any) -> int:
    number = int(value)
    if not -1 <= number < MOST:
        raise ValueError(f"{value!r:.100} is out of range")
    return number


def fold(facts: Iterable[Fact]) -> list[Write]:
    """The documents that the facts lead to, each once in each collection."""
    writes: list[Write] = []
    sessions: dict[str, list[Fact]] = {}
    histories: dict[str, list[Fact]] = {}
    for fact in facts:
        told = fact.told
        if fact.kind == "beat":
            sessions.setdefault(told["session"], []).append(fact)
            histories.setdefault(f"{fact.profile}:{told['content']}", []).append(fact)
            if not told["kid"]:
                writes.append(_beat_event(fact))
        elif fact.kind == "event":
            writes.append(_other_event(fact))
        else:
            writes.append(_removal(fact))
    writes += [_session(key, found) for key, found in sessions.items()]
    writes += [_history(key, found) for key, found in histories.items()]
    return writes


def _beat_event(fact: Fact) -> Write:
    told = fact.told
    names = ("position_ms", "state", "speed", "watched_ms", "finished")
    event = {
        "type": "beat", "account": fact.account, "profile": fact.profile, "session": told["session"],
        "content": told["content"], "title": told["title"], "at": moment(fact.at_ms), "epoch": told["epoch"],
        "seq": told["seq"], "data": {name: told[name] for name in names},
    }  # fmt: skip
    return Write(EVENTS, f"{told['session']}:{told['seq']}", [fact.entry], insert=event)


def _other_event(fact: Fact) -> Write:
    told = {name: value for name, value in fact.told.items() if name != "id"}
    # Others cannot take an id from this profile.
    key = f"{fact.profile}:{fact.told['id']}"
    return Write(EVENTS, key, [fact.entry], insert={**told, "at": moment(fact.at_ms)})


def _removal(fact: Fact) -> Write:
    key = f"{fact.profile}:{fact.told['card']}"
    fixed = {"account": fact.account, "profile": fact.profile, "card": fact.told["card"]}
    latest = {"epoch": _highest("epoch", fact.told["epoch"]), "at": _highest("at", moment(fact.at_ms))}
    return Write(REMOVED, key, [fact.entry], update=[{"$set": _literal(fixed) | latest}])


def _session(key: str, facts: list[Fact]) -> Write:
    latest = max(facts, key=lambda fact: fact.told["seq"]).told
    counts: dict[str, int] = {}
    for fact in facts:
        since, watched = fact.told["since"], fact.told["watched_ms"]
        counts[since] = max(counts.get(since, 0), watched)
    newer = {"$gt": [latest["seq"], {"$ifNull": ["$seq", -1]}]}
    moving = ("seq", "position_ms", "state")
    fixed = (
        "account",
        "profile",
        "content",
        "card",
        "title",
        "asset",
        "device",
        "epoch",
        "duration_ms",
        "kid",
    )
    told = _literal({name: latest[name] for name in fixed})
    told |= {name: _if(newer, latest[name], name) for name in moving}
    told |= _times(facts)
    told["finished"] = {
        "$or": [{"$ifNull": ["$finished", False]}, any(one.told["finished"] for one in facts)]
    }
    told["counts"] = {
        "$mergeObjects": ["$counts", {since: _highest(f"counts.{since}", n) for since, n in counts.items()}]
    }
    total = {"$sum": {"$map": {"input": {"$objectToArray": "$counts"}, "in": "$$this.v"}}}
    entries = [fact.entry for fact in facts]
    return Write(SESSIONS, key, entries, update=[{"$set": told}, {"$set": {"watched_ms": total}}])


def _history(key: str, facts: list[Fact]) -> Write:
    best = max(facts, key=lambda fact: (fact.told["epoch"], fact.told["seq"]))
    latest = best.told
    epoch, seq = latest["epoch"], latest["seq"]
    newer = {"$or": [
        {"$gt": [epoch, {"$ifNull": ["$epoch", -1]}]},
        {"$and": [{"$eq": [epoch, "$epoch"]}, {"$gt": [seq, "$seq"]}]},
    ]}  # fmt: skip
    moving = (
        "epoch",
        "seq",
        "session",
        "card",
        "title",
        "next",
        "position_ms",
        "duration_ms",
        "finished",
        "device",
    )
    told = _literal({name: latest[name] for name in ("account", "profile", "content")})
    told |= {name: _if(newer, latest[name], name) for name in moving}
    told["at"] = _if(newer, moment(best.at_ms), "at")
    told["first_at"] = _times(facts)["first_at"]
    return Write(HISTORY, key, [fact.entry for fact in facts], update=[{"$set": told}])


def _times(facts: list[Fact]) -> Json:
    first, last = min(fact.at_ms for fact in facts), max(fact.at_ms for fact in facts)
    return {"first_at": {"$min": ["$first_at", moment(first)]}, "last_at": _highest("last_at", moment(last))}


def _literal(values: Json) -> Json:
    """As they are: a text that begins with "$" would be taken for a field."""
    return {name: {"$literal": value} for name, value in values.items()}


def _if(condition: Json, value: Any, field: str) -> Json:
    return {"$cond": [condition, {"$literal": value}, f"${field}"]}


def _highest(field: str, value: Any) -> Json:
    return {"$max": [f"${field}", value]}
