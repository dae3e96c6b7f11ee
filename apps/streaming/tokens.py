"""What opens a playback: two kinds of signed text that need no store to be checked.

`p`, the *playback token*, is the bearer of heartbeats, of stopping and of licences. It carries all that a
beat needs, so that leases lost with Redis are made again from it. `m`, the *media token*, is a component of
the paths under which players fetch manifests and media; it opens one asset, up to a height, in some
languages, for five minutes.

The text is `ottp_<key id>.<claims>.<MAC>` (`ottm_…`): claims are a JSON array in base64url without padding,
the MAC is HMAC-SHA256 over all that stands before it, kind included, by a key of `PLAYBACK_TOKEN_KEYS`. It is
compared as text, so a token has one spelling.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal, Self

import orjson
from django.conf import settings

# Longer than anybody plays one thing without a pause for a new decision.
PLAYBACK_LIVES_S = 24 * 3600
MEDIA_LIVES_S = 300
LONGEST = 2048
KEY_ID = 8
Kind = Literal["p", "m"]


class BadToken(Exception):
    """It is none of ours, of another kind, or changed."""


@dataclass(frozen=True, slots=True)
class MediaClaims:
    """What may be fetched: ids are public UUIDs; `max_height` in lines, 0 for no limit; `languages` of sound
    and subtitles, None for any; `territory` "" where it is unknown; `expires_at` in seconds since 1970.
    `codecs`: those that manifests are to name, None for any (`codecs.NAMES`). `edition`: of the asset
    (`media.editions`), so that a session plays on when it is made anew."""

    session: str
    account: str
    profile: str
    asset: str
    max_height: int
    languages: list[str] | None
    territory: str
    expires_at: int
    codecs: list[str] | None = None
    edition: int = 0


@dataclass(frozen=True, slots=True)
class PlaybackClaims:
    """What a beat needs: see `engagement.store.Beat`; `streams` is the limit of the plan it began with;
    `title` is told of extras alone, for which there is no `card`."""

    session: str
    account: str
    profile: str
    asset: str
    max_height: int
    languages: list[str] | None
    territory: str
    expires_at: int
    content: str
    card: str
    next_content: str
    epoch: int
    duration_ms: int
    credits_ms: int
    device: str
    kid: bool
    streams: int
    codecs: list[str] | None = None
    edition: int = 0
    title: str = ""

    def media(self, now_s: float) -> MediaClaims:
        """Of the media token that goes with it from now on."""
        return MediaClaims(
            self.session, self.account, self.profile, self.asset, self.max_height, self.languages,
            self.territory, int(now_s) + MEDIA_LIVES_S, self.codecs, self.edition,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        return cls(**told)


_values_of_playback = attrgetter(*(one.name for one in fields(PlaybackClaims)))
_values_of_media = attrgetter(*(one.name for one in fields(MediaClaims)))


def playback_token(claims: PlaybackClaims) -> str:
    return _signed("p", orjson.dumps(_values_of_playback(claims)))


def media_token(claims: MediaClaims) -> str:
    return _signed("m", orjson.dumps(_values_of_media(claims)))


def read_playback(text: str) -> PlaybackClaims:
    """The claims of a genuine playback token, whether or not its time is over. Raises `BadToken`."""
    return PlaybackClaims(*_verified("p", text))


def read_media(text: str) -> MediaClaims:
    """The claims of a genuine media token, whether or not its time is over. Raises `BadToken`."""
    return MediaClaims(*_verified("m", text))


def _signed(kind: Kind, claims: bytes) -> str:
    key_id, key = next(iter(_ring(tuple(settings.PLAYBACK_TOKEN_KEYS)).items()))
    message = f"ott{kind}_{key_id}.{urlsafe_b64encode(claims).rstrip(b'=').decode()}"
    return f"{message}.{_mac(key, message)}"


def _verified(kind: Kind, text: str) -> list[Any]:
    if len(text) > LONGEST or not text.isascii() or not text.startswith(f"ott{kind}_"):
        raise BadToken
    message, _, mac = text.rpartition(".")
    key_id, _, claims = message[5:].partition(".")
    key = _ring(tuple(settings.PLAYBACK_TOKEN_KEYS)).get(key_id)
    if key is None or not hmac.compare_digest(_mac(key, message), mac):
        raise BadToken
    # Ours from here on: nobody else could have written it.
    told: list[Any] = orjson.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return told


def _mac(key: bytes, message: str) -> str:
    return urlsafe_b64encode(hmac.digest(key, message.encode(), "sha256"))[:-1].decode()


@lru_cache(maxsize=4)
def _ring(keys: tuple[str, ...]) -> dict[str, bytes]:
    """The keys by their ids, the one that signs first."""
    return {hashlib.sha256(b"key id " + key.encode()).hexdigest()[:KEY_ID]: key.encode() for key in keys}
