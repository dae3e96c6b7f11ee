"""Serving pictures: `/images/<artwork>/<width>.<format>`."""

import logging
import re
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.urls import path
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from apps.core import pages

from . import pictures
from .models import Artwork
from .services import artworks

log = logging.getLogger(__name__)
FOR_EVERYBODY = "public, max-age=31536000, immutable"
FOR_ONE = "private, no-store"
TYPES = {name: f"image/{name}" for name in (*pictures.OPAQUE, *pictures.TRANSPARENT)}


@require_safe
def image(request: HttpRequest, artwork: UUID, width: int, format: str) -> HttpResponseBase:  # noqa: A002 of the URL
    """The variant; 404 also for a picture of the desk, unless staff or the bearer of a preview asks."""
    found = Artwork.objects.select_related(
        "title", "season__title", "episode__season__title", "person", "collection"
    ).filter(public_id=artwork).first()  # fmt: skip
    variant = pictures.variant(found.variants, width, format) if found else None
    if found is None or variant is None:
        return _nothing()
    public = artworks.is_public(found)
    if not public and not _is_let_in(request, found):
        return _nothing()
    return _served(request, variant, FOR_EVERYBODY if public else FOR_ONE)


def _nothing() -> HttpResponseBase:
    # What is not there yet may be tomorrow.
    return pages.problem(404, headers={"Cache-Control": "no-store"})


def _is_let_in(request: HttpRequest, artwork: Artwork) -> bool:
    if artworks.may_preview(artwork, request.GET.get("preview", ""), at=timezone.now()):
        return True
    return request.user.is_staff and request.user.has_perm("catalog.view_artwork")


def _served(request: HttpRequest, variant: pictures.Variant, caching: str) -> HttpResponseBase:
    # The name holds a hash of what is in the file.
    etag = '"' + re.sub(r"[^\w.-]", "", variant["path"].rpartition("/")[2]) + '"'
    try:
        response = get_conditional_response(request, etag=etag) or _file(variant)
    except FileNotFoundError:
        log.error("a picture's file is gone", extra={"path": variant["path"]})
        return _nothing()
    told = {
        "Cache-Control": caching,
        "ETag": etag,
        # Opened by itself it is a picture and can do nothing.
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    for name, value in told.items():
        response.headers[name] = value
    return response


def _file(variant: pictures.Variant) -> Any:
    return FileResponse(default_storage.open(variant["path"]), content_type=TYPES[variant["format"]])


urlpatterns = [path("<uuid:artwork>/<int:width>.<str:format>", image, name="image")]
