"""What may not be played is refused by name, and nothing begins."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.accounts.tests.factories import ProfileFactory
from apps.accounts.tests.steps import refused, refused_field
from apps.billing.models import Plan
from apps.catalog.models import Episode, Season, Tier, Title, Window
from apps.core import clients
from apps.media.models import Asset, Rendition
from apps.streaming.models import PlaybackSession
from apps.streaming.store import leases

from . import steps
from .steps import SESSIONS, show, start, started

pytestmark = pytest.mark.django_db
SignIn = Callable[..., APIClient]


def nothing_began(viewer: User) -> None:
    assert not PlaybackSession.objects.exists()
    assert leases.live(str(viewer.public_id)) == []


def test_what_is_not_live_is_not_found(watching: APIClient, film: Title, viewer: User) -> None:
    draft = steps.TitleFactory(complete=True, slug="draft")
    episode = Episode.objects.create(season=Season.objects.create(title=draft, number=1), number=1)

    for asked in ({"title": "draft"}, {"title": "nothing"}, {"title": str(draft.public_id)},
                  {"episode": str(episode.public_id)}, {"title": "film", "episode": str(episode.public_id)},
                  {"episode": str(film.public_id)}):  # fmt: skip
        refused(watching.post(SESSIONS, {**asked, **steps.DEVICE}), 404, "not_found")
    nothing_began(viewer)


def test_a_kid_does_not_find_what_is_too_old_for_it(
    film: Title, viewer: User, plans: Any, sign_in: SignIn
) -> None:
    Title.objects.update(maturity=13)
    show(film)
    kid = ProfileFactory(account=viewer, kid=True, maturity=7)

    refused(start(sign_in(viewer, kid)), 404, "not_found")
    nothing_began(viewer)


@pytest.mark.parametrize(
    ("window", "code"),
    [
        ({"ends_at": timedelta(days=-1)}, "no_longer_available"),
        ({"scope": "only", "countries": ["AQ"]}, "territory_restricted"),
        ({"tier": Tier.PREMIUM}, "plan_required"),
        ({"starts_at": timedelta(days=1)}, "not_found"),
    ],
)
def test_rights_are_judged(
    watching: APIClient, film: Title, viewer: User, window: dict[str, Any], code: str
) -> None:
    now = timezone.now()
    moved = {name: now + value if isinstance(value, timedelta) else value for name, value in window.items()}
    Window.objects.update(**moved)
    show(film)

    answer = start(watching)

    refused(answer, 404 if code == "not_found" else 403, code)
    nothing_began(viewer)


def test_what_is_announced_is_not_available_yet(watching: APIClient, film: Title) -> None:
    Window.objects.update(starts_at=timezone.now() + timedelta(days=1))
    Title.objects.update(announced=True)
    show(film)

    refused(start(watching), 403, "not_available_yet")


def test_a_plan_that_would_do_is_named(watching: APIClient, plans: dict[str, Plan]) -> None:
    steps.film("paid", tier=Tier.PREMIUM)

    answer = start(watching, "paid")
    Plan.objects.exclude(is_default=True).update(active=False)
    none_on_sale = start(watching, "paid")

    refused(answer, 403, "plan_required")
    assert answer.json()["plan"] == "premium"
    assert none_on_sale.json()["plan"] is None


def test_premium_opens_what_free_does_not(watching: APIClient, premium: Plan) -> None:
    steps.film("paid", tier=Tier.PREMIUM)

    assert started(watching, "paid")


def test_an_unconfirmed_address_plays_where_the_operator_lets_it(
    watching: APIClient, film: Title, viewer: User, settings: Any
) -> None:
    User.objects.update(email_verified_at=None)
    clients.durable().flushdb()
    settings.REQUIRE_VERIFIED_EMAIL = True
    refused(start(watching), 403, "email_unverified")
    nothing_began(viewer)

    settings.REQUIRE_VERIFIED_EMAIL = False
    assert started(watching)


@pytest.mark.parametrize("lack", ["placeholder", "no rungs", "processing", "no such languages"])
def test_a_title_without_bytes_is_not_ready(
    watching: APIClient, film: Title, viewer: User, lack: str
) -> None:
    if lack == "placeholder":
        Asset.objects.update(placeholder=True)
    elif lack == "no rungs":
        Rendition.objects.update(key="")
    elif lack == "processing":
        Asset.objects.update(state="processing")
    else:
        Window.objects.update(languages=["ta"])
        show(film)

    refused(start(watching), 409, "not_ready")
    nothing_began(viewer)


def test_nobody_plays_without_a_profile(viewer: User, film: Title, sign_in: SignIn, api: APIClient) -> None:
    refused(start(sign_in(viewer)), 403, "profile_required")
    refused(start(api), 401, "not_authenticated")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"device_id": "x"}, "title"),
        ({"title": "film"}, "device_id"),
        ({"title": "film", "device_id": ""}, "device_id"),
        ({"title": "film", "device_id": "x" * 65}, "device_id"),
        ({"title": "film", "device_id": "a b"}, "device_id"),
        ({"title": 5, "device_id": "x"}, "title"),
        ({"title": "Film!", "device_id": "x"}, "title"),
        ({"episode": "1", "device_id": "x"}, "episode"),
        ({"title": "film", "device_id": "x", "tier": 10}, "tier"),
        ({"title": "a", "device_id": "x", "capabilities": {"max_height": 9**9}}, "capabilities.max_height"),
        ({"title": "film", "device_id": "x", "capabilities": {"tier": 1}}, "capabilities.tier"),
        ({"title": "film", "device_id": "x", "terminate": "{}"}, "terminate"),
        ({"title": "film", "device_id": "x", "device_name": "a\u0000b"}, "device_name"),
    ],
)  # fmt: skip
def test_odd_bodies_are_refused(watching: APIClient, film: Title, body: Any, path: str) -> None:
    refused_field(watching.post(SESSIONS, body), path)


def test_a_query_is_refused(watching: APIClient, film: Title) -> None:
    answer = watching.post(f"{SESSIONS}?title=film", {"title": "film", **steps.DEVICE})

    refused_field(answer, "title", "unknown_field")
