"""The house rules that linters cannot see (docs/architecture.md)."""

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grimp
import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey, ManyToManyField, Model
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.permissions import AllowAny
from rest_framework.settings import api_settings

from apps.streaming.authentication import PlaybackBearer

BASE_DIR = Path(settings.BASE_DIR)
OURS = ("apps", "ottsite")
LONGEST_MODULE, LONGEST_FUNCTION, P90_FUNCTION = 400, 50, 25
BAGS = {"utils", "helpers", "mixins", "common", "managers", "exceptions", "constants", "selectors"}
# The only files that an app may have which are no policy module named by its noun.
EDGES = {"admin", "api", "apps", "management", "migrations", "receivers", "store", "tasks", "tests"}
MODEL_SIGNALS = {"pre_init", "post_init", "pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed"}
# Everybody may call these, with no token or with a bad one (docs/api.md).
PUBLIC = {
    "api/v1/auth/register",
    "api/v1/auth/login",
    "api/v1/auth/refresh",
    "api/v1/auth/password/reset",
    "api/v1/auth/password/reset/confirm",
    "api/v1/auth/email/verify",
    "api/v1/account/erasures/<receipt:receipt>",
    "api/schema/",
    "api/docs/",
}
# These want the playback token of the session in their path instead of somebody's access token.
PLAYING = {
    "api/v1/playback/sessions/<uuid:session_id>/heartbeat",
    "api/v1/playback/sessions/<uuid:session_id>/stop",
}
# Everybody may read these without a token; one that comes along must be good, and decides what is shown.
READABLE = {
    "api/v1/titles",
    "api/v1/titles/<slug:slug>",
    "api/v1/genres",
    "api/v1/people/<slug:slug>",
    "api/v1/collections/<slug:slug>",
}


def modules(*, tests: bool = False) -> list[Path]:
    found = [path for root in OURS for path in sorted((BASE_DIR / root).rglob("*.py"))]
    found = [path for path in found if "migrations" not in path.parts]
    if tests:
        return [*found, BASE_DIR / "conftest.py", *sorted((BASE_DIR / "tests").rglob("*.py"))]
    return [path for path in found if "tests" not in path.parts]


def named(path: Path) -> str:
    return str(path.relative_to(BASE_DIR))


def trees(*, tests: bool = False) -> Iterator[tuple[str, ast.Module]]:
    for path in modules(tests=tests):
        yield named(path), ast.parse(path.read_text())


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def called(call: ast.Call) -> str:
    """`filter` of `Title.objects.filter(…)`."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


# --- The order of the apps ---------------------------------------------------------------------------


def rank(model: type[Model]) -> int:
    """The place of the model's app in the order of `OUR_APPS`; what is not ours lies below."""
    name = model._meta.app_config.name
    return settings.OUR_APPS.index(name) if name in settings.OUR_APPS else -1


def test_a_foreign_key_points_to_its_own_app_or_a_lower_one() -> None:
    upwards = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models()
        if rank(model) >= 0
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey | ManyToManyField) and rank(field.related_model) > rank(model)
    ]

    assert upwards == []


@pytest.fixture(scope="module")
def graph() -> Any:
    return grimp.build_graph("apps", "ottsite", include_external_packages=True, cache_dir=None)


def imports(graph: Any) -> Iterator[tuple[str, str]]:
    """Every import between modules of two of our apps, tests aside."""
    for importer in graph.modules:
        if not importer.startswith("apps.") or ".tests" in importer:
            continue
        for imported in graph.find_modules_directly_imported_by(importer):
            if imported.startswith("apps.") and imported.split(".")[1] != importer.split(".")[1]:
                yield importer, imported


def test_an_app_takes_from_a_neighbour_only_models_services_signals_and_policies(graph: Any) -> None:
    reached = [
        f"{importer} -> {imported}"
        for importer, imported in imports(graph)
        if not imported.startswith("apps.core.") and _is_edge(importer, imported)
    ]

    assert reached == []


def _is_edge(importer: str, imported: str) -> bool:
    """An admin may build on an admin, an api on an api; nothing else looks at a neighbour's edges."""
    slot = imported.split(".")[2]
    return slot in EDGES and slot != importer.split(".")[2]


def test_an_import_goes_down_also_within_a_function(graph: Any) -> None:
    order = [name.removeprefix("apps.") for name in settings.OUR_APPS]
    upwards = [
        f"{importer} -> {imported}"
        for importer, imported in imports(graph)
        if order.index(imported.split(".")[1]) > order.index(importer.split(".")[1])
    ]

    assert upwards == []
    assert not [
        name
        for name in graph.modules
        if name.startswith("apps.") and any(one.startswith("ottsite") for one in _imported(graph, name))
    ]


def _imported(graph: Any, name: str) -> set[str]:
    return set() if ".tests" in name else graph.find_modules_directly_imported_by(name)


def test_only_stores_and_core_hold_a_client(graph: Any) -> None:
    holders = {
        name
        for name in graph.find_modules_that_directly_import("apps.core.clients")
        if not name.startswith("apps.core.") and not re.fullmatch(r"apps\.\w+\.store(\..*)?", name)
    }

    assert {name for name in holders if ".tests" not in name} == set()


def test_only_the_clients_know_the_drivers(graph: Any) -> None:
    knowing = {
        name
        for driver in ("redis", "pymongo")
        for name in graph.find_modules_that_directly_import(driver)
        if name.startswith("apps.") and ".tests" not in name
    }

    assert knowing == {"apps.core.clients"}


# --- Size and shape ----------------------------------------------------------------------------------


def test_no_module_is_a_bag() -> None:
    assert [named(path) for path in modules() if {path.stem, path.parent.name} & BAGS] == []


def test_no_module_is_long() -> None:
    lengths = {named(path): len(path.read_text().splitlines()) for path in modules(tests=True)}

    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{name}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= P90_FUNCTION


def test_every_module_says_its_one_job() -> None:
    silent = [
        name
        for name, tree in trees()
        if tree.body
        and ast.get_docstring(tree) is None
        and not name.endswith(("__init__.py", "apps.py", "urls.py"))
    ]

    assert silent == []


def test_migrations_have_names() -> None:
    files = [path for path in (BASE_DIR / "apps").glob("*/migrations/*.py") if path.stem != "__init__"]

    assert files
    assert [
        named(path) for path in files if not re.fullmatch(r"\d{4}_[a-z]\w+", path.stem) or "auto" in path.stem
    ] == []


# --- What nobody may do ------------------------------------------------------------------------------


def test_no_broad_except() -> None:
    def broad(handler: ast.ExceptHandler) -> bool:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        return any(
            kind is None or getattr(kind, "id", "") in {"Exception", "BaseException"} for kind in kinds
        )

    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and broad(node)
    ]

    assert found == []


def test_saving_only_saves() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if (isinstance(node, ast.alias) and node.name.rpartition(".")[2] in MODEL_SIGNALS)
        or (
            isinstance(node, ast.Attribute)
            and node.attr in MODEL_SIGNALS
            and ast.unparse(node.value).endswith("signals")
        )
    ]

    assert found == []


def test_nothing_that_a_caller_sent_becomes_a_lookup() -> None:
    """`filter(**request.query_params)`, `filter(**body)`: the caller would choose fields and operators."""
    lookups = {
        "filter",
        "exclude",
        "get",
        "get_or_create",
        "update_or_create",
        "order_by",
        "annotate",
        "find",
    }
    sent = re.compile(r"request|query_params|validated_data|\bbody\b|\bdata\b|GET|POST")
    found = [
        f"{name}:{call.lineno}"
        for name, tree in trees()
        for call in calls(tree)
        if called(call) in lookups
        for argument in [*(word.value for word in call.keywords if word.arg is None), *_starred(call)]
        if sent.search(ast.unparse(argument))
    ]

    assert found == []


def _starred(call: ast.Call) -> list[ast.expr]:
    return [argument.value for argument in call.args if isinstance(argument, ast.Starred)]


def test_no_shell_no_pickle_no_unescaped_html() -> None:
    forbidden = {"mark_safe", "format_html_join_unsafe", "eval", "exec", "system", "popen"}
    found = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules_ = {getattr(node, "module", None) or "", *(alias.name for alias in node.names)}
                found += [f"{name}: {one}" for one in modules_ & {"pickle", "marshal", "shelve", "mark_safe"}]
            elif isinstance(node, ast.Call):
                shell = any(word.arg == "shell" for word in node.keywords)
                if shell or (isinstance(node.func, ast.Name) and called(node) in forbidden):
                    found.append(f"{name}:{node.lineno}")

    assert found == []


def test_a_serializer_names_its_fields() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        if "/api/" in name
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and any(getattr(target, "id", "") in {"fields", "exclude"} for target in node.targets)
        and (ast.unparse(node.value) == "'__all__'" or node.targets[0].id == "exclude")  # type: ignore[attr-defined]
    ]

    assert found == []


def api_views(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from api_views(entry, path)
        elif (
            isinstance(entry, URLPattern)
            and path.startswith("api/")
            and hasattr(entry.callback, "view_class")
        ):
            yield path, entry.callback.view_class


def test_every_api_view_knows_who_calls_unless_it_is_public() -> None:
    seen = dict(api_views())
    assert len(seen) >= 20

    for path, view in seen.items():
        if path in PUBLIC | READABLE:
            continue
        if path in PLAYING:
            assert list(view.authentication_classes) == [PlaybackBearer], path
            assert list(view.permission_classes) == list(api_settings.DEFAULT_PERMISSION_CLASSES), path
            continue
        assert list(view.authentication_classes) == list(api_settings.DEFAULT_AUTHENTICATION_CLASSES), path
        assert view.permission_classes, path
        assert not any(issubclass(one, AllowAny) for one in view.permission_classes), path


def test_what_is_said_to_be_public_is() -> None:
    seen = dict(api_views())

    for path in PUBLIC:
        assert any(issubclass(one, AllowAny) for one in seen[path].permission_classes), path
        assert not seen[path].authentication_classes, path


def test_what_is_readable_without_a_token_looks_at_one_and_only_reads() -> None:
    seen = dict(api_views())

    for path in READABLE:
        known = list(seen[path].authentication_classes)
        assert known == list(api_settings.DEFAULT_AUTHENTICATION_CLASSES), path
        assert list(seen[path].permission_classes) == [AllowAny], path
        assert seen[path].http_method_names == ["get", "head"], path


def test_the_defaults_let_nobody_in() -> None:
    defaults: Any = api_settings
    assert [one.__name__ for one in defaults.DEFAULT_PERMISSION_CLASSES] == ["IsAuthenticated"]
    assert [one.__name__ for one in defaults.DEFAULT_AUTHENTICATION_CLASSES] == ["BearerAuthentication"]
