"""The catalogue for viewers: each view finds out who asks, makes one call, and hands its text on.

Anybody may read; a token that comes along must be good. Lists and titles are what a site is asked for
most, so these views do without DRF's request, negotiation and rendering; `RequestContextMiddleware`
renders their refusals.
"""

from collections.abc import Hashable
from functools import partial
from typing import Any, ClassVar

import orjson
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.http import parse_etags
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from apps.catalog import browse, shelf
from apps.catalog.offers import Viewer
from apps.catalog.shelf import Order, Page
from apps.catalog.viewers import viewer_of
from apps.core.api.schema import refuses
from apps.core.errors import DomainError

from . import serializers as wire
from .asking import Asked, asked, link, position
from .kept import Body, Kept

# Where somebody is and what they may see is not in the address: no cache between us may keep an answer,
# and the reader's own asks whether it still holds.
HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Accept-Language, Authorization"}


class OnlyForReading(DomainError):
    code = "method_not_allowed"
    status = 405
    detail = "This is for reading."

    def __init__(self) -> None:
        super().__init__()
        self.headers["Allow"] = "GET, HEAD"


class Read(APIView):
    """`get` answers GET and HEAD for a viewer."""

    tag = "catalogue"
    permission_classes = (AllowAny,)
    http_method_names: ClassVar = ["get", "head"]

    def dispatch(self, request: HttpRequest, *args: Any, **captured: Any) -> HttpResponseBase:  # type: ignore[override]
        if request.method not in {"GET", "HEAD"}:
            raise OnlyForReading
        viewer = viewer_of(request, timezone.now())
        return self.get(request, viewer, **captured)  # type: ignore[attr-defined, no-any-return]


def answer(request: HttpRequest, viewer: Viewer, body: Body | None) -> HttpResponse:
    """200 with the JSON, or 304 when it is what the reader has already; 404 without any."""
    if body is None:
        raise Http404
    headers = {**HEADERS, "ETag": body.etag, "Content-Language": viewer.language}
    if _has(request.META.get("HTTP_IF_NONE_MATCH"), body.etag):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(body.data, content_type="application/json", headers=headers)


def _has(known: str | None, etag: str) -> bool:
    """Whether If-None-Match names it; what a proxy compressed has become `W/"…"`."""
    if known is None:
        return False
    return any(one in {"*", etag, f"W/{etag}"} for one in parse_etags(known))


def moved(request: HttpRequest, name: str, slug: str) -> HttpResponse:
    """301 to the present address, with the same query."""
    query = request.META.get("QUERY_STRING", "")
    address = reverse(name, args=[slug]) + (f"?{query}" if query else "")
    return HttpResponsePermanentRedirect(address, headers=HEADERS)


def listed(request: HttpRequest, ask: Asked, order: Order, page: Page) -> str:
    """`{next, previous, results}` as JSON text, the cards as they are."""
    following = orjson.dumps(link(request, ask, order, page.after)).decode()
    previous = orjson.dumps(link(request, ask, order, page.before)).decode()
    return f'{{"next":{following},"previous":{previous},"results":[{",".join(page.cards)}]}}'


pages = Kept()


def asked_alike(request: HttpRequest, viewer: Viewer) -> Hashable:
    """All that a page depends on, but the time; its links name the host."""
    return (
        viewer.territory, viewer.tier, viewer.ceiling, viewer.language,
        request.scheme, request.get_host(), request.path, request.META.get("QUERY_STRING", ""),
    )  # fmt: skip


class TitlesView(Read):
    @extend_schema(
        operation_id="titles_list", parameters=wire.FILTERS, responses={200: wire.Cards, 304: None}
    )
    @refuses(400)
    def get(self, request: HttpRequest, viewer: Viewer) -> HttpResponse:
        """The catalogue, as cards; what needs a plan that the viewer has not is there, and locked."""
        return answer(
            request, viewer, pages.get(asked_alike(request, viewer), partial(_titles, request, viewer))
        )


def _titles(request: HttpRequest, viewer: Viewer) -> str:
    ask = asked(request.META.get("QUERY_STRING", ""))
    start = position(request, ask.cursor, ask.order)
    return listed(request, ask, ask.order, shelf.page(viewer, ask.wanted, ask.order, ask.size, start))


class TitleView(Read):
    @extend_schema(responses={200: wire.Document, 301: None, 304: None})
    def get(self, request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
        """All there is to tell of a title, and what of it plays; 301 from an address that it used to have."""
        if body := pages.get(asked_alike(request, viewer), partial(shelf.read, viewer, slug)):
            return answer(request, viewer, body)
        if present := shelf.moved_to(viewer, slug):
            return moved(request, "title", present)
        raise Http404


class GenresView(Read):
    @extend_schema(operation_id="genres_list", responses={200: wire.Genres, 304: None})
    def get(self, request: HttpRequest, viewer: Viewer) -> HttpResponse:
        """The genres in which there is something to see for the viewer, all on one page."""
        return answer(request, viewer, pages.get(asked_alike(request, viewer), partial(_genres, viewer)))


def _genres(viewer: Viewer) -> bytes:
    return orjson.dumps({"next": None, "previous": None, "results": browse.genres(viewer)})


class CornerView(Read):
    """A person or a collection with their titles; 404 where there is nothing for the viewer to see."""

    def show(self, request: HttpRequest, viewer: Viewer, kind: str, slug: str) -> HttpResponse:
        ask = asked(request.META.get("QUERY_STRING", ""))
        corner = browse.FINDERS[kind](viewer, slug)
        if corner is None:
            if present := browse.moved_to(viewer, kind, slug):
                return moved(request, kind, present)
            raise Http404
        page = browse.page(viewer, corner, ask.size, position(request, ask.cursor, corner.order))
        if not page.cards and not (page.before or page.after):
            raise Http404
        facts = orjson.dumps(corner.facts).decode()
        titles = listed(request, ask, corner.order, page)
        return answer(request, viewer, Body.of(f'{facts[:-1]},"titles":{titles}}}'))


class PersonView(CornerView):
    @extend_schema(parameters=wire.PAGING, responses={200: wire.Person, 301: None, 304: None})
    @refuses(400)
    def get(self, request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
        """Somebody, and what they had a part in, the latest first."""
        return self.show(request, viewer, "person", slug)


class CollectionView(CornerView):
    @extend_schema(parameters=wire.PAGING, responses={200: wire.Collection, 301: None, 304: None})
    @refuses(400)
    def get(self, request: HttpRequest, viewer: Viewer, slug: str) -> HttpResponse:
        """A collection and its titles, in the order that its editors gave it."""
        return self.show(request, viewer, "collection", slug)
