"""A shelf for the contract test: published titles, people and collections that addresses lead to."""

from random import Random
from typing import Any

from apps.catalog.models import (
    Collection,
    CollectionItem,
    Credit,
    FormerSlug,
    Listing,
    Tier,
    Title,
    TitleVersion,
    Window,
)
from apps.catalog.tests import desks

READS = ("/api/v1/titles", "/api/v1/genres", "/api/v1/people/", "/api/v1/collections/")
# A rule behind a 400 for what the schema allows.
RULES = {
    f"GET /api/v1/{path}": "a cursor must be one that this list gave"
    for path in ("titles", "people/{slug}", "collections/{slug}")
}


class Shelf:
    """Points generated requests at what exists, most of the time; without that all would be 404."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 it has to repeat itself

    def prepare(self, case: Any) -> None:
        if not case.path.startswith(READS):
            return
        if not Listing.objects.exists():
            stock()
        if "slug" in (case.path_parameters or {}) and self.random.random() < 0.7:
            case.path_parameters["slug"] = self.random.choice(slugs(case.path))


def stock() -> None:
    """One of each kind, of which one costs a plan and one cannot be seen; a former address for each thing."""
    film, show, match, hidden = desks.movie(), desks.series(), desks.match(), desks.movie()
    Window.objects.filter(title=show).update(tier=Tier.PREMIUM)
    Window.objects.filter(title=hidden).update(scope="only", countries=["AQ"])
    collection = Collection.objects.create(slug="picks", name="Picks", published=True)
    rule = {"order": "newest"}
    Collection.objects.create(slug="fresh", name="Fresh", published=True, by_rule=True, rule=rule)
    for number, title in enumerate((film, show, match, hidden)):
        number_of = TitleVersion.objects.filter(title=title).count() + 1
        desks.projected(desks.version(title, number=number_of))
        FormerSlug.objects.create(title=title, slug=f"former-{title.pk}")
        CollectionItem.objects.create(collection=collection, title=title, order=number)
    FormerSlug.objects.create(collection=collection, slug="former-picks")
    for credit in Credit.objects.filter(title=film):
        FormerSlug.objects.create(person=credit.person, slug=f"former-{credit.person.slug}")


def slugs(path: str) -> list[str]:
    """What leads somewhere, or did once, on this route."""
    if "titles" in path:
        former = FormerSlug.objects.exclude(title=None)
        return [*Title.objects.values_list("slug", flat=True), *former.values_list("slug", flat=True)]
    if "people" in path:
        former = FormerSlug.objects.exclude(person=None)
        credited = Credit.objects.values_list("person__slug", flat=True)
        return [*credited, *former.values_list("slug", flat=True)]
    former = FormerSlug.objects.exclude(collection=None)
    return [*Collection.objects.values_list("slug", flat=True), *former.values_list("slug", flat=True)]
