"""Who is calling: the client's address behind our own proxies, and the country it lies in."""

from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import ip_address, ip_network
from typing import Self

import maxminddb
from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Caller:
    """What services may know of the other end: its address, what it calls itself, its country or ""."""

    address: str
    user_agent: str
    country: str

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        address = client_ip(request)
        agent = request.META.get("HTTP_USER_AGENT", "")
        # Header bytes reach WSGI as Latin-1; what PostgreSQL cannot store is of no use to anybody.
        agent = "".join(char for char in agent if char.isprintable())[:200]
        return cls(address, agent, country_of(address))

    @property
    def rate_key(self) -> str:
        return rate_key(self.address)

    @property
    def network(self) -> str:
        """The address without its last part: enough to tell two places apart, not to find a person."""
        bits = 48 if ":" in self.address else 24
        return str(ip_network(f"{self.address}/{bits}", strict=False).network_address)


def rate_key(address: str) -> str:
    """What a rate limit counts for an address: of IPv6 the /64, for one client holds all of it."""
    if ":" not in address:
        return address
    return str(ip_network(f"{address}/64", strict=False))


def client_ip(request: HttpRequest) -> str:
    """The address that the outermost of our `TRUSTED_PROXY_COUNT` proxies saw.

    Each proxy of ours appends one entry to X-Forwarded-For, so the client is that many entries from
    the right, counting the peer itself; whatever stands further left was written by the client.
    """
    peer = _address(request.META.get("REMOTE_ADDR", "")) or "0.0.0.0"  # noqa: S104 an unknown address, no bind
    hops = settings.TRUSTED_PROXY_COUNT
    if not hops:
        return peer
    chain = [*request.META.get("HTTP_X_FORWARDED_FOR", "").split(","), peer]
    if len(chain) <= hops:
        return peer
    return _address(chain[-hops - 1]) or peer


@lru_cache(maxsize=10_000)
def _address(text: str) -> str | None:
    """A canonical address out of `1.2.3.4`, `1.2.3.4:80`, `[::1]:80` or `::1`."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    # A zone ("fe80::1%eth0") means something on that machine alone, and is free text.
    return str(mapped or address).partition("%")[0]


@cache
def _countries() -> maxminddb.Reader | None:
    return maxminddb.open_database(settings.GEOIP_PATH) if settings.GEOIP_PATH else None


def country_of(address: str) -> str:
    """ISO 3166 code of the address by the operator's database (`GEOIP_PATH`), or "" when unknown."""
    reader = _countries()
    try:
        found = reader.get(address) if reader else None
    except ValueError:
        # An IPv6 address in a database of IPv4 alone.
        found = None
    if not isinstance(found, dict):
        return ""
    country = found.get("country")
    code = found.get("country_code") or (country.get("iso_code") if isinstance(country, dict) else "")
    return str(code or "")


# What CDNs and databases say where they know no country: Tor, a proxy, a region.
NO_TERRITORY = {"XX", "ZZ", "AP", "EU"}


def territory_of(request: HttpRequest) -> str:
    """ISO 3166 code of where the request comes from, or "" when nobody knows.

    `TERRITORY_HEADER`, which a proxy of ours sets, beats the database; without proxies anybody could
    have written it, and it is not looked at. `UNKNOWN_TERRITORY` is assumed where both are silent.
    """
    told = ""
    if settings.TERRITORY_HEADER and settings.TRUSTED_PROXY_COUNT:
        told = _territory(request.headers.get(settings.TERRITORY_HEADER, ""))
    return told or _territory(country_of(client_ip(request))) or settings.UNKNOWN_TERRITORY


def _territory(text: str) -> str:
    code = text.strip().upper()
    is_one = len(code) == 2 and code.isascii() and code.isalpha() and code not in NO_TERRITORY
    return code if is_one else ""
