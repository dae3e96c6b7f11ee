"""Showing a draft to people without an account: signed links that end, and what they show."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog import compile as compiling
from apps.catalog import languages, snapshot
from apps.catalog.models import Artwork, Title
from apps.core.errors import DomainError, InvalidField
from apps.workflow.moves import State
from apps.workflow.services import moving

from . import artworks

log = logging.getLogger(__name__)

Json = dict[str, Any]
LASTS = timedelta(hours=72)
# What every answer to a preview's address carries: nobody keeps it, finds it or passes its address on.
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


class NoSuchPreview(DomainError):
    """We made no such link."""

    code = "not_found"
    status = 404
    detail = "This is not a preview link of ours. Perhaps a part of it was cut off: copy all of it."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.headers |= PRIVATE


class PreviewEnded(NoSuchPreview):
    """The link was good once."""

    code = "gone"
    status = 410
    detail = "This preview link has expired. Ask whoever sent it for a new one."


@dataclass(frozen=True, slots=True)
class Draft:
    """The working copy of a title as viewers would get it now.

    `document` is that of `compile`, whose pictures can be fetched until `ends_at`; `windows` are the
    title's, as in `sources`.
    """

    title: Title
    language: str
    ends_at: datetime
    document: Json
    windows: list[Json]


def link(title: Title, *, by: User) -> str:
    """An address that shows the draft to whoever has it, without an account, for 72 hours.

    What it shows is always the present draft. It ends with the title, or when that is archived.
    """
    moving.demand(by, title, "view")
    if title.state == State.ARCHIVED:
        raise moving.WrongState("There is no preview of what is archived. Restore it first.")
    ends_at = int((timezone.now() + LASTS).timestamp())
    token = _signer().sign_object([title.public_id.hex, ends_at])
    told = {"title": str(title.public_id), "account": str(by.public_id), "ends_at": ends_at}
    log.info("preview link made", extra=told)
    return f"{settings.SITE_URL}/preview/{token}"


def _signer() -> signing.Signer:
    return signing.Signer(salt="catalog.preview")


def draft(token: str, language: str, at: datetime) -> Draft:
    """What the link shows. Raises `NoSuchPreview`, `PreviewEnded`, `InvalidField` for the language."""
    try:
        name, ends = _signer().unsign_object(token)
    except signing.BadSignature as error:
        raise NoSuchPreview from error
    ends_at = datetime.fromtimestamp(ends, UTC)
    if at >= ends_at:
        raise PreviewEnded
    title = Title.objects.filter(public_id=UUID(name)).first()
    if title is None or title.state == State.ARCHIVED:
        raise PreviewEnded("What this link showed has been put away.")
    return compiled(title, language, ends_at)


def compiled(title: Title, language: str, ends_at: datetime) -> Draft:
    """The draft in a language of the site, with pictures that can be fetched until then."""
    if language not in languages.site_languages():
        raise InvalidField("language", "invalid_choice", "The site does not speak that language.")
    taken = snapshot.take(title)
    document = compiling.compile(taken.source, taken.facts).documents[language]["document"]
    for picture in _pictures(document):
        query = artworks.preview_query(Artwork(public_id=UUID(picture["id"])), ends_at)
        for variant in picture["variants"]:
            variant["url"] += f"?{query}"
    return Draft(title, language, ends_at, document, taken.source["windows"])


def _pictures(part: Any) -> Iterator[Json]:
    """Every picture in a document, wherever it stands."""
    if isinstance(part, dict) and "variants" in part:
        yield part
    elif isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from _pictures(inner)
