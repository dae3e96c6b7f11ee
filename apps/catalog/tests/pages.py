"""The newsroom's pages as a browser has them: who sits there, and what a form would send."""

from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

from django.apps import apps
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.tests.steps import at_the_desk
from apps.catalog.models import Title

OURS = ("catalog", "workflow", "media")
# What a browser sends along, and what may change when somebody merely looks.
INPLACE: Any = {"HTTP_X_NEWSROOM": "inplace"}


class Form(HTMLParser):
    """The fields of one form, as they would be sent untouched.

    What is in a <template> is not, unless it is an episode that is `opened`.
    """

    def __init__(self, form_id: str, opened: bool) -> None:
        super().__init__()
        self.form_id, self.opened = form_id, opened
        self.blank: list[bool] = []
        self.inside = 0
        self.data: dict[str, Any] = {}
        self.select: str | None = None
        self.many = False
        self.area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.inside += given.get("id") == self.form_id
        elif tag == "template":
            self.blank.append(not (self.opened and "data-body" in given))
        elif self.inside and not any(self.blank) and given.get("name"):
            self._field(tag, given)
        if tag == "option" and self.select and "selected" in given:
            self._chosen(given.get("value") or "")

    def _field(self, tag: str, given: dict[str, str | None]) -> None:
        name = str(given["name"])
        if tag == "select":
            self.select, self.many = name, "multiple" in given
            self.data.setdefault(name, [] if self.many else "")
        elif tag == "textarea":
            self.area = name
            self.data[name] = ""
        elif tag == "input":
            self._input(name, given)

    def _input(self, name: str, given: dict[str, str | None]) -> None:
        kind, value = given.get("type"), given.get("value") or ""
        if kind == "checkbox":
            if "checked" in given:
                self.data.setdefault(name, []).append(value or "on")
        elif kind not in {"submit", "file"}:
            self.data[name] = value

    def _chosen(self, value: str) -> None:
        assert self.select is not None
        if self.many:
            self.data[self.select].append(value)
        else:
            self.data[self.select] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.inside:
            self.inside -= 1
        elif tag == "template":
            self.blank.pop()
        elif tag == "select":
            self.select = None
        elif tag == "textarea":
            self.area = None

    def handle_data(self, data: str) -> None:
        if self.area:
            # The browser drops the line break after the tag.
            self.data[self.area] += data.removeprefix("\n") if not self.data[self.area] else data


def form_on(answer: Any, form_id: str = "title_form", *, opened: bool = True) -> dict[str, Any]:
    """What the form of the page would send if nobody touched it, with all episodes opened or none."""
    parser = Form(form_id, opened)
    parser.feed(answer.content.decode())
    return {name: value for name, value in parser.data.items() if "__prefix__" not in name}


class Desk:
    """A member of staff at the newsroom's pages."""

    def __init__(self, user: User, *, csrf: bool = False) -> None:
        self.user = user
        self.client = at_the_desk(user)
        if csrf:
            self.client = Client(enforce_csrf_checks=True)
            self.client.force_login(user, backend="apps.accounts.authentication.PasswordBackend")

    def open(self, thing: Any, page: str = "change") -> Any:
        return self.client.get(self.url(thing, page))

    @staticmethod
    def url(thing: Any, page: str = "change", *rest: Any) -> str:
        name = f"admin:{thing._meta.app_label}_{thing._meta.model_name}_{page}"
        return reverse(name, args=[thing.pk, *rest])

    def save(self, thing: Any, seen: Any = None, **changes: Any) -> Any:
        """Change these fields on the page, and press Save. `seen`: the form as it was opened before."""
        data = seen if seen is not None else form_on(self.open(thing), f"{thing._meta.model_name}_form")
        sent = {name: value for name, value in {**data, **changes}.items() if value is not None}
        return self.client.post(self.url(thing), {**sent, "_continue": "1"})

    def move(self, title: Title, name: str, note: str = "", **given: Any) -> Any:
        return self.client.post(self.url(title, "move", name), {"note": note, **given}, **INPLACE)

    def post(self, url: str, **data: Any) -> Any:
        return self.client.post(url, data, **INPLACE)


def told(answer: Any) -> list[str]:
    """The messages that the next page shows."""
    following = answer.client.get(answer["Location"]) if answer.status_code == 302 else answer
    return [str(one) for one in following.context["messages"]]


def stored() -> dict[str, list[Any]]:
    """Every row of our editorial tables."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for label in OURS
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    }


@contextmanager
def nothing_changes() -> Iterator[None]:
    before = stored()
    yield
    assert stored() == before
