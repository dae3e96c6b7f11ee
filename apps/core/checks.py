"""System checks that name a missing or unsafe setting. In production no process starts past one of them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

MIN_SECRET_LENGTH = 32
MIN_DIFFERENT_CHARACTERS = 8
MIN_BCRYPT_ROUNDS = 12
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
RATE = re.compile(r"[1-9][0-9]*/[0-9]*[smhd]", re.ASCII)
COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
RATES = ("RATE_LIMIT_DEFAULT", "RATE_LIMIT_SIGNUP", "RATE_LIMIT_LOGIN_CLIENT", "RATE_LIMIT_LOGIN_ACCOUNT")


@register(deploy=True)
def secrets_are_real(**_: Any) -> Sequence[CheckMessage]:
    """Each key is long, is not the development one, and is not used for two purposes."""
    keys = {
        "SECRET_KEY": settings.SECRET_KEY,
        "JWT_SIGNING_KEY": settings.JWT_SIGNING_KEY,
        **{f"REFRESH_TOKEN_KEYS[{n}]": key for n, key in enumerate(settings.REFRESH_TOKEN_KEYS)},
        **{f"PLAYBACK_TOKEN_KEYS[{n}]": key for n, key in enumerate(settings.PLAYBACK_TOKEN_KEYS)},
        **{f"CONTENT_KEY_KEYS[{n}]": key for n, key in enumerate(settings.CONTENT_KEY_KEYS)},
    }
    found = [
        Error(f"{name} is too short or the development default.", hint="Set 32 or more random characters.",
              id="core.E001")
        for name, key in keys.items()
        if _is_weak(key)
    ]  # fmt: skip
    names = list(keys)
    for n, name in enumerate(names):
        twins = [other for other in names[n + 1 :] if keys[other] == keys[name]]
        found += [
            Error(f"{name} and {twin} are the same.", hint="Give each purpose a key of its own.",
                  id="core.E002")
            for twin in twins
        ]  # fmt: skip
    return found


def _is_weak(key: str) -> bool:
    return (
        len(key) < MIN_SECRET_LENGTH
        or len(set(key)) < MIN_DIFFERENT_CHARACTERS
        or key.startswith("development-only")
    )


@register(deploy=True)
def stores_are_separate(**_: Any) -> Sequence[CheckMessage]:
    """The durable and the cache role evict differently, so they cannot share a server."""
    if _server(settings.REDIS_URL) == _server(settings.CACHE_URL):
        hint = "An LRU cache would evict positions and leases; run two."
        return [Error("REDIS_URL and CACHE_URL name one server.", hint=hint, id="core.E003")]
    return []


def _server(url: str) -> tuple[str, int | str]:
    parts = urlsplit(url)
    if not parts.hostname:
        return parts.path, ""
    return "localhost" if parts.hostname in LOOPBACK else parts.hostname, parts.port or 6379


@register(deploy=True)
def passwords_are_slow(**_: Any) -> Sequence[CheckMessage]:
    if settings.PASSWORD_BCRYPT_ROUNDS < MIN_BCRYPT_ROUNDS:
        return [Error(f"PASSWORD_BCRYPT_ROUNDS is below {MIN_BCRYPT_ROUNDS}.", id="core.E004")]
    return []


@register(deploy=True)
def the_site_is_served_safely(**_: Any) -> Sequence[CheckMessage]:
    """No debug pages, no wildcard host, and no plain HTTP but on this very machine."""
    site = urlsplit(settings.SITE_URL)
    refused = {
        "DEBUG is on: its error pages show settings and source.": settings.DEBUG,
        "ALLOWED_HOSTS allows every host.": "*" in settings.ALLOWED_HOSTS,
        "SITE_URL is not https.": site.scheme != "https" and site.hostname not in LOOPBACK,
        "CORS_ALLOWED_ORIGINS holds an origin that is not https.": any(
            urlsplit(origin).scheme != "https" for origin in settings.CORS_ALLOWED_ORIGINS
        ),
    }
    return [Error(text, id="core.E005") for text, is_so in refused.items() if is_so]


@register()
def numbers_make_sense(**_: Any) -> Sequence[CheckMessage]:
    """What would otherwise fail, or quietly protect nothing, at the first request."""
    found = [
        Error(f"{name} is not a rate.", hint='Such as "100/m": a count, then s, m, h or d.', id="core.E006")
        for name in RATES
        if not RATE.fullmatch(getattr(settings, name))
    ]
    if settings.TRUSTED_PROXY_COUNT < 0:
        found.append(Error("TRUSTED_PROXY_COUNT is negative.", id="core.E007"))
    if settings.GEOIP_PATH and not Path(settings.GEOIP_PATH).is_file():
        found.append(Error("GEOIP_PATH names no file.", id="core.E008"))
    found += _territories_make_sense()
    if not 0 <= settings.PAGES_KEPT_S <= 10:
        found.append(Error("PAGES_KEPT_S is not from 0 to 10 seconds.", id="core.E013"))
    if not 0 <= settings.ANONYMOUS_MATURITY <= 18:
        hint = "The youngest age that what they see must suit: 0, 7, 13, 16 or 18."
        found.append(Error("ANONYMOUS_MATURITY is no age from 0 to 18.", hint=hint, id="core.E012"))
    if settings.WORKER_STALLED_AFTER_S < 2 * settings.WORKER_HEARTBEAT_S:
        found.append(
            Error("WORKER_STALLED_AFTER_S is below two heartbeats.", hint="A busy worker would be taken for "
                  "dead and its job run twice.", id="core.E009")
        )  # fmt: skip
    return found


def _territories_make_sense() -> list[Error]:
    found: list[Error] = []
    if settings.TERRITORY_HEADER and settings.TRUSTED_PROXY_COUNT < 1:
        hint = "Only a proxy of ours may say where somebody is; without one, viewers would."
        found.append(
            Error("TERRITORY_HEADER is set, but TRUSTED_PROXY_COUNT is 0.", hint=hint, id="core.E010")
        )
    if settings.UNKNOWN_TERRITORY and not COUNTRY.fullmatch(settings.UNKNOWN_TERRITORY):
        found.append(Error("UNKNOWN_TERRITORY is no country code such as IN.", id="core.E011"))
    return found


def refuse_to_start() -> None:
    """`ImproperlyConfigured` that lists every unsafe setting of a production process."""
    if not settings.PRODUCTION:
        return
    found = [
        message.msg
        for check in (
            secrets_are_real,
            stores_are_separate,
            passwords_are_slow,
            the_site_is_served_safely,
            numbers_make_sense,
        )
        for message in check()
    ]
    if found:
        raise ImproperlyConfigured("Unsafe in production: " + " ".join(found))
