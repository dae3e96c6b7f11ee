"""The parts of a thing that are set as a whole: its texts, credits, segments, genres, ids, event."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from apps.catalog.models import Event, Genre, Person, Tag, Team, Title
from apps.core.errors import InvalidField

Json = Mapping[str, Any]


def set_texts(owner: Any, texts: Mapping[str, Json | None]) -> None:
    """`{language: {field: text}}`; languages and fields that are left out stay, null drops a language."""
    for language, fields in texts.items():
        if fields is None:
            owner.texts.filter(language=language).delete()
        else:
            owner.texts.update_or_create(language=language, defaults=dict(fields))


def set_external_ids(owner: Any, ids: Mapping[str, str | None]) -> None:
    """`{scheme: value}`; schemes that are left out stay, null drops one."""
    for scheme, value in ids.items():
        if value is None:
            owner.external_ids.filter(scheme=scheme).delete()
        else:
            owner.external_ids.update_or_create(scheme=scheme, defaults={"value": value})


def set_credits(owner: Any, given: list[dict[str, Any]]) -> None:
    """All of them, `{person, role, character}`, in their order; `person` is a public id."""
    people = found(Person, "public_id", [one["person"] for one in given], "credits.{}.person")
    wanted = [
        (person.pk, one["role"], one.get("character", "")) for one, person in zip(given, people, strict=True)
    ]
    _arrange(owner.credits, ("person_id", "role", "character"), wanted, "credits")


def set_segments(owner: Any, segments: list[dict[str, Any]]) -> None:
    """All of them, `{kind, start_ms, end_ms}`."""
    wanted = [(one["kind"], one["start_ms"], one["end_ms"]) for one in segments]
    _arrange(owner.segments, ("kind", "start_ms", "end_ms"), wanted, "segments")


def set_genres(title: Title, slugs: list[str]) -> None:
    title.genres.set(found(Genre, "slug", slugs, "genres.{}"))


def set_tags(title: Title, slugs: list[str]) -> None:
    title.tags.set(found(Tag, "slug", slugs, "tags.{}"))


def set_event(title: Title, event: dict[str, Any] | None) -> None:
    """The whole event, `contestants` as slugs of teams; null says that there is none."""
    if event is None:
        Event.objects.filter(title=title).delete()
        title._state.fields_cache.pop("event", None)
        return
    slugs = event.get("contestants", [])
    teams = found(Team, "slug", slugs, "event.contestants.{}")
    columns = {name: value for name, value in event.items() if name != "contestants"}
    blank: dict[str, Any] = {"season": "", "round": "", "venue": ""}
    row, _ = Event.objects.update_or_create(title=title, defaults=blank | columns)
    _arrange(row.contestants, ("team_id",), [(team.pk,) for team in teams], "event.contestants")
    title.event = row


def found(model: type[Any], column: str, names: Iterable[UUID | str], path: str) -> list[Any]:
    """The rows of those names, in their order. Raises `InvalidField` at the first that is none."""
    names = list(names)
    rows = model._default_manager.in_bulk(set(names), field_name=column)
    for index, name in enumerate(names):
        if name not in rows:
            what = model._meta.verbose_name
            raise InvalidField(path.format(index), "does_not_exist", f"There is no such {what}.")
    return [rows[name] for name in names]


def _arrange(rows: Any, names: tuple[str, ...], wanted: list[tuple[Any, ...]], path: str) -> None:
    """Make an owner's rows what is wanted, each the values of `names`; those that are there already stay.

    Where rows have an order, it becomes that of `wanted`.
    """
    present = {tuple(getattr(row, name) for name in names): row for row in rows.all()}
    ordered = hasattr(rows.model, "order")
    for index, values in enumerate(wanted):
        if values in wanted[:index]:
            raise InvalidField(f"{path}.{index}", "unique", "The same is there twice.")
        order = {"order": index} if ordered else {}
        row = present.pop(values, None)
        if row is None:
            rows.create(**dict(zip(names, values, strict=True)), **order)
        elif ordered and row.order != index:
            row.order = index
            row.save(update_fields=["order"])
    rows.filter(pk__in=[row.pk for row in present.values()]).delete()


# What `contents` may set beside columns: how each is set on its owner.
PARTS: dict[str, Callable[[Any, Any], None]] = {
    "texts": set_texts,
    "credits": set_credits,
    "segments": set_segments,
    "external_ids": set_external_ids,
    "genres": set_genres,
    "tags": set_tags,
    "event": set_event,
}
