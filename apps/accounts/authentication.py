"""From credentials to whom we speak with: bearer tokens for the API, passwords for the admin."""

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError

from apps.core import logs
from apps.core.network import Caller

from . import tokens
from .maturity import Maturity
from .models import User
from .services import audit, sessions
from .services.sessions import BadCredentials, ProfileState, SessionEnded


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes this request, known from its token alone: no user row was read.

    `pk` is the account's, so that limits, idempotency and querysets can use it. `profile` is None until
    one is selected.
    """

    pk: int
    account_id: UUID
    session_id: UUID
    verified: bool
    is_staff: bool
    profile: ProfileState | None

    is_authenticated = True
    is_anonymous = False

    @property
    def ceiling(self) -> int:
        """The highest maturity rating it may watch, or grant to a profile."""
        return self.profile.maturity if self.profile else Maturity.A

    @property
    def is_kid(self) -> bool:
        return self.profile is not None and self.profile.kid

    def user(self) -> User:
        """The account's row, for the few views that need it."""
        user = User.objects.filter(pk=self.pk).first()
        if user is None:
            # Erased a moment ago; only the remembered state of its session is left.
            raise SessionEnded
        return user


def principal(request: Request) -> Principal:
    """Who makes this request, where a permission has seen to it that somebody does."""
    return cast(Principal, request.user)


def identify(request: HttpRequest) -> Principal | None:
    """Whose token the request carries: a good signature and a session that is alive; None: no token. Looked
    up once a request.

    Raises `AuthenticationFailed` (or `SessionEnded`) for a token that is not good.
    """
    known: Principal | None = getattr(request, "principal", None)
    if known is not None:
        return known
    try:
        token = tokens.bearer(request)
    except ExpiredTokenError as error:
        raise AuthenticationFailed("The access token has expired.", code="token_expired") from error
    except TokenError as error:
        raise AuthenticationFailed("The access token is not valid.") from error
    if token is None:
        return None
    try:
        principal = _principal(token)
    except (KeyError, ValueError) as error:
        raise AuthenticationFailed("The access token is not valid.") from error
    request.principal = principal  # type: ignore[attr-defined]
    logs.context.set({**logs.context.get(), "account": str(principal.account_id)})
    return principal


def _principal(token: Any) -> Principal:
    session = str(UUID(str(token["sid"])))
    profile = str(UUID(str(token["pid"]))) if token.get("pid") else ""
    state = sessions.state_of(session, profile)
    if state is None:
        raise SessionEnded
    return Principal(
        pk=state.account,
        account_id=UUID(str(token["sub"])),
        session_id=UUID(session),
        verified=state.verified,
        is_staff=state.staff,
        profile=state.profile,
    )


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access>`, as `identify` reads it."""

    def authenticate(self, request: Request) -> tuple[Principal, Any] | None:
        principal = identify(request._request)
        return None if principal is None else (principal, tokens.bearer(request._request))

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class PasswordBackend(ModelBackend):
    """Sign-in of staff to the admin: the same limits, the same hash pool, the same audit log."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        if request is None or not username or not password:
            return None
        caller = Caller.of(request)
        try:
            user = sessions.check_credentials(username, password, caller=caller)
        except BadCredentials:
            return None
        if not user.is_staff:
            return None
        audit.record(audit.Kind.SIGNED_IN, account=user.public_id, caller=caller, where="admin")
        return user
