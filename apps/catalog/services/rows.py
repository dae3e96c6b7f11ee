"""One title's rows of an import, brought to the desk; and the rows of an export."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import transaction

from apps.accounts.models import User
from apps.catalog import snapshot
from apps.catalog.cells import CLEAR, LANGUAGES, TEXT_FIELDS, tidy, write_credit, write_window
from apps.catalog.models import Episode, ExternalId, Genre, Kind, Person, Tag, Team, Title
from apps.catalog.sheets import Row, Wrong
from apps.core.errors import DomainError
from apps.workflow.services import moving
from apps.workflow.services.editing import changed as put_on_record
from apps.workflow.services.editing import editing

from . import desk, restoring

Source = dict[str, Any]
EVENT = {"sport": "sport", "competition": "competition", "event_season": "season", "round": "round",
         "venue": "venue", "kick_off_at": "kick_off_at", "teams": "contestants"}  # fmt: skip
PLAIN = {"name", "original_language", "released_on", "maturity", "announced"}
LISTS = {"descriptors", "genres", "tags"}
# What a field is once it is emptied, where that is not null.
EMPTY = {"announced": False, "original_language": "en"}


class BadRow(DomainError):
    """A row that cannot be applied; `wrong` says what and where."""

    code = "validation_error"
    status = 400

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(wrong.detail)
        self.wrong = wrong


@dataclass(slots=True)
class Unit:
    """The rows that belong to one title: its own, if there, and those of its episodes."""

    key: tuple[str, str]
    title: Row | None
    episodes: list[Row]

    @property
    def first_row(self) -> int:
        return self.title.number if self.title else self.episodes[0].number

    def __len__(self) -> int:
        return len(self.episodes) + (self.title is not None)


def units(rows: Iterable[Row]) -> list[Unit]:
    """Rows by the title they belong to, in the order of the file."""
    found: dict[tuple[str, str], Unit] = {}
    for row in rows:
        if row.is_episode:
            scheme, _, value = row.values["parent"].partition(":")
            found.setdefault((scheme, value), Unit((scheme, value), None, [])).episodes.append(row)
        else:
            unit = found.setdefault(row.external_id, Unit(row.external_id, None, []))
            unit.title = row
    return list(found.values())


def bring(unit: Unit, *, by: User) -> str:
    """Create or change the unit's title as a draft: "created", "changed" or "same".

    One transaction: it is brought whole or not at all. Raises `BadRow`, or any refusal of the desk
    (`locked`, PermissionDenied …).
    """
    with transaction.atomic():
        title = find(unit.key)
        if title is None:
            return _create(unit, by=by)
        # Nobody saves between what is read here and what is written.
        title = moving.locked(title)
        before = snapshot.take(title).source
        after = _patched(before, unit)
        if after == before:
            return "same"
        with editing(title, by=by) as working_copy:
            restoring.restore(working_copy, after)
        return "changed"


def find(key: tuple[str, str]) -> Title | None:
    scheme, value = key
    if scheme == "slug":
        return Title.objects.filter(slug=value).first()
    known = ExternalId.objects.filter(scheme=scheme, value=value).select_related("title").first()
    return known.title if known else None


def _create(unit: Unit, *, by: User) -> str:
    row = unit.title
    if row is None:
        first = unit.episodes[0]
        raise BadRow(Wrong(first.number, "parent", "not_found", f"No title is {first.values['parent']}."))
    values = row.values
    if "name" not in values:
        raise BadRow(Wrong(row.number, "name", "required", "A new title needs a name."))
    scheme, value = unit.key
    slug = value if scheme == "slug" else values.get("slug") or ""
    title = desk.create(by=by, name=values["name"], kind=values["kind"], slug=slug)
    restoring.restore(title, _patched(snapshot.take(title).source, unit))
    title.refresh_from_db()
    put_on_record(title, by=by)
    return "created"


# --- A row on top of what is there -------------------------------------------------------------------


def _patched(source: Source, unit: Unit) -> Source:
    """The snapshot as the rows want it; the given one stays as it is."""
    patched = copy.deepcopy(source)
    if unit.title:
        _patch_title(patched, unit.title)
    places = set()
    for row in unit.episodes:
        place = (row.values["season"], row.values["number"])
        if place in places:
            raise BadRow(Wrong(row.number, "number", "repeated", "Another row of this file is that episode."))
        places.add(place)
        _patch_episode(patched, row)
    return patched


def _patch_title(source: Source, row: Row) -> None:
    values = row.values
    if values["kind"] != source["kind"]:
        raise BadRow(Wrong(row.number, "kind", "cannot_change", f"It is a {source['kind']}."))
    if values.get("slug") not in (None, source["slug"]):
        detail = f"Its address is {source['slug']}; change that at the desk."
        raise BadRow(Wrong(row.number, "slug", "cannot_change", detail))
    for name in values.keys() & PLAIN:
        source[name] = EMPTY.get(name) if values[name] is None else values[name]
    for name in values.keys() & LISTS:
        wanted = set(values[name] or [])
        if wanted != set(source[name]):
            source[name] = sorted(wanted)
    _refuse_unknown(row, Genre, "genres")
    _refuse_unknown(row, Tag, "tags")
    scheme, value = row.external_id
    if scheme != "slug":
        source["external_ids"][scheme] = value
    _patch_texts(source["texts"], values)
    _patch_shared(source, row)
    _patch_event(source, row)


def _patch_episode(source: Source, row: Row) -> None:
    if source["kind"] != Kind.SERIES:
        raise BadRow(Wrong(row.number, "parent", "invalid", "Only series have episodes."))
    values = row.values
    season = _by_number(source["seasons"], values["season"]) or _new_season(source, values["season"])
    episode = _by_number(season["episodes"], values["number"])
    scheme, value = row.external_id
    if episode is None:
        _refuse_taken_elsewhere(row)
        episode = _new_episode(season, values["number"])
    for name in values.keys() & {"name", "released_on"}:
        episode[name] = ("" if name == "name" else None) if values[name] is None else values[name]
    # What an export names an episode by that has no id of its own is none either.
    if scheme != "slug" and (scheme, value) != ("house", episode["id"]):
        episode["external_ids"][scheme] = value
    _patch_texts(episode["texts"], values, fields=("name", "tagline", "synopsis"))
    _patch_shared(episode, row)


def _refuse_taken_elsewhere(row: Row) -> None:
    scheme, value = row.external_id
    if Episode.objects.filter(external_ids__scheme=scheme, external_ids__value=value).exists():
        detail = "That episode is there under another number or parent; move it at the desk first."
        raise BadRow(Wrong(row.number, "external_id", "taken", detail))


def _by_number(rows: list[Source], number: int) -> Source | None:
    return next((row for row in rows if row["number"] == number), None)


def _new_season(source: Source, number: int) -> Source:
    season: Source = {"id": str(uuid4()), "number": number, "held": False, "texts": {}, "windows": [],
                      "artworks": [], "episodes": []}  # fmt: skip
    source["seasons"].append(season)
    source["seasons"].sort(key=lambda one: one["number"])
    return season


def _new_episode(season: Source, number: int) -> Source:
    episode: Source = {"id": str(uuid4()), "number": number, "name": "", "released_on": None, "asset": None,
                       "texts": {}, "credits": [], "artworks": [], "windows": [], "segments": [],
                       "external_ids": {}}  # fmt: skip
    season["episodes"].append(episode)
    season["episodes"].sort(key=lambda one: one["number"])
    return episode


def _patch_texts(texts: Source, values: Mapping[str, Any], fields: Iterable[str] = TEXT_FIELDS) -> None:
    names = tuple(fields)
    for code in LANGUAGES:
        given = {name: values[f"{name}_{code}"] or "" for name in names if f"{name}_{code}" in values}
        present = dict.fromkeys(names, "") | texts.get(code, {})
        told = {name: text for name, text in given.items() if text != tidy(present[name])}
        if told:
            texts[code] = present | told


def _patch_shared(source: Source, row: Row) -> None:
    """Windows and credits: replaced as a whole, but for those that are there already."""
    if "windows" in row.values:
        wanted = row.values["windows"] or []
        source["windows"] = _kept_or_new(source["windows"], wanted)
    if "credits" in row.values:
        wanted = [
            credit | {"person": _person(credit["person"], row), "order": order}
            for order, credit in enumerate(row.values["credits"] or [])
        ]
        # Where they stand counts, not how they are numbered.
        if [_said(one) for one in wanted] != [_said(one) for one in source["credits"]]:
            source["credits"] = _kept_or_new(source["credits"], wanted)


def _said(credit: Source) -> tuple[str, str, str]:
    return credit["person"], credit["role"], credit["character"]


def _kept_or_new(present: list[Source], wanted: list[Source]) -> list[Source]:
    """The wanted rows, each under the id of the present row that says the same."""
    left = [dict(row) for row in present]
    found = []
    for row in wanted:
        same = next((one for one in left if {k: v for k, v in one.items() if k != "id"} == row), None)
        if same:
            left.remove(same)
        found.append(same or {"id": str(uuid4()), **row})
    return present if sorted(map(str, found)) == sorted(map(str, present)) else found


def _person(name: str, row: Row) -> str:
    """The public id of the person: `@slug`, or a name, which makes a new person where nobody has it."""
    if name.startswith("@"):
        person = Person.objects.filter(slug=name[1:]).first()
        if person is None:
            raise BadRow(Wrong(row.number, "credits", "not_found", f"Nobody has the address {name}."))
        return str(person.public_id)
    people = list(Person.objects.filter(name=name)[:2])
    if len(people) > 1:
        detail = f"Several people are called {name}; say which by @address."
        raise BadRow(Wrong(row.number, "credits", "ambiguous", detail))
    if not people:
        people = [Person.objects.create(name=name, slug=desk.free_slug(Person, name))]
    return str(people[0].public_id)


def _patch_event(source: Source, row: Row) -> None:
    given = {EVENT[name]: row.values[name] for name in row.values.keys() & EVENT.keys()}
    if not given:
        return
    if source["kind"] != Kind.SPORT:
        raise BadRow(Wrong(row.number, "sport", "only_for_sport", "Only sports events have it."))
    _refuse_unknown(row, Team, "teams")
    empty: Source = {"sport": "", "competition": "", "season": "", "round": "", "venue": "",
                     "kick_off_at": None, "contestants": []}  # fmt: skip
    emptied = {name: empty[name] if value is None else value for name, value in given.items()}
    source["event"] = empty | (source["event"] or {}) | emptied
    for name in ("sport", "competition", "kick_off_at"):
        if not source["event"][name]:
            raise BadRow(Wrong(row.number, name, "required", "An event needs it."))


def _refuse_unknown(row: Row, model: type[Genre] | type[Tag] | type[Team], column: str) -> None:
    wanted = set(row.values.get(column) or [])
    if not wanted:
        return
    known = set(model.objects.filter(slug__in=wanted).values_list("slug", flat=True))
    if unknown := wanted - known:
        detail = f"Unknown: {', '.join(sorted(unknown))}. Add it to the desk first."
        raise BadRow(Wrong(row.number, column, "not_found", detail))


# --- Rows of the desk --------------------------------------------------------------------------------


def rows_of(taken: snapshot.Snapshot) -> Iterator[dict[str, str]]:
    """A title's row and those of its episodes, as text; what `bring` takes for the same."""
    source = taken.source
    slugs = {key: person["slug"] for key, person in taken.facts["people"].items()}
    key = _key(source["external_ids"], f"slug:{source['slug']}")
    event = source["event"] or {}
    yield {
        "external_id": key, "kind": source["kind"], "slug": source["slug"], "name": source["name"],
        "original_language": source["original_language"], "released_on": source["released_on"] or "",
        "maturity": "" if source["maturity"] is None else str(source["maturity"]),
        "announced": "yes" if source["announced"] else "no",
        **{name: "; ".join(source[name]) for name in LISTS},
        **{column: event.get(name) or "" for column, name in EVENT.items() if column != "teams"},
        "teams": "; ".join(event.get("contestants", [])),
        **_text_cells(source), **_shared_cells(source, slugs),
    }  # fmt: skip
    for season in source["seasons"]:
        for episode in season["episodes"]:
            own = f"house:{episode['id']}"
            yield {
                "external_id": _key(episode["external_ids"], own), "kind": "episode", "parent": key,
                "season": str(season["number"]), "number": str(episode["number"]), "name": episode["name"],
                "released_on": episode["released_on"] or "",
                **_text_cells(episode), **_shared_cells(episode, slugs),
            }  # fmt: skip


def _key(external_ids: Mapping[str, str], otherwise: str) -> str:
    scheme = next((one for one in ("house", *sorted(external_ids)) if one in external_ids), None)
    return f"{scheme}:{external_ids[scheme]}" if scheme else otherwise


def _text_cells(source: Source) -> dict[str, str]:
    """A text that reads like an order to empty the field is left out: an empty cell keeps it."""
    return {
        f"{name}_{code}": "" if text == CLEAR else text
        for code, texts in source["texts"].items()
        for name, text in texts.items()
    }


def _shared_cells(source: Source, slugs: Mapping[str, str]) -> dict[str, str]:
    return {
        "windows": "; ".join(write_window(window) for window in source["windows"]),
        "credits": "; ".join(write_credit(credit, slugs[credit["person"]]) for credit in source["credits"]),
    }
