"""`/play/{token}/…` and `/vod/{token}/{asset}/…`: manifests, media and keys, each after a decision.

What is refused is a problem document, as under /api/: players read it, not people.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.core import errors
from apps.core.errors import STORE_ERRORS, DomainError, InvalidField
from apps.streaming.services import licensing, manifests, opening, shelves

from .delivery import FOR_GOOD, deliver

View = Callable[..., HttpResponseBase]
NO_STORE = "no-store"
KEYS = "keys"
FORMS = (shelves.IDENTITY, shelves.CLEAR_KEY)
# What players tell of themselves (CTA-5004); it changes nothing.
CMCD = "CMCD"


def taking(*methods: str) -> Callable[[View], View]:
    """Other methods are 405; `methods` of the view tells which these are. No cookie means anything here, so
    nobody can forge a request of somebody else's."""

    def around(view: View) -> View:
        made: Any = csrf_exempt(require_http_methods(methods)(view))
        made.methods = methods
        return cast(View, made)

    return around


def refusing(*known: str) -> Callable[[View], View]:
    """Turns refusals into problems; parameters of the query beside the `known` ones are refused."""

    def around(view: View) -> View:
        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                for name in request.GET.keys() - {CMCD, *known}:
                    raise InvalidField(name[:40], "unknown_field", "There is no such query parameter.")
                return view(request, *args, **kwargs)
            except (DomainError, *STORE_ERRORS) as error:
                refusal = errors.translate(error)
                assert refusal  # noqa: S101 both kinds are translated
                return errors.problem(refusal)

        return answered

    return around


@taking("GET", "HEAD")
@refusing(KEYS)
def master(request: HttpRequest, token: str) -> HttpResponseBase:
    text = manifests.hls(opening.opened(token), token, _form(request))
    return _told(text.encode(), shelves.TYPES[".m3u8"])


@taking("GET", "HEAD")
@refusing()
def dash(request: HttpRequest, token: str) -> HttpResponseBase:
    return _told(manifests.dash(opening.opened(token), token).encode(), "application/dash+xml")


@taking("GET", "HEAD")
@refusing(KEYS)
def vod(request: HttpRequest, token: str, asset: UUID, address: str) -> HttpResponseBase:
    """A track, a playlist, subtitles or a sheet of thumbnails: whatever the asset has at that address."""
    claims = opening.opened(token)
    if claims.asset != str(asset):
        raise opening.NotThere
    item = manifests.item(claims, address)
    return deliver(request, item) if item.key else _text(request, item, token)


@taking("POST")
@refusing()
def licence(request: HttpRequest, token: str) -> HttpResponseBase:
    told = licensing.licence(opening.opened(token), request.body)
    return _told(orjson.dumps(told), "application/json")


@taking("GET", "HEAD")
@refusing()
def key(request: HttpRequest, token: str, kid: UUID) -> HttpResponseBase:
    return _told(licensing.raw(opening.opened(token), kid), "application/octet-stream")


def _form(request: HttpRequest) -> str:
    form = request.GET.get(KEYS, shelves.IDENTITY)
    if form not in FORMS:
        raise InvalidField(KEYS, "invalid_choice", f"One of {', '.join(FORMS)}.")
    return form


def _told(body: bytes, kind: str) -> HttpResponse:
    return HttpResponse(body, content_type=kind, headers={"Cache-Control": NO_STORE})


def _text(request: HttpRequest, item: shelves.Item, token: str) -> HttpResponseBase:
    text, digest = shelves.written(item, _form(request))
    headers = {"Content-Type": item.kind, "Cache-Control": FOR_GOOD, "ETag": f'"{digest}"'}
    if item.name == shelves.LATEST:
        headers["Cache-Control"] = NO_STORE
    body = text.replace(shelves.TOKEN, token).encode()
    answer = get_conditional_response(request, etag=headers["ETag"]) or HttpResponse(body)
    for name, value in headers.items():
        answer.headers[name] = value
    return answer
