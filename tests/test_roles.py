"""Who may do what: every route of the site, tried by each role, for real."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from apps.core import clients
from apps.workflow.models import Transition

from .role_cast import DEEDS, Cast
from .role_requests import Asked
from .role_table import ADMIN, API, CMS, ROLES, SITE, STAFF, TITLE, Group

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_limits")]
TABLE = API | SITE | ADMIN
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def no_limits(settings: Any) -> None:
    for name in ("DEFAULT", "SIGNUP", "LOGIN_CLIENT", "LOGIN_ACCOUNT"):
        setattr(settings, f"RATE_LIMIT_{name}", "1000000/m")


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every route of the site; one that is a regular expression goes by its name."""
    for entry in (resolver or get_resolver()).url_patterns:
        regex = isinstance(entry.pattern, RegexPattern)
        path = prefix + (str(getattr(entry, "name", "")) if regex else str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        else:
            yield path, entry


def test_every_route_is_in_the_table_and_the_table_has_no_other() -> None:
    known = dict(routes())

    assert known.keys() - TABLE.keys() == set(), "say in role_table.py for whom these are"
    assert TABLE.keys() - known.keys() == set(), "these are gone"


def test_every_method_of_the_api_is_in_the_table() -> None:
    for path, entry in routes():
        view = getattr(entry.callback, "view_class", None)
        if path.startswith("api/") and view is not None:
            there = {name for name in METHODS if name.lower() in view.http_method_names}
            assert {name for name in there if hasattr(view, name.lower())} == TABLE[path].keys(), path


def outcome(answer: Any) -> Any:
    """What a role met, in the words of the table."""
    if answer.status_code == 302 and answer["Location"].startswith("/admin/login/"):
        return "login"
    refused = answer.status_code in {401, 403, 404} or answer.status_code >= 500
    return answer.status_code if refused else "in"


def fingerprint() -> Any:
    """Of every row of the newsroom and of the accounts."""
    ours = [
        one
        for app in ("catalog", "workflow", "media", "billing", "streaming")
        for one in apps.get_app_config(app).get_models()
    ]
    tables = [*(one._meta.db_table for one in ours), "accounts_user", "accounts_profile", "auth_group"]
    total = "(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t)"
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(map(total.format, tables)))
        return cursor.fetchone()


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_in_where_it_should_and_changes_nothing_elsewhere(role: str) -> None:
    cast = Cast()
    asked, wrong = Asked(cast, role), []
    assert cast.things
    assert cast.rows
    assert cast.remarks
    assert cast.shown
    before = fingerprint()
    for route, methods in TABLE.items():
        for method, group in methods.items():
            wrong += judged(asked, method, route, group, before)
            clients.durable().flushdb()

    assert wrong == []


def judged(asked: Asked, method: str, route: str, group: Group, before: Any) -> list[str]:
    """What is wrong with the answer to one request, whose effect is then undone."""
    where, expected, wrong = f"{method} {route}", group[asked.role], []
    with transaction.atomic():
        answer = asked.ask(method, route)
        met = outcome(answer)
        if met != expected:
            wrong.append(f"{where}: {met} ({answer.status_code}) instead of {expected}")
        if met != "in" and fingerprint() != before:
            wrong.append(f"{where}: refused, and yet something changed")
        if met == "in" and route.startswith(CMS) and answer.status_code >= 300:
            wrong.append(f"{where}: let in, but {answer.status_code} {answer.content[:200]!r}")
        transaction.set_rollback(True)
    return wrong


@pytest.mark.parametrize("role", ROLES)
def test_each_role_makes_in_the_newsroom_the_moves_that_are_its_own(role: str) -> None:
    """The same deeds as through the API, for the same roles."""
    cast, wrong = Cast(), []
    before, browser = (cast.titles, fingerprint())[1], cast.browser(role)
    for name, (state, given) in DEEDS.items():
        title, expected = cast.titles[state], API[f"{TITLE}/{name}"]["POST"][role]
        moves = Transition.objects.about(title).count()
        page = f"moves/{name.replace('-', '_')}" if name != "rollback" else "versions/1/roll-back"
        with transaction.atomic():
            answer = browser.post(
                f"/admin/catalog/title/{title.pk}/{page}/",
                {"note": given.get("note", ""), "at_0": "2035-01-01", "at_1": "00:00:00"},
            )
            if expected == "in":
                fine = answer.status_code == 302 and Transition.objects.about(title).count() == moves + 1
            else:
                fine = outcome(answer) == ("login" if role not in STAFF else 403) and fingerprint() == before
            wrong += [] if fine else [f"{name}: {answer.status_code}, not {expected}"]
            transaction.set_rollback(True)

    assert wrong == []
