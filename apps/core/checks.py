"""System checks that name a missing or unsafe setting."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

MIN_SECRET_LENGTH = 32


@register(deploy=True)
def secrets_are_real(**_: Any) -> list[CheckMessage]:
    """Each key is long, is not the development one, and is not used for two purposes."""
    keys = {
        "SECRET_KEY": settings.SECRET_KEY,
        "JWT_SIGNING_KEY": settings.JWT_SIGNING_KEY,
        **{f"REFRESH_TOKEN_KEYS[{n}]": key for n, key in enumerate(settings.REFRESH_TOKEN_KEYS)},
    }
    weak = [
        Error(f"{name} is too short or the development default.", hint="Set 32 or more random characters.",
              id="core.E001")
        for name, key in keys.items()
        if len(key) < MIN_SECRET_LENGTH or key.startswith("development-only")
    ]  # fmt: skip
    if len(set(keys.values())) < len(keys):
        weak.append(
            Error("Two secrets are the same.", hint="Give each purpose a key of its own.", id="core.E002")
        )
    return weak


@register(deploy=True)
def stores_are_separate(**_: Any) -> list[CheckMessage]:
    """The durable and the cache role evict differently, so they cannot share a server."""
    if settings.REDIS_URL.rpartition("/")[0] == settings.CACHE_URL.rpartition("/")[0]:
        return [Error("REDIS_URL and CACHE_URL name one server.", hint="An LRU cache would evict positions and "
                      "leases; run two.", id="core.E003")]  # fmt: skip
    return []


@register(deploy=True)
def passwords_are_slow(**_: Any) -> list[CheckMessage]:
    if settings.PASSWORD_BCRYPT_ROUNDS < 12:
        return [Error("PASSWORD_BCRYPT_ROUNDS is below 12.", id="core.E004")]
    return []
