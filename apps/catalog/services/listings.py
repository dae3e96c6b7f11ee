"""The shelf: putting versions on it and taking titles off it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from django.db import transaction
from django.db.models import BooleanField, F, Func, JSONField, TextField, Value

from apps.catalog import compile as compiling
from apps.catalog import snapshot, sources
from apps.catalog.models import Listing, ListingDocument, ListingWindow, Title, TitleVersion
from apps.core.bulk import copy_in

from . import artworks

Json = dict[str, Any]


class _Shows(Func):
    """Whether a `source` names an asset anywhere."""

    template = "jsonb_path_exists(%(expressions)s)"
    output_field = BooleanField()

    def __init__(self, source: F, named: Value) -> None:
        super().__init__(source, Value("$.**.asset ? (@ == $id)", output_field=_Path()), named)


class _Path(TextField):  # type: ignore[type-arg]
    """PostgreSQL's type of a JSON path, which it does not take a text for."""

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return "%s::jsonpath"


# Of `TitleVersion.columns`, what goes into `Listing` as it is.
SAME = ("public_id", "kind", "year", "maturity", "announced", "tier", "genres", "tags", "languages", "people",
        "offers")  # fmt: skip
# What a further version replaces; popularity and the day of the first publication stay.
REPLACED = [*SAME, "version", "slug", "released_on"]


@transaction.atomic
def project_many(versions: Sequence[TitleVersion], *, same_address: bool = False) -> None:
    """Make these stored versions what viewers read of their titles, with some ten queries in all.

    Each is of another title, which the caller has locked. The address is the title's present one, also in
    the documents of an old version; with `same_address` a title on the shelf keeps the one it has there,
    for that of the working copy may be a draft.
    """
    keys = [version.title_id for version in versions]
    first = dict(TitleVersion.objects.filter(title__in=keys, number=1).values_list("title_id", "at"))
    slugs, popularity = _of_titles(keys)
    if same_address:
        slugs |= dict(Listing.objects.filter(title__in=keys).values_list("title_id", "slug"))
    Listing.objects.bulk_create(
        [
            _listing(version, slugs[version.title_id], popularity[version.title_id], first[version.title_id])
            for version in versions
        ],
        update_conflicts=True,
        unique_fields=["title"],
        update_fields=REPLACED,
    )
    ListingWindow.objects.filter(listing__in=keys).delete()
    ListingDocument.objects.filter(listing__in=keys).delete()
    copy_in([one for version in versions for one in _windows(version)])
    copy_in([one for version in versions for one in _documents(version, slugs[version.title_id])])
    artworks.mark_public(picture for version in versions for picture in _pictures(version))


def renew_videos(asset_id: str) -> int:
    """Live titles tell of the asset's tracks and length as they are by now; how many titles that were.

    A version stays as it was published; only what its listing says of the bytes follows the bytes.
    """
    live = TitleVersion.objects.filter(pk__in=Listing.objects.values("version"))
    shown = live.annotate(shows=_Shows(F("source"), Value({"id": asset_id}, JSONField()))).filter(shows=True)
    renewed = 0
    for pk in list(shown.values_list("pk", flat=True)):
        with transaction.atomic():
            listing = Listing.objects.select_for_update().filter(version=pk).select_related("version").first()
            if listing is not None:
                _renew_videos(listing, listing.version)
                renewed += 1
    return renewed


def _renew_videos(listing: Listing, version: TitleVersion) -> None:
    source = sources.without_held(version.source)
    facts = snapshot.assets_of(source)
    spoken = {language for asset in facts.values() for language in asset["audio"]}
    Listing.objects.filter(pk=listing.pk).update(languages=sorted(spoken))
    documents = []
    for row in ListingDocument.objects.filter(listing=listing):
        row.card = _text(compiling.with_videos_of(source, orjson.loads(row.card), facts))
        row.document = _text(compiling.with_videos_of(source, orjson.loads(row.document), facts))
        documents.append(row)
    ListingDocument.objects.bulk_update(documents, ["card", "document"])


def withdraw(title: Title) -> None:
    """Take the title off the shelf; its versions stay."""
    Listing.objects.filter(title=title).delete()


def _of_titles(keys: Iterable[int]) -> tuple[dict[int, str], dict[int, int]]:
    rows = list(Title.objects.filter(pk__in=keys).values_list("pk", "slug", "popularity"))
    return {pk: slug for pk, slug, _ in rows}, {pk: popularity for pk, _, popularity in rows}


def _listing(version: TitleVersion, slug: str, popularity: int, first_published_at: datetime) -> Listing:
    columns: Json = version.columns
    released_on = columns["released_on"]
    return Listing(
        title_id=version.title_id,
        version=version,
        slug=slug,
        popularity=popularity,
        first_published_at=first_published_at,
        released_on=date.fromisoformat(released_on) if released_on else None,
        **{name: columns[name] for name in SAME},
    )


def _pictures(version: TitleVersion) -> Iterator[str]:
    for place in sources.places(sources.without_held(version.source)):
        yield from (artwork["id"] for artwork in place["artworks"])


def _windows(version: TitleVersion) -> Iterable[ListingWindow]:
    for window in version.columns["windows"]:
        yield ListingWindow(
            listing_id=version.title_id,
            scope=window["scope"],
            countries=window["countries"],
            tier=window["tier"],
            starts_at=_moment(window["starts_at"]),
            ends_at=_moment(window["ends_at"]),
        )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _documents(version: TitleVersion, slug: str) -> Iterable[ListingDocument]:
    for language, compiled in version.documents.items():
        yield ListingDocument(
            listing_id=version.title_id,
            language=language,
            name=compiled["name"],
            card=_text({**compiled["card"], "slug": slug}),
            document=_text({**compiled["document"], "slug": slug}),
        )


def _text(document: Json) -> str:
    """Compact, and the same for the same version: PostgreSQL keeps no order of keys."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()
