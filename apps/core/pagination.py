"""The one paginator: signed keyset cursors, `{next, previous, results}`."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.core import signing
from rest_framework import pagination
from rest_framework.request import Request

from .errors import InvalidField

_signer = signing.Signer(salt="cursor")


class CursorPagination(pagination.CursorPagination):
    """Stable under inserts, no COUNT, no deep offsets. `page_size` 1 to 100; a cursor that is not ours is a 400.

    A view sets `ordering`, whose last field must be unique.
    """

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100
    ordering: Any = ("-created_at", "-id")

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get("page_size", "")
        if not given:
            return self.page_size
        if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= self.max_page_size):
            raise InvalidField("page_size", "invalid", f"A whole number from 1 to {self.max_page_size}.")
        return int(given)

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> Any:
        return getattr(view, "ordering", self.ordering)

    def decode_cursor(self, request: Request) -> pagination.Cursor | None:
        given = request.query_params.get(self.cursor_query_param)
        if given is None:
            return None
        try:
            text = _signer.unsign(urlsafe_b64decode(given.encode("ascii")).decode("ascii"))
        except (ValueError, signing.BadSignature) as error:
            raise InvalidField("cursor", "invalid", "Not a cursor of this list.") from error
        tokens = dict(parse_qsl(text, keep_blank_values=True))
        return pagination.Cursor(
            offset=int(tokens.get("o", 0)), reverse=tokens.get("r") == "1", position=tokens.get("p")
        )

    def encode_cursor(self, cursor: pagination.Cursor) -> str:
        tokens = {"o": str(cursor.offset), "r": "1" if cursor.reverse else "0"}
        if cursor.position is not None:
            tokens["p"] = cursor.position
        text = urlsafe_b64encode(_signer.sign(urlencode(tokens)).encode("ascii")).decode("ascii")
        return pagination.replace_query_param(self.base_url, self.cursor_query_param, text)
