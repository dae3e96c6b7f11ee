"""What every answer carries to protect browsers, and whom CORS lets in."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import get_converters
from django.urls.resolvers import RoutePattern

from apps.accounts.models import User

pytestmark = [pytest.mark.urls("apps.core.tests.routes"), pytest.mark.django_db]
SAMPLES: dict[str, Any] = {
    "uuid": UUID(int=1), "int": 1, "str": "x", "slug": "x", "path": "x/y", "receipt": "r" * 32,
    "letter": "1-0",
}  # fmt: skip
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
}


def routes(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    """A path for each route of the URLconf, the admin's included."""
    for entry in resolver.url_patterns:
        if not isinstance(entry.pattern, RoutePattern):
            continue
        path = str(entry.pattern)
        for name, converter in entry.pattern.converters.items():
            kind = next(key for key, known in get_converters().items() if type(known) is type(converter))
            path = path.replace(f"<{kind}:{name}>", converter.to_url(SAMPLES[kind])).replace(f"<{name}>", "x")
        if isinstance(entry, URLPattern):
            yield prefix + path
        else:
            yield from routes(entry, prefix + path)


@pytest.fixture
def browser(settings: Any) -> Client:
    """A browser on a site that is served over HTTPS."""
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    return Client(raise_request_exception=False)


def assert_protected(response: Any, path: str = "") -> None:
    missing = {
        name: response.headers.get(name) for name, value in ALWAYS.items() if response.get(name) != value
    }
    assert not missing, (path, response.status_code)
    # A page whose address is its key (a preview) tells its address to nobody at all.
    assert response["Referrer-Policy"] in ("same-origin", "no-referrer"), path
    policy = dict(
        part.strip().partition(" ")[::2] for part in response["Content-Security-Policy"].split(";") if part
    )
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "'unsafe-inline'" not in policy["script-src"]
    assert not {"*", "http:", "https:", "data:"} & set(policy["script-src"].split())
    assert "X-Request-ID" in response
    assert "Server" not in response
    assert "X-Powered-By" not in response


def test_every_route_protects_its_readers(browser: Client, django_user_model: type[User]) -> None:
    browser.force_login(
        django_user_model.objects.create_superuser("root@example.com", "correct horse battery")
    )
    paths = sorted(path for path in set(routes(get_resolver())) if "/test/" not in path)
    assert len(paths) > 40

    for path in paths:
        for method in ("get", "post", "options", "head"):
            response = getattr(browser, method)(path, secure=True)
            assert response.status_code < 500, path
            assert_protected(response, f"{method} {path}")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing", 404), ("/api/nothing", 404), ("/test/plain/bug", 500), ("/api/v1/test/plain/bug", 500),
     ("/api/v1/test/raise/bug", 500), ("/test/plain/postgres", 503), ("/api/v1/test/raise/redis", 503),
     ("/test/plain/suspicious", 400), ("/test/plain/django-denied", 403), ("/admin", 301), ("/admin/", 302),
     ("/static/admin/css/base.css", 200), ("/static/nothing.css", 404), ("/healthz", 200)],
)  # fmt: skip
def test_failures_redirects_and_files_do_too(browser: Client, path: str, status: int) -> None:
    response = browser.get(path, secure=True)

    assert response.status_code == status
    assert_protected(response, path)


def test_a_refusal_by_the_rate_limit_does_too(browser: Client, settings: Any) -> None:
    settings.RATE_LIMIT_DEFAULT = "1/m"
    browser.get("/api/v1/account", secure=True)

    response = browser.get("/api/v1/account", secure=True)

    assert response.status_code == 429
    assert_protected(response)


def test_a_static_file_that_is_there_is_found_by_the_test() -> None:
    assert finders.find("admin/css/base.css")


def test_the_policy_is_relaxed_only_where_the_admin_and_the_explorer_need_it(browser: Client) -> None:
    def policy(path: str) -> str:
        return str(browser.get(path, secure=True)["Content-Security-Policy"])

    assert "unsafe-eval" in policy("/admin/login/")
    assert "unsafe-inline" in policy("/api/docs/")
    assert "unsafe-eval" not in policy("/api/docs/")
    for path in ("/", "/api/schema/", "/account/reset", "/administer", "/api/docs-not", "/nothing"):
        assert "unsafe" not in policy(path), path


def test_the_api_explorer_loads_nothing_from_elsewhere(browser: Client) -> None:
    html = browser.get("/api/docs/").content.decode()

    assert "/static/drf_spectacular_sidecar/" in html
    assert "://" not in html.replace("http://www.w3.org", "").replace("http://testserver", "")
    assert "<script>" not in html


ORIGIN = "https://player.example"
HOSTILE = [
    "https://evil.example",
    "http://player.example",
    "https://player.example.evil.example",
    "https://evilplayer.example",
    "https://player.example:8443",
    "https://sub.player.example",
    "https://PLAYER.example.",
    "https://player.example@evil.example",
    "null",
    "",
    "*",
    "file://",
    "https://player.example, https://evil.example",
    "https://player.example\u2024evil",
    "chrome-extension://abcdef",
]


@pytest.fixture
def allowed(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]


@pytest.mark.parametrize("origin", HOSTILE)
@pytest.mark.parametrize("path", ["/api/v1/account", "/api/nothing", "/api/schema/"])
def test_an_origin_that_is_not_listed_may_read_nothing(allowed: None, origin: str, path: str) -> None:
    for response in (
        Client().get(path, headers={"origin": origin}),
        Client().options(path, headers={"origin": origin, "access-control-request-method": "POST"}),
    ):
        assert "Access-Control-Allow-Origin" not in response
        assert "Access-Control-Allow-Credentials" not in response


@pytest.mark.parametrize("path", ["/api/v1/account", "/api/nothing", "/api/v1/test/plain/bug"])
def test_a_listed_origin_may_read_answers_and_refusals(allowed: None, path: str) -> None:
    response = Client(raise_request_exception=False).get(path, headers={"origin": ORIGIN})

    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert "origin" in response["Vary"].lower()
    assert "Access-Control-Allow-Credentials" not in response
    assert {"X-Request-ID", "Retry-After", "RateLimit-Remaining", "ETag", "Idempotent-Replay"} <= set(
        response["Access-Control-Expose-Headers"].split(", ")
    )


def test_a_listed_origin_may_send_what_the_api_documents(allowed: None) -> None:
    response = Client().options(
        "/api/v1/profiles", headers={"origin": ORIGIN, "access-control-request-method": "POST"}
    )

    sent = set(response["Access-Control-Allow-Headers"].split(", "))
    assert {"authorization", "content-type", "idempotency-key", "if-none-match", "x-request-id"} <= sent
    assert {"PATCH", "DELETE", "PUT"} <= set(response["Access-Control-Allow-Methods"].split(", "))


@pytest.mark.parametrize("path", ["/", "/admin/login/", "/healthz", "/metrics"])
def test_pages_are_not_for_other_origins_even_listed_ones(allowed: None, path: str) -> None:
    assert "Access-Control-Allow-Origin" not in Client().get(path, headers={"origin": ORIGIN})


def test_a_refusal_by_the_rate_limit_can_be_read_by_a_listed_origin(allowed: None, settings: Any) -> None:
    settings.RATE_LIMIT_DEFAULT = "1/m"
    for _ in range(2):
        response = Client().get("/api/v1/account", headers={"origin": ORIGIN})

    assert response.status_code == 429
    assert response["Access-Control-Allow-Origin"] == ORIGIN


def test_cookies_of_the_admin_are_for_this_host_https_and_http_alone(
    browser: Client, settings: Any, django_user_model: type[User]
) -> None:
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    django_user_model.objects.create_superuser("root@example.com", "correct horse battery")

    response = browser.post(
        "/admin/login/?next=/admin/",
        {"username": "root@example.com", "password": "correct horse battery"},
        secure=True,
    )

    assert response.status_code == 302, response.content
    assert set(response.cookies) == {"__Host-session", "__Host-csrf"}
    for cookie in response.cookies.values():
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]


def test_the_api_sets_no_cookie(browser: Client) -> None:
    for path in ("/api/v1/account", "/api/schema/", "/api/docs/", "/", "/healthz"):
        assert not browser.get(path, secure=True).cookies
