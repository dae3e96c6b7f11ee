"""The decision about every byte: what a media token opens, here and now."""

from time import time

from apps.core.errors import DomainError
from apps.streaming.tokens import BadToken, MediaClaims, read_media

from . import liveness


class NotThere(DomainError):
    """Also what is there, but not for this token."""

    code = "not_found"
    status = 404
    detail = "There is nothing at this address."


class MediaTokenExpired(DomainError):
    code = "token_expired"
    status = 403
    detail = "The token in this address has expired. The next heartbeat brings another."


class SessionOver(DomainError):
    code = "lease_lost"
    status = 403
    detail = "This session plays no more. Start anew to go on."


def opened(token: str) -> MediaClaims:
    """Its claims, if it is genuine and its session plays. Raises `NotThere`, `SessionOver`,
    `MediaTokenExpired`."""
    try:
        claims = read_media(token)
    except BadToken as error:
        raise NotThere from error
    now = time()
    if liveness.opens(claims, now):
        return claims
    raise MediaTokenExpired if claims.expires_at <= now else SessionOver
