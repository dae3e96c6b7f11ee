"""Who plays, known from the playback token of the session in the address."""

from dataclasses import dataclass
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from .services import beating
from .tokens import PlaybackClaims


@dataclass(frozen=True, slots=True)
class Player:
    claims: PlaybackClaims

    is_authenticated = True
    is_anonymous = False


class PlaybackBearer(BaseAuthentication):
    """`Authorization: Bearer <playback token>`, of the session that the address names."""

    def authenticate(self, request: Request) -> tuple[Player, None]:
        session = str(request.parser_context["kwargs"]["session_id"])
        claims = beating.bearer(session, request.META.get("HTTP_AUTHORIZATION", ""))
        return Player(claims), None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class PlaybackScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = PlaybackBearer
    name = "playback"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "The `playback_token` of the session."}
