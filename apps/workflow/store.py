"""What Redis (durable role) knows of who is editing what. It may be lost: editors tell again in seconds.

One hash for a thing: account id -> `[first, last]`, the seconds at which they were first and last there.
"""

import logging
from datetime import UTC, datetime

import orjson
from django.db.models import Model

from apps.core import clients

log = logging.getLogger(__name__)

GONE_AFTER_S = 30


def _key(subject: Model) -> str:
    return f"presence:{subject._meta.label_lower}:{subject.pk}"


def touch(subject: Model, user_id: int, *, at: datetime) -> None:
    """Somebody is editing the thing at that moment."""
    redis, key, now = clients.durable(), _key(subject), at.timestamp()
    try:
        found = redis.hget(key, str(user_id))
        first, last = orjson.loads(found) if found else (now, now)  # type: ignore[arg-type]
        if now >= last + GONE_AFTER_S:
            first = now
        pipe = redis.pipeline(transaction=True)
        pipe.hset(key, str(user_id), orjson.dumps([first, max(now, last)]))
        pipe.expire(key, 2 * GONE_AFTER_S)
        pipe.execute()
    except clients.DRIVER_ERRORS:
        log.info("presence not remembered")


def others(subject: Model, user_id: int, *, at: datetime) -> list[tuple[int, datetime]]:
    """Who else is editing the thing at that moment, and since when, the longest first; nobody if unknown."""
    try:
        found: dict[str, str] = clients.durable().hgetall(_key(subject))  # type: ignore[assignment]
    except clients.DRIVER_ERRORS:
        return []
    spans = ((int(one), *orjson.loads(span)) for one, span in found.items())
    here = [
        (first, one) for one, first, last in spans if one != user_id and at.timestamp() < last + GONE_AFTER_S
    ]
    return [(one, datetime.fromtimestamp(first, UTC)) for first, one in sorted(here)]
