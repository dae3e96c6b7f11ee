"""The two tokens of a session.

*Access*: a JWT of 15 minutes (simplejwt; HS256 only, own key, `aud`, `sid`, and `pid` once a profile is
selected). *Refresh*: opaque, `ottr_<sid>.<generation>.<mac>`, where the MAC is HMAC-SHA256 by the server's
key over the session's secret, id and generation. Any generation can be recognised as ours, so the reuse
of an old one is proof of a copy, and the successor of a token can be made again without being stored.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken

from apps.core.network import client_ip, rate_key

from .models import Session

REFRESH = re.compile(r"ottr_([0-9a-f]{32})\.([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a client keeps: two tokens, and the seconds that the access token lives."""

    access: str
    refresh: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class RefreshClaim:
    """What a well-formed refresh token says; true only if `is_genuine`."""

    session_id: UUID
    generation: int
    mac: str


def access_token(session: Session, account_id: UUID, profile_id: UUID | None) -> str:
    token = AccessToken()
    token["sub"] = str(account_id)
    token["sid"] = str(session.public_id)
    if profile_id:
        token["pid"] = str(profile_id)
    return str(token)


def refresh_token(session: Session, generation: int) -> str:
    mac = _mac(settings.REFRESH_TOKEN_KEYS[0], session, generation)
    return f"ottr_{session.public_id.hex}.{generation}.{mac}"


def parse_refresh(text: str) -> RefreshClaim | None:
    """The parts of a refresh token, or None where it cannot be one."""
    match = REFRESH.fullmatch(text)
    return RefreshClaim(UUID(match[1]), int(match[2]), match[3]) if match else None


def is_genuine(claim: RefreshClaim, session: Session) -> bool:
    """Whether we issued it, at whatever time, under any key of the ring."""
    return any(
        hmac.compare_digest(claim.mac, _mac(key, session, claim.generation))
        for key in settings.REFRESH_TOKEN_KEYS
    )


def _mac(key: str, session: Session, generation: int) -> str:
    message = b"|".join(
        [b"refresh", bytes(session.secret), session.public_id.bytes, str(generation).encode()]
    )
    return urlsafe_b64encode(hmac.digest(key.encode(), message, hashlib.sha256)).rstrip(b"=").decode()


def bearer(request: HttpRequest) -> AccessToken | None:
    """The request's access token, its signature and times checked; decoded once a request.

    Raises simplejwt's TokenError (ExpiredTokenError) for a token that is not good; None for no token.
    """
    if not hasattr(request, "access_token"):
        scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        found: AccessToken | TokenError | None = None
        if scheme.lower() == "bearer":
            try:
                found = AccessToken(text.strip())  # type: ignore[arg-type]
            except TokenError as error:
                found = error
        request.access_token = found  # type: ignore[attr-defined]
    found = request.access_token  # type: ignore[attr-defined]
    if isinstance(found, TokenError):
        raise found
    return found


def client_key(request: HttpRequest) -> str:
    """Whom a rate limit counts: a good token's session (many viewers share an address), else the address."""
    try:
        token = bearer(request)
    except TokenError:
        token = None
    return (
        f"session:{token['sid']}" if token and "sid" in token else f"address:{rate_key(client_ip(request))}"
    )
