"""Playing: a session begins, beats and stops."""

from contextlib import suppress
from typing import Any, cast
from uuid import UUID

import orjson
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.permissions import Watching
from apps.accounts.authentication import principal
from apps.catalog.viewers import language_of
from apps.core.api.schema import refuses
from apps.core.errors import InvalidField, Throttled
from apps.core.idempotency import idempotent
from apps.core.network import territory_of
from apps.streaming.authentication import PlaybackBearer, Player
from apps.streaming.services import beating, ending, starting
from apps.streaming.services.deciding import Abilities, Who
from apps.streaming.services.finding import Wanted
from apps.streaming.services.starting import Device

from . import serializers as wire


class PlaybackView(APIView):
    """A query says nothing here: what comes along is refused, lest a typo pass unnoticed."""

    tag = "playback"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for name in request.query_params:
            raise InvalidField(name[:40], "unknown_field", "There is no such query parameter.")


class SessionsView(PlaybackView):
    permission_classes = (Watching,)

    @extend_schema(request=wire.StartSerializer, responses={201: wire.Started})
    @refuses(404, 409)
    @idempotent
    def post(self, request: Request) -> Response:
        """Begin to play a title, an episode or an extra, if the profile may and a stream is free."""
        body = wire.StartSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        caller = principal(request)
        told = given.get("capabilities", {})
        codecs = frozenset(told["codecs"]) if "codecs" in told else None
        device = Device(
            id=given["device_id"],
            name=given.get("device_name", ""),
            able=Abilities(told.get("max_height"), codecs),
            signed_in=caller.session_id,
        )
        wanted = Wanted(given.get("title", ""), given.get("episode"), given.get("extra"))
        answer = starting.start(
            _who(request), device, wanted,
            terminate=given.get("terminate", ""), key=request.headers.get("Idempotency-Key", ""),
        )  # fmt: skip
        return Response(answer, status=201)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """What is kept for a repeated request holds no tokens, so they are made here."""
        if response.status_code == 201:
            response.data = starting.sealed(response.data)
        return super().finalize_response(request, response, *args, **kwargs)


def _who(request: Request) -> Who:
    caller = principal(request)
    assert caller.profile  # noqa: S101 `Watching` saw to it
    return Who(
        account_pk=caller.pk,
        account=str(caller.account_id),
        profile=caller.profile.id,
        verified=caller.verified,
        ceiling=caller.ceiling,
        kid=caller.is_kid,
        language=language_of(request._request, caller),
        territory=territory_of(request._request),
    )


class HeartbeatView(PlaybackView):
    """The ordinary way to what `hot` answers ahead of Django."""

    authentication_classes = (PlaybackBearer,)

    @extend_schema(request=wire.BeatSerializer, responses={200: wire.Kept})
    @refuses(410)
    def post(self, request: Request, session_id: UUID) -> Response:
        """Tell where the player is; keeps the stream, and remembers the position."""
        if (request.content_type or "").partition(";")[0].strip().lower() != "application/json":
            raise UnsupportedMediaType(request.content_type or "")
        bearer = request.META.get("HTTP_AUTHORIZATION", "")
        answer = beating.beat(str(session_id), bearer, request._request.body)
        return Response(answer, headers={"Cache-Control": "no-store"})


class StopView(PlaybackView):
    authentication_classes = (PlaybackBearer,)

    @extend_schema(request=wire.StopSerializer, responses={204: None})
    def post(self, request: Request, session_id: UUID) -> Response:
        """The player is done: the stream is free at once. May be repeated.

        `last` is recorded before: of two requests that a closing page sends, either may come first.
        """
        body = wire.StopSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        if last := body.validated_data.get("last"):
            bearer = request.META.get("HTTP_AUTHORIZATION", "")
            # It stops all the same, whether or not its last place could still be told.
            with suppress(beating.LeaseLost, Throttled):
                beating.beat(str(session_id), bearer, orjson.dumps(last))
        ending.stop(cast(Player, request.user).claims)
        return Response(status=204)
