"""What titles share, and what is not drafted: people, genres, tags, teams and collections."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import models

from apps.accounts.models import User
from apps.catalog import rules
from apps.catalog.models import Collection, CollectionItem, Genre, Person, Tag, Team, Title
from apps.core.errors import InvalidField
from apps.workflow.services import moving

from . import desk
from .parts import found, set_texts
from .promises import Gone, kept

S = TypeVar("S", Person, Genre, Tag, Team, Collection)
COLUMNS: dict[type[models.Model], set[str]] = {
    Person: {"name", "born_on", "died_on"},
    Genre: {"slug", "name"},
    Tag: {"slug", "name"},
    Team: {"slug", "name", "short_name"},
    Collection: {"name", "published"},
}


def add(model: type[S], *, by: User, **fields: Any) -> S:
    """A new one; people and collections get an address of their name if none is given."""
    moving.demand(by, model, "add")
    with kept():
        thing = model()
        if isinstance(thing, Person | Collection):
            slug = fields.pop("slug", "")
            thing.slug = slug or desk.free_slug(model, fields["name"])
            desk.refuse_taken(thing, thing.slug)
        return _fill(thing, fields)


def change(thing: S, *, by: User, **fields: Any) -> S:
    """Change it for all who refer to it; a person's or a collection's former address leads to the new one."""
    moving.demand(by, type(thing), "change")
    with kept():
        working: S | None = type(thing)._default_manager.select_for_update().filter(pk=thing.pk).first()
        if working is None:
            raise Gone
        slug = fields.pop("slug", None) if isinstance(thing, Person | Collection) else None
        if fields.get("slug", working.slug) != working.slug and desk.where_used(working):
            raise InvalidField("slug", "fixed", "Titles refer to it by this name, so it stays.")
        _fill(working, fields)
        if slug is not None:
            desk.readdress(working, slug)
    return working


def drop(thing: S, *, by: User) -> None:
    """`desk.delete_shared`, also in the moment in which somebody begins to use it."""
    with kept():
        desk.delete_shared(thing, by=by)


def _fill(thing: S, fields: dict[str, Any]) -> S:
    parts = {name: fields.pop(name) for name in PARTS.keys() & fields.keys()}
    if isinstance(thing, Collection) and "rule" in fields:
        _rule(thing, fields.pop("rule"))
    if foreign := fields.keys() - COLUMNS[type(thing)]:
        raise TypeError(f"{sorted(foreign)} of a {thing._meta.model_name} cannot be set here")
    for name, value in fields.items():
        setattr(thing, name, value)
    thing.save()
    for name, value in parts.items():
        PARTS[name](thing, value)
    return thing


def _rule(collection: Collection, rule: dict[str, Any] | None) -> None:
    """Have the rule fill it; None: it is filled by hand. Raises `InvalidRule`."""
    if rule is not None:
        rules.check(rule)
    collection.by_rule, collection.rule = rule is not None, rule or {}


def _set_names(genre: Genre, names: dict[str, str | None]) -> None:
    """`{language: name}`; null drops one."""
    for language, name in names.items():
        if name is None:
            genre.names.filter(language=language).delete()
        else:
            genre.names.update_or_create(language=language, defaults={"name": name})


def _set_titles(collection: Collection, titles: list[Any]) -> None:
    """All of them, in their order."""
    if collection.by_rule and titles:
        raise InvalidField("titles", "invalid", "Its rule says which titles are in it.")
    rows = found(Title, "public_id", titles, "titles.{}")
    collection.items.all().delete()
    CollectionItem.objects.bulk_create(
        CollectionItem(collection=collection, title=title, order=order) for order, title in enumerate(rows)
    )


PARTS: dict[str, Callable[[Any, Any], None]] = {
    "texts": set_texts,
    "names": _set_names,
    "titles": _set_titles,
}
