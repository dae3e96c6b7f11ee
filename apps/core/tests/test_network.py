"""The client's address behind our own proxies, and its country."""

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from apps.core import network
from apps.core.network import Caller, client_ip, country_of

CLIENT, PROXY, FORGED = "203.0.113.7", "10.0.0.1", "198.51.100.66"


def seen(settings: Any, hops: int, peer: str = PROXY, forwarded: str | None = None) -> str:
    settings.TRUSTED_PROXY_COUNT = hops
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    request = RequestFactory().get("/", REMOTE_ADDR=peer)
    request.META |= headers
    return client_ip(request)


@pytest.mark.parametrize("forwarded", [None, FORGED, f"{FORGED}, {FORGED}", "garbage", ","])
def test_without_proxies_the_peer_is_the_client(settings: Any, forwarded: str | None) -> None:
    assert seen(settings, 0, CLIENT, forwarded) == CLIENT


@pytest.mark.parametrize(
    ("hops", "forwarded"),
    [
        (1, CLIENT),
        (1, f"{FORGED}, {CLIENT}"),
        (1, f"{FORGED}, {FORGED}, {CLIENT}"),
        (1, f"garbage,, ,{CLIENT}"),
        (1, f"{'1.1.1.1, ' * 5000}{CLIENT}"),
        (2, f"{CLIENT}, 10.0.0.2"),
        (2, f"{FORGED}, {CLIENT}, 10.0.0.2"),
        (2, f"{FORGED},{CLIENT} , 10.0.0.2:4711"),
        (1, f"{CLIENT}:8080"),
        (1, f"  {CLIENT}  "),
    ],
)
def test_each_of_our_proxies_is_counted_from_the_right(settings: Any, hops: int, forwarded: str) -> None:
    assert seen(settings, hops, forwarded=forwarded) == CLIENT


@pytest.mark.parametrize(
    "forwarded", [None, "", ",", "garbage", f"{FORGED}, garbage", "1.2.3", "unknown", "1.2.3.4.5"]
)
def test_an_entry_that_is_no_address_falls_back_to_the_peer(settings: Any, forwarded: str | None) -> None:
    assert seen(settings, 1, forwarded=forwarded) == PROXY


def test_fewer_entries_than_proxies_means_that_one_was_bypassed(settings: Any) -> None:
    assert seen(settings, 2, CLIENT, FORGED) != FORGED
    assert seen(settings, 3, CLIENT, FORGED) == CLIENT


@pytest.mark.parametrize(
    ("given_", "canonical"),
    [
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:203.0.113.7", CLIENT),
        ("fe80::1%eth0", "fe80::1"),
        ("fe80::1%<script>", "fe80::1"),
        ("::1", "::1"),
    ],
)
def test_ipv6_comes_in_one_spelling(settings: Any, given_: str, canonical: str) -> None:
    assert seen(settings, 1, forwarded=given_) == canonical
    assert seen(settings, 0, given_) == canonical


def test_a_unix_socket_has_no_address(settings: Any) -> None:
    assert seen(settings, 0, "") == "0.0.0.0"  # noqa: S104
    assert seen(settings, 1, "", CLIENT) == CLIENT


@given(peer=st.text(max_size=20), forwarded=st.text(max_size=60), hops=st.integers(0, 3))
def test_whatever_the_headers_say_the_address_is_an_address(peer: str, forwarded: str, hops: int) -> None:
    from django.test import override_settings

    with override_settings(TRUSTED_PROXY_COUNT=hops):
        request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
        ip_address(client_ip(request))
        assert Caller.of(request).network


@given(left=st.lists(st.text(max_size=12), max_size=5))
def test_nothing_that_a_client_writes_changes_its_address(left: list[str]) -> None:
    from django.test import override_settings

    with override_settings(TRUSTED_PROXY_COUNT=1):
        forwarded = ", ".join([*left, CLIENT])
        assert (
            client_ip(RequestFactory().get("/", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=forwarded)) == CLIENT
        )


def test_a_caller_has_a_network_and_a_printable_agent() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=CLIENT, HTTP_USER_AGENT="Tele\x00vision\n" + "x" * 300)

    caller = Caller.of(request)

    assert caller.network == "203.0.113.0"
    assert Caller("2001:db8:1:2::3", "", "").network == "2001:db8:1::"
    assert caller.user_agent == "Television" + "x" * 190


@pytest.fixture
def countries(settings: Any, tmp_path: Path) -> Iterator[Any]:
    """`countries(*(network, record), version=6)` makes and uses a database of them."""

    def use(*records: tuple[str, Any], version: int = 6) -> None:
        writer = MMDBWriter(version, "Country", ipv4_compatible=version == 6)
        for block, record in records:
            writer.insert_network(IPSet([block]), record)
        writer.to_db_file(str(tmp_path / "countries.mmdb"))
        settings.GEOIP_PATH = str(tmp_path / "countries.mmdb")
        network._countries.cache_clear()

    network._countries.cache_clear()
    yield use
    network._countries.cache_clear()


def test_without_a_database_no_country_is_known(countries: Any) -> None:
    assert country_of(CLIENT) == ""


@pytest.mark.parametrize(
    "record", [{"country": {"iso_code": "IN", "names": {"en": "India"}}}, {"country_code": "IN"}]
)
def test_both_shapes_of_record_are_read(countries: Any, record: Any) -> None:
    countries(("203.0.113.0/24", record), ("2001:db8::/32", record))

    assert country_of(CLIENT) == country_of("2001:db8::5") == "IN"
    assert country_of("198.51.100.1") == country_of("2001:db9::") == ""


@pytest.mark.parametrize(
    "record", [{}, {"country": "India"}, {"country": {}}, {"continent": {"code": "AS"}}, "IN"]
)
def test_a_record_without_a_country_is_unknown(countries: Any, record: Any) -> None:
    countries(("203.0.113.0/24", record))

    assert country_of(CLIENT) == ""


def test_an_ipv6_client_is_unknown_to_a_database_of_ipv4(countries: Any) -> None:
    countries(("203.0.113.0/24", {"country_code": "IN"}), version=4)

    assert country_of(CLIENT) == "IN"
    assert country_of("2001:db8::5") == ""


def test_a_caller_carries_its_country(countries: Any) -> None:
    countries(("203.0.113.0/24", {"country_code": "IN"}))

    assert Caller.of(RequestFactory().get("/", REMOTE_ADDR=CLIENT)).country == "IN"
