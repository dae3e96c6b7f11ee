"""How the bytes of an object reach the player: by ourselves, by nginx, or by the bucket (MEDIA_DELIVERY)."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response

from apps.media import origin
from apps.streaming import ranges
from apps.streaming.checks import NGINX, REDIRECT
from apps.streaming.services.opening import NotThere
from apps.streaming.services.shelves import Item

log = logging.getLogger(__name__)
PIECE = 256 * 1024
# For the viewer's own cache: addresses hold tokens.
FOR_GOOD = "private, max-age=31536000, immutable"
SIGNED_FOR_S = 60
INTERNAL = "/internal-media/"  # as in deploy/nginx.conf


def deliver(request: HttpRequest, item: Item) -> HttpResponseBase:
    """The object, or where it is. Raises `NotThere` where the storage has lost it."""
    if settings.MEDIA_DELIVERY == REDIRECT:
        where = origin.signed_url(item.key, lives_s=SIGNED_FOR_S)
        return HttpResponse(status=302, headers={"Location": where, "Cache-Control": "no-store"})
    headers = {"Content-Type": item.kind, "Cache-Control": FOR_GOOD}
    if settings.MEDIA_DELIVERY == NGINX:
        return HttpResponse(headers=headers | {"X-Accel-Redirect": INTERNAL + quote(item.key)})
    headers |= {"ETag": f'"{item.etag}"', "Accept-Ranges": "bytes"}
    path = origin.local(item.key)
    if path is None or not path.is_file():
        log.error("an object of a track is gone", extra={"key": item.key})
        raise NotThere
    answer = get_conditional_response(request, etag=headers["ETag"]) or _part(request, path, headers)
    for name, value in headers.items():
        answer.headers[name] = value
    return answer


def _part(request: HttpRequest, path: Path, headers: dict[str, str]) -> HttpResponseBase:
    total = path.stat().st_size
    wanted = request.headers.get("Range", "")
    if request.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
        wanted = ""
    try:
        span = ranges.asked(wanted, total)
    except ranges.Unsatisfiable:
        # The middleware makes it a problem document.
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{total}"})
    told = {"Content-Length": str(span.size)}
    if span.partial:
        told["Content-Range"] = span.content_range
    status = 206 if span.partial else 200
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=told)
    return StreamingHttpResponse(Pieces(path.open("rb", buffering=0), span), status=status, headers=told)


class Pieces:
    """The bytes of a span of an open file, which is closed in the end."""

    def __init__(self, file: BinaryIO, span: ranges.Span) -> None:
        self.file, self.offset, self.left = file, span.start, span.size

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self: Self) -> bytes:
        piece = os.pread(self.file.fileno(), min(PIECE, self.left), self.offset) if self.left else b""
        if not piece:
            self.close()
            raise StopIteration
        self.offset += len(piece)
        self.left -= len(piece)
        return piece

    def close(self) -> None:
        self.left = 0
        self.file.close()
