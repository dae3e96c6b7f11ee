"""Listings for tests, put on the shelf by the real projection from versions that are made up."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from apps.catalog.models import Kind, Listing, Tier, Title, TitleVersion

from .desks import projected

Json = dict[str, Any]
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOTHING: Json = {"artworks": [], "seasons": []}


def window(**fields: Any) -> Json:
    """A rights window as JSON; world-wide, free and for good unless said otherwise."""
    moments = {
        name: value.isoformat() if (value := fields.pop(name, None)) else None
        for name in ("starts_at", "ends_at")
    }
    return {
        "id": str(uuid4()), "scope": "everywhere", "countries": [], "tier": Tier.FREE.value,
        "max_height": None, "languages": [], **moments, **fields,
    }  # fmt: skip


def only(*countries: str, **fields: Any) -> Json:
    return window(scope="only", countries=list(countries), **fields)


def but(*countries: str, **fields: Any) -> Json:
    return window(scope="except", countries=list(countries), **fields)


def put(
    slug: str,
    *windows: Json,
    popularity: int = 0,
    at: datetime = NOON,
    names: dict[str, str] | None = None,
    seasons: dict[str, Any] | None = None,
    episodes: dict[str, Any] | None = None,
    **columns: Any,
) -> Listing:
    """A live title with one world-wide window unless others are given."""
    told = list(windows) or [window()]
    title = Title.objects.create(name=slug, slug=slug, popularity=popularity)
    columns = {
        "public_id": str(title.public_id), "slug": slug, "kind": Kind.MOVIE.value, "year": 2020,
        "released_on": None, "maturity": 0, "tier": min(one["tier"] for one in told), "announced": False,
        "genres": [], "tags": [], "languages": ["en"], "people": [], **columns,
        "windows": told, "offers": {"title": told, "seasons": seasons or {}, "episodes": episodes or {}},
    }  # fmt: skip
    names = {"en": slug.replace("-", " ").title(), "hi": f"{slug} हिन्दी", **(names or {})}
    version = TitleVersion.objects.create(
        title=title, number=1, at=at, source=NOTHING, columns=columns, checksum="",
        documents={language: _documents(columns, name) for language, name in names.items()},
    )  # fmt: skip
    Title.objects.filter(pk=title.pk).update(live_version=version)
    return projected(version)


def _documents(columns: Json, name: str) -> Json:
    card = {"id": columns["public_id"], "slug": columns["slug"], "kind": columns["kind"], "name": name}
    return {"name": name, "card": card, "document": {**card, "synopsis": f"All about {name}."}}
