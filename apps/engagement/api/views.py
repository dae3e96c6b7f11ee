"""What a profile has watched, goes on with and prefers, and what players tell: parse, one call, render."""

from dataclasses import asdict
from typing import Any, cast
from uuid import UUID

import orjson
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import DateTimeField
from rest_framework.views import APIView

from apps.accounts.api.permissions import Watching
from apps.accounts.authentication import principal
from apps.accounts.services.sessions import ProfileState
from apps.catalog.viewers import viewer_of
from apps.core.api.schema import refuses
from apps.engagement.services import events, positions, preferences, watching
from apps.engagement.services.watching import Page, Shown

from . import serializers as wire
from .paging import link, place_of, size_of

NO_CONTENT = {204: None}
MOMENT = DateTimeField()


class Own(APIView):
    """Of the selected profile, and of no other."""

    tag = "watching"
    permission_classes = (Watching,)


def who(request: Request) -> tuple[str, str]:
    """The ids of account and profile."""
    return str(principal(request).account_id), profile_of(request).id


def profile_of(request: Request) -> ProfileState:
    return cast(ProfileState, principal(request).profile)


def listed(request: Request, page: Page, *, whole: bool) -> Response:
    results = [_row(one, whole=whole) for one in page.rows]
    before, after = link(request, page.before), link(request, page.after)
    return Response(
        {"next": after, "previous": before, "results": results}, headers={"Cache-Control": "no-store"}
    )


def _row(row: Shown, *, whole: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": row.id,
        "title": orjson.Fragment(row.card),
        "episode": asdict(row.episode) if row.episode else None,
        "position_ms": row.position_ms,
        "duration_ms": row.duration_ms,
        "watched_at": MOMENT.to_representation(row.at),
    }
    if whole:
        first_at = MOMENT.to_representation(row.first_at or row.at)
        told |= {"finished": row.finished, "first_watched_at": first_at}
    return told


class ContinueWatchingView(Own):
    @extend_schema(operation_id="continue_watching_list", parameters=wire.PAGING, responses=wire.GoOnPage)
    @refuses(400)
    def get(self, request: Request) -> Response:
        """Titles to go on with, the latest first; one card for a series, at the episode that is next."""
        viewer = viewer_of(request, timezone.now())
        page = watching.continue_watching(*who(request), viewer, size_of(request), place_of(request))
        return listed(request, page, whole=False)


class ContinueWatchingCardView(Own):
    @extend_schema(responses=NO_CONTENT)
    def delete(self, request: Request, title_id: UUID) -> Response:
        """Take a title away from there, until it is played anew. It does not count as watched."""
        positions.remove_card(*who(request), str(title_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class HistoryView(Own):
    @extend_schema(operation_id="history_list", parameters=wire.PAGING, responses=wire.WatchedPage)
    @refuses(400)
    def get(self, request: Request) -> Response:
        """What was watched, the latest first; seconds behind. What may no longer be seen is left out."""
        viewer = viewer_of(request, timezone.now())
        page = watching.history(profile_of(request).id, viewer, size_of(request), place_of(request))
        return listed(request, page, whole=True)

    @extend_schema(responses=NO_CONTENT)
    def delete(self, request: Request) -> Response:
        """Forget all that was watched so far, and where."""
        positions.clear_history(*who(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class PreferencesView(Own):
    @extend_schema(responses=wire.PreferencesOut)
    def get(self, request: Request) -> Response:
        """How the profile likes things to play."""
        return Response(preferences.of(*who(request)))

    @extend_schema(request=wire.PreferencesIn, responses=wire.PreferencesOut)
    def patch(self, request: Request) -> Response:
        """Change some of it."""
        given = wire.PreferencesIn(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(preferences.change(*who(request), dict(given.validated_data)))


class EventsView(Own):
    @extend_schema(request=wire.EventsIn, responses={202: wire.EventsOut})
    def post(self, request: Request) -> Response:
        """Tell how playing went, or what was shown and chosen: at most 500 events, safe to repeat."""
        given = wire.EventsIn(data=request.data)
        given.is_valid(raise_exception=True)
        taken = events.take(*who(request), given.validated_data["events"], kid=profile_of(request).kid)
        return Response(asdict(taken), status=status.HTTP_202_ACCEPTED)
