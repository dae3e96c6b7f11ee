"""What Redis (durable role) remembers of sessions: their state, for a few seconds.

PostgreSQL owns sessions. This spares it a query per request; it may be lost or stale at any time, and
stale never means longer than `STATE_LIVES_S`, which is why every revocation holds within 5 s even when
Redis could not be told.
"""

import logging
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import orjson

from apps.core import clients

log = logging.getLogger(__name__)

STATE_LIVES_S = 4


def _key(session_id: UUID | str) -> str:
    return f"session:{session_id}"


def read_state(session_id: str, profile_id: str) -> dict[str, Any] | None:
    """The remembered state of a session seen through a profile ("" for none), or None."""
    try:
        found = clients.durable().hget(_key(session_id), profile_id)
    except clients.DRIVER_ERRORS:
        return None
    return orjson.loads(found) if found else None  # type: ignore[arg-type]


def write_state(session_id: str, profile_id: str, state: dict[str, Any], *, age_s: float) -> None:
    """Remember what was true `age_s` ago. A session's first write starts the clock for all its profiles."""
    left_ms = int((STATE_LIVES_S - age_s) * 1000)
    if left_ms <= 0:
        return
    try:
        pipe = clients.durable().pipeline(transaction=True)
        pipe.hset(_key(session_id), profile_id, orjson.dumps(state))
        pipe.pexpire(_key(session_id), left_ms, nx=True)
        pipe.execute()
    except clients.DRIVER_ERRORS:
        log.info("session state not remembered")


def forget_states(session_ids: Iterable[UUID]) -> None:
    """After a change: the next request asks PostgreSQL."""
    keys = [_key(session_id) for session_id in session_ids]
    if not keys:
        return
    try:
        clients.durable().delete(*keys)
    except clients.DRIVER_ERRORS:
        log.warning("session state lives on for at most %s s", STATE_LIVES_S)
