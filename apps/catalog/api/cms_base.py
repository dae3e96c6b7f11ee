"""What the editorial API shares: who may call it, the revision that was seen, lists and single things."""

import re
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView

from apps.accounts.authentication import principal
from apps.accounts.models import User
from apps.catalog.models import Title
from apps.core.api.schema import ProblemAutoSchema, refuses
from apps.core.api.staff import Staff
from apps.core.errors import InvalidField
from apps.core.idempotency import idempotent
from apps.workflow.services import moving

ETAG = re.compile(r'"([0-9]{1,9})"', re.ASCII)


def read(serializer: type[BaseSerializer[Any]], request: Request) -> dict[str, Any]:
    """The validated body."""
    given = serializer(data=request.data, context={"request": request})
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def asked(serializer: type[BaseSerializer[Any]], request: Request) -> dict[str, Any]:
    """What the query asks for; unlike in a form, an empty value is a value, and a wrong one."""
    query = serializer(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


def seen(request: Request, given: dict[str, Any], *, needed: bool) -> int | None:
    """The revision that the caller saw: `If-Match: "7"`, or `revision` in the body.

    Raises `InvalidField` for none where one is needed, for something else, and for two that differ.
    """
    header = request.headers.get("If-Match")
    match = ETAG.fullmatch(header) if header is not None else None
    if header is not None and match is None:
        raise InvalidField("If-Match", "invalid", 'The revision that you saw, in quotes: "7".')
    found = {int(match[1])} if match else set()
    found |= {given["revision"]} if "revision" in given else set()
    if len(found) > 1:
        raise InvalidField("revision", "invalid", "If-Match says another revision.")
    if needed and not found:
        raise InvalidField("revision", "required", "Say which revision you saw, here or in If-Match.")
    return found.pop() if found else None


def etag(title: Title) -> dict[str, str]:
    return {"ETag": f'"{title.revision}"'}


class DeskSchema(ProblemAutoSchema):
    """The schema of `Many` and `One`, read off what they say of themselves."""

    view: Any

    def get_override_parameters(self) -> list[Any]:
        parameters = super().get_override_parameters()
        if self.method == "GET" and (filters := getattr(self.view, "filters", None)):
            parameters = [*parameters, filters]
        if self.method != "GET" and self.view.revised:
            needed = self.method == "DELETE" and self.view.always_revised
            parameters = [*parameters, if_match(needed=needed)]
        return parameters

    def get_summary(self) -> str:
        return super().get_summary().format(noun=self.view.noun, nouns=self.view.nouns)

    def get_description(self) -> str:
        return super().get_description().format(noun=self.view.noun, nouns=self.view.nouns)

    def get_request_serializer(self) -> Any:
        return {"POST": getattr(self.view, "body", None), "PATCH": getattr(self.view, "patched", None)}.get(
            self.method
        )

    def get_response_serializers(self) -> Any:
        answers: dict[str, Any] = {
            "GET": self.view.serializer_class,
            "POST": {201: self.view.shown()},
            "PATCH": self.view.shown(),
            "DELETE": {204: None},
        }
        return answers[self.method]


def if_match(*, needed: bool) -> Any:
    return OpenApiParameter(
        "If-Match",
        {"type": "string", "pattern": '^"[0-9]{1,9}"$', "maxLength": 11},
        OpenApiParameter.HEADER,
        required=needed,
        description="The revision of the title that you saw, in quotes.",
    )


class Desk(APIView):
    """A route of the editorial API."""

    tag = "cms"
    permission_classes = (Staff,)

    @cached_property
    def staff(self) -> User:
        """The caller, as the services want them."""
        return principal(self.request).user()

    def demand_view(self, model: type[Model]) -> None:
        moving.demand(self.staff, model, "view")

    def title(self, public_id: UUID) -> Title:
        """The title of the address, for who may see it."""
        self.demand_view(Title)
        return get_object_or_404(Title, public_id=public_id)


class Shown(Desk):
    """Things of one kind: `noun` is "a season", `nouns` is "seasons"."""

    schema = DeskSchema()
    noun: ClassVar[str]
    nouns: ClassVar[str]
    queryset: ClassVar[QuerySet[Any]]
    serializer_class: ClassVar[type[Serializer[Any]]]
    # Whether changes say which revision of a title they saw, and whether there is a title in every case.
    revised: ClassVar[bool] = False
    always_revised: ClassVar[bool] = True

    @classmethod
    def shown(cls) -> type[Serializer[Any]]:
        """How a single one is shown."""
        return getattr(cls, "detailed", cls.serializer_class)

    def found(self, public_id: UUID) -> Any:
        return get_object_or_404(self.queryset.all(), public_id=public_id)

    def answer(self, thing: Any, code: int = status.HTTP_200_OK) -> Response:
        """The thing as it is stored now."""
        return self.rendered(self.found(thing.public_id), code)

    def rendered(self, thing: Any, code: int = status.HTTP_200_OK) -> Response:
        title = self.title_of(thing)
        return Response(self.shown()(thing).data, status=code, headers=etag(title) if title else None)

    def title_of(self, thing: Any) -> Title | None:
        """The title that the thing is part of, whose revision counts."""
        return None


class Many(Shown, generics.ListAPIView[Any]):
    """A list, which can be added to. `filters` reads the query; `lookups` says what its fields compare."""

    filters: ClassVar[type[Serializer[Any]] | None] = None
    lookups: ClassVar[dict[str, str]] = {}
    body: ClassVar[type[Serializer[Any]]]
    ordering: tuple[str, ...] = ("id",)

    def get_queryset(self) -> Any:
        self.demand_view(self.queryset.model)
        rows = self.queryset.all()
        if self.filters is None:
            return rows
        return self.narrowed(rows, asked(self.filters, self.request))

    def narrowed(self, rows: Any, wanted: dict[str, Any]) -> Any:
        for name, value in wanted.items():
            if name in self.lookups:
                rows = rows.filter((self.lookups[name], value))
        return rows

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List {nouns}."""
        return self.list(request, *args, **kwargs)

    @idempotent
    def post(self, request: Request) -> Response:
        """Add {noun}."""
        given = read(self.body, request)
        if self.revised and (revision := seen(request, given, needed=False)) is not None:
            given["revision"] = revision
        return self.answer(self.made(given), status.HTTP_201_CREATED)

    def made(self, given: dict[str, Any]) -> Any:
        """The new one; `given` has a revision only if the caller told one."""
        raise NotImplementedError


class One(Shown):
    """A single thing, to be read, changed and dropped."""

    patched: ClassVar[type[Serializer[Any]]]

    def get(self, request: Request, public_id: UUID) -> Response:
        """Read {noun}."""
        return self.rendered(self._named(public_id))

    @refuses(409)
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Change {noun}: what is left out stays."""
        thing = self._named(public_id)
        given = read(self.patched, request)
        return self.answer(self.changed(thing, given | self.seen(thing, given)))

    @refuses(400, 409)
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Delete {noun}."""
        thing = self._named(public_id)
        self.dropped(thing, self.seen(thing, {}))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _named(self, public_id: UUID) -> Any:
        self.demand_view(self.queryset.model)
        return self.found(public_id)

    def seen(self, thing: Any, given: dict[str, Any]) -> dict[str, Any]:
        """The revision that the caller saw, as an argument of the deed; needed where there is a title."""
        if not self.revised:
            return {}
        return {"revision": seen(self.request, given, needed=self.title_of(thing) is not None)}

    def changed(self, thing: Any, given: dict[str, Any]) -> Any:
        """The thing, changed."""
        raise NotImplementedError

    def dropped(self, thing: Any, seen: dict[str, Any]) -> None:
        """Drop it."""
        raise NotImplementedError
