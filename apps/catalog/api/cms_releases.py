"""Releases over HTTP: several titles, or a season, that go live or come down at one instant."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.catalog.models import Release, ReleaseItem, Season, Title
from apps.catalog.services import releases
from apps.catalog.services.releases import Entry
from apps.core.api.schema import ProblemAutoSchema, refuses
from apps.core.api.serializers import StrictSerializer, TextField
from apps.core.idempotency import idempotent
from apps.workflow.services.moving import LONGEST_NOTE

from .cms_base import Desk, Many, Shown, read
from .cms_fields import InstantField, ProseField, Ref
from .cms_serializers import Out
from .cms_shared import Change

MOST_TITLES = 200


class ItemIn(StrictSerializer):
    title = Ref(Title)
    season = Ref(Season, required=False, allow_null=True, help_text="No longer held back from then on.")


class ReasonIn(StrictSerializer):
    note = ProseField(max_length=LONGEST_NOTE, required=False, allow_blank=True)


class ReleaseIn(ReasonIn):
    name = TextField(max_length=120)
    action = serializers.ChoiceField(choices=Release.Action.choices)
    at = InstantField()
    items = ItemIn(many=True, max_length=MOST_TITLES)  # type: ignore[call-arg]


class ReleasePatchIn(ReasonIn, Change):
    name = TextField(max_length=120, required=False)
    action = serializers.ChoiceField(choices=Release.Action.choices, required=False)
    at = InstantField(required=False)
    items = ItemIn(many=True, max_length=MOST_TITLES, required=False)  # type: ignore[call-arg]


class AtIn(StrictSerializer):
    at = InstantField()


class NothingIn(StrictSerializer):
    """An empty object."""


class ItemOut(serializers.ModelSerializer[ReleaseItem]):
    title = Ref(Title)
    season = Ref(Season, allow_null=True)

    class Meta:
        model = ReleaseItem
        fields = ["title", "season"]
        read_only_fields = fields


class ReleaseOut(serializers.ModelSerializer[Release]):
    id = serializers.UUIDField(source="public_id")
    by = serializers.SlugRelatedField(slug_field="email", read_only=True, allow_null=True)
    items = ItemOut(many=True)

    class Meta:
        model = Release
        fields = ["id", "name", "action", "at", "state", "by", "note", "ran_at", "problem", "items"]
        read_only_fields = fields


class ReleaseFilters(Out):
    state = serializers.ChoiceField(choices=Release.State.choices, required=False)
    title = serializers.UUIDField(required=False, help_text="Those that it is part of.")


ROWS = Release.objects.select_related("by").prefetch_related("items__title", "items__season")


def entries(items: list[dict[str, Any]]) -> list[Entry]:
    return [Entry(one["title"], one.get("season")) for one in items]


class ReleasesView(Many):
    noun, nouns = "a release", "releases, the one that is furthest ahead first"
    queryset = ROWS
    serializer_class = ReleaseOut
    filters = ReleaseFilters
    lookups = {"state": "state", "title": "items__title__public_id"}
    body = ReleaseIn
    ordering = ("-at", "-id")

    def made(self, given: dict[str, Any]) -> Release:
        items = entries(given.pop("items"))
        return releases.compose(given.pop("name"), items=items, by=self.staff, **given)


class ReleaseView(Shown):
    noun, nouns = "a release", "releases"
    queryset = ROWS
    serializer_class = ReleaseOut
    patched = ReleasePatchIn

    def get(self, request: Request, public_id: UUID) -> Response:
        """Read {noun}."""
        self.demand_view(Release)
        return self.rendered(self.found(public_id))

    @refuses(409)
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change {noun} that is not armed: what is left out stays."""
        self.demand_view(Release)
        release, given = self.found(public_id), read(self.patched, request)
        if "items" in given:
            given["items"] = entries(given["items"])
        return self.answer(releases.change(release, by=self.staff, **given))


class ReleaseDeedSchema(ProblemAutoSchema):
    view: Any

    def get_summary(self) -> str:
        return str(self.view.label)

    def get_description(self) -> str:
        return str(self.view.deed.__doc__ or "").partition("\n\n")[0]

    def get_request_serializer(self) -> Any:
        return self.view.body

    def get_response_serializers(self) -> Any:
        return ReleaseOut


class ReleaseDeedView(Desk):
    """A deed that is done to a release; the answer is the release as it is then."""

    schema = ReleaseDeedSchema()
    deed: Callable[..., Any] = staticmethod(releases.arm)
    label = "Arm"
    body: type[StrictSerializer] = NothingIn

    @refuses(409)
    @idempotent
    def post(self, request: Request, public_id: UUID) -> Response:
        self.demand_view(Release)
        release = get_object_or_404(Release, public_id=public_id)
        self.deed(release, by=self.staff, **read(self.body, request))
        return Response(ReleaseOut(ROWS.get(pk=release.pk)).data)
