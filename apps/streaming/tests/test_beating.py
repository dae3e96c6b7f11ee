"""Heartbeats, by the ordinary route and ahead of Django: the same answers, and nothing but Redis asked."""

import io
import os
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, seed
from hypothesis import settings as examples
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from apps.catalog.models import Title
from apps.core import clients
from apps.engagement.services import positions
from apps.streaming import hot
from apps.streaming.services import beating
from apps.streaming.store import leases
from apps.streaming.tokens import media_token, playback_token, read_media, read_playback

from . import steps
from .steps import SESSIONS, claims, started

pytestmark = pytest.mark.django_db
SEED = int(os.environ.get("BEATS_SEED", "20261127"))


class Answer:
    """What a WSGI callable answered."""

    def __init__(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = int(status[:3]), dict(headers), body

    def json(self) -> Any:
        return orjson.loads(self.body)


def environ(path: str, body: bytes, token: str, **more: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)), "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(), "HTTP_AUTHORIZATION": f"Bearer {token}",
        "HTTP_X_REQUEST_ID": "a-request-id", **more,
    }  # fmt: skip


def called(application: Any, asked: dict[str, Any]) -> Answer:
    told: list[Any] = []
    body = b"".join(application(asked, lambda status, headers, exc=None: told.extend((status, headers))))
    return Answer(*told, body)


def elsewhere(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("599 Passed on", [])
    return iter([b""])


Send = Callable[..., Answer]


@pytest.fixture(params=["hot", "ordinary"])
def send(request: pytest.FixtureRequest) -> Send:
    """`send(answer, body)`: a beat of a session that was started, or of any claims."""
    application = hot.Heartbeats(elsewhere) if request.param == "hot" else get_wsgi_application()

    def sent(session: str, token: str, body: Any, **more: str) -> Answer:
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        return called(application, environ(f"{SESSIONS}/{session}/heartbeat", data, token, **more))

    return sent


def events() -> int:
    return int(clients.durable().xlen("ottsite:events"))  # type: ignore[arg-type]


# --- What a beat does ----------------------------------------------------------------------------------


def test_a_beat_is_recorded_and_brings_a_new_media_token(
    send: Send, watching: APIClient, film: Title
) -> None:
    answer = started(watching)
    its = read_playback(answer["playback_token"])

    told = send(its.session, answer["playback_token"], {"seq": 1, "position_ms": 42_000})

    assert told.status == 200
    assert told.json().keys() == {"next_interval_s", "token"}
    assert told.json()["next_interval_s"] == 10
    media = read_media(told.json()["token"])
    assert (media.session, media.asset, media.max_height) == (its.session, its.asset, its.max_height)
    assert positions.resume(its.account, its.profile, its.content).position_ms == 42_000
    assert events() == 1


def test_a_beat_asks_neither_postgresql_nor_mongodb(send: Send, settings: Any) -> None:
    settings.MONGO_URL = "mongodb://127.0.0.1:9/nowhere"
    clients.mongo.cache_clear()
    its = claims()
    try:
        with CaptureQueriesContext(connection) as asked:
            told = send(its.session, playback_token(its), {"seq": 1, "position_ms": 1})
    finally:
        del settings.MONGO_URL
        clients.mongo.cache_clear()

    assert told.status == 200
    assert list(asked) == []


def test_beats_may_come_late_and_twice(send: Send) -> None:
    its = claims()
    token = playback_token(its)

    for seq, position in ((1, 10_000), (3, 30_000), (2, 20_000), (3, 99_000), (1, 10_000)):
        assert send(its.session, token, {"seq": seq, "position_ms": position}).status == 200

    assert positions.remembering.place(its.account, its.profile, its.content, "")[0].position_ms == 30_000


def test_the_player_s_clock_and_its_jumps_count_for_nothing(send: Send) -> None:
    its = claims(duration_ms=60_000)
    token = playback_token(its)

    send(its.session, token, {"seq": 1, "position_ms": 0})
    send(its.session, token, {"seq": 2, "position_ms": beating.MOST_MS, "speed": 4})

    found, _, _ = positions.remembering.place(its.account, its.profile, its.content, "")
    assert (found.position_ms, found.finished) == (60_000, True)
    entries: Any = clients.durable().xrange("ottsite:events")
    assert int(entries[-1][1]["watched"]) < 20_000


def test_events_come_along(send: Send) -> None:
    its = claims()
    good = {"event_id": its.asset, "type": "stall", "duration_ms": 300, "session_id": its.session}
    body = {"seq": 1, "position_ms": 5, "events": [good, {"type": "nonsense"}]}

    told = send(its.session, playback_token(its), body)

    assert told.status == 200
    assert [one["index"] for one in told.json()["rejected"]] == [1]
    assert events() == 2


# --- Refusals ------------------------------------------------------------------------------------------


def test_a_lost_lease_is_gone_and_says_why(send: Send) -> None:
    its = claims()
    leases.end(its.account, its.session, "signed_out")

    told = send(its.session, playback_token(its), {"seq": 1, "position_ms": 1})

    assert (told.status, told.json()["code"], told.json()["reason"]) == (410, "lease_lost", "signed_out")
    assert told.headers["Content-Type"] == "application/problem+json"
    assert events() == 0


@pytest.mark.parametrize("token", ["", "x", "media", "other", "cut"])
def test_only_the_session_s_own_playback_token_will_do(send: Send, token: str) -> None:
    its = claims()
    bearer = {
        "media": media_token(its.media(2**32)), "other": playback_token(claims()),
        "cut": playback_token(its)[:-1],
    }.get(token, token)  # fmt: skip

    told = send(its.session, bearer, {"seq": 1, "position_ms": 1})

    assert (told.status, told.json()["code"]) == (401, "not_authenticated")
    assert told.headers["WWW-Authenticate"]
    assert events() == 0


def test_an_access_token_is_no_playback_token_nor_the_reverse(
    send: Send, watching: APIClient, film: Title
) -> None:
    answer = started(watching)
    access = steps.authorization(watching).removeprefix("Bearer ")

    assert send(answer["session_id"], access, {"seq": 1, "position_ms": 1}).status == 401
    assert steps.bearer(answer).get("/api/v1/profiles").status_code == 401


def test_a_token_past_its_day_is_expired(send: Send) -> None:
    its = claims(expires_at=1)

    told = send(its.session, playback_token(its), {"seq": 1, "position_ms": 1})

    assert (told.status, told.json()["code"]) == (401, "token_expired")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", ""), (b"{", ""), (b"[]", ""), (b"null", ""), (b'{"seq":NaN}', ""), (b"\xff", ""),
        ({"position_ms": 1}, "seq"), ({"seq": 1}, "position_ms"), ({"seq": "1", "position_ms": 1}, "seq"),
        ({"seq": True, "position_ms": 1}, "seq"), ({"seq": -1, "position_ms": 1}, "seq"),
        ({"seq": 2**63 - 1, "position_ms": 1}, "seq"), ({"seq": 1, "position_ms": -1}, "position_ms"),
        ({"seq": 1, "position_ms": 1.5}, "position_ms"), ({"seq": 1, "position_ms": 10**18}, "position_ms"),
        ({"seq": 1, "position_ms": 1, "state": "flying"}, "state"),
        ({"seq": 1, "position_ms": 1, "state": ["playing"]}, "state"),
        ({"seq": 1, "position_ms": 1, "speed": 100}, "speed"),
        ({"seq": 1, "position_ms": 1, "speed": True}, "speed"),
        ({"seq": 1, "position_ms": 1, "account": "x"}, "account"),
        ({"seq": 1, "position_ms": 1, "events": [1]}, "events"),
        ({"seq": 1, "position_ms": 1, "events": [{}] * 31}, "events"),
    ],
)  # fmt: skip
def test_odd_beats_are_refused_and_record_nothing(send: Send, body: Any, path: str) -> None:
    its = claims()

    told = send(its.session, playback_token(its), body)

    assert (told.status, told.json()["code"]) == (400, "validation_error"), told.body
    assert [one["path"] for one in told.json()["errors"]] == [path]
    assert (events(), leases.live(its.account)) == (0, [])


def test_a_beat_is_no_letter(send: Send) -> None:
    its = claims()

    told = send(its.session, playback_token(its), b'"' + b"x" * beating.LONGEST_BODY + b'"')

    assert (told.status, told.json()["code"]) == (413, "payload_too_large")


def test_a_flood_is_throttled(send: Send) -> None:
    its = claims()
    token = playback_token(its)

    told = [send(its.session, token, {"seq": seq, "position_ms": seq}) for seq in range(70)]

    assert [one.status for one in told].count(200) == 60
    assert (told[-1].status, told[-1].json()["code"]) == (429, "throttled")
    assert int(told[-1].headers["Retry-After"]) >= 1


def test_without_redis_a_beat_is_to_be_sent_again(send: Send, settings: Any) -> None:
    its = claims()
    with steps.without_redis(settings):
        told = send(its.session, playback_token(its), {"seq": 1, "position_ms": 1})

    assert (told.status, told.json()["code"]) == (503, "service_unavailable")
    assert told.headers["Retry-After"]
    assert send(its.session, playback_token(its), {"seq": 1, "position_ms": 1}).status == 200


# --- Alike ---------------------------------------------------------------------------------------------


ELSEWHERE = "https://player.example"


@pytest.mark.parametrize("case", ["kept", "lost", "bad token", "bad body", "https", "from elsewhere"])
def test_both_ways_answer_alike_to_the_last_header(case: str, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_PRELOAD = 1000, True
    settings.CORS_ALLOWED_ORIGINS = [ELSEWHERE]
    hot._usual.cache_clear()
    its = claims()
    if case == "lost":
        leases.end(its.account, its.session, "stopped")
    token = "x" if case == "bad token" else playback_token(its)
    body = b"{}" if case == "bad body" else b'{"seq":1,"position_ms":1}'
    more = {
        "https": {"HTTP_X_FORWARDED_PROTO": "https"}, "from elsewhere": {"HTTP_ORIGIN": ELSEWHERE},
    }.get(case, {})  # fmt: skip
    path = f"{SESSIONS}/{its.session}/heartbeat"

    lean = called(hot.Heartbeats(elsewhere), environ(path, body, token, **more))
    full = called(get_wsgi_application(), environ(path, body, token, **more))
    hot._usual.cache_clear()

    said = [{**one.json(), "token": ""} for one in (lean, full)]
    assert said[0] == said[1]
    assert lean.status == full.status
    allowed = {name.lower(): value for name, value in lean.headers.items()}.get("access-control-allow-origin")
    assert allowed == (ELSEWHERE if case == "from elsewhere" else None)
    # The ordinary way says besides which methods there are.
    assert {name.lower(): value for name, value in lean.headers.items() if name != "Content-Length"} == {
        name.lower(): value for name, value in full.headers.items() if name not in {"Allow", "Content-Length"}
    }


beats_ = st.dictionaries(
    st.sampled_from(["seq", "position_ms", "state", "speed", "events", "other"]),
    st.none() | st.booleans() | st.integers(-10, 2**65) | st.floats(allow_nan=False) | st.text(max_size=9)
    | st.lists(st.dictionaries(st.text(max_size=3), st.integers(0, 9)), max_size=2),
)  # fmt: skip


@seed(SEED)
@given(body=st.binary(max_size=60) | beats_.map(lambda told: orjson.dumps(told, default=str, option=0)
                                               if _fits(told) else b"{"))  # fmt: skip
@examples(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_both_ways_judge_it_alike(body: bytes) -> None:
    its = claims()
    path, token = f"{SESSIONS}/{its.session}/heartbeat", playback_token(its)

    lean = called(hot.Heartbeats(elsewhere), environ(path, body, token))
    full = called(get_wsgi_application(), environ(path, body, token))

    assert lean.status == full.status
    assert lean.status in {200, 400}
    assert lean.json().get("errors") == full.json().get("errors")


def _fits(told: Any) -> bool:
    return all(not isinstance(value, int) or value < 2**64 for value in told.values())


def test_the_lean_way_takes_only_what_is_its_own() -> None:
    its = claims()
    path, token, body = (
        f"{SESSIONS}/{its.session}/heartbeat",
        playback_token(its),
        b'{"seq":1,"position_ms":1}',
    )
    application = hot.Heartbeats(elsewhere)

    for changes in (
        {"REQUEST_METHOD": "GET"}, {"QUERY_STRING": "seq=1"}, {"CONTENT_TYPE": "text/plain"},
        {"HTTP_ORIGIN": "https://elsewhere.example"}, {"PATH_INFO": path + "/"}, {"PATH_INFO": path.upper()},
        {"PATH_INFO": "/api/v1/playback/sessions/x/heartbeat"},
        {"PATH_INFO": path.replace("heartbeat", "stop")},
    ):  # fmt: skip
        assert called(application, environ(path, body, token) | changes).status == 599, changes
    assert called(application, environ(path, body, token)).status == 200


def test_plain_http_is_left_to_django_where_it_is_redirected(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    its = claims()
    asked = environ(f"{SESSIONS}/{its.session}/heartbeat", b"{}", playback_token(its))

    assert called(hot.Heartbeats(elsewhere), asked).status == 599


def test_a_beat_is_counted_and_logged_without_its_token(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    its = claims()
    kind = {"method": "POST", "route": hot.ROUTE, "status": "200"}
    before = REGISTRY.get_sample_value("ottsite_requests_total", kind) or 0
    caplog.set_level("DEBUG", "ottsite.access")

    told = send(its.session, playback_token(its), {"seq": 1, "position_ms": 1})

    assert REGISTRY.get_sample_value("ottsite_requests_total", kind) == before + 1
    (line,) = [one for one in caplog.records if one.name == "ottsite.access"]
    assert (line.route, line.status, line.method) == (hot.ROUTE, 200, "POST")  # type: ignore[attr-defined]
    assert told.headers["X-Request-ID"] == "a-request-id"


def test_only_beats_that_were_refused_are_logged_at_the_usual_level(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    its = claims()
    caplog.set_level("INFO", "ottsite.access")

    for token in (playback_token(its), "none"):
        send(its.session, token, {"seq": 1, "position_ms": 1})

    statuses = [one.status for one in caplog.records if one.name == "ottsite.access"]  # type: ignore[attr-defined]
    assert statuses == [401]


def test_a_query_is_refused_on_the_ordinary_way(watching: APIClient, film: Title) -> None:
    answer = started(watching)
    player = steps.bearer(answer)

    for deed in ("heartbeat", "stop"):
        told = player.post(f"{SESSIONS}/{answer['session_id']}/{deed}?force=1", {"seq": 1, "position_ms": 1})
        assert told.status_code == 400


def test_beats_are_not_among_what_a_client_s_rate_limit_counts(send: Send, settings: Any) -> None:
    settings.RATE_LIMIT_DEFAULT = "3/m"
    its = claims()

    statuses = {send(its.session, playback_token(its), {"seq": n, "position_ms": n}).status for n in range(8)}

    assert statuses == {200}
