"""Changing a title and what is under it: every deed is one save, judged whole and put on record."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import models, transaction

from apps.accounts.models import User
from apps.catalog.models import Artwork, Episode, Extra, Kind, Season, Title, Window
from apps.core.errors import InvalidField
from apps.workflow.services import moving
from apps.workflow.services.editing import editing

from . import artworks, desk, restoring
from .parts import PARTS
from .promises import kept

Under = Season | Episode | Extra | Window
M = TypeVar("M", bound=models.Model)
U = TypeVar("U", Season, Episode, Extra, Window)

# What may be set by name; everything else of these tables is written by deeds of its own.
COLUMNS: dict[type[models.Model], set[str]] = {
    Title: {"kind", "name", "original_language", "released_on", "maturity", "descriptors", "announced",
            "asset"},
    Season: {"number", "held"},
    Episode: {"number", "name", "released_on", "asset"},
    Extra: {"kind", "name", "asset", "order"},
    Window: {"scope", "countries", "tier", "starts_at", "ends_at", "max_height", "languages"},
}  # fmt: skip


def title_of(thing: Title | Under) -> Title:
    """The title that something is part of."""
    if isinstance(thing, Title):
        return thing
    if isinstance(thing, Episode):
        return thing.season.title
    if isinstance(thing, Window) and thing.title is None:
        owner = thing.season or thing.episode
        assert owner is not None  # noqa: S101 a constraint
        return title_of(owner)
    assert thing.title is not None  # noqa: S101 a constraint
    return thing.title


@contextmanager
def changing(thing: Title | Under, *, by: User | None, revision: int | None) -> Iterator[Title]:
    """`editing` of the title, in which a broken promise of the database is a refusal that names the field."""
    with kept(), editing(title_of(thing), by=by, revision=revision) as title:
        yield title


@contextmanager
def as_seen(title: Title, revision: int | None) -> Iterator[None]:
    """A transaction in which the title stays what somebody saw. Raises `EditConflict`; None: unseen."""
    with transaction.atomic():
        moving.refuse_stale(moving.locked(title), revision)
        yield


# --- Titles ------------------------------------------------------------------------------------------


def create_title(*, by: User, **fields: Any) -> Title:
    """A new draft with its texts, credits and so on; see `COLUMNS` and `PARTS` for what it may have."""
    parts = {name: fields.pop(name) for name in PARTS.keys() & fields.keys()}
    columns = {name: value for name, value in fields.items() if name != "slug"}
    _refuse_foreign(Title, columns)
    with kept():
        title = desk.create(by=by, **fields)
        _set(title, parts)
        _refuse_misfits(title)
    return title


def change_title(title: Title, *, by: User, revision: int | None = None, **fields: Any) -> Title:
    """Change the working copy; a new slug makes the old one lead to it. Parts are set as `PARTS` says."""
    with changing(title, by=by, revision=revision) as working:
        slug = fields.pop("slug", None)
        if fields.get("kind", working.kind) != working.kind and working.versions.exists():
            raise InvalidField("kind", "fixed", "It was published as what it is, so that stays.")
        _fill(working, fields)
        if slug is not None:
            desk.readdress(working, slug)
        _refuse_misfits(working)
    return working


def drop_title(title: Title, *, by: User, revision: int | None = None) -> None:
    """`desk.delete` of what the editor saw. Raises `EditConflict` too."""
    moving.demand(by, title, "delete")
    with kept():
        working = moving.locked(title)
        moving.refuse_stale(working, revision)
        desk.delete(working, by=by)


def _refuse_misfits(title: Title) -> None:
    if title.kind != Kind.SERIES and title.seasons.exists():
        raise InvalidField("kind", "invalid", "It has seasons, so it has to be a series.")
    if title.kind != Kind.SPORT and hasattr(title, "event"):
        raise InvalidField("event", "invalid", "Only a sports title is an event.")


# --- What is under a title ---------------------------------------------------------------------------


def add_season(title: Title, *, by: User, revision: int | None = None, **fields: Any) -> Season:
    moving.demand(by, Season, "add")
    with changing(title, by=by, revision=revision) as working:
        if working.kind != Kind.SERIES:
            raise InvalidField("title", "invalid", "Only a series has seasons.")
        return _fill(Season(title=working), fields)


def add_episode(season: Season, *, by: User, revision: int | None = None, **fields: Any) -> Episode:
    moving.demand(by, Episode, "add")
    with changing(season, by=by, revision=revision):
        return _fill(Episode(season=season), fields)


def add_extra(title: Title, *, by: User, revision: int | None = None, **fields: Any) -> Extra:
    moving.demand(by, Extra, "add")
    with changing(title, by=by, revision=revision):
        return _fill(Extra(title=title), fields)


def add_window(
    owner: Title | Season | Episode, *, by: User, revision: int | None = None, **fields: Any
) -> Window:
    """A licence for a title, or what narrows it for a season or an episode."""
    moving.demand(by, Window, "add")
    with changing(owner, by=by, revision=revision):
        return _fill(Window(**{str(owner._meta.model_name): owner}), fields)


def change(thing: U, *, by: User, revision: int | None = None, **fields: Any) -> U:
    """Change something under a title: a season, an episode, an extra or a window."""
    moving.demand(by, type(thing), "change")
    with changing(thing, by=by, revision=revision):
        return _fill(_again(thing), fields)


def drop(thing: Under, *, by: User, revision: int | None = None) -> None:
    """Delete something under a title with all that is under it; pictures stay for versions that show them."""
    moving.demand(by, type(thing), "delete")
    with changing(thing, by=by, revision=revision) as title:
        _again(thing)
        remove(title, thing)


def remove(title: Title, thing: Under) -> None:
    """The deletion alone, within `changing`."""
    if isinstance(thing, Season):
        restoring.put_away_pictures(title, seasons=[thing.pk])
    elif isinstance(thing, Episode):
        restoring.put_away_pictures(title, episodes=[thing.pk])
    thing.delete()


def _again(thing: M) -> M:
    """The thing as it is now that its title is locked."""
    try:
        thing.refresh_from_db()
    except ObjectDoesNotExist as error:
        raise moving.EditConflict("Somebody else deleted this in the meantime.") from error
    return thing


# --- Pictures ----------------------------------------------------------------------------------------


def change_artwork(artwork: Artwork, *, by: User, revision: int | None = None, **fields: Any) -> Artwork:
    """`artworks.change`, by an editor who saw that revision of its title."""
    with _unchanged(artwork, by=by, revision=revision):
        return artworks.change(artwork, by=by, **fields)


def drop_artwork(artwork: Artwork, *, by: User, revision: int | None = None) -> None:
    """`artworks.drop`, by an editor who saw that revision of its title."""
    with _unchanged(artwork, by=by, revision=revision):
        artworks.drop(artwork, by=by)


@contextmanager
def _unchanged(artwork: Artwork, *, by: User, revision: int | None) -> Iterator[None]:
    title = artworks.title_of(artworks.owner_of(artwork))
    if title is None:
        yield
        return
    moving.demand(by, title, "change")
    with as_seen(title, revision):
        yield


# --- What they share ---------------------------------------------------------------------------------


def _fill(thing: M, fields: dict[str, Any]) -> M:
    """Set columns and parts of a thing that is new or locked."""
    parts = {name: value for name, value in fields.items() if name in PARTS}
    columns = {name: value for name, value in fields.items() if name not in PARTS}
    _refuse_foreign(type(thing), columns)
    for name, value in columns.items():
        setattr(thing, name, value)
    thing.save()
    _set(thing, parts)
    return thing


def _set(thing: models.Model, parts: dict[str, Any]) -> None:
    for name, value in parts.items():
        PARTS[name](thing, value)


def _refuse_foreign(model: type[models.Model], columns: dict[str, Any]) -> None:
    if foreign := columns.keys() - COLUMNS[model]:
        raise TypeError(f"{sorted(foreign)} of a {model._meta.model_name} cannot be set here")
