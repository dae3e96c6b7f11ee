"""Content keys for sessions: W3C Clear Key licences, and the 16 bytes that HLS calls identity keys.

That is access control and no studio DRM: who has been given a key has it. A session gets the keys of its own
asset that its plan allows, as long as it plays. `licence` is the port at which another key system would be
asked for its licence in place of `clear_key`.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings

from apps.core import ratelimit
from apps.core.errors import DomainError, InvalidField
from apps.media import keys
from apps.media.models import ContentKey
from apps.streaming.tokens import MediaClaims

from . import shelves
from .opening import NotThere

Json = dict[str, Any]
SYSTEM, TEMPORARY = "org.w3.clearkey", "temporary"
# Of one session; a player asks for three when it begins.
RATE = "120/m"
LONGEST_BODY, MOST = 4096, 16


class KeyNotAllowed(DomainError):
    code = "key_not_allowed"
    status = 403
    detail = "The plan does not open what this key opens."


def licence(claims: MediaClaims, body: bytes) -> Json:
    """All keys that the session may have, for a request `{kids}` (Encrypted Media Extensions, 9.1.3).

    All, for hls.js asks for the first alone. Raises `InvalidField`, `NotThere` (a key of none of the asset's
    tracks), `KeyNotAllowed`, `Throttled`.
    """
    asked = _kids(body)
    ratelimit.enforce("licence", claims.session, RATE)
    rows = _rows(claims)
    for kid in asked:
        _judge(claims, rows, kid)
    return clear_key([row for row in rows.values() if _may(claims, row)])


def offered(scheme: str, token: str) -> Json | None:
    """What a player is told of how its keys come; None where nothing is encrypted."""
    if not scheme:
        return None
    return {
        "system": SYSTEM,
        "scheme": scheme,
        "licence_url": f"/play/{token}/licence",
        "hls_url": f"/play/{token}/master.m3u8?keys=clearkey",
    }


def clear_key(rows: Sequence[ContentKey]) -> Json:
    """A JSON Web Key set of type `temporary` (Encrypted Media Extensions, 9.1.4)."""
    told = [{"kty": "oct", "kid": _base64url(row.kid.bytes), "k": _base64url(_key(row))} for row in rows]
    return {"keys": told, "type": TEMPORARY}


def raw(claims: MediaClaims, kid: UUID) -> bytes:
    """The 16 bytes of one key. Raises `NotThere`, `KeyNotAllowed`, `Throttled`."""
    ratelimit.enforce("licence", claims.session, RATE)
    return _key(_judge(claims, _rows(claims), kid))


def _rows(claims: MediaClaims) -> dict[UUID, ContentKey]:
    shelf = shelves.shelf(claims.asset, claims.edition)
    if shelf is None or not shelf.package.scheme:
        return {}
    return {row.kid: row for row in ContentKey.objects.filter(asset__public_id=claims.asset)}


def _judge(claims: MediaClaims, rows: dict[UUID, ContentKey], kid: UUID) -> ContentKey:
    row = rows.get(kid)
    if row is None:
        raise NotThere
    if not _may(claims, row):
        raise KeyNotAllowed
    return row


def _may(claims: MediaClaims, row: ContentKey) -> bool:
    is_sharp = row.label == ContentKey.Label.HD
    return not is_sharp or not claims.max_height or claims.max_height > keys.SD_LINES


def _key(row: ContentKey) -> bytes:
    return keys.unwrap(bytes(row.wrapped), row.kid, settings.CONTENT_KEY_KEYS)


def _kids(body: bytes) -> list[UUID]:
    if len(body) > LONGEST_BODY:
        raise InvalidField("", "invalid", f"At most {LONGEST_BODY} bytes.")
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidField("", "invalid_json", "The body is not JSON.") from error
    if not isinstance(told, dict):
        raise InvalidField("", "invalid", "The body is no object.")
    for name in told.keys() - {"kids", "type"}:
        raise InvalidField(name[:40], "unknown_field", "There is no such field to set.")
    if told.get("type", TEMPORARY) != TEMPORARY:
        raise InvalidField("type", "invalid_choice", "Keys are given for the session alone: temporary.")
    asked = told.get("kids")
    if not isinstance(asked, list) or not 1 <= len(asked) <= MOST:
        raise InvalidField("kids", "required", f"A list of 1 to {MOST} ids of keys.")
    return [_kid(one) for one in asked]


def _kid(text: Any) -> UUID:
    try:
        return UUID(bytes=urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (TypeError, ValueError, Error) as error:
        raise InvalidField("kids", "invalid", "Ids of keys are 16 bytes in base64url.") from error


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
