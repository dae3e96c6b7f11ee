# ruff: noqa: RUF001 what the desk shows has arrows and ranges in it
import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.catalog import snapshot
from apps.catalog.diff import Change, diff, words
from apps.catalog.models import Title

from .desks import match, movie, series

Json = dict[str, Any]
Edit = Callable[[Json], object]


@pytest.fixture
def film(db: None) -> Json:
    return snapshot.take(movie(name="Fish", slug="fish")).source


@pytest.fixture
def show(db: None) -> Json:
    return snapshot.take(series(name="Fish", slug="fish")).source


def after(source: Json, edit: Edit) -> list[Change]:
    changed = copy.deepcopy(source)
    edit(changed)
    return diff(source, changed, {"drama": "Drama", "comedy": "Comedy", "p": "Jane Doe"})


def told(source: Json, edit: Edit) -> list[tuple[str, str, str, str]]:
    return [(one.label, one.before, one.after, one.kind) for one in after(source, edit)]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda s: s.update(name="Cat"), ("Working name", "Fish", "Cat", "changed")),
        (lambda s: s.update(slug="cat"), ("Address", "fish", "cat", "changed")),
        (lambda s: s.update(maturity=18), ("Maturity rating", "U/A 13+", "A", "changed")),
        (lambda s: s.update(maturity=None), ("Maturity rating", "U/A 13+", "", "removed")),
        (lambda s: s.update(announced=True), ("Announce ahead", "No", "Yes", "changed")),
        (lambda s: s.update(original_language="ta"), ("Original language", "English", "Tamil", "changed")),
        (lambda s: s.update(released_on=None), ("Release date", "2008-04-10", "", "removed")),
        (lambda s: s.update(asset="p"), ("Video", None, "Jane Doe", "changed")),
        (lambda s: s["texts"]["en"].update(synopsis="New."),
         ("Synopsis (English)", "A long story.", "New.", "changed")),
        (lambda s: s["texts"]["hi"].update(tagline="हाँ"), ("Tagline (Hindi)", "", "हाँ", "added")),
        (lambda s: s["texts"].update(en={}) or s["texts"].pop("hi"), None),
        (lambda s: s["genres"].append("drama"), ("Genre", "", "Drama", "added")),
        (lambda s: s["genres"].remove("comedy"), ("Genre", "Comedy", "", "removed")),
        (lambda s: s["descriptors"].append("horror"), ("Descriptor", "", "Horror", "added")),
        (lambda s: s["external_ids"].update(tmdb="7"), ("External id (tmdb)", "", "7", "added")),
        (lambda s: s["windows"][1].update(ends_at="2027-01-01T00:00:00Z"),
         ("Window everywhere (free) › Ends", "", "2027-01-01 00:00:00 UTC", "added")),
        (lambda s: s["windows"][1].update(tier=10),
         ("Window everywhere (premium) › Tier", "free", "premium", "changed")),
        (lambda s: s["windows"][0]["countries"].append("LK"),
         ("Window only IN, NP, LK (premium) › Country", "", "LK", "added")),
        (lambda s: s["windows"].pop(1), ("Window everywhere (free)", "always – for good", "", "removed")),
        (lambda s: s["credits"][1].update(character="The villain"),
         ("Actor Jane Doe › Character", "The hero", "The villain", "changed")),
        (lambda s: s["segments"][0].update(end_ms=599_500),
         ("Credits at 0:08:20 › To", "0:10:00", "0:09:59.500", "changed")),
        (lambda s: s["extras"][0]["texts"]["hi"].update(name="नया"),
         ("Trailer “Trailer” › Name (Hindi)", "झलक", "नया", "changed")),
        (lambda s: s["extras"].pop(1), ("Interview “Interview”", "Interview", "", "removed")),
        (lambda s: s["artworks"][1].update(alt="A fish."),
         ("Poster (2:3), every language › Description", "A picture.", "A fish.", "changed")),
    ],
)  # fmt: skip
def test_a_change_reads_well(film: Json, edit: Edit, expected: tuple[Any, ...] | None) -> None:
    film["credits"][1]["person"] = "p"
    found = told(film, edit)

    if expected is None:
        assert {label for label, *_ in found} == {
            "Name (English)", "Tagline (English)", "Synopsis (English)", "Advice (English)", "Name (Hindi)",
        }  # fmt: skip
        return
    label, before, now, kind = expected
    assert found == [(label, found[0][1] if before is None else before, now, kind)]


def test_changes_below_say_where_they_are(show: Json) -> None:
    def edit(source: Json) -> None:
        season = source["seasons"][0]
        season["held"] = True
        season["episodes"][1]["texts"]["en"]["name"] = "The end"
        season["episodes"][0]["number"] = 7

    assert [(one.label, one.before, one.after) for one in after(show, edit)] == [
        ("Season 1 › Hold back", "No", "Yes"),
        ("Season 1 › Episode 7 › Number", "1", "7"),
        ("Season 1 › Episode 2 › Name (English)", "Chapter 2", "The end"),
    ]


def test_a_path_leads_to_what_changed(show: Json) -> None:
    season = show["seasons"][0]
    changes = after(show, lambda s: s["seasons"][0]["episodes"][1]["texts"]["en"].update(name="The end"))

    assert [one.path for one in changes] == [
        f"seasons.{season['id']}.episodes.{season['episodes'][1]['id']}.texts.en.name"
    ]


def test_a_season_that_came_or_went_is_one_change(show: Json) -> None:
    shorter = {**show, "seasons": show["seasons"][:1]}

    assert [(one.label, one.before, one.after, one.kind) for one in diff(show, shorter)] == [
        ("Season 2", "2 episodes", "", "removed")
    ]
    assert [one.kind for one in diff(shorter, show)] == ["added"]


def test_another_order_is_one_change(film: Json) -> None:
    def edit(source: Json) -> None:
        source["credits"].reverse()
        for order, one in enumerate(source["credits"]):
            one["order"] = order

    film["credits"][0]["person"] = film["credits"][1]["person"] = "p"
    assert told(film, edit) == [
        (
            "Credits › Order",
            "Director Jane Doe, Actor Jane Doe",
            "Actor Jane Doe, Director Jane Doe",
            "changed",
        )
    ]


def test_making_room_for_a_credit_is_no_change_of_order(film: Json) -> None:
    def edit(source: Json) -> None:
        for one in source["credits"]:
            one["order"] += 1
        source["credits"].insert(
            0, {"id": "new", "person": "p", "role": "writer", "character": "", "order": 0}
        )

    assert told(film, edit) == [("Writer Jane Doe", "", "Writer Jane Doe", "added")]


@pytest.mark.django_db
def test_an_event_that_was_called_off_is_one_change() -> None:
    source = snapshot.take(match()).source

    assert told(source, lambda s: s.update(event=None)) == [("Event", "World Cup Final", "", "removed")]
    assert told(source, lambda s: s["event"]["contestants"].reverse()) == [
        ("Event › Team › Order", "sri-lanka, india", "india, sri-lanka", "changed")
    ]


def test_words_show_what_stayed_went_and_came() -> None:
    assert words("The old man sleeps.", "The young man sleeps.") == [
        ("equal", "The "), ("removed", "old"), ("added", "young"), ("equal", " man sleeps."),
    ]  # fmt: skip
    assert words("कहानी पुरानी है", "कहानी नई है")[1] == ("removed", "पुरानी")
    assert words("Come, the radio is on.", "Come, one man stays on.") == [
        ("equal", "Come, "), ("removed", "the radio is"), ("added", "one man stays"), ("equal", " on."),
    ]  # fmt: skip


@given(st.text(), st.text())
def test_words_lose_nothing(before: str, now: str) -> None:
    pieces = words(before, now)

    assert "".join(text for op, text in pieces if op != "added") == before
    assert "".join(text for op, text in pieces if op != "removed") == now


# --- Whatever differs is told ------------------------------------------------------------------------


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Paths and values as `Change.path` writes them: objects by their id, plain lists as a whole."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield (*path, "~"), [one["id"] for one in value]
        for one in value:
            yield from leaves(one, (*path, one["id"]))
    else:
        yield path, value


def differing(before: Json, now: Json) -> set[tuple[str, ...]]:
    """Paths of values that are not the same; where something came or went, its order is no news."""
    old, new = dict(leaves(before)), dict(leaves(now))
    paths = {path for path in old.keys() | new.keys() if (old.get(path) or None) != (new.get(path) or None)}
    return {path for path in paths if path[-1] not in {"~", "order"}}


def covered(path: tuple[str, ...], changes: list[Change]) -> bool:
    text = ".".join(path)
    return any(
        text == one.path or text.startswith(f"{one.path}.") or one.path.startswith(f"{text}.")
        for one in changes
    )


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a source that may be changed: (container, key)."""
    for key in value if isinstance(value, dict) else range(len(value)):
        if key == "id":
            continue
        yield value, key
        if isinstance(value[key], dict | list):
            yield from spots(value[key])


def disturb(source: Json, data: st.DataObject) -> None:
    container, key = data.draw(st.sampled_from(list(spots(source))))
    value = container[key]
    if isinstance(container, list):
        data.draw(st.sampled_from([container.reverse, lambda: container.pop(key)]))()
    elif isinstance(value, list):
        data.draw(st.sampled_from([value.reverse, value.clear]))()
    elif isinstance(value, bool):
        container[key] = not value
    elif key in {"maturity", "tier", "role", "scope", "event"}:
        other = {"maturity": 0, "tier": 10, "role": "coach", "scope": "except", "event": None}
        container[key] = other[key]
    elif isinstance(value, int | float):
        container[key] = value + 1
    elif isinstance(value, dict):
        value.clear() if key in {"texts", "external_ids"} else container.pop(key)
    else:
        container[key] = "other"


@pytest.mark.django_db
def test_a_diff_is_empty_only_for_equals_and_covers_every_difference() -> None:
    sources = [_source(made()) for made in (movie, series, match)]

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data(), source=st.sampled_from(sources), times=st.integers(0, 4))
    def holds(data: st.DataObject, source: Json, times: int) -> None:
        changed = copy.deepcopy(source)
        for _ in range(times):
            disturb(changed, data)
        changes = diff(source, changed)

        assert (changes == []) == (json.dumps(source, sort_keys=True) == json.dumps(changed, sort_keys=True))
        assert all(covered(path, changes) for path in differing(source, changed))
        assert len(diff(changed, source)) == len(changes)
        assert diff(changed, changed) == []
        assert all(one.label and one.path for one in changes)

    holds()


def _source(title: Title) -> Json:
    return json.loads(json.dumps(snapshot.take(title).source))
