"""A newsroom for the contract test: somebody who may do everything there, and things that ids lead to."""

import re
from random import Random
from typing import Any
from uuid import UUID

from django.core.management import call_command
from django.db.models import Model, Q

from apps.accounts.models import User
from apps.catalog.models import (
    Artwork,
    Collection,
    Episode,
    Extra,
    Genre,
    Kind,
    Person,
    Release,
    Season,
    Tag,
    Team,
    Title,
    Window,
)
from apps.catalog.services import artworks, contents
from apps.catalog.tests.factories import ArtworkFactory, PersonFactory, TitleFactory, staff
from apps.catalog.tests.painting import jpeg
from apps.media.models import Asset, Upload
from apps.media.services import uploads
from apps.media.services.uploads import Announced
from apps.workflow.models import Comment
from apps.workflow.moves import State

CMS = "/api/v1/cms/"
EMAIL = "newsroom@example.com"
THINGS: dict[str, type[Model]] = {
    "titles": Title, "seasons": Season, "episodes": Episode, "extras": Extra, "windows": Window,
    "people": Person, "genres": Genre, "tags": Tag, "teams": Team, "collections": Collection,
    "artwork": Artwork, "releases": Release, "uploads": Upload,
}  # fmt: skip
UPLOADS, SIZE = f"{CMS}uploads/", 1_000
# What a body calls the things that it refers to.
REFERENCES: dict[str, type[Model]] = {
    "title": Title, "season": Season, "episode": Episode, "person": Person, "collection": Collection,
    "asset": Asset, "reply_to": Comment, "titles": Title,
}  # fmt: skip
# One rule of these is behind every 400 for what the schema allows.
RULES = {
    "GET": "a cursor must be one that this list gave",
    "POST": "what is referred to has to exist, times lie ahead, names are taken once",
    "PATCH": "the revision that was seen has to come along, and something to change; and as above",
    "DELETE": "the revision that was seen has to come along",
}


def boss() -> User:
    """Editor, reviewer and publisher at once."""
    if (found := User.objects.filter(email=EMAIL).first()) is None:
        call_command("loaddata", "groups", verbosity=0)
        found = staff("Editor", "Reviewer", "Publisher", email=EMAIL)
    return found


class Newsroom:
    """Points generated requests at things that exist, most of the time; without that all would be 404."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 it has to repeat itself

    def prepare(self, case: Any) -> None:
        if not case.path.startswith(CMS):
            return
        self.stock()
        if case.headers.get("Idempotency-Key", "").isalnum():
            # A key that comes again with another body would be most of what is ever answered.
            case.headers = {**case.headers, "Idempotency-Key": f"{self.random.random():.12f}"}
        if case.path.startswith(UPLOADS):
            self._receive(case)
        self._lead(case)
        if isinstance(case.body, dict):
            case.body = self._referring(case.body)

    def stock(self) -> None:
        """Titles in every state, with everything under them; more when they run out."""
        if Title.objects.filter(state=State.DRAFT).count() > 3 and Season.objects.exists():
            return
        for state in State:
            title = TitleFactory(complete=True)
            Title.objects.filter(pk=title.pk).update(state=state)
        series = TitleFactory(complete=True, kind=Kind.SERIES)
        ArtworkFactory(title=series), series.extras.create(name="Trailer")
        person = PersonFactory()
        for made in (Genre, Tag, Team):
            made.objects.get_or_create(slug="drama", defaults={"name": "Drama"})  # type: ignore[attr-defined]
        collection = Collection.objects.create(name="Open", slug=f"open-{series.pk}")
        collection.items.create(title=series)
        contents.change_title(series, by=boss(), credits=[{"person": person.public_id, "role": "actor"}])

    def _lead(self, case: Any) -> None:
        """Another id in the address, and the revision that goes with it."""
        match = re.match(rf"{CMS}(\w+)/\{{public_id\}}", case.path)
        if not match or not is_id(case.path_parameters.get("public_id")) or self.random.random() < 0.1:
            return
        if (thing := self._some(THINGS[match[1]])) is None:
            return
        case.path_parameters = {**case.path_parameters, "public_id": str(thing.public_id)}
        if re.fullmatch('"[0-9]{1,9}"', str(case.headers.get("If-Match", ""))):
            case.headers = {**case.headers, "If-Match": f'"{revision_of(thing)}"'}
        elif case.method == "PATCH" and "If-Match" not in case.headers:
            self._tell(case, revision_of(thing))

    def _receive(self, case: Any) -> None:
        """Lengths that there is room for, and pieces that fit to where an upload is, most of the time."""
        if not Upload.objects.filter(state=Upload.State.RECEIVING).exists():
            uploads.begin(Announced("film.mp4", SIZE), by=boss())
        if "x-schemathesis-unknown-property" in case.headers:
            # Meant to be wrong; but in HTTP an unknown header is no fault.
            case.headers = {name: one for name, one in case.headers.items() if name != "Tus-Resumable"}
        length = str(case.headers.get("Upload-Length", ""))
        if length.isdecimal() and int(length) and self.random.random() < 0.7:
            case.headers = {**case.headers, "Upload-Length": str(1 + int(length) % SIZE)}
        if case.method == "PATCH" and self.random.random() < 0.7:
            open_ = Upload.objects.filter(state=Upload.State.RECEIVING).latest("pk")
            if str(case.headers.get("Upload-Offset", "")).isdecimal():
                case.headers = {**case.headers, "Upload-Offset": str(open_.offset)}

    def _tell(self, case: Any, revision: int) -> None:
        if isinstance(case.body, dict) and type(case.body.get("revision")) is int:
            case.body = {**case.body, "revision": revision}

    def _referring(self, value: Any, name: str = "") -> Any:
        """The same, with ids of things that exist."""
        if isinstance(value, dict):
            return {key: self._referring(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._referring(inner, name) for inner in value]
        if name in REFERENCES and is_id(value):
            found = self._some(REFERENCES[name])
            return str(found.public_id) if found else value  # type: ignore[attr-defined]
        if name == "file" and isinstance(value, bytes) and self.random.random() < 0.3:
            return jpeg()
        return value

    def _some(self, model: type[Model]) -> Any:
        rows = model._default_manager.filter(Q(dropped=False) if model is Artwork else Q())
        keys = list(rows.order_by("-pk").values_list("pk", flat=True)[:40])
        return rows.get(pk=self.random.choice(keys)) if keys else None


def is_id(value: Any) -> bool:
    try:
        return str(UUID(value)) == value.lower()
    except (AttributeError, TypeError, ValueError):
        return False


def revision_of(thing: Any) -> int:
    """Of the title that it is part of; 0 for what is part of none."""
    if isinstance(thing, Artwork):
        title = artworks.title_of(artworks.owner_of(thing))
        return title.revision if title else 0
    under = isinstance(thing, Title | Season | Episode | Extra | Window)
    return contents.title_of(thing).revision if under else 0


def beyond_the_schema(document: dict[str, Any]) -> dict[str, str]:
    """`RULES_BEYOND_THE_SCHEMA` for the routes of the newsroom."""
    return {
        f"{method.upper()} {path}": RULES[method.upper()]
        for path, item in document["paths"].items()
        if path.startswith(CMS)
        for method in item
        if method.upper() in RULES and not path.startswith(UPLOADS)
    }


def of_uploads(accepted: list[str], rejected: list[str]) -> dict[str, Any]:
    """What may be answered there beside what may be anywhere: tus has statuses of its own."""
    own = ["400", "410", "412", "413", "423", "460"]
    return {
        "include-path-regex": f"^{UPLOADS}",
        "checks": {
            "positive_data_acceptance": {"expected-statuses": [*accepted, *own]},
            "negative_data_rejection": {"expected-statuses": [*rejected, *own]},
            "missing_required_header": {"expected-statuses": [*rejected, *own]},
        },
    }
