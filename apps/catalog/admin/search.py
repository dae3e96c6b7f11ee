"""What the command search (Ctrl+K) finds: titles and people."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from apps.catalog.models import Person, Title
from apps.workflow.services import moving

from .refusals import person
from .title_filters import found_by

MOST = 12
SHORTEST = 2


def find(request: HttpRequest, term: str) -> list[SearchResult]:
    """Titles first, those whose name begins like that before the others; then people."""
    user = person(request)
    if len(term) < SHORTEST:
        return []
    found = []
    if moving.may(user, Title, "view"):
        found += [_title(one) for one in _nearest(found_by(Title.objects.all(), term), term)]
    if moving.may(user, Person, "view"):
        people = Person.objects.filter(name__icontains=term).order_by("name")[:MOST]
        found += [_result(one, "Person", "catalog_person_change", "person") for one in people]
    return found


def _nearest(titles: QuerySet[Title], term: str) -> list[Title]:
    first = list(titles.filter(name__istartswith=term).order_by("name")[:MOST])
    others = titles.exclude(name__istartswith=term).order_by("-updated_at")[: MOST - len(first)]
    return first + list(others)


def _title(title: Title) -> SearchResult:
    kind, state = title.get_kind_display(), title.get_state_display()  # type: ignore[attr-defined]
    return _result(title, f"{kind}, {state.lower()}", "catalog_title_change", "movie")


def _result(thing: Title | Person, what: str, page: str, icon: str) -> SearchResult:
    return SearchResult(str(thing), what, reverse(f"admin:{page}", args=[thing.pk]), icon)
