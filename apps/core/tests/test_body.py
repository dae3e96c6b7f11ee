"""What a request body may hold, and where a bad one is wrong."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.core.tests.problems import assert_problem, paths_of
from ottsite.testing import cpu_seconds

pytestmark = [pytest.mark.urls("apps.core.tests.routes"), pytest.mark.django_db]
ORDERS = "/api/v1/test/orders"


def send(body: bytes, **headers: str) -> Any:
    return Client(raise_request_exception=False, headers=headers).post(ORDERS, body, "application/json")


BAD_JSON = {
    "half": b'{"name": ',
    "two": b'{"name": "x"}{}',
    "trailing comma": b'{"name": "x",}',
    "single quotes": b"{'name': 'x'}",
    "comment": b'{"name": "x"} // hello',
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": -Infinity}',
    "lone surrogate": b'{"name": "\\ud800"}',
    "bad UTF-8": b'{"name": "\xff"}',
    "encoded surrogate": b'{"name": "\xed\xa0\x80"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "raw control character": b'{"name": "\x00"}',
    "1 000 levels": b"[" * 1000 + b"]" * 1000,
    "100 000 levels": b"[" * 100_000 + b"]" * 100_000,
    "100 000 open levels": b'{"a":' * 100_000,
    "40 levels": b'{"name":' + b"[" * 40 + b"]" * 40 + b"}",
    "40 levels of objects": b'{"a":' * 40 + b"1" + b"}" * 40,
}


@pytest.mark.parametrize("body", BAD_JSON.values(), ids=BAD_JSON.keys())
@pytest.mark.parametrize("path", [ORDERS, "/api/v1/test/groups", "/api/v1/auth/login"])
def test_a_body_that_is_no_sensible_json_is_400(body: bytes, path: str) -> None:
    client = Client(raise_request_exception=False, headers={"Idempotency-Key": "k"})

    problem = assert_problem(client.post(path, body, "application/json"), 400, "validation_error")

    assert [error["path"] for error in problem["errors"]] == [""]


WRONG_SHAPES = {
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "number": b"1",
    "list of objects": b'[{"name": "x"}]',
    "nested list": b'{"name": ["x"]}',
    "nested object": b'{"name": {"$gt": ""}}',
    "null name": b'{"name": null}',
    "number of 400 digits": b'{"name": "x", "lines": [{"amount": 1' + b"0" * 400 + b"}]}",
    "10^18": b'{"name": "x", "lines": [{"amount": 1000000000000000000}]}',
    "float": b'{"name": "x", "lines": [{"amount": 1e400}]}',
    "deep choice": b'{"name": "x", "kind": ' + b"[" * 30 + b"]" * 30 + b"}",
    "NUL": b'{"name": "a\\u0000b"}',
    "NUL in a secret": b'{"name": "x", "secret": "a\\u0000b"}',
    "NUL in a key": b'{"name": "x", "a\\u0000": 1}',
    "newline": b'{"name": "a\\nb"}',
    "right-to-left override": b'{"name": "a\\u202eb"}',
    "blank": b'{"name": "   "}',
    "too long": b'{"name": "' + b"x" * 900_000 + b'"}',
    "boolean": b'{"name": true}',
}


@pytest.mark.parametrize("body", WRONG_SHAPES.values(), ids=WRONG_SHAPES.keys())
def test_json_of_the_wrong_shape_is_400(body: bytes) -> None:
    assert assert_problem(send(body), 400, "validation_error")["errors"]


GROWING = {
    "text": b'{"name": "%s"}',
    "digits": b'{"name": "x", "lines": [{"amount": 1%s}]}',
    "levels": b'{"name": %s',
}


@pytest.mark.parametrize(("shape", "part"), [("text", b"x"), ("digits", b"0"), ("levels", b"[")])
def test_the_work_of_refusing_grows_no_faster_than_the_body(shape: str, part: bytes) -> None:
    short, long = (GROWING[shape] % (part * size) for size in (100_000, 800_000))

    # Eight times the body; its square would be 64 times the work.
    assert cpu_seconds(lambda: send(long)) < 32 * cpu_seconds(lambda: send(short))


def test_a_problem_names_each_wrong_field_by_its_path(api: APIClient) -> None:
    body = {"name": "", "lines": [{"amount": 1}, {"amount": 0, "colour": "red"}, {}], "made_at": "x"}
    unknown_inside = assert_problem(api.post(ORDERS, {"name": "x", "lines": body["lines"]}), 400)
    unknown_outside = assert_problem(api.post(ORDERS, body), 400)
    empty = assert_problem(api.post(ORDERS, {}), 400)

    assert paths_of(unknown_inside) == {"lines.1.colour": "unknown_field", "lines.2.amount": "required"}
    assert paths_of(unknown_outside) == {"made_at": "unknown_field"}
    assert paths_of(empty) == {"name": "required"}


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"name": "x" * 21}, "name", "max_length"),
        ({"name": "a\tb"}, "name", "control"),
        ({"name": "a\n"}, "name", "control"),
        ({"name": 1}, "name", "invalid"),
        ({"name": "x", "secret": 12345678}, "secret", "invalid"),
        ({"name": "x", "lines": [{"amount": "1"}]}, "lines.0.amount", "invalid"),
        ({"name": "x", "lines": [{"amount": True}]}, "lines.0.amount", "invalid"),
        ({"name": "x", "lines": [{"amount": 1.5}]}, "lines.0.amount", "invalid"),
        ({"name": "x", "gift": "true"}, "gift", "invalid"),
        ({"name": "x", "gift": 1}, "gift", "invalid"),
        ({"name": "x", "kind": "c"}, "kind", "invalid_choice"),
        ({"name": "x", "lines": {}}, "lines", "not_a_list"),
        ({"name": "x", "lines": [1]}, "lines.0", "invalid"),
        ({"name": "x", "lines": [{"amount": "many"}]}, "lines.0.amount", "invalid"),
        ({"name": "x", "secret": "x" * 129}, "secret", "max_length"),
    ],
)
def test_a_field_error_has_a_stable_code(api: APIClient, body: Any, path: str, code: str) -> None:
    assert paths_of(assert_problem(api.post(ORDERS, body), 400)) == {path: code}


def test_a_secret_keeps_its_spaces_and_text_loses_them(api: APIClient) -> None:
    answer = api.post(ORDERS, {"name": "  x ", "secret": "  a b "}).json()

    assert answer == {"name": "x", "secret": "  a b "}


def test_a_body_of_the_largest_size_is_read_and_one_byte_more_is_413(settings: Any) -> None:
    settings.API_MAX_BODY_BYTES = 100
    body = b'{"name": "x"}'

    assert send(body + b" " * (100 - len(body))).status_code == 201
    assert_problem(send(body + b" " * (101 - len(body))), 413, "payload_too_large")


def test_a_body_larger_than_a_megabyte_is_413() -> None:
    assert_problem(send(b'{"name": "' + b"x" * 1_000_000 + b'"}'), 413, "payload_too_large")


def test_a_body_of_32_levels_is_read() -> None:
    body = b'{"name":' + b"[" * 31 + b"]" * 31 + b"}"

    assert paths_of(assert_problem(send(body), 400)) == {"name": "invalid"}


@given(body=st.binary(max_size=200))
def test_no_bytes_at_all_make_a_server_error(body: bytes) -> None:
    assert send(body).status_code in {201, 400}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    body=st.fixed_dictionaries(
        {}, optional={"name": json_values, "kind": json_values, "lines": json_values, "secret": json_values}
    )
)
def test_no_json_at_all_makes_a_server_error(body: Any) -> None:
    import json

    text = json.dumps(body).encode()

    assert send(text, **{"Idempotency-Key": "k"}).status_code in {201, 400}
