"""Logs are JSON, name the request, and hold no secrets."""

import json
import logging
import re
import sys
from secrets import token_urlsafe
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as live
from django.core import mail
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.accounts import tokens
from apps.accounts.models import MailToken, Session, User
from apps.accounts.services import registration
from apps.accounts.tests.factories import PASSWORD
from apps.core import logs
from apps.core.logs import SECRETS, JsonFormatter, scrub
from apps.core.tests.conftest import Lines
from ottsite.testing import cpu_seconds

log = logging.getLogger("test")
ADDRESS = "203.0.113.77"


def line(message: str, **extra: Any) -> dict[str, Any]:
    """What is written for a record."""
    record = logging.LogRecord("test", logging.INFO, "", 0, message, (), None)
    record.__dict__.update(extra)
    parsed: dict[str, Any] = json.loads(JsonFormatter().format(record))
    return parsed


def test_a_line_is_one_json_object_with_time_level_logger_and_extras() -> None:
    written = line("hello\nworld", account="a", ms=1.5, tried=None, ids=[1, "b"])

    assert written.pop("time").endswith("+0000")
    assert written == {
        "level": "INFO",
        "logger": "test",
        "message": "hello\nworld",
        "account": "a",
        "ms": 1.5,
        "tried": None,
        "ids": [1, "b"],
    }


def test_a_newline_in_what_a_caller_sent_makes_no_second_line(log_lines: Lines) -> None:
    log.warning('x\n{"level": "CRITICAL", "message": "forged"}\r\n')

    assert [one["level"] for one in log_lines()] == ["WARNING"]


def test_a_traceback_is_part_of_the_line_and_is_scrubbed(log_lines: Lines) -> None:
    try:
        raise ValueError("postgresql://u:hunter2@db/x of bob@example.com")
    except ValueError:
        log.exception("failed")

    (written,) = log_lines()
    assert "ValueError" in written["exc_info"]
    assert not re.search("hunter2|bob", written["exc_info"])


secrets = st.one_of(
    st.emails(),
    st.builds(
        lambda a, b, c: f"eyJ{a}.{b}.{c}", *[st.from_regex(r"[A-Za-z0-9_-]{20,60}", fullmatch=True)] * 3
    ),
    st.builds(lambda n: f"ottr_{uuid4().hex}.{n}.{token_urlsafe(32)}", st.integers(1, 10**8)),
    st.builds(lambda: f"ottm_{token_urlsafe(32)}"),
)
prose = st.sampled_from(
    ["", " ", "\n", '"', "'", "(", "<", "[", "= ", ": ", "Bearer ", "mail to ", "é ", "{", ","]
)


@given(
    secret=secrets, before=prose, after=st.sampled_from(["", " ", '"', "'", ")", ">", "\n", ",", "}", " é"])
)
def test_no_token_and_no_address_gets_into_a_line(secret: str, before: str, after: str) -> None:
    text = f"{before}{secret}{after}"

    for written in (line(text), line("x", given=text), line("x", given={"a": [text], text: 1})):
        assert secret not in json.dumps(written, ensure_ascii=False)
        assert secret not in json.dumps(written)


@given(
    password=st.from_regex(r"[A-Za-z0-9!$%&*()_+=~-]{6,20}", fullmatch=True),
    form=st.sampled_from(
        [
            "postgresql://user:{}@db:5432/x",
            "redis://:{}@cache/0",
            "password={}",
            "password: {}",
            '"password": "{}"',
            "'password': '{}'",
            "PASSWORD={}",
            "refresh_token={}",
            '{{"secret": "{}"}}',
            "Authorization: Bearer {}",
            "'Authorization': 'Basic {}'",
            "metrics_token={}",
            "sessioncookie={}",
            '{{"current_password":"{}"}}',
        ]
    ),
)
def test_no_named_secret_gets_into_a_line(password: str, form: str) -> None:
    assert password not in json.dumps(line(form.format(password)))
    assert password not in json.dumps(line("x", given={"deep": [form.format(password)]}))


@pytest.mark.parametrize(
    "name", ["password", "refresh_token", "Authorization", "pin", "current_pin", "email", "SECRET"]
)
def test_an_extra_with_the_name_of_a_secret_is_not_written(name: str) -> None:
    assert line("x", **{name: "1234"})[name] == "[redacted]"
    assert line("x", body={name: ["1234"]})["body"][name] == "[redacted]"


def test_a_pin_in_words_is_not_written_and_other_numbers_are() -> None:
    assert "4711" not in line("pin=4711")["message"]
    assert "4711" not in line('{"pin": "4711"}')["message"]
    for text in ("spin: 4711", "took 4711 ms", "pinned 4711", "10.0.0.1:5432", "2026-11-22T19:00:00+0000"):
        assert line(text)["message"] == text


pieces = st.lists(
    prose | secrets | st.text(max_size=20)
    | st.sampled_from(["eyJ", "ott", "ottr_", "@", "pin", "token", "PASSWORD", "authorization"]), max_size=6,
)  # fmt: skip


@given(pieces.map("".join))
def test_no_secret_is_without_what_scrubbing_looks_for_first(text: str) -> None:
    assert scrub(text) == SECRETS.sub(logs.REDACTED, text)


@given(st.text(max_size=200))
def test_scrubbing_twice_is_scrubbing_once(text: str) -> None:
    assert scrub(scrub(text)) == scrub(text)


@pytest.mark.parametrize(
    "part",
    [
        "eyJ",
        "-eyJ",
        "a",
        "a.",
        "@",
        "a@",
        "ott_",
        "token",
        "token ",
        "password:",
        '"',
        "://",
        "x:",
        "pin=",
        ".-_",
    ],
)
def test_the_work_of_scrubbing_grows_no_faster_than_the_text(part: str) -> None:
    short, long = (part * (size // len(part)) for size in (4_000, 32_000))

    # Eight times the text; its square would be 64 times the work.
    assert cpu_seconds(lambda: SECRETS.sub("", long)) < 32 * cpu_seconds(lambda: SECRETS.sub("", short))


def test_a_long_text_is_cut() -> None:
    assert len(scrub("é" * 100_000)) == logs.LONGEST_TEXT + 1


@pytest.mark.django_db
@pytest.mark.urls("apps.core.tests.routes")
class TestAccessLine:
    def test_it_names_request_route_status_and_time(self, log_lines: Lines) -> None:
        Client().get("/api/v1/account/erasures/" + "s" * 32, headers={"X-Request-ID": "the-request"})

        (access,) = [one for one in log_lines() if one["logger"] == "ottsite.access"]
        assert access["request_id"] == "the-request"
        assert access["method"] == "GET"
        assert access["route"] == "api/v1/account/erasures/<receipt:receipt>"
        assert access["status"] == 404
        assert access["ms"] >= 0
        assert "sss" not in json.dumps(log_lines())

    def test_a_route_that_is_not_there_is_not_named(self, log_lines: Lines) -> None:
        for path in ("/secret-path", "/api/secret-path", "/static/secret-path", "/admin/secret-path"):
            Client().get(path)

        assert "secret-path" not in json.dumps(log_lines())

    def test_a_signed_in_request_names_the_account(
        self, log_lines: Lines, viewer: User, sign_in: Any
    ) -> None:
        sign_in(viewer).get("/api/v1/account")

        assert log_lines()[-1]["account"] == str(viewer.public_id)

    def test_ids_of_one_request_do_not_stick_to_the_next(
        self, log_lines: Lines, viewer: User, sign_in: Any
    ) -> None:
        sign_in(viewer).get("/api/v1/account")
        Client().get("/healthz")

        assert "account" not in log_lines()[-1]

    def test_a_bug_is_logged_once_with_its_request(self, log_lines: Lines) -> None:
        for kind in ("api/v1/test/raise", "api/v1/test/plain", "test/plain"):
            client = Client(raise_request_exception=False)
            client.get(f"/{kind}/bug", headers={"X-Request-ID": f"request:{kind[-5:]}"})

        errors = [one for one in log_lines() if one["level"] == "ERROR"]
        assert [one["request_id"] for one in errors] == ["request:raise", "request:plain", "request:plain"]
        for one in errors:
            assert "RuntimeError" in one["exc_info"]
            assert one["message"] == "unhandled error"

    @pytest.mark.parametrize("path", ["/test/plain/postgres", "/api/v1/test/raise/redis", "/test/plain/bug"])
    def test_a_failure_is_not_logged_by_its_path(self, log_lines: Lines, path: str) -> None:
        Client(raise_request_exception=False).get(path)

        assert path not in json.dumps(log_lines())


@pytest.mark.django_db(transaction=True)
def test_a_life_of_requests_leaves_no_secret_in_the_logs(
    log_lines: Lines, capfd: pytest.CaptureFixture[str]
) -> None:
    email, new = "some.body@private.example", "another long secret"
    client = APIClient(REMOTE_ADDR=ADDRESS, raise_request_exception=False, HTTP_USER_AGENT="Agent/1")

    def post(path: str, **body: str) -> Any:
        return client.post(f"/api/v1/{path}", body)

    post("auth/register", email=email, password=PASSWORD)
    user = User.objects.get()
    verify = registration.issue_mail_token(user, MailToken.Purpose.VERIFY, email)
    post("auth/email/verify", token=verify)
    post("auth/login", email=email, password="a wrong one")
    grant = post("auth/login", email=email, password=PASSWORD).json()
    refreshed = post("auth/refresh", refresh=grant["refresh"]).json()
    post("auth/refresh", refresh=grant["refresh"] + "x")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {refreshed['access']}")
    client.get(f"/api/v1/account?token={grant['access']}&email={email}")
    profile = post("profiles", name="Somebody", pin="4711", password=PASSWORD).json()
    post(f"profiles/{profile['id']}/select", pin="0000")
    client.credentials()
    post("auth/password/reset", email=email)
    reset = registration.issue_mail_token(user, MailToken.Purpose.RESET, email)
    post("auth/password/reset/confirm", token=reset, password=new)
    post("auth/register", email=email, password=PASSWORD)
    post("auth/login", email={"$gt": ""}, password=reset)  # type: ignore[arg-type]
    client.get("/api/v1/account", headers={"authorization": f"Bearer {grant['access']}x"})
    assert Session.objects.get().revoked_at

    written = [json.dumps(one, ensure_ascii=False) for one in log_lines()]
    assert len(written) >= 14
    known = [
        email,
        "private.example",
        PASSWORD,
        new,
        "a wrong one",
        "4711",
        verify,
        reset,
        ADDRESS,
        "Agent/1",
        grant["access"],
        grant["refresh"],
        refreshed["access"],
        refreshed["refresh"],
        "Somebody",
    ]
    out = "\n".join([*written, *capfd.readouterr()])
    assert [secret for secret in known if secret in out] == []
    assert not re.search(r"eyJ[\w-]+\.|ott[rm]_\w", out)
    assert UUID(str(user.public_id)).hex not in out.replace("-", "") or str(user.public_id) in out
    assert not mail.outbox


def test_the_configured_handler_writes_this_format(capfd: pytest.CaptureFixture[str]) -> None:
    import subprocess

    code = (
        "import django, logging; django.setup();"
        "logging.getLogger('apps.x').info('password=hunter2', extra={'a': 1});"
        "logging.getLogger('django.request').warning('Not Found: /secret')"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=live.BASE_DIR, capture_output=True, text=True, check=True
    )

    (only,) = [json.loads(one) for one in run.stdout.splitlines()]
    assert (only["message"], only["a"], only["logger"]) == ("[redacted]", 1, "apps.x")
    assert not run.stderr
    assert tokens.REFRESH.pattern.startswith("ottr_")
