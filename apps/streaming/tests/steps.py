"""What several tests of playback need."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

from rest_framework.test import APIClient

from apps.accounts.models import Profile
from apps.catalog.models import Kind, Tier, Title, Window
from apps.catalog.tests import desks
from apps.catalog.tests.factories import TitleFactory
from apps.core import clients
from apps.media.models import AudioTrack, Rendition, SubtitleTrack
from apps.streaming.store import keys, leases
from apps.streaming.tokens import PlaybackClaims

SESSIONS = "/api/v1/playback/sessions"
DEVICE = {"device_id": "tablet-1", "device_name": "Kitchen tablet"}


def film(slug: str = "film", *, tier: int = Tier.FREE, **fields: Any) -> Title:
    """A live title with bytes behind its tracks: rungs 360 and 720, English, subtitles in two languages."""
    title: Title = TitleFactory(slug=slug, name=slug.title(), complete=True, **fields)
    Window.objects.filter(title=title).update(tier=tier)
    with_bytes()
    return show(title)


def series(slug: str = "series", **fields: Any) -> Title:
    """The same, with two episodes."""
    return film(slug, kind=Kind.SERIES, **fields)


def with_bytes() -> None:
    for model in (Rendition, AudioTrack, SubtitleTrack):
        model.objects.filter(key="").update(key="assets/x/y/track.mp4")


def show(title: Title) -> Title:
    """Put the working copy on the shelf as it is, past the gates."""
    desks.projected(desks.version(title, number=title.versions.count() + 1))
    return title


def start(client: APIClient, title: Title | str = "film", **body: Any) -> Any:
    named = title if isinstance(title, str) else title.slug
    given = {"title": named} if "episode" not in body else {}
    return client.post(SESSIONS, {**given, **DEVICE, **body})


def started(client: APIClient, title: Title | str = "film", **body: Any) -> dict[str, Any]:
    answer = start(client, title, **body)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def bearer(answer: dict[str, Any]) -> APIClient:
    """A player: a client with the playback token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer['playback_token']}")
    return client


def authorization(client: Any) -> str:
    """The header that it sends."""
    return str(client._credentials["HTTP_AUTHORIZATION"])


def beat(answer: dict[str, Any], seq: int = 0, position_ms: int = 0, **told: Any) -> Any:
    body = {"seq": seq, "position_ms": position_ms, **told}
    return bearer(answer).post(f"{SESSIONS}/{answer['session_id']}/heartbeat", body)


def stop(answer: dict[str, Any]) -> Any:
    return bearer(answer).post(f"{SESSIONS}/{answer['session_id']}/stop")


def lapse(account: str, session: str) -> None:
    """The time of its lease is over."""
    clients.durable().zadd(keys.leases(account), {session: 1})


@contextmanager
def without_redis(settings: Any) -> Iterator[None]:
    """The durable role cannot be reached."""
    url, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:9/0"
    clients.durable.cache_clear()
    try:
        yield
    finally:
        settings.REDIS_URL = url
        clients.durable.cache_clear()


def claims(**changes: Any) -> PlaybackClaims:
    made = PlaybackClaims(
        session=str(uuid4()), account=str(uuid4()), profile=str(uuid4()), asset=str(uuid4()), max_height=720,
        languages=None, territory="IN", expires_at=2**33, content=str(uuid4()), card=str(uuid4()),
        next_content="", epoch=1_780_000_000_000, duration_ms=600_000, credits_ms=0, device="tablet-1",
        kid=False, streams=2,
    )  # fmt: skip
    return replace(made, **changes)


def leases_of(profile: Profile) -> list[str]:
    return leases.live(str(profile.account.public_id))
