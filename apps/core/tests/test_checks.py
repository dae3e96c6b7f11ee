"""A production process does not start with a missing or unsafe setting, and says which it is."""

import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from django.conf import settings as live
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from apps.core import checks

GOOD = {
    "OTTSITE_ENV": "production",
    "SITE_URL": "https://ott.example",
    "ALLOWED_HOSTS": "ott.example",
    "SECRET_KEY": "Jq3vX9rT1mZ8kW5pB7nL2cD4fG6hS0aY",
    "JWT_SIGNING_KEY": "aY0sH6gF4dC2lN7bP5wK8zM1tR9xV3qJ",
    "CONTENT_KEY_KEYS": "7uV2bN5mQ8wE1rT4yU6iO9pA3sD0fG2h",
    "PLAYBACK_TOKEN_KEYS": "wE1rT4yU6iO9pA3sD0fG2h7uV2bN5mQ8",
    "REFRESH_TOKEN_KEYS": "0aYJq3vX9rT1mZ8kW5pB7nL2cD4fG6hS,hS0aYJq3vX9rT1mZ8kW5pB7nL2cD4fG6",
    "DATABASE_URL": "postgresql://u:p@db/ottsite",
    "REDIS_URL": "redis://durable/0",
    "CACHE_URL": "redis://cache/0",
    "MONGO_URL": "mongodb://mongo/ottsite",
    "EMAIL_URL": "smtp://mail:25",
}

JUDGED = """PRODUCTION DEBUG SITE_URL ALLOWED_HOSTS SECRET_KEY JWT_SIGNING_KEY REFRESH_TOKEN_KEYS
CONTENT_KEY_KEYS PLAYBACK_TOKEN_KEYS REDIS_URL CACHE_URL PASSWORD_BCRYPT_ROUNDS CORS_ALLOWED_ORIGINS
TRUSTED_PROXY_COUNT GEOIP_PATH WORKER_HEARTBEAT_S WORKER_STALLED_AFTER_S TERRITORY_HEADER UNKNOWN_TERRITORY
ANONYMOUS_MATURITY PAGES_KEPT_S RATE_LIMIT_DEFAULT RATE_LIMIT_SIGNUP RATE_LIMIT_LOGIN_CLIENT
RATE_LIMIT_LOGIN_ACCOUNT""".split()  # noqa: SIM905


@contextmanager
def configured(**changes: str | None) -> Iterator[None]:
    """Settings as a process with these variables reads them; None takes a variable away."""
    environ = {name: value for name, value in (GOOD | changes).items() if value is not None}
    with mock.patch.dict(os.environ, environ, clear=True):
        read = runpy.run_path(str(live.BASE_DIR / "ottsite" / "settings.py"))
    with override_settings(**{name: read[name] for name in JUDGED}):
        yield


def test_a_complete_production_environment_starts() -> None:
    with configured():
        checks.refuse_to_start()


@pytest.mark.parametrize("name", sorted(set(GOOD) - {"OTTSITE_ENV"}))
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_variable_is_named(name: str, value: str | None) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{name} must be set"), configured(**{name: value}):
        pass


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"SECRET_KEY": "a" * 64}, "SECRET_KEY is too short"),
        (
            {"SECRET_KEY": "development-only-secret-key-xxxxxxxxxxxxxxxxxxxxxxx"},
            "SECRET_KEY is too short or the dev",
        ),
        ({"JWT_SIGNING_KEY": "x" * 31}, "JWT_SIGNING_KEY is too short"),
        ({"REFRESH_TOKEN_KEYS": f"{GOOD['SECRET_KEY'][::-1]}, x"}, "REFRESH_TOKEN_KEYS.1. is too short"),
        ({"JWT_SIGNING_KEY": GOOD["SECRET_KEY"]}, "SECRET_KEY and JWT_SIGNING_KEY are the same"),
        (
            {"REFRESH_TOKEN_KEYS": GOOD["JWT_SIGNING_KEY"]},
            "JWT_SIGNING_KEY and REFRESH_TOKEN_KEYS.0. are the same",
        ),
        ({"CACHE_URL": "redis://durable/1"}, "REDIS_URL and CACHE_URL name one server"),
        ({"CACHE_URL": "redis://durable:6379/1"}, "REDIS_URL and CACHE_URL name one server"),
        ({"CACHE_URL": "rediss://user:pw@durable"}, "REDIS_URL and CACHE_URL name one server"),
        ({"CACHE_URL": "redis://127.0.0.1/1", "REDIS_URL": "redis://localhost/0"}, "name one server"),
        ({"PASSWORD_BCRYPT_ROUNDS": "11"}, "PASSWORD_BCRYPT_ROUNDS is below 12"),
        ({"DEBUG": "true"}, "DEBUG is on"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS allows every host"),
        ({"ALLOWED_HOSTS": "ott.example,*"}, "ALLOWED_HOSTS allows every host"),
        ({"SITE_URL": "http://ott.example"}, "SITE_URL is not https"),
        ({"CORS_ALLOWED_ORIGINS": "https://a.example,http://b.example"}, "CORS_ALLOWED_ORIGINS holds"),
        ({"RATE_LIMIT_DEFAULT": "lots"}, "RATE_LIMIT_DEFAULT is not a rate"),
        ({"RATE_LIMIT_SIGNUP": "0/h"}, "RATE_LIMIT_SIGNUP is not a rate"),
        ({"RATE_LIMIT_LOGIN_ACCOUNT": "10"}, "RATE_LIMIT_LOGIN_ACCOUNT is not a rate"),
        ({"TRUSTED_PROXY_COUNT": "-1"}, "TRUSTED_PROXY_COUNT is negative"),
        ({"GEOIP_PATH": "/nowhere.mmdb"}, "GEOIP_PATH names no file"),
        ({"TERRITORY_HEADER": "CF-IPCountry"}, "TERRITORY_HEADER is set, but TRUSTED_PROXY_COUNT is 0"),
        ({"UNKNOWN_TERRITORY": "India"}, "UNKNOWN_TERRITORY is no country code"),
        ({"ANONYMOUS_MATURITY": "21"}, "ANONYMOUS_MATURITY is no age"),
        ({"WORKER_STALLED_AFTER_S": "5"}, "WORKER_STALLED_AFTER_S is below two heartbeats"),
    ],
)
def test_an_unsafe_setting_is_named(changes: dict[str, str], named: str) -> None:
    with configured(**changes), pytest.raises(ImproperlyConfigured, match=named):
        checks.refuse_to_start()


def test_all_that_is_wrong_is_said_at_once() -> None:
    with configured(SECRET_KEY="x", DEBUG="1"), pytest.raises(ImproperlyConfigured) as error:
        checks.refuse_to_start()

    assert "SECRET_KEY" in str(error.value)
    assert "DEBUG" in str(error.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"SITE_URL": "http://127.0.0.1:8000"},
        {"CACHE_URL": "redis://durable:6380/0"},
        {"CACHE_URL": "unix:///run/cache.sock", "REDIS_URL": "unix:///run/durable.sock"},
        {"REFRESH_TOKEN_KEYS": GOOD["REFRESH_TOKEN_KEYS"].split(",")[0]},
        {"CORS_ALLOWED_ORIGINS": "https://player.example"},
        {"RATE_LIMIT_DEFAULT": "1000/5m"},
        {"GEOIP_PATH": __file__},
    ],
)
def test_what_is_safe_starts(changes: dict[str, str]) -> None:
    with configured(**changes):
        checks.refuse_to_start()


def test_an_unknown_environment_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="OTTSITE_ENV is 'prod'"), configured(OTTSITE_ENV="prod"):
        pass


def test_development_needs_nothing_set() -> None:
    nothing: dict[str, Any] = dict.fromkeys(GOOD)
    with configured(**nothing):
        checks.refuse_to_start()
        assert live.SITE_URL == "http://127.0.0.1:8000"


def test_check_deploy_finds_development_secrets() -> None:
    with configured(**dict.fromkeys(GOOD)):  # type: ignore[arg-type]
        found = {message.id for message in run_checks(include_deployment_checks=True)}

    assert {"core.E001", "core.E005"} <= found


@pytest.mark.parametrize("entry", ["ottsite.wsgi", "ottsite.asgi"])
def test_a_real_process_refuses_to_start(entry: str) -> None:
    environ = {"PATH": os.environ["PATH"], **GOOD, "JWT_SIGNING_KEY": "weak"}

    run = subprocess.run(
        [sys.executable, "-c", f"import {entry}"],
        cwd=live.BASE_DIR,
        check=False,
        env=environ,
        capture_output=True,
        text=True,
    )

    assert run.returncode != 0
    assert "JWT_SIGNING_KEY is too short" in run.stderr


def test_a_production_site_has_safe_cookies_and_headers() -> None:
    environ = {"PATH": os.environ["PATH"], **GOOD}
    code = """
from django.conf import settings as s
import django; django.setup()
assert s.SESSION_COOKIE_SECURE and s.CSRF_COOKIE_SECURE
assert s.SESSION_COOKIE_HTTPONLY and s.CSRF_COOKIE_HTTPONLY
assert s.SESSION_COOKIE_NAME == "__Host-session" and s.CSRF_COOKIE_NAME == "__Host-csrf"
assert s.SESSION_COOKIE_SAMESITE == s.CSRF_COOKIE_SAMESITE == "Lax"
assert s.SESSION_COOKIE_DOMAIN is None and s.CSRF_COOKIE_DOMAIN is None and s.SESSION_COOKIE_PATH == "/"
assert s.SECURE_SSL_REDIRECT and s.SECURE_HSTS_SECONDS >= 31536000
assert s.SECURE_HSTS_INCLUDE_SUBDOMAINS and s.SECURE_HSTS_PRELOAD
assert not s.DEBUG and s.REQUIRE_VERIFIED_EMAIL and s.PASSWORD_BCRYPT_ROUNDS == 12
from django.test import Client
redirect = Client().get("/", headers={"host": "ott.example"})
assert (redirect.status_code, redirect["Location"]) == (301, "https://ott.example/"), redirect
assert Client().get("/healthz", headers={"host": "ott.example"}).status_code == 200
evil = Client().get("/api/v1/titles", headers={"host": "evil.example"}, secure=True)
assert evil.status_code == 400 and evil["Content-Type"] == "application/problem+json", (evil, evil.content)
print("safe")
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=live.BASE_DIR,
        check=False,
        env=environ | {"DJANGO_SETTINGS_MODULE": "ottsite.settings"},
        capture_output=True,
        text=True,
    )

    assert run.stdout.endswith("safe\n"), run.stdout + run.stderr
