"""Collections by rule: what a rule may say, and which listings it means.

A rule is JSON such as `{"genres": ["comedy"], "max_rating": 7, "order": "newest", "limit": 50}`. Names of
one list are alternatives; the parts narrow each other.
"""

import re
from collections.abc import Callable
from typing import Any

from django.db.models import Q

from apps.accounts.maturity import Maturity
from apps.core.errors import DomainError

from .models import Kind, Listing, Tier
from .models.listing import ListingQuerySet
from .models.title import LANGUAGE
from .shelf import ORDERS, POPULAR, Order

Rule = dict[str, Any]

LONGEST_LIST, LARGEST_LIMIT = 50, 1000
SLUG = re.compile(r"[-\w]{1,60}", re.ASCII)
YEARS = range(1800, 2201)
TIERS = {tier.label: tier for tier in Tier}


class InvalidRule(DomainError):
    """`errors`: one for each wrong part, `{path, code, detail}`."""

    code = "validation_error"
    status = 400
    detail = "The rule is not valid."


def _listed(fits: Callable[[str], Any], what: str) -> tuple[Callable[[Any], bool], str]:
    def check(value: Any) -> bool:
        return (
            isinstance(value, list)
            and 0 < len(value) <= LONGEST_LIST
            and all(isinstance(one, str) and fits(one) for one in value)
        )

    return check, f"A list of 1 to {LONGEST_LIST} {what}."


def _number(numbers: "range | set[int]", what: str) -> tuple[Callable[[Any], bool], str]:
    return lambda value: type(value) is int and value in numbers, what


def _one_of(names: Any) -> tuple[Callable[[Any], bool], str]:
    return lambda value: isinstance(value, str) and value in names, f"One of {', '.join(names)}."


# What each part may be, and how to say so.
PARTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "genres": _listed(SLUG.fullmatch, "short names of genres"),
    "tags": _listed(SLUG.fullmatch, "short names of tags"),
    "kinds": _listed(Kind.values.__contains__, f"of {', '.join(Kind.values)}"),
    "languages": _listed(LANGUAGE.fullmatch, "languages of the sound, such as en"),
    "min_year": _number(YEARS, "A year."),
    "max_year": _number(YEARS, "A year."),
    "max_rating": _number(set(Maturity.values), f"One of {', '.join(map(str, Maturity.values))}."),
    "tier": _one_of(TIERS),
    "order": _one_of(ORDERS),
    "limit": _number(range(1, LARGEST_LIMIT + 1), f"A whole number from 1 to {LARGEST_LIMIT}."),
}


def check(rule: Any) -> None:
    """Raises `InvalidRule` with everything that is wrong; an empty rule means every title and is refused."""
    if not isinstance(rule, dict) or not rule:
        raise InvalidRule(extra={"errors": [_error("rule", "invalid", "An object with at least one part.")]})
    errors = [
        _error(f"rule.{name}", *wrong) for name, value in rule.items() if (wrong := _wrong(name, value))
    ]
    years = [rule.get("min_year"), rule.get("max_year")]
    if not errors and None not in years and years[0] > years[1]:  # type: ignore[operator]
        errors.append(_error("rule.max_year", "invalid", "It lies before min_year."))
    if errors:
        raise InvalidRule(extra={"errors": errors})


def _wrong(name: str, value: Any) -> tuple[str, str] | None:
    if name not in PARTS:
        return "unknown_field", f"A rule knows {', '.join(PARTS)}."
    fits, detail = PARTS[name]
    return None if fits(value) else ("invalid", detail)


def _error(path: str, code: str, detail: str) -> dict[str, str]:
    return {"path": path, "code": code, "detail": detail}


def listings(rule: Rule) -> ListingQuerySet:
    """All live titles that the rule means, whoever looks; neither ordered nor limited. `tier`: the lowest."""
    meanings: dict[str, Callable[[Any], Q]] = {
        "genres": lambda names: Q(genres__overlap=names),
        "tags": lambda names: Q(tags__overlap=names),
        "kinds": lambda names: Q(kind__in=names),
        "languages": lambda names: Q(languages__overlap=names),
        "min_year": lambda year: Q(year__gte=year),
        "max_year": lambda year: Q(year__lte=year),
        "max_rating": lambda age: Q(maturity__lte=age),
        "tier": lambda label: Q(tier=TIERS[label]),
    }
    parts = [meaning(rule[name]) for name, meaning in meanings.items() if name in rule]
    return Listing.objects.filter(*parts)


def order_of(rule: Rule) -> Order:
    return ORDERS[rule["order"]] if "order" in rule else POPULAR
