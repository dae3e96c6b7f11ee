"""Accounts over HTTP: each view parses, makes one call, renders."""

from contextlib import suppress
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from apps.accounts.authentication import principal
from apps.accounts.models import DataRequest, Profile, Session
from apps.accounts.services import passwords, personal_data, profiles, registration, sessions
from apps.accounts.services.profiles import Proof
from apps.core import ratelimit
from apps.core.api.schema import refuses
from apps.core.idempotency import idempotent
from apps.core.network import Caller

from . import serializers as wire
from .permissions import Grown

NO_CONTENT = {204: None}


def read(serializer: type[BaseSerializer[Any]], request: Request) -> dict[str, Any]:
    """The validated body."""
    given = serializer(data=request.data, context={"request": request})
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


class Tagged(APIView):
    tag = "accounts"


# --- Sign-up and sign-in -----------------------------------------------------------------------------


class Public(Tagged):
    """Open to everybody; a stale token that comes along does not matter."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class RegisterView(Public):
    @extend_schema(request=wire.RegisterIn, responses={201: wire.RegisterOut})
    @idempotent
    def post(self, request: Request) -> Response:
        """Open an account. The answer is the same whether or not the e-mail is taken; the mail tells."""
        caller = Caller.of(request)
        ratelimit.enforce("signup", caller.rate_key, settings.RATE_LIMIT_SIGNUP)
        body = read(wire.RegisterIn, request)
        registration.register(**body, caller=caller)
        answer = {"email": body["email"], "country": body.get("country", ""), "email_verified": False}
        return Response(answer, status=status.HTTP_201_CREATED)


class LoginView(Public):
    @extend_schema(request=wire.LoginIn, responses=wire.GrantOut)
    @refuses(401)
    def post(self, request: Request) -> Response:
        """Sign in on a device."""
        grant = sessions.sign_in(**read(wire.LoginIn, request), caller=Caller.of(request))
        return Response(asdict(grant), headers={"Cache-Control": "no-store"})


class RefreshView(Public):
    @extend_schema(request=wire.RefreshIn, responses=wire.GrantOut)
    @refuses(401)
    def post(self, request: Request) -> Response:
        """Trade a refresh token for a new pair; it works once, and reuse ends the session."""
        grant = sessions.refresh(read(wire.RefreshIn, request)["refresh"], caller=Caller.of(request))
        return Response(asdict(grant), headers={"Cache-Control": "no-store"})


class LogoutView(Tagged):
    permission_classes = (IsAuthenticated,)

    @extend_schema(request=None, responses=NO_CONTENT)
    def post(self, request: Request) -> Response:
        """End this session; its tokens are dead at once."""
        user = principal(request)
        # Signed out by somebody else in this very moment is signed out, too.
        with suppress(Session.DoesNotExist):
            sessions.sign_out(user.user(), user.session_id, caller=Caller.of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class LogoutAllView(Tagged):
    permission_classes = (Grown,)

    @extend_schema(request=None, responses=NO_CONTENT)
    def post(self, request: Request) -> Response:
        """End every session of the account, this one too."""
        sessions.sign_out_everywhere(
            principal(request).user(), because="signed_out_everywhere", caller=Caller.of(request)
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class EmailVerifyView(Public):
    @extend_schema(request=wire.TokenIn, responses=NO_CONTENT)
    def post(self, request: Request) -> Response:
        """Confirm an e-mail address by the token that was mailed to it."""
        registration.verify_email(read(wire.TokenIn, request)["token"], caller=Caller.of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class EmailResendView(Tagged):
    permission_classes = (Grown,)

    @extend_schema(request=None, responses={202: None})
    def post(self, request: Request) -> Response:
        """Mail the confirming link once more."""
        ratelimit.enforce("signup", f"account:{request.user.pk}", settings.RATE_LIMIT_SIGNUP)
        registration.ask_for_verification(principal(request).user())
        return Response(status=status.HTTP_202_ACCEPTED)


class PasswordResetView(Public):
    @extend_schema(request=wire.EmailIn, responses={202: None})
    def post(self, request: Request) -> Response:
        """Mail a link for a new password, if there is such an account. The answer does not tell."""
        caller = Caller.of(request)
        ratelimit.enforce("signup", caller.rate_key, settings.RATE_LIMIT_SIGNUP)
        registration.ask_for_reset(read(wire.EmailIn, request)["email"], caller=caller)
        return Response(status=status.HTTP_202_ACCEPTED)


class PasswordResetConfirmView(Public):
    @extend_schema(request=wire.ResetIn, responses=NO_CONTENT)
    def post(self, request: Request) -> Response:
        """Set a new password by the mailed token. Every session of the account ends."""
        body = read(wire.ResetIn, request)
        passwords.reset(body["token"], new=body["password"], caller=Caller.of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordChangeView(Tagged):
    permission_classes = (Grown,)

    @extend_schema(request=wire.PasswordChangeIn, responses=NO_CONTENT)
    def post(self, request: Request) -> Response:
        """Set a new password, given the present one. Every other session ends."""
        user = principal(request)
        body = read(wire.PasswordChangeIn, request)
        passwords.change(
            user.user(),
            current=body["current_password"],
            new=body["new_password"],
            session=user.session_id,
            caller=Caller.of(request),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionsView(generics.ListAPIView[Session]):
    """The devices signed in, the latest first."""

    tag = "accounts"
    permission_classes = (Grown,)
    serializer_class = wire.SessionOut
    ordering = ("-last_seen_at", "-id")

    def get_queryset(self) -> Any:
        return Session.objects.alive(timezone.now()).filter(account=self.request.user.pk)

    @extend_schema(responses=wire.SessionOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The devices signed in, the latest first."""
        return self.list(request, *args, **kwargs)


class SessionView(Tagged):
    permission_classes = (Grown,)

    @extend_schema(responses=NO_CONTENT)
    def delete(self, request: Request, session_id: UUID) -> Response:
        """Sign a device out."""
        try:
            sessions.sign_out(principal(request).user(), session_id, caller=Caller.of(request))
        except Session.DoesNotExist as error:
            raise Http404 from error
        return Response(status=status.HTTP_204_NO_CONTENT)


# --- The account -------------------------------------------------------------------------------------


class AccountView(Tagged):
    permission_classes = (Grown,)

    @extend_schema(responses=wire.AccountOut)
    def get(self, request: Request) -> Response:
        """The account."""
        return Response(wire.AccountOut(principal(request).user()).data)

    @extend_schema(request=wire.AccountIn, responses=wire.AccountOut)
    @refuses(403)
    def patch(self, request: Request) -> Response:
        """Change the country, or ask for another e-mail address (it counts once confirmed)."""
        user = registration.change_account(
            principal(request).user(), read(wire.AccountIn, request), caller=Caller.of(request)
        )
        return Response(wire.AccountOut(user).data)

    @extend_schema(request=wire.PasswordIn, responses={202: wire.ReceiptOut})
    @refuses(403, 409)
    def delete(self, request: Request) -> Response:
        """Erase the account: shut at once, erased in the background; the receipt tells how far that is."""
        password = read(wire.PasswordIn, request)["password"]
        receipt = personal_data.erase_account(
            principal(request).user(), password=password, caller=Caller.of(request)
        )
        return Response(wire.ReceiptOut(receipt).data, status=status.HTTP_202_ACCEPTED)

    delete.confirmed = True  # type: ignore[attr-defined]


class ErasureView(Public):
    @extend_schema(responses=wire.ReceiptOut)
    def get(self, request: Request, receipt: str) -> Response:
        """How far an erasure is, and what was erased and kept. The address is the only key to it."""
        found = get_object_or_404(DataRequest, receipt=receipt, kind=DataRequest.Kind.ERASE)
        return Response(wire.ReceiptOut(found).data, headers={"Cache-Control": "no-store"})


class ExportView(Tagged):
    permission_classes = (Grown,)
    responses = {200: wire.DataRequestOut, 202: wire.DataRequestOut}

    @extend_schema(responses=responses)
    def get(self, request: Request) -> Response:
        """A copy of all that is held on the account: 200 when it is made (kept 7 days), 202 until then."""
        return self._answer(request, anew=False)

    @extend_schema(request=None, responses=responses)
    def post(self, request: Request) -> Response:
        """Ask for a new copy, also when there is one of today."""
        return self._answer(request, anew=True)

    @staticmethod
    def _answer(request: Request, *, anew: bool) -> Response:
        found = personal_data.ask_for_copy(principal(request).user(), caller=Caller.of(request), anew=anew)
        done = found.state == DataRequest.State.DONE
        headers = {"Cache-Control": "no-store"} | ({} if done else {"Retry-After": "2"})
        return Response(wire.DataRequestOut(found).data, status=200 if done else 202, headers=headers)


# --- Profiles ----------------------------------------------------------------------------------------


class ProfilesView(generics.ListAPIView[Profile]):
    tag = "profiles"
    serializer_class = wire.ProfileOut
    ordering = ("slot",)

    def get_permissions(self) -> list[Any]:
        # A child may see whom to hand the device to.
        return [IsAuthenticated() if self.request.method == "GET" else Grown()]

    def get_queryset(self) -> Any:
        return Profile.objects.filter(account=self.request.user.pk)

    @extend_schema(responses=wire.ProfileOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who watches on this account, at most five."""
        return self.list(request, *args, **kwargs)

    @extend_schema(request=wire.ProfileIn, responses={201: wire.ProfileOut})
    @refuses(409)
    @idempotent
    def post(self, request: Request) -> Response:
        """Add a profile."""
        user = principal(request)
        body = read(wire.ProfileIn, request)
        profile = profiles.create(
            user.user(), body, ceiling=user.ceiling, proof=proof_of(body), caller=Caller.of(request)
        )
        return Response(wire.ProfileOut(profile).data, status=status.HTTP_201_CREATED)


class ProfileView(Tagged):
    tag = "profiles"
    permission_classes = (Grown,)

    @extend_schema(responses=wire.ProfileOut)
    def get(self, request: Request, profile_id: UUID) -> Response:
        """One profile."""
        return Response(wire.ProfileOut(own_profile(request, profile_id)).data)

    @extend_schema(request=wire.ProfilePatchIn, responses=wire.ProfileOut)
    @refuses(409, 429)
    def patch(self, request: Request, profile_id: UUID) -> Response:
        """Change a profile. Loosening what protects a child takes the PIN or the account password."""
        user = principal(request)
        body = read(wire.ProfilePatchIn, request)
        profile = profiles.change(
            own_profile(request, profile_id),
            body,
            proof=proof_of(body, pin="current_pin"),
            ceiling=user.ceiling,
            caller=Caller.of(request),
        )
        return Response(wire.ProfileOut(profile).data)

    @extend_schema(request=wire.ProofIn, responses=NO_CONTENT)
    @refuses(409)
    def delete(self, request: Request, profile_id: UUID) -> Response:
        """Delete a profile with its history and lists; one with a PIN takes the PIN or the password."""
        body = read(wire.ProofIn, request)
        profiles.drop(
            own_profile(request, profile_id), proof=proof_of(body, pin="pin"), caller=Caller.of(request)
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    delete.confirmed = True  # type: ignore[attr-defined]


class ProfileSelectView(Tagged):
    tag = "profiles"
    permission_classes = (IsAuthenticated,)

    @extend_schema(request=wire.ProofIn, responses=wire.AccessOut)
    @refuses(409)
    def post(self, request: Request, profile_id: UUID) -> Response:
        """Hand the device to a profile: an access token of its own."""
        user = principal(request)
        body = read(wire.ProofIn, request)
        access = profiles.select(
            own_profile(request, profile_id),
            session_id=user.session_id,
            from_kid=user.is_kid,
            proof=proof_of(body, pin="pin"),
            caller=Caller.of(request),
        )
        answer = {"access": access, "expires_in": int(settings.ACCESS_TOKEN_LIFETIME.total_seconds())}
        return Response(answer, headers={"Cache-Control": "no-store"})


def own_profile(request: Request, profile_id: UUID) -> Profile:
    ours = Profile.objects.select_related("account").filter(account=request.user.pk)
    return get_object_or_404(ours, public_id=profile_id)


def proof_of(body: dict[str, Any], *, pin: str = "") -> Proof:
    """Take the confirming fields out of a body; `pin` names the field where `pin` itself means a new one."""
    given = body.pop(pin, "") if pin else ""
    return Proof(pin=given or "", password=body.pop("password", ""))
