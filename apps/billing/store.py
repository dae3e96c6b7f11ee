"""What Redis (durable role) remembers of accounts' tiers, which every read of the catalogue asks for.

PostgreSQL owns subscriptions; this may be lost at any time. A change leaves a mark in the tier's place for
a few seconds, so that a reader who asked PostgreSQL just before does not put back what was true then. What
ends by itself is remembered with its end. So only an edited plan is noticed late, by `LIVES_S` at most.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

from apps.core import clients

log = logging.getLogger(__name__)

LIVES_S = 60
# Longer than a request may take from reading PostgreSQL to writing here.
MARK_LIVES_S = 5
CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Remembered:
    tier: int
    until: datetime | None


def _key(account: UUID) -> str:
    return f"tier:{account}"


def recall(account: UUID) -> Remembered | None:
    try:
        found = clients.durable().get(_key(account))
    except clients.DRIVER_ERRORS:
        return None
    if found is None or found == CHANGED:
        return None
    tier, until = orjson.loads(found)  # type: ignore[arg-type]
    return Remembered(tier, None if until is None else datetime.fromtimestamp(until, UTC))


def remember(account: UUID, found: Remembered) -> None:
    value = orjson.dumps([found.tier, None if found.until is None else found.until.timestamp()])
    try:
        clients.durable().set(_key(account), value, ex=LIVES_S, nx=True)
    except clients.DRIVER_ERRORS:
        log.info("tier not remembered")


def forget(account: UUID) -> None:
    """After a change: the next readers ask PostgreSQL."""
    try:
        clients.durable().set(_key(account), CHANGED, ex=MARK_LIVES_S)
    except clients.DRIVER_ERRORS:
        log.warning("the catalogue may show a former tier for at most %s s", LIVES_S)
