"""The one paginator: signed keyset cursors, `{next, previous, results}`."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.core import signing
from rest_framework import pagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from .errors import InvalidField


class CursorPagination(pagination.CursorPagination):
    """Stable under inserts, no COUNT, no deep offsets.

    `page_size` is 1 to 100; a cursor that is not of this list is a 400. A view sets `ordering`, whose last
    field must be unique.
    """

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100
    ordering: Any = ("-created_at", "-id")
    request: Request

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get(self.page_size_query_param)
        if given is None:
            return self.page_size
        if not (
            given.isascii() and given.isdigit() and len(given) < 4 and 1 <= int(given) <= self.max_page_size
        ):
            raise InvalidField("page_size", "invalid", f"A whole number from 1 to {self.max_page_size}.")
        return int(given)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": "Out of `next` or `previous` of the same list.",
                "schema": {"type": "string", "minLength": 1},
            },
            {"name": "page_size", "in": "query", "description": "Rows on a page.", "schema": size},
        ]

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> Any:
        return getattr(view, "ordering", self.ordering)

    def decode_cursor(self, request: Request) -> pagination.Cursor | None:
        given = request.query_params.get(self.cursor_query_param)
        if given is None:
            return None
        try:
            decoded = urlsafe_b64decode(given.encode("ascii"))
            # Base64 decoders skip what they do not know; a cursor has one spelling.
            if urlsafe_b64encode(decoded).decode("ascii") != given:
                raise signing.BadSignature
            text = self._signer().unsign(decoded.decode("ascii"))
        except (ValueError, signing.BadSignature) as error:
            raise InvalidField("cursor", "invalid", "Not a cursor of this list.") from error
        tokens = dict(parse_qsl(text, keep_blank_values=True))
        position: Any = tokens.get("p")  # text, whatever the stubs say
        return pagination.Cursor(
            offset=int(tokens.get("o", 0)), reverse=tokens.get("r") == "1", position=position
        )

    def _signer(self) -> signing.Signer:
        """A position means something in one list and one order only."""
        return signing.Signer(salt=f"cursor:{self.request.path_info}:{','.join(self.ordering)}")

    def encode_cursor(self, cursor: pagination.Cursor) -> str:
        tokens = {"o": str(cursor.offset), "r": "1" if cursor.reverse else "0"}
        if cursor.position is not None:
            tokens["p"] = str(cursor.position)
        text = urlsafe_b64encode(self._signer().sign(urlencode(tokens)).encode("ascii")).decode("ascii")
        return str(replace_query_param(str(self.base_url), self.cursor_query_param, text))
