"""Carries the stream of events to MongoDB: at least once, and once in effect.

An entry is acknowledged after a majority of MongoDB has it. Whatever happens in between, somebody reads it
again: this process, or after half a minute another.
"""

import logging
from collections.abc import Iterable, Sequence
from time import monotonic

from apps.core.errors import STORE_ERRORS
from apps.engagement import folding
from apps.engagement.store import documents, remembering, stream
from apps.engagement.store.stream import Entry

log = logging.getLogger(__name__)

AT_ONCE, LEAST = 1000, 10
DELIVERIES = 5
BUSY_S = 4.0
REST_S, LONGEST_REST_S = 1.0, 30.0
RECLAIM_EVERY_S = 5.0
TIDY_EVERY_S = 600.0


class Pace:
    """When this process reads next, and how much: later and less while MongoDB does not answer in time."""

    def __init__(self) -> None:
        self.begun = False
        self.size = AT_ONCE
        self.rests_until = self.reclaims_at = self.tidies_at = 0.0
        self.rest_s = REST_S

    def fail(self, now: float) -> None:
        self.rests_until, self.rest_s = now + self.rest_s, min(2 * self.rest_s, LONGEST_REST_S)
        self.size = max(LEAST, self.size // 2)
        self.reclaims_at = 0.0

    def succeed(self) -> None:
        self.rest_s, self.size = REST_S, min(2 * self.size, AT_ONCE)


_pace = Pace()


def drain(pace: Pace = _pace) -> int:
    """Carry over what waits, for some seconds at most; how many entries that were.

    Raises what a store raises; then nothing is lost, and the next calls rest for a while.
    """
    began = monotonic()
    if began < pace.rests_until:
        return 0
    try:
        return _drain(pace, began)
    except stream.NoGroup:
        # Redis was emptied.
        pace.begun = False
        return 0
    except STORE_ERRORS:
        pace.fail(monotonic())
        raise


def _drain(pace: Pace, began: float) -> int:
    if not pace.begun:
        documents.make_indexes()
        stream.begin()
        pace.begun = True
    if began >= pace.tidies_at:
        stream.drop_idle_members()
        pace.tidies_at = began + TIDY_EVERY_S
    carried = 0
    if began >= pace.reclaims_at:
        carried += _reclaim(pace.size, began + BUSY_S)
        pace.reclaims_at = began + RECLAIM_EVERY_S
    while monotonic() < began + BUSY_S:
        found, asked = stream.read(pace.size), pace.size
        carried += carry(found)
        pace.succeed()
        if len(found) < asked:
            break
    return carried


def _reclaim(most: int, until: float) -> int:
    """What others have left. An entry that kills its reader gets ever less company, then goes."""
    carried = 0
    for part in shrinking(stream.left_behind(most)):
        if monotonic() > until:
            break
        found = stream.claim(part)
        worn = [one for one in found if one.deliveries > DELIVERIES]
        bury([(one, f"Those who read it ended {DELIVERIES} times") for one in worn])
        carried += len(worn) + carry([one for one in found if one.deliveries <= DELIVERIES])
    return carried


def shrinking(entries: Sequence[Entry]) -> Iterable[list[Entry]]:
    """Parts of entries that were delivered equally often: once, 100 of them; twice, 10; then single ones."""
    for deliveries in sorted({one.deliveries for one in entries}):
        equals = [one for one in entries if one.deliveries == deliveries]
        size = AT_ONCE // 10 ** min(deliveries, 3)
        yield from (equals[start : start + size] for start in range(0, len(equals), size))


def carry(entries: Sequence[Entry]) -> int:
    """Write entries to MongoDB, then let the stream forget them; what is none becomes a dead letter."""
    facts, dead = [], []
    for entry in entries:
        try:
            facts.append(folding.read(entry.id, entry.fields))
        except folding.Unreadable as error:
            dead.append((entry, f"Unreadable: {error}"))
    bury(dead)
    if facts:
        _write({entry.id: entry for entry in entries}, facts)
    return len(entries)


def _write(entries: dict[str, Entry], facts: list[folding.Fact]) -> None:
    try:
        refused = documents.write(folding.fold(facts))
        _forget_marked(facts)
    except documents.Unstorable as error:
        if len(facts) > 1:
            for fact in facts:
                _write(entries, [fact])
            return
        bury([(entries[facts[0].entry], f"Unstorable: {error}")])
        return
    except STORE_ERRORS:
        stream.release([entries[fact.entry] for fact in facts])
        raise
    stream.acknowledge([fact.entry for fact in facts if fact.entry not in refused])
    worn = [one for one in refused if entries[one].deliveries >= DELIVERIES]
    bury([(entries[one], refused[one]) for one in worn])
    for one in refused:
        log.warning("event refused", extra={"entry": one, "reason": refused[one][:200]})


def _forget_marked(facts: list[folding.Fact]) -> None:
    """What was just written of a profile whose history was cleared meanwhile, or who is gone, goes again.

    Whoever clears marks first and deletes then. So this, which writes first and looks then, misses none.
    """
    accounts = {fact.profile: fact.account for fact in facts}
    marks = documents.marks({*accounts, *accounts.values()})
    for key, before_ms in marks.items():
        documents.forget("profile" if key in accounts else "account", key, before_ms)
        if before_ms is None:
            ours = {(account, profile) for profile, account in accounts.items() if key in (account, profile)}
            for account, profile in ours:
                remembering.forget_profiles(account, [profile])


def bury(dead: Sequence[tuple[Entry, str]]) -> None:
    for entry, reason in dead:
        log.error("event is a dead letter", extra={"entry": entry.id, "reason": reason[:200]})
    stream.bury(dead)
