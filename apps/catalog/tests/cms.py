"""What tests of the editorial API share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db.models import Model

from apps.accounts.models import User
from apps.accounts.tests.steps import V1
from apps.catalog.models import Title
from apps.catalog.services import publishing

CMS = f"{V1}/cms"
TITLES = f"{CMS}/titles"


def of(thing: Any, *rest: str) -> str:
    """The address of a thing."""
    places = {"person": "people", "artwork": "artwork"}
    name = str(thing._meta.model_name)
    return "/".join([CMS, places.get(name, f"{name}s"), str(thing.public_id), *rest])


def desk_as_it_is() -> list[Any]:
    """Every row of the catalogue and of the workflow."""
    return [
        (model._meta.label, tuple(row.items()))
        for model in _models()
        for row in model._default_manager.order_by("pk").values()
    ]


def _models() -> list[type[Model]]:
    return [
        model
        for app in ("catalog", "workflow", "media")
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    ]


@contextmanager
def same_desk() -> Iterator[None]:
    """Nothing of the catalogue or the workflow changes inside."""
    before = desk_as_it_is()
    yield
    assert desk_as_it_is() == before


def went_live(title: Title, editor: User, reviewer: User, publisher: User) -> None:
    """The three took it to the shelf."""
    publishing.submit(title, by=editor)
    publishing.approve(title, by=reviewer)
    publishing.publish(title, by=publisher)
    title.refresh_from_db()
