"""The quieter corners of the catalogue: genres, people, collections, with what a viewer may see of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce

from . import rules
from .compile import rendered
from .languages import chain, pick
from .models import Artwork, Collection, FormerSlug, Genre, GenreName, Listing, ListingGenre, Person
from .models.listing import ListingQuerySet
from .offers import Viewer
from .shelf import Order, Page, Position, cut

BY_YEAR = Order("year", "since", True)
BY_HAND = Order("hand", "place", False)


@dataclass(frozen=True, slots=True)
class Corner:
    """What is told of a person or a collection, and how its titles are ordered."""

    facts: dict[str, Any]
    titles: ListingQuerySet
    order: Order


def genres(viewer: Viewer) -> list[dict[str, str]]:
    """Those with something to see for the viewer, by their names in the viewer's language."""
    there = ListingGenre.objects.filter(
        genre=OuterRef("slug"), listing__in=Listing.objects.visible_to(viewer)
    )
    named = GenreName.objects.filter(genre=OuterRef("pk"), language=viewer.language)
    rows = (
        Genre.objects.filter(Exists(there))
        .annotate(shown=Coalesce(named.values("name")[:1], F("name")))
        .order_by("shown", "slug")
    )
    return [{"slug": slug, "name": name} for slug, name in rows.values_list("slug", "shown")]


def person(viewer: Viewer, slug: str) -> Corner | None:
    """Somebody and their films, the latest first."""
    found = Person.objects.filter(slug=slug).prefetch_related("texts").first()
    if found is None:
        return None
    texts = {text.language: {"name": text.name, "biography": text.biography} for text in found.texts.all()}
    language = viewer.language
    facts = {
        "id": found.public_id,
        "slug": found.slug,
        # The name they were entered with stands for every language that has none.
        "name": texts.get(language, {}).get("name") or found.name,
        "biography": pick(texts, "biography", language, ""),
        "born_on": found.born_on,
        "died_on": found.died_on,
        "artwork": _pictures(found, language, Artwork.Kind.PORTRAIT),
    }
    titles = Listing.objects.filter(people__contains=[found.public_id])
    return Corner(facts, titles.annotate(since=Coalesce("year", Value(0))), BY_YEAR)


def collection(viewer: Viewer, slug: str) -> Corner | None:
    """A published collection: in the order of the editor's hand, or of its rule."""
    found = Collection.objects.filter(slug=slug, published=True).prefetch_related("texts").first()
    if found is None:
        return None
    texts = {
        text.language: {"name": text.name, "tagline": text.tagline, "synopsis": text.synopsis}
        for text in found.texts.all()
    }
    facts = {
        "id": found.public_id,
        "slug": found.slug,
        **{field: pick(texts, field, viewer.language, "") for field in ("name", "tagline", "synopsis")},
    }
    facts["name"] = facts["name"] or found.name
    facts["artwork"] = _pictures(found, viewer.language, Artwork.Kind.POSTER, Artwork.Kind.BACKDROP)
    if found.by_rule:
        return Corner(facts, _by_rule(viewer, found.rule), rules.order_of(found.rule))
    titles = Listing.objects.filter(title__collection_items__collection=found)
    return Corner(facts, titles.annotate(place=F("title__collection_items__order")), BY_HAND)


def _pictures(owner: Person | Collection, language: str, *kinds: Artwork.Kind) -> dict[str, Any]:
    """The best picture of each kind, as documents of titles have them; None where there is none."""
    shown: dict[tuple[str, str], Artwork] = {}
    for artwork in owner.artworks.filter(state=Artwork.State.READY, dropped=False).order_by("pk"):
        shown[artwork.kind, artwork.language] = artwork
    order = (language, "", *chain(language, ""))
    best = {kind: next((shown[kind, one] for one in order if (kind, one) in shown), None) for kind in kinds}
    return {kind.value: artwork and _rendered(artwork) for kind, artwork in best.items()}


def _rendered(artwork: Artwork) -> dict[str, Any]:
    fields = ("focal_x", "focal_y", "alt", "width", "height", "blurhash", "variants")
    told = {name: getattr(artwork, name) for name in fields}
    key = str(artwork.public_id)
    return rendered({"id": key, **told}, {key: told})


def _by_rule(viewer: Viewer, rule: rules.Rule) -> ListingQuerySet:
    """What the rule means; with a limit, the first so many of those that the viewer may see."""
    meant = rules.listings(rule)
    if "limit" not in rule:
        return meant
    visible = meant.visible_to(viewer).in_language(viewer.language)
    first = _ordered(visible, rules.order_of(rule))[: rule["limit"]]
    return Listing.objects.filter(pk__in=list(first.values_list("pk", flat=True)))


def page(viewer: Viewer, corner: Corner, size: int, start: Position | None = None) -> Page:
    """`shelf.page` of what the viewer may see of a corner."""
    order = corner.order
    backwards = start is not None and start.backwards
    titles = corner.titles.visible_to(viewer).with_asks(viewer).in_language(viewer.language)
    if start:
        titles = titles.filter(_from(start, order))
    rows = _ordered(titles, order, backwards).values_list("pk", order.field, "asks", "card")[: size + 1]
    return cut(viewer, list(rows), size, start)


def _ordered(titles: ListingQuerySet, order: Order, backwards: bool = False) -> ListingQuerySet:
    sign = "-" if order.descending is not backwards else ""
    return titles.order_by(f"{sign}{order.field}", f"{sign}pk")


def _from(start: Position, order: Order) -> Q:
    beyond = "lt" if order.descending is not start.backwards else "gt"
    tie = f"pk__{beyond}e" if start.inclusive else f"pk__{beyond}"
    further = Q((f"{order.field}__{beyond}", start.key))
    return further | Q((order.field, start.key), (tie, start.listing))


def moved_to(viewer: Viewer, kind: str, slug: str) -> str | None:
    """The present address of a person or collection that used to have this one and has something to see."""
    former = FormerSlug.objects.filter(Q((f"{kind}__isnull", False)), slug=slug)
    present = former.values_list(f"{kind}__slug", flat=True).first()
    corner = FINDERS[kind](viewer, present) if present else None
    return present if corner and corner.titles.visible_to(viewer).exists() else None


FINDERS: dict[str, Callable[[Viewer, str], Corner | None]] = {"person": person, "collection": collection}
