"""Pages of rows that no table holds: cursors that are signed for one list of one profile."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from django.core import signing
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from apps.accounts.authentication import principal
from apps.core.errors import InvalidField
from apps.core.pagination import CursorPagination
from apps.engagement.store.documents import Place


def size_of(request: Request) -> int:
    return CursorPagination().get_page_size(request)


def place_of(request: Request) -> Place | None:
    """What `cursor` names. Raises `InvalidField` for one that this list did not give."""
    given = request.query_params.get("cursor")
    if given is None:
        return None
    try:
        decoded = urlsafe_b64decode(given.encode("ascii"))
        if urlsafe_b64encode(decoded).decode("ascii") != given:
            raise signing.BadSignature
        at, backwards, key = _signer(request).unsign(decoded.decode("ascii")).split(" ")
    except (ValueError, signing.BadSignature) as error:
        raise InvalidField("cursor", "invalid", "Not a cursor of this list.") from error
    return Place(int(at), key, backwards == "1")


def link(request: Request, place: Place | None) -> str | None:
    """The address of the page that goes on there."""
    if place is None:
        return None
    text = _signer(request).sign(f"{place.at_ms} {place.backwards:d} {place.key}")
    cursor = urlsafe_b64encode(text.encode("ascii")).decode("ascii")
    return str(replace_query_param(request.build_absolute_uri(), "cursor", cursor))


def _signer(request: Request) -> signing.Signer:
    profile = principal(request).profile
    return signing.Signer(salt=f"cursor:{request.path_info}:{profile.id if profile else ''}")
