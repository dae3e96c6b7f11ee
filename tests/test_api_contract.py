"""The OpenAPI document is the contract: it describes every route, and the site keeps it under fuzzing.

FUZZ_SEED and FUZZ_EXAMPLES change the run; the seed is printed with each one.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis.openapi
import yaml
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.transport.wsgi import WSGITransport

from apps.accounts.maturity import Maturity
from apps.accounts.models import MAX_PROFILES, Profile, User
from apps.accounts.services import profiles, sessions
from apps.accounts.services.profiles import Proof
from apps.accounts.tests.factories import PASSWORD, UserFactory
from apps.core.network import Caller

from . import fuzzed_newsroom, fuzzed_playback, fuzzed_shelf
from .fuzzed_newsroom import Newsroom
from .fuzzed_playback import Playing
from .fuzzed_shelf import Shelf

SEED = int(os.environ.get("FUZZ_SEED", "20261122"))
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
# The newsroom has many routes of few shapes, so each gets fewer.
NEWSROOM_EXAMPLES = max(2, EXAMPLES // 5)
# What players fetch by addresses that they were told.
MEDIA = ("/play/", "/vod/")
BYTES = "application/offset+octet-stream"
schemathesis.serializer.alias(BYTES, "application/octet-stream")
NEWSROOM = f"^{fuzzed_newsroom.CMS}"
# These take what `submit` and `unpublish` take.
ALIKE = "/(withdraw|request-changes|approve|revise|publish|unschedule|archive|restore|discard|disarm)$"
EMAIL = "fuzz@example.com"
HERE = Caller("127.0.0.1", "fuzz", "")

# Every check is on for every operation. For these a body or query that fits the schema may still be 400,
# because of a rule that no schema can tell.
RULES_BEYOND_THE_SCHEMA = {
    "POST /api/v1/auth/register": "a password must be none of the common ones, nor like the e-mail",
    "POST /api/v1/auth/email/verify": "the token must be one that was mailed",
    "POST /api/v1/auth/password/reset/confirm": "the token must be one that was mailed",
    "POST /api/v1/auth/password/change": "a password must be none of the common ones, nor like the e-mail",
    "PATCH /api/v1/account": "a new e-mail needs the present password beside it",
    "POST /api/v1/profiles": "a kid's profile has a low ceiling",
    "PATCH /api/v1/profiles/{profile_id}": "a kid's profile has a low ceiling",
    "GET /api/v1/profiles": "a cursor must be one that this list gave",
    "GET /api/v1/me/continue-watching": "a cursor must be one that this list gave",
    "GET /api/v1/me/history": "a cursor must be one that this list gave",
    "GET /api/v1/auth/sessions": "a cursor must be one that this list gave",
}
# What each run has to have met, or it went past what it is for.
MET = {"anonymous": {200, 401}, "signed in": {200, 201, 202, 204}, "staff": {200, 201, 204, 400, 404, 409}}
REJECTED = ["400", "401", "403", "404", "405", "406", "409", "415", "422", "429"]
# 422: the fuzzer likes to repeat an Idempotency-Key with another body.
ACCEPTED = ["2xx", "301", "304", "401", "403", "404", "409", "422", "429"]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The OpenAPI document; a warning of the generator or an invalid document fails here."""
    out = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    parsed: dict[str, Any] = yaml.safe_load(out.getvalue())
    return parsed


def inventory(resolver: URLResolver, prefix: str = "/") -> Iterator[tuple[str, str]]:
    """`(method, path)` of every view of the URLconf that programs ask, the path as OpenAPI spells it."""
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from inventory(entry, path)
        elif path.startswith(("/api/v1/", *MEDIA)):
            yield from ((method, _as_template(path)) for method in methods(entry))


def _as_template(path: str) -> str:
    parts = (part.partition(":")[2].rstrip(">") if part.startswith("<") else "" for part in path.split("/"))
    return "/".join(
        f"{{{name}}}" if name else part for name, part in zip(parts, path.split("/"), strict=True)
    )


def methods(route: URLPattern) -> list[str]:
    if plain := getattr(route.callback, "methods", None):
        return [name for name in plain if name != "HEAD"]
    view = route.callback.view_class  # type: ignore[attr-defined]
    return [name.upper() for name in view.http_method_names if name != "options" and hasattr(view, name)]


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")


def test_it_describes_every_route_and_no_other(document: dict[str, Any]) -> None:
    described = {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if method in {"get", "put", "post", "patch", "delete", "head"}
    }

    assert described == set(inventory(get_resolver()))
    assert len(described) >= 20


def test_every_operation_says_what_it_does_and_how_it_refuses(document: dict[str, Any]) -> None:
    ids = Counter[str]()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            ids[operation["operationId"]] += 1
            assert operation["summary"], where
            # What players fetch is bounded by its session, not by how often it is asked for.
            everywhere = {"503"} if path.startswith(MEDIA) else {"429", "503"}
            assert everywhere <= set(operation["responses"]), where
            assert "500" not in operation["responses"], where
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert answer == {"$ref": f"#/components/responses/Problem{status}"}, where
    assert max(ids.values()) == 1


def test_every_text_that_a_caller_sends_is_bounded(document: dict[str, Any]) -> None:
    def loose(schema: Any, where: str) -> Iterator[str]:
        kinds = schema.get("type", [])
        text = "string" in ([kinds] if isinstance(kinds, str) else kinds)
        if text and not {"maxLength", "enum", "format"} & set(schema):
            yield where
        for name, inner in schema.get("properties", {}).items():
            yield from loose(inner, f"{where}.{name}")

    components = document["components"]["schemas"]
    bodies = {
        media["schema"]["$ref"].rpartition("/")[2]
        for item in document["paths"].values()
        for operation in item.values()
        for kind, media in operation.get("requestBody", {}).get("content", {}).items()
        if kind != BYTES
    }

    assert bodies
    assert [found for name in sorted(bodies) for found in loose(components[name], name)] == []
    assert all(components[name]["additionalProperties"] is False for name in bodies)


# --- Fuzzing -----------------------------------------------------------------------------------------


def token() -> str:
    """An access token with a profile, of an account that is made anew whenever a case has erased it."""
    user = User.objects.filter(email=EMAIL, is_active=True).first()
    if user is None or not user.check_password(PASSWORD):
        User.objects.filter(email=EMAIL).update(email=f"gone{User.objects.count()}@example.com")
        user = UserFactory.create(email=EMAIL)
    profile = Profile.objects.filter(account=user, kid=False, pin_hash="").first()
    if profile is None:
        # Room for one, but no more: a case may be about to use what an earlier one made.
        newest = (
            Profile.objects.filter(account=user)
            .order_by("-pk")
            .values_list("pk", flat=True)[: MAX_PROFILES - 1]
        )
        Profile.objects.filter(account=user).exclude(pk__in=list(newest)).delete()
        proof = Proof(password=PASSWORD)
        profile = profiles.create(user, {"name": "Fuzz"}, ceiling=Maturity.A, proof=proof, caller=HERE)
    access = sessions.sign_in(EMAIL, PASSWORD, caller=HERE).access
    session = user.sessions.latest("created_at")
    return (
        profiles.select(profile, session_id=session.public_id, from_kid=False, proof=Proof(), caller=HERE)
        or access
    )


class SignedIn:
    """Each case has a session of its own, for cases sign out, sign out everywhere and erase the account."""

    def get(self, case: Any, context: Any) -> str:
        return token()

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@dataclass
class Run:
    """What one run of the fuzzer saw."""

    failures: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    checked: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0

    def add(self, event: events.ScenarioFinished) -> None:
        for checks in event.recorder.checks.values():
            for check in checks:
                self.checked[check.name] += 1
                if check.failure_info:
                    failure = check.failure_info.failure
                    self.failures.append(
                        f"{event.recorder.label} [{check.name}] {failure.title}\n{failure.message}\n"
                        f"{check.failure_info.code_sample}"
                    )
        for interaction in event.recorder.interactions.values():
            if response := interaction.response:
                self._look_at(f"{event.recorder.label}, {interaction.request.uri}", response)

    def _look_at(self, label: str, response: Any) -> None:
        self.statuses[response.status_code] += 1
        self.slowest_s = max(self.slowest_s, response.elapsed)
        names = {name.lower() for name in response.headers}
        expected = {"x-request-id", "x-content-type-options", "content-security-policy", "ratelimit-limit"}
        asked = urlsplit(label.rpartition(" ")[2]).path
        if label.endswith(fuzzed_playback.HEARTBEAT) or asked.startswith(MEDIA):
            # Bounded for each session instead.
            expected.remove("ratelimit-limit")
        missing = expected - names
        if missing:
            self.failures.append(f"{label} {response.status_code}: without {missing}")


def configuration(role: str, beyond: Iterable[str]) -> SchemathesisConfig:
    refused = {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "400"]}}
    # Of several that fit an operation the first counts.
    operations: list[dict[str, Any]] = [fuzzed_newsroom.of_uploads(ACCEPTED, REJECTED)]
    operations += [
        {"include-method": name.split()[0], "include-path": name.split()[1], "checks": refused}
        for name in beyond
    ]
    operations += [
        {"include-path-regex": NEWSROOM, "generation": {"max-examples": NEWSROOM_EXAMPLES}},
        {"include-path-regex": ALIKE, "phases": {"coverage": {"enabled": False}}},
    ]
    elsewhere = {"staff": "exclude-path-regex", "signed in": "include-path-regex"}
    if role in elsewhere:
        operations += [{elsewhere[role]: NEWSROOM, "enabled": False}]
    else:
        # At this door there is nothing but 401, so a few requests to each will do.
        operations += [{"include-path-regex": NEWSROOM, "phases": {"coverage": {"enabled": False}}}]
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "continue-on-failure": True,
            "workers": 1,  # Python 3.11 crashes with more
            "generation": {"max-examples": EXAMPLES, "allow-x00": True, "mode": "all", "database": "none"},
            "phases": {"stateful": {"enabled": role != "staff"}},
            "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}},
            "operations": operations,
        }
    )


class AtTheDesk(SignedIn):
    """One session will do: no case of the newsroom ends it."""

    def get(self, case: Any, context: Any) -> str:
        return sessions.sign_in(fuzzed_newsroom.boss().email, PASSWORD, caller=HERE).access


def fuzz(role: str, document: dict[str, Any]) -> Run:
    """The newsroom is for staff, who have nothing else; whoever else is signed in has all the rest."""
    beyond = RULES_BEYOND_THE_SCHEMA | fuzzed_shelf.RULES | fuzzed_playback.RULES
    beyond |= fuzzed_newsroom.beyond_the_schema(document)
    schema: Any = schemathesis.openapi.from_wsgi(
        "/api/schema/", get_wsgi_application(), config=configuration(role, beyond)
    )
    if role == "signed in":
        schema.auth(refresh_interval=None)(SignedIn)
    elif role == "staff":
        schema.auth(refresh_interval=60)(AtTheDesk)
    run = Run()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            run.add(event)
        elif isinstance(event, events.NonFatalError):
            run.failures.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return run


@pytest.fixture
def _newsroom() -> Iterator[None]:
    newsroom, shelf, playing = Newsroom(SEED), Shelf(SEED), Playing(SEED)

    def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        newsroom.prepare(case)
        shelf.prepare(case)
        playing.prepare(case)

    schemathesis.hook(before_call)
    yield
    schemathesis.hooks.unregister(before_call)


@pytest.fixture
def _room(settings: Any, monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[None]:
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.UPLOAD_MAX_BYTES, settings.UPLOAD_KEEP_FREE_BYTES = 10_000, 0
    for name in ("DEFAULT", "SIGNUP", "LOGIN_CLIENT", "LOGIN_ACCOUNT"):
        setattr(settings, f"RATE_LIMIT_{name}", "10000000/m")
    send = WSGITransport.send

    def without_socket_settings(self: Any, case: Any, **options: Any) -> Any:
        # schemathesis 4.32 drops these only when a session comes along, and `ignored_auth` brings none.
        for name in ("max_redirects", "verify", "cert", "proxies"):
            options.pop(name, None)
        return send(self, case, **options)

    monkeypatch.setattr(WSGITransport, "send", without_socket_settings)
    yield
    with connection.cursor() as cursor:
        # The fuzzer's thread is gone, its connection may not be, and a database in use cannot be dropped.
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.usefixtures("_room", "_newsroom")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", ["anonymous", "signed in", "staff"])
def test_no_request_at_all_breaks_the_contract(role: str, document: dict[str, Any]) -> None:
    run = fuzz(role, document)

    print(f"{role}: seed {SEED}, {run.statuses.total()} requests, slowest {run.slowest_s:.2f} s,")  # noqa: T201
    print(f"statuses {dict(sorted(run.statuses.items()))}, checks {dict(run.checked)}")  # noqa: T201
    assert not run.failures, "\n\n".join(dict.fromkeys(run.failures))
    assert run.statuses.total() > 1000
    assert max(run.statuses) < 500
    assert MET[role] <= set(run.statuses)
