"""Where a viewer is: by a header of a proxy of ours, by the operator's database, or by assumption."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory
from mmdb_writer import MMDBWriter
from netaddr import IPSet
from rest_framework.test import APIClient

from apps.core import checks, network
from apps.core.network import territory_of

from .shelves import but, only, put, window

INDIAN, AMERICAN = "203.0.113.7", "198.51.100.7"


@pytest.fixture
def database(settings: Any, tmp_path: Path) -> Iterator[None]:
    """One network in India, one in the United States, one in no country."""
    writer = MMDBWriter(6, "Country", ipv4_compatible=True)
    for block, country in (("203.0.113.0/24", "IN"), ("198.51.100.0/24", "US"), ("192.0.2.0/24", "EU")):
        writer.insert_network(IPSet([block]), {"country": {"iso_code": country}})
    writer.to_db_file(str(tmp_path / "countries.mmdb"))
    settings.GEOIP_PATH = str(tmp_path / "countries.mmdb")
    network._countries.cache_clear()
    yield
    network._countries.cache_clear()


def seen(address: str = INDIAN, **headers: str) -> str:
    return territory_of(RequestFactory().get("/", REMOTE_ADDR=address, headers=headers))


@pytest.fixture
def header(settings: Any) -> None:
    """A CDN in front of us says the country."""
    settings.TERRITORY_HEADER = "CF-IPCountry"
    settings.TRUSTED_PROXY_COUNT = 1


def test_nobody_knows_without_a_database_and_a_header() -> None:
    assert seen() == ""


@pytest.mark.usefixtures("database")
def test_the_database_knows_the_address() -> None:
    assert [seen(INDIAN), seen(AMERICAN), seen("192.0.2.1"), seen("10.0.0.1")] == ["IN", "US", "", ""]


@pytest.mark.usefixtures("database", "header")
def test_the_header_beats_the_database() -> None:
    assert seen(AMERICAN, **{"CF-IPCountry": "NP"}) == "NP"
    assert seen(AMERICAN, **{"CF-IPCountry": " np "}) == "NP"


@pytest.mark.usefixtures("database", "header")
@pytest.mark.parametrize(
    "told", ["", "XX", "ZZ", "T1", "EU", "AP", "IND", "I", "IN,US", "ИН", "1N", "IN\x00"]
)
def test_a_header_that_says_nothing_leaves_it_to_the_database(told: str) -> None:
    assert seen(AMERICAN, **{"CF-IPCountry": told}) == "US"


@pytest.mark.usefixtures("database")
def test_without_proxies_a_viewer_cannot_say_where_they_are(settings: Any) -> None:
    settings.TERRITORY_HEADER = "CF-IPCountry"
    settings.TRUSTED_PROXY_COUNT = 0

    assert seen(AMERICAN, **{"CF-IPCountry": "IN"}) == "US"


@pytest.mark.usefixtures("database")
def test_a_header_that_was_not_agreed_on_says_nothing(settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = 1

    assert seen(AMERICAN, **{"CF-IPCountry": "IN", "X-Country": "IN", "X-Territory": "IN"}) == "US"


@pytest.mark.usefixtures("database")
def test_what_a_viewer_writes_into_the_list_of_proxies_moves_nobody(settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = 1

    assert seen("10.0.0.1", **{"X-Forwarded-For": f"{INDIAN}, {AMERICAN}"}) == "US"


@pytest.mark.usefixtures("database", "header")
def test_the_assumed_territory_is_for_those_whose_nobody_knows(settings: Any) -> None:
    settings.UNKNOWN_TERRITORY = "IN"

    assert seen("10.0.0.1") == "IN"
    assert seen("10.0.0.1", **{"CF-IPCountry": "XX"}) == "IN"
    assert seen(AMERICAN) == "US"
    assert seen("10.0.0.1", **{"CF-IPCountry": "NP"}) == "NP"


@pytest.mark.django_db
@pytest.mark.usefixtures("database")
def test_the_catalogue_is_that_of_where_the_viewer_is(settings: Any) -> None:
    put("everywhere", window())
    put("indian", only("IN"))
    put("exported", but("IN"))

    def found(address: str) -> set[str]:
        page = APIClient(REMOTE_ADDR=address).get("/api/v1/titles").json()
        return {card["slug"] for card in page["results"]}

    assert found(INDIAN) == {"everywhere", "indian"}
    assert found(AMERICAN) == {"everywhere", "exported"}
    assert found("10.0.0.1") == {"everywhere"}
    assert APIClient(REMOTE_ADDR=AMERICAN).get("/api/v1/titles/indian").status_code == 404
    settings.UNKNOWN_TERRITORY = "IN"
    assert found("10.0.0.1") == {"everywhere", "indian"}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"TERRITORY_HEADER": "CF-IPCountry", "TRUSTED_PROXY_COUNT": 0}, "core.E010"),
        ({"UNKNOWN_TERRITORY": "India"}, "core.E011"),
        ({"UNKNOWN_TERRITORY": "in"}, "core.E011"),
        ({"ANONYMOUS_MATURITY": 21}, "core.E012"),
        ({"ANONYMOUS_MATURITY": -1}, "core.E012"),
        ({"PAGES_KEPT_S": 60}, "core.E013"),
        ({"PAGES_KEPT_S": -1}, "core.E013"),
        ({"TERRITORY_HEADER": "CF-IPCountry", "TRUSTED_PROXY_COUNT": 1}, ""),
        ({"UNKNOWN_TERRITORY": "IN", "ANONYMOUS_MATURITY": 18}, ""),
    ],
)
def test_settings_that_make_no_sense_are_found(settings: Any, changes: dict[str, Any], found: str) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)

    assert {message.id for message in checks.numbers_make_sense()} == ({found} if found else set())
