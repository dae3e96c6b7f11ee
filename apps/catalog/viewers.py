"""From a request to the `Viewer` that rights are judged for: who, where, in which language."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header
from rest_framework.request import Request

from apps.accounts.authentication import Principal, identify
from apps.core.network import territory_of

from .languages import site_languages
from .models import Tier
from .offers import Viewer

# The highest tier that an account may watch.
TierOf = Callable[[Principal], int]


def _everybody_is_free(principal: Principal) -> int:
    return Tier.FREE


_tier_of: TierOf = _everybody_is_free


def take_tiers_from(source: TierOf) -> None:
    """What sells plans says here who has which; it is asked at every read of somebody signed in."""
    global _tier_of
    _tier_of = source


def viewer_of(request: HttpRequest | Request, at: datetime) -> Viewer:
    """Who reads the catalogue. Anybody may; a token that is not good raises `AuthenticationFailed`."""
    plain = request._request if isinstance(request, Request) else request
    principal = identify(plain)
    return Viewer(
        territory=territory_of(plain),
        tier=_tier_of(principal) if principal else Tier.FREE,
        ceiling=principal.ceiling if principal else settings.ANONYMOUS_MATURITY,
        kid=principal.is_kid if principal else False,
        language=language_of(plain, principal),
        at=at,
    )


def language_of(request: HttpRequest, principal: Principal | None) -> str:
    """The profile's, else the best of Accept-Language, among those that the site speaks."""
    if principal and principal.profile and principal.profile.language in site_languages():
        return principal.profile.language
    return _spoken(request.META.get("HTTP_ACCEPT_LANGUAGE", "")[:200].lower())


@lru_cache(maxsize=1000)
def _spoken(accepted: str) -> str:
    ours = site_languages()
    for wanted, quality in parse_accept_lang_header(accepted):
        # hi-IN is Hindi to a site that has one Hindi.
        found = next((code for code in (wanted, wanted.partition("-")[0]) if code in ours), None)
        if found and quality > 0:
            return found
    return str(settings.LANGUAGE_CODE)
