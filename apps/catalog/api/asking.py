"""What a reader of lists asks for: filters, order and place in the query string, and links back to it."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.http import HttpRequest

from apps.catalog.models import Kind, Tier
from apps.catalog.models.title import LANGUAGE
from apps.catalog.shelf import ORDERS, POPULAR, Order, Position, Wanted
from apps.core.errors import DomainError, InvalidField

SLUG = re.compile(r"[-\w]{1,60}", re.ASCII)
TIERS = {tier.label: tier.value for tier in Tier}
USUAL, MOST = 20, 100
SEAL = 18  # bytes, so that the rest begins on a letter of base64
YEARS, AGES = (1800, 2200), (0, 18)


class InvalidQuery(DomainError):
    """`errors`: one for each wrong parameter."""

    code = "validation_error"
    status = 400
    detail = "The request is not valid."


@dataclass(frozen=True, slots=True)
class Asked:
    """`rest` is the query string without its cursor."""

    wanted: Wanted
    order: Order
    size: int
    cursor: str | None
    rest: str


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 5 and least <= int(text) <= most):
            raise InvalidField("", "invalid", f"A whole number from {least} to {most}.")
        return int(text)

    return read


def _one_of(values: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text not in values:
            raise InvalidField("", "invalid_choice", f"One of {', '.join(values)}.")
        return values[text]

    return read


def _fitting(pattern: "re.Pattern[str]", detail: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise InvalidField("", "invalid", detail)
        return text

    return read


FILTERS: dict[str, Callable[[str], Any]] = {
    "kind": _one_of({kind: kind for kind in Kind.values}),
    "genre": _fitting(SLUG, "The short name of a genre, such as science-fiction."),
    "language": _fitting(LANGUAGE, "A language of the sound, such as hi."),
    "year": _number(*YEARS),
    "max_rating": _number(*AGES),
    "tier": _one_of(TIERS),
    "free": _one_of({"true": True, "false": False}),
}
PARAMETERS = FILTERS | {
    "order": _one_of(ORDERS),
    "page_size": _number(1, MOST),
    "cursor": _fitting(re.compile(r"[-\w]+={0,2}", re.ASCII), "Not a cursor of this list."),
}


@lru_cache(maxsize=500)
def asked(query: str) -> Asked:
    """What the query string means. Raises `InvalidQuery`; parameters that nobody knows are ignored."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    read, errors = {}, []
    for name in PARAMETERS.keys() & given.keys():
        try:
            read[name] = PARAMETERS[name](given[name])
        except InvalidField as error:
            errors.append({**error.extra["errors"][0], "path": name})
    if errors:
        raise InvalidQuery(extra={"errors": sorted(errors, key=lambda error: error["path"])})
    given.pop("cursor", None)
    order, size = read.pop("order", POPULAR), read.pop("page_size", USUAL)
    cursor = read.pop("cursor", None)
    return Asked(Wanted(**read), order, size, cursor, urlencode(given))


def position(request: HttpRequest, cursor: str | None, order: Order) -> Position | None:
    """The place that a cursor names; `InvalidField` unless this very list gave it in this order."""
    if cursor is None:
        return None
    try:
        decoded = urlsafe_b64decode(cursor)
    except ValueError:
        decoded = b""
    seal, text = decoded[:SEAL], decoded[SEAL:]
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    good = any(compare_digest(seal, _seal(secret, request, order, text)) for secret in secrets)
    # Base64 has several spellings; a cursor has one.
    if not good or urlsafe_b64encode(decoded).decode() != cursor:
        raise InvalidField("cursor", "invalid", "Not a cursor of this list.")
    backwards, inclusive, listing, key = text.decode().split(" ", 3)
    return Position(key, int(listing), backwards == "1", inclusive == "1")


def link(request: HttpRequest, ask: Asked, order: Order, place: Position | None) -> str | None:
    """The address of the page that goes on there."""
    if place is None:
        return None
    text = f"{place.backwards:d} {place.inclusive:d} {place.listing} {place.key}".encode()
    cursor = urlsafe_b64encode(_seal(settings.SECRET_KEY, request, order, text) + text).decode()
    query = f"{ask.rest}&" if ask.rest else ""
    return f"{request.scheme}://{request.get_host()}{request.path}?{query}cursor={cursor}"


def _seal(secret: str, request: HttpRequest, order: Order, text: bytes) -> bytes:
    """That we wrote the text, for one list in one order: elsewhere the place means nothing."""
    message = b"\0".join([b"cursor", request.path_info.encode(), order.name.encode(), text])
    return hmac.digest(secret.encode(), message, "sha256")[:SEAL]
