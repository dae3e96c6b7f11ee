"""The routes of players in the OpenAPI document: plain views, of which drf-spectacular sees nothing."""

from typing import Any

from apps.core.api.schema import BYTES, JSON, operation, path_parameter, query_parameter
from apps.streaming.services import shelves
from apps.streaming.tokens import LONGEST

Json = dict[str, Any]
TAG = "media"
TOKEN = path_parameter(
    "token",
    {
        "type": "string",
        "pattern": r"^ottm_[0-9a-f]{8}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$",
        "maxLength": LONGEST,
    },
    "A media token, which is a part of the addresses that `POST playback/sessions` answers with.",
)
CMCD = query_parameter("CMCD", {"type": "string"}, "CTA-5004. It changes nothing.")
KEYS = query_parameter(
    "keys",
    {"type": "string", "enum": [shelves.IDENTITY, shelves.CLEAR_KEY], "default": shelves.IDENTITY},
    "Which keys playlists of an encrypted film name: the 16 bytes themselves, or ids for `licence`.",
)
UUID = {"type": "string", "format": "uuid"}
TEXT: Json = {"type": "string"}
BINARY: Json = {"type": "string", "format": "binary"}
REFUSES = (400, 403, 404, 503)
LICENCE_REQUEST = {
    "type": "object",
    "description": "As a Clear Key system asks (Encrypted Media Extensions, 9.1.3).",
    "required": ["kids"],
    "additionalProperties": False,
    "properties": {
        "kids": {
            "type": "array",
            "minItems": 1,
            "maxItems": 16,
            "items": {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$", "maxLength": 22},
        },
        "type": {"type": "string", "enum": ["temporary"]},
    },
}
LICENCE = {
    "type": "object",
    "description": "A JSON Web Key set (Encrypted Media Extensions, 9.1.4).",
    "required": ["keys", "type"],
    "properties": {
        "keys": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kty", "kid", "k"],
                "properties": {"kty": {"const": "oct"}, "kid": TEXT, "k": TEXT},
            },
        },
        "type": {"const": "temporary"},
    },
}


def describe_players_routes(result: Json, **_: Any) -> Json:
    """Postprocessing hook of drf-spectacular."""
    result["components"]["schemas"] |= {"LicenceRequest": LICENCE_REQUEST, "Licence": LICENCE}
    result["paths"] |= {
        "/play/{token}/master.m3u8": {"get": _master()},
        "/play/{token}/manifest.mpd": {"get": _mpd()},
        "/play/{token}/licence": {"post": _licence()},
        "/play/{token}/keys/{kid}": {"get": _key()},
        "/vod/{token}/{asset}/{address}": {"get": _vod()},
    }
    return result


def _master() -> Json:
    answer = {
        200: (
            "The multivariant playlist (RFC 8216bis), made for this viewer.",
            {shelves.TYPES[".m3u8"]: TEXT},
        )
    }
    return operation("play_hls", "HLS", TAG, [TOKEN, KEYS, CMCD], answer, REFUSES)


def _mpd() -> Json:
    answer = {200: ("The MPD (ISO/IEC 23009-1), made for this viewer.", {"application/dash+xml": TEXT})}
    return operation("play_dash", "DASH", TAG, [TOKEN, CMCD], answer, REFUSES)


def _licence() -> Json:
    answer = {200: ("All keys that the session may have.", {JSON: {"$ref": "#/components/schemas/Licence"}})}
    made = operation(
        "play_licence", "Keys for W3C Clear Key", TAG, [TOKEN, CMCD], answer, (*REFUSES, 413, 429)
    )
    asked = {"schema": {"$ref": "#/components/schemas/LicenceRequest"}}
    return made | {"requestBody": {"required": True, "content": {JSON: asked}}}


def _key() -> Json:
    kid = path_parameter("kid", UUID, "The key's id.")
    answer = {200: ("16 bytes.", {BYTES: BINARY})}
    return operation("play_key", "One key itself", TAG, [TOKEN, kid, CMCD], answer, (*REFUSES, 429))


def _vod() -> Json:
    asset = path_parameter("asset", UUID, "The one that the token opens.")
    address = path_parameter(
        "address", {"type": "string", "minLength": 1}, "What manifests name: `{tag}/{name}`."
    )
    kinds = {kind: BINARY if "/mp4" in kind or "image" in kind else TEXT for kind in shelves.KINDS}
    answer = {
        200: ("A playlist, a track, subtitles or a sheet of thumbnails.", kinds),
        206: ("The part that `Range` asks for.", kinds),
        302: ("Where it lies in the bucket, for a minute (`MEDIA_DELIVERY=redirect`).", {}),
        304: ("It has not changed since the `ETag` of `If-None-Match`.", {}),
    }
    return operation("vod", "Media", TAG, [TOKEN, asset, address, KEYS, CMCD], answer, (*REFUSES, 416))
