"""What is shipped beside the code, and that the documentation keeps up with it."""

import importlib
import json
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import apps
from apps.core.errors import CODES, DomainError

PROJECT = Path(__file__).resolve().parents[1]
SETTINGS = (PROJECT / "ottsite" / "settings.py").read_text()
DEPLOYMENT = (PROJECT / "docs" / "deployment.md").read_text()
EXAMPLE = (PROJECT / ".env.example").read_text()
COMPOSE = (PROJECT / "compose.yaml").read_text()
NGINX = (PROJECT / "deploy" / "nginx.conf").read_text()

OURS = {"web", "worker", "migrate"}
ONE_SHOT = {"migrate"}
# What the image sets, or production refuses; compose.yaml has no reason to hand it on.
SET_BY_THE_IMAGE = {"OTTSITE_VAR", "STATIC_ROOT", "DEBUG"}
READ_ELSEWHERE = {"PORT", "PROMETHEUS_MULTIPROC_DIR"}
SECRET_NAME = re.compile(r"(PASSWORD|SECRET|TOKEN|_KEYS?|_AUTH)$")
TAKEN_FROM_OUTSIDE = re.compile(r"\$\{[A-Z0-9_]+:\?[^}]+\}")


def read_by_settings() -> set[str]:
    return set(re.findall(r"\b(?:env\.\w+|required)\(\s*\"([A-Z0-9_]+)\"", SETTINGS))


def documented() -> set[str]:
    """The variables of deployment.md's table."""
    return set(re.findall(r"^\| `([A-Z0-9_]+)` \|.*\|.*\|$", DEPLOYMENT.split("## Proxies")[0], re.MULTILINE))


def in_example() -> set[str]:
    return set(re.findall(r"^#?([A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))


def read_by_compose() -> set[str]:
    return set(re.findall(r"\$\{([A-Z0-9_]+)", COMPOSE))


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
    return found


def environment(service: str) -> dict[str, str | None]:
    return dict(services()[service].get("environment", {}))


# --- Variables -------------------------------------------------------------------------------------


def test_every_variable_that_settings_read_is_documented_and_nothing_else_is() -> None:
    assert documented() == read_by_settings()


def test_the_example_lists_every_variable_of_settings_and_compose_and_no_other() -> None:
    assert in_example() == read_by_settings() | read_by_compose()


def test_variables_that_are_read_elsewhere_are_documented_too() -> None:
    for name in READ_ELSEWHERE | (read_by_compose() - read_by_settings()):
        assert f"`{name}`" in DEPLOYMENT, name


def test_every_required_variable_is_marked_as_required() -> None:
    required = set(re.findall(r"\brequired\(\s*\"([A-Z0-9_]+)\"", SETTINGS))
    marked = set(re.findall(r"^\| `([A-Z0-9_]+)` \| \*required\* \|", DEPLOYMENT, re.MULTILINE))
    assert marked == required


def test_the_example_holds_no_secret() -> None:
    filled = re.findall(r"^#?([A-Z0-9_]+)=(.+)$", EXAMPLE, re.MULTILINE)
    assert [name for name, _ in filled if SECRET_NAME.search(name)] == []


def test_the_command_in_the_example_fills_in_every_secret_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(EXAMPLE)
    found = re.search(r"^#\s+python3 -c \"(.+)\"$", EXAMPLE, re.MULTILINE)
    assert found
    subprocess.run([sys.executable, "-c", found[1]], cwd=tmp_path, check=True)
    filled = dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", (tmp_path / ".env").read_text(), re.MULTILINE))
    secrets = {name: value for name, value in filled.items() if SECRET_NAME.search(name)}
    assert len(secrets) == 10
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in secrets.values())
    assert len(set(secrets.values())) == len(secrets)
    assert {value for name, value in filled.items() if name not in secrets} == {""}


# --- compose.yaml ----------------------------------------------------------------------------------


def test_compose_has_every_part_of_the_site() -> None:
    assert set(services()) == {*OURS, "nginx", "postgres", "valkey-durable", "valkey-cache", "mongo"}


@pytest.mark.parametrize("name", sorted(set(services()) - ONE_SHOT))
def test_a_lasting_service_has_a_healthcheck_and_comes_back(name: str) -> None:
    assert services()[name]["healthcheck"]["test"]
    assert services()[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(ONE_SHOT))
def test_a_one_shot_service_runs_once(name: str) -> None:
    assert services()[name]["restart"] == "no"
    assert services()[name]["healthcheck"] == {"disable": True}


def test_others_wait_for_the_migrations() -> None:
    for name in OURS - ONE_SHOT:
        assert services()[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", sorted(OURS | {"nginx"}))
def test_what_faces_people_runs_read_only_and_without_privileges(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    if name in OURS:
        assert service["user"].split(":")[0] not in {"0", "root"}
    else:
        assert "unprivileged" in service["image"]


def test_no_secret_is_written_in_compose() -> None:
    for name in services():
        for variable, value in environment(name).items():
            if SECRET_NAME.search(variable):
                assert value is None or TAKEN_FROM_OUTSIDE.fullmatch(value), variable
            elif value and "://" in value and "@" in value:
                password = value.partition("://")[2].rpartition("@")[0].partition(":")[2]
                assert TAKEN_FROM_OUTSIDE.fullmatch(password), variable


def test_no_secret_has_a_default() -> None:
    for name, operator in re.findall(r"\$\{([A-Z0-9_]+)(:?[-?]?)", COMPOSE):
        if SECRET_NAME.search(name):
            assert operator == ":?", name


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_variable_reaches_our_containers(name: str) -> None:
    assert set(environment(name)) == read_by_settings() - SET_BY_THE_IMAGE
    assert environment(name)["OTTSITE_ENV"] == "production"


def test_only_nginx_has_open_ports_and_the_stores_have_no_way_out() -> None:
    assert [name for name, service in services().items() if "ports" in service] == ["nginx"]
    assert yaml.safe_load(COMPOSE)["networks"]["back"] == {"internal": True}
    for name in ("postgres", "valkey-durable", "valkey-cache", "mongo"):
        assert services()[name]["networks"] == ["back"]


def test_the_two_valkeys_have_their_roles() -> None:
    durable, cache = (str(environment(name)["VALKEY_OPTIONS"]) for name in ("valkey-durable", "valkey-cache"))
    # Answers that go out while a sync of each second runs are lost with the process.
    assert "--appendonly yes --appendfsync always" in durable
    assert "noeviction" in durable
    assert "allkeys-lru" in cache
    assert services()["valkey-durable"]["volumes"]


# --- Dockerfile ------------------------------------------------------------------------------------


def stages() -> list[str]:
    text = (PROJECT / "Dockerfile").read_text()
    return re.split(r"^(?=FROM )", text, flags=re.MULTILINE)[1:]


def test_the_image_is_built_in_stages_from_hashed_requirements() -> None:
    assert len(stages()) > 1
    assert "--require-hashes" in stages()[0]


def test_the_final_stage_is_unprivileged_and_watches_itself() -> None:
    final = stages()[-1]
    user = re.search(r"^USER (\S+)$", final, re.MULTILINE)
    assert user
    assert user[1].split(":")[0] not in {"0", "root"}
    assert re.search(r"^HEALTHCHECK .*/healthz", final, re.MULTILINE)
    assert 'ENTRYPOINT ["python", "manage.py"]' in final


def test_the_image_has_no_secret_baked_in() -> None:
    text = (PROJECT / "Dockerfile").read_text()
    kept = re.findall(r"^(?:ENV|ARG)\s(?:.*\\\n)*.*$", text, re.MULTILINE)
    assert not [line for line in kept if re.search(r"(PASSWORD|SECRET|TOKEN|_KEYS?)\b", line)]
    assert not re.search(r"^COPY (--\S+ )*\. ", text, re.MULTILINE), "a working copy may hold secrets"


# --- nginx -----------------------------------------------------------------------------------------


def nginx_block(head: str) -> str:
    """The inside of the one block that begins with these words."""
    assert NGINX.count(f"{head} {{") == 1, head
    depth, begin = 1, NGINX.index(f"{head} {{") + len(head) + 2
    for at in range(begin, len(NGINX)):
        depth += {"{": 1, "}": -1}.get(NGINX[at], 0)
        if not depth:
            return NGINX[begin:at]
    raise AssertionError(f"{head} has no end")


def test_the_nginx_configuration_is_balanced() -> None:
    bare = re.sub(r"#.*|'[^']*'", "", NGINX)
    assert bare.count("{") == bare.count("}")
    lines = [line.strip() for line in bare.splitlines()]
    unfinished = [line for line in lines if line and line[-1] not in "{};"]
    # Only directives that go on in the next line.
    assert all(line.startswith(("log_format", "gzip_types")) for line in unfinished)


def test_nginx_hides_the_metrics() -> None:
    assert re.fullmatch(r"\s*(return 404|deny all);\s*", nginx_block("location /metrics"))


def test_nginx_tells_who_called_and_how() -> None:
    inside = NGINX[NGINX.index("listen 8443") :]
    assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in inside
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in inside
    assert "proxy_set_header Host $host;" in inside


def test_nginx_lets_bodies_through_to_the_applications_own_limit(settings: Any) -> None:
    found = re.search(r"client_max_body_size (\d+)m;", NGINX)
    assert found
    assert int(found[1]) * 2**20 > settings.API_MAX_BODY_BYTES


def test_nginx_hands_films_on_as_they_arrive(settings: Any) -> None:
    films, forms = "location ~ ^/(api/v1/cms|admin/media/asset)/uploads/", "location ~ ^/(admin|api/v1/cms)/"
    inside = nginx_block(films)
    assert films.removeprefix("location ~ ") == settings.STREAMED_BODIES
    assert "client_max_body_size 0;" in inside
    assert "proxy_request_buffering off;" in inside
    # The first expression that fits counts.
    assert NGINX.index(films) < NGINX.index(forms)


# --- Documentation ---------------------------------------------------------------------------------


def every_refusal() -> Iterator[type[DomainError]]:
    for module in pkgutil.walk_packages(apps.__path__, "apps."):
        if not {"tests", "migrations"} & set(module.name.split(".")):
            importlib.import_module(module.name)
    waiting: list[type[DomainError]] = [DomainError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if ".tests" not in kind.__module__:
            yield kind


def test_every_code_is_explained_with_its_status() -> None:
    guide = (PROJECT / "docs" / "api.md").read_text()
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", guide, re.MULTILINE)
    explained = {(int(status), code) for status, code in rows}
    ours = {(kind.status, kind.code) for kind in every_refusal()} | set(CODES.items())
    ours.add((401, "token_expired"))
    assert ours <= explained, "docs/api.md lacks codes"
    assert explained <= ours, "docs/api.md explains codes that nobody sends"


def documents() -> list[Path]:
    found = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
    return [*found, *sorted((PROJECT / "benchmarks").glob("*.md"))]


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_links_of_the_documentation_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
        if "://" in target:
            continue
        path = (document.parent / target).resolve()
        assert path.exists(), target


def test_every_decision_is_in_the_index() -> None:
    folder = PROJECT / "docs" / "decisions"
    pages = sorted(path.name for path in folder.glob("0*.md"))
    assert re.findall(r"\((0[^)]+\.md)\)", (folder / "README.md").read_text()) == pages
    for number, name in enumerate(pages, start=1):
        text = (folder / name).read_text()
        assert text.startswith(f"# {number}. ")
        assert all(f"**{part}" in text for part in ("Context.", "Decision.", "Rejected.")), name


def test_every_vendored_library_is_named_and_has_its_licence() -> None:
    named = json.loads((PROJECT / "package.json").read_text())["vendor"]
    folders = {path for path in (PROJECT / "static" / "vendor").iterdir() if path.is_dir()}
    assert {path.name for path in folders} == {name.removeprefix("@").replace("/", "-") for name in named}
    for folder in folders:
        assert list(folder.glob("[Ll][Ii][Cc][Ee][Nn]*")), folder
