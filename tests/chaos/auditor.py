"""Holds what MongoDB and the API say against the ledger. It knows what docs/api.md promises, and none of the
site's code: every finding is a sentence, and none is good.

What was acknowledged must be there, once, as it was sent. What is in doubt may be. Nothing else is.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from pymongo import MongoClient

from .ledger import Ledger, Played, Told
from .viewers import API, Account, Viewers

Latest = tuple[Played, Told]
# Clocks of client and server run at their own speed.
CLOCKS_MS = 50


def by_content(ledger: Ledger) -> dict[tuple[str, str], list[Latest]]:
    """Of each (profile, content): the beats any of which may be the latest, one unless some are in doubt."""
    return _latest(ledger, lambda one: (one.profile, one.content.id))


def by_card(ledger: Ledger) -> dict[tuple[str, str], list[Latest]]:
    """The same of each (profile, card)."""
    return _latest(ledger, lambda one: (one.profile, one.content.card))


def _latest(ledger: Ledger, key: Any) -> dict[tuple[str, str], list[Latest]]:
    found: dict[tuple[str, str], list[Latest]] = defaultdict(list)
    settled = set()
    for played in sorted(ledger.played, key=lambda one: -one.number):
        if key(played) not in settled:
            found[key(played)] += [(played, told) for told in played.possible()]
            if played.acked:
                settled.add(key(played))
    return {name: latest for name, latest in found.items() if latest}


# --- MongoDB ---------------------------------------------------------------------------------------------


def documents(ledger: Ledger, url: str) -> Iterator[str]:
    """Findings in the three collections that beats end in."""
    client: MongoClient[dict[str, Any]] = MongoClient(url)
    with client:
        database = client.get_default_database()
        yield from beats(ledger, list(database.engagement_events.find({"type": "beat"})))
        yield from events(ledger, list(database.engagement_events.find({"type": {"$ne": "beat"}})))
        yield from sessions(ledger, {row["_id"]: row for row in database.viewing_sessions.find()})
        yield from history(ledger, list(database.watch_history.find()))


def beats(ledger: Ledger, rows: list[dict[str, Any]]) -> Iterator[str]:
    stored = {(row["session"], row["seq"]): row for row in rows}
    if len(stored) != len(rows):
        yield f"{len(rows) - len(stored)} beats are there twice"
    epochs: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for played in ledger.played:
        found = {seq: stored.pop((played.id, seq), None) for seq in played.acked | played.doubtful}
        yield from (
            f"beat {played.id}:{seq} was acknowledged and is lost" for seq in played.acked if not found[seq]
        )
        there = [row for row in found.values() if row]
        yield from (
            f"beat {row} was {said}" for row in there if _kept(row) != (said := _said(played, row["seq"]))
        )
        own = {row["epoch"] for row in there}
        if len(own) > 1:
            yield f"session {played.id} has the epochs {own}"
        epochs[played.profile] += [(played.number, epoch) for epoch in own]
    yield from (f"beat {key} is from nowhere" for key in stored)
    for profile, known in epochs.items():
        order = [epoch for _, epoch in sorted(known)]
        if order != sorted(set(order)):
            yield f"sessions of profile {profile} are not in the order in which they began"


def _kept(row: dict[str, Any]) -> tuple[Any, ...]:
    data = row["data"]
    return data["position_ms"], data["state"], data["speed"], row["profile"], row["content"]


def _said(played: Played, seq: int) -> tuple[Any, ...]:
    told = played.acked.get(seq) or played.doubtful[seq]
    return played.clamped(told), told.state, told.speed, played.profile, played.content.id


def events(ledger: Ledger, rows: list[dict[str, Any]]) -> Iterator[str]:
    stored = {row["_id"] for row in rows}
    sent = {f"{profile}:{event}" for event, profile in ledger.events.items()}
    doubtful = {f"{profile}:{event}" for event, profile in ledger.doubtful_events.items()}
    yield from (f"event {key} was acknowledged and is lost" for key in sent - stored)
    yield from (f"event {key} is from nowhere" for key in stored - sent - doubtful)
    if len(stored) != len(rows):
        yield "some events are there twice"


def sessions(ledger: Ledger, rows: dict[str, dict[str, Any]]) -> Iterator[str]:
    for played in ledger.played:
        row, possible = rows.pop(played.id, None), list(played.possible())
        if row is None:
            if played.acked:
                yield f"session {played.id} is lost"
            continue
        if (row["seq"], row["position_ms"]) not in [(one.seq, played.clamped(one)) for one in possible]:
            yield f"session {played.id} is {row}, not one of {possible}"
        told = [*played.acked.values(), *played.doubtful.values()]
        fastest = max(one.speed for one in told)
        wall_ms = (played.last_came - played.asked) * 1000 + CLOCKS_MS
        if not played.doubtful and row["watched_ms"] > wall_ms * fastest:
            yield f"session {played.id} watched {row['watched_ms']} ms in {wall_ms:.0f} at {fastest}"
        surely = any(map(played.finished, played.acked.values()))
        if not surely <= row["finished"] <= any(map(played.finished, told)):
            yield f"session {played.id} is finished: {row['finished']}"
    yield from (f"session {key} is from nowhere" for key in rows)


def history(ledger: Ledger, rows: list[dict[str, Any]]) -> Iterator[str]:
    stored = {(row["profile"], row["content"]): row for row in rows}
    if len(stored) != len(rows):
        yield "some of the history is there twice"
    for key, latest in by_content(ledger).items():
        row = stored.pop(key, None)
        found = row and (row["session"], row["seq"], row["position_ms"], row["finished"])
        said = [(one.id, told.seq, one.clamped(told), one.finished(told)) for one, told in latest]
        if found not in said and (row or any(one.acked for one, _ in latest)):
            yield f"history of {key} is {found}, not {said}"
    yield from (f"history of {key} is from nowhere" for key in stored)


# --- The API ---------------------------------------------------------------------------------------------


async def positions(viewers: Viewers) -> list[str]:
    """Findings in what each viewer is told: continue watching, history, and where playing resumes."""
    contents, cards = by_content(viewers.ledger), by_card(viewers.ledger)

    async def of(account: Account) -> list[str]:
        mine = {key: latest for (profile, key), latest in contents.items() if profile == account.profile}
        shown = {key: latest for (profile, key), latest in cards.items() if profile == account.profile}
        return [
            *await _listed(viewers, account, mine),
            *await _going_on(viewers, account, shown),
            *await _resumed(viewers, account, mine),
        ]

    return [one for found in await asyncio.gather(*map(of, viewers.accounts)) for one in found]


async def _rows(viewers: Viewers, account: Account, path: str) -> list[dict[str, Any]]:
    answer = await viewers.asked(account, "GET", f"{API}/me/{path}?page_size=100")
    assert answer.status == 200, answer.body
    return list(answer.body["results"])


async def _listed(viewers: Viewers, account: Account, mine: dict[str, list[Latest]]) -> list[str]:
    rows = {
        row["episode"]["id"] if row["episode"] else row["id"]: (row["position_ms"], row["finished"])
        for row in await _rows(viewers, account, "history")
    }
    return [
        f"history of {account.email} says {rows.get(key)} of {key}, not {said}"
        for key, latest in mine.items()
        if rows.get(key) not in (said := [(one.clamped(told), one.finished(told)) for one, told in latest])
    ]


async def _going_on(viewers: Viewers, account: Account, shown: dict[str, list[Latest]]) -> list[str]:
    rows = {
        row["id"]: (row["episode"]["id"] if row["episode"] else row["id"], row["position_ms"])
        for row in await _rows(viewers, account, "continue-watching")
    }
    return [
        f"{account.email} goes on with {rows.get(key)} of {key}, not {said}"
        for key, latest in shown.items()
        if rows.get(key) not in (said := [_card(one, told) for one, told in latest])
    ]


def _card(played: Played, told: Told) -> tuple[str, int] | None:
    if not played.finished(told):
        return played.content.id, played.clamped(told)
    return (played.content.next, 0) if played.content.next else None


async def _resumed(viewers: Viewers, account: Account, mine: dict[str, list[Latest]]) -> list[str]:
    found = []
    for content in viewers.contents:
        latest = mine.get(content.id, [])
        said = [0 if one.finished(told) else one.clamped(told) for one, told in latest] or [0]
        resume_ms = await viewers.resumes_at(account, content)
        if resume_ms not in said:
            found.append(f"{account.email} resumes {content.slug} at {resume_ms}, not {said}")
    return found


# --- Streams ---------------------------------------------------------------------------------------------


def concurrency(ledger: Ledger, accounts: Iterable[Account]) -> Iterator[str]:
    """Moments at which more sessions of an account played than may: each surely played from the moment its
    start was answered until its last acknowledged beat was sent."""
    for account in accounts:
        moments = []
        for played in ledger.played:
            if played.account == account.account and played.last_sent >= played.begun:
                moments += [(played.begun, 1), (played.last_sent, -1)]
        playing = most = 0
        for _, change in sorted(moments):
            playing += change
            most = max(most, playing)
        if most > account.limit:
            yield f"{account.email} played on {most} screens at once, and may on {account.limit}"
