"""One heartbeat: from the bearer and the body to what the player is told. Asks Redis alone, and that once.

`hot` and the ordinary route both call `beat`, so there is one answer to a request whichever serves it.
"""

from dataclasses import dataclass
from functools import lru_cache
from time import time
from typing import Any

import orjson
from django.conf import settings

from apps.core.errors import DomainError, InvalidField, Throttled
from apps.engagement.services import events
from apps.streaming.store import beats
from apps.streaming.store.beats import Beat, Kept, Lost
from apps.streaming.tokens import BadToken, PlaybackClaims, media_token, read_playback

Json = dict[str, Any]
STATES = frozenset({"playing", "paused", "buffering", "seeking", "ended"})
FIELDS = frozenset({"seq", "position_ms", "state", "speed", "events"})
MOST_SEQ, MOST_MS, MOST_EVENTS = 2**31 - 1, 7 * 86_400_000, 30
SLOWEST, FASTEST = 0.25, 4.0
LONGEST_BODY = 65_536
# Sessions whose tokens this process has verified and need not verify again; some 4 KB each.
KNOWN = 10_000
# Seconds for which a session is given the same media token, which lives for five minutes.
SAME_TOKEN_S = 60


class NotPlaying(DomainError):
    code = "not_authenticated"
    status = 401
    detail = "This needs the playback token of the session."


class PlaybackTokenExpired(DomainError):
    code = "token_expired"
    status = 401
    detail = "The playback token has expired. Start anew."


class LeaseLost(DomainError):
    """`reason`: one of `models.EndedBy`."""

    code = "lease_lost"
    status = 410
    detail = "This session plays no more. Start anew to go on."


class BodyTooLong(DomainError):
    code = "payload_too_large"
    status = 413
    detail = f"A heartbeat has at most {LONGEST_BODY} bytes."


@dataclass(frozen=True, slots=True)
class Told:
    """What a player tells: `seq` counts its beats from 0, `position_ms` is where it is."""

    seq: int
    position_ms: int
    state: str
    speed: float
    events: list[Json]


class Seat:
    """A session that beats: what its playback token says, and what comes of it for all of its beats."""

    __slots__ = ("call", "claims", "signed_at", "token")

    def __init__(self, claims: PlaybackClaims) -> None:
        self.claims, self.call = claims, beats.seat(_first_beat(claims), streams=claims.streams)
        self.token, self.signed_at = "", 0.0

    def media_token(self) -> str:
        now = time()
        if not 0 <= now - self.signed_at < SAME_TOKEN_S:
            self.token, self.signed_at = media_token(self.claims.media(now)), now
        return self.token


def beat(session: str, authorization: str, body: bytes) -> Json:
    """`{next_interval_s, token}`, once all of it is recorded.

    Raises `NotPlaying`, `PlaybackTokenExpired`, `InvalidField`, `BodyTooLong`, `LeaseLost`, `Throttled`, and
    what the driver raises when Redis is away.
    """
    seat = _seat(session, authorization)
    told = read(body)
    result: Json = {}
    if told.events:
        claims = seat.claims
        taken = events.take(claims.account, claims.profile, told.events, kid=claims.kid)
        rejected = taken.rejected
        result["rejected"] = [{"index": one.index, "code": one.code, "field": one.field} for one in rejected]
    kept = beats.record(seat.call, told.seq, told.position_ms, told.state, told.speed)
    if isinstance(kept, Kept):
        return {"next_interval_s": kept.interval_s, "token": seat.media_token(), **result}
    if isinstance(kept, Lost):
        raise LeaseLost(extra={"reason": kept.reason})
    raise Throttled("Too many heartbeats of one session.", retry_after_s=kept.retry_after_s)


def bearer(session: str, authorization: str) -> PlaybackClaims:
    """The claims of the header `Authorization`, whose token must be of this session and in time."""
    return _seat(session, authorization).claims


def _seat(session: str, authorization: str) -> Seat:
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise NotPlaying
    try:
        seat = _verified(text.strip(), tuple(settings.PLAYBACK_TOKEN_KEYS))
    except BadToken as error:
        raise NotPlaying from error
    if seat.claims.session != session:
        raise NotPlaying
    if seat.claims.expires_at <= time():
        raise PlaybackTokenExpired
    return seat


@lru_cache(maxsize=KNOWN)
def _verified(text: str, ring: tuple[str, ...]) -> Seat:
    """Under another ring of keys there is another verdict. Raises `BadToken`."""
    return Seat(read_playback(text))


def read(body: bytes) -> Told:
    """Strict: what a field is called, of what type it is, and how large. Raises `InvalidField`."""
    if len(body) > LONGEST_BODY:
        raise BodyTooLong
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidField("", "invalid_json", "The body is not JSON.") from error
    if not isinstance(told, dict):
        raise InvalidField("", "invalid", "The body is no object.")
    for name in told.keys() - FIELDS:
        raise InvalidField(name[:40], "unknown_field", "There is no such field to set.")
    return Told(
        _whole(told, "seq", MOST_SEQ),
        _whole(told, "position_ms", MOST_MS),
        _state(told),
        _speed(told),
        _events(told),
    )


def _whole(told: Json, name: str, most: int) -> int:
    value = told.get(name)
    if type(value) is int and 0 <= value <= most:
        return value
    code = "invalid" if name in told else "required"
    raise InvalidField(name, code, f"A whole number from 0 to {most}.")


def _state(told: Json) -> str:
    value = told.get("state", "playing")
    if isinstance(value, str) and value in STATES:
        return value
    raise InvalidField("state", "invalid_choice", f"One of {', '.join(sorted(STATES))}.")


def _speed(told: Json) -> float:
    value = told.get("speed", 1.0)
    if type(value) in {int, float} and SLOWEST <= value <= FASTEST:
        return float(value)
    raise InvalidField("speed", "invalid", f"A number from {SLOWEST} to {FASTEST}.")


def _events(told: Json) -> list[Json]:
    value = told.get("events", [])
    if isinstance(value, list) and len(value) <= MOST_EVENTS and all(isinstance(one, dict) for one in value):
        return value
    raise InvalidField("events", "invalid", f"A list of at most {MOST_EVENTS} objects.")


def _first_beat(claims: PlaybackClaims) -> Beat:
    return Beat(
        session=claims.session,
        account=claims.account,
        profile=claims.profile,
        content=claims.content,
        card=claims.card,
        epoch=claims.epoch,
        seq=0,
        position_ms=0,
        duration_ms=claims.duration_ms,
        credits_ms=claims.credits_ms or None,
        next_content=claims.next_content or None,
        device=claims.device,
        asset=claims.asset,
        title=claims.title,
        kid=claims.kid,
    )
