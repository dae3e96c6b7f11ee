"""What a profile prefers when it plays something, over what the site thinks best."""

from typing import Any

from apps.engagement.store import preferences

Json = dict[str, Any]
# `audio_language`: "" for the original; `subtitle_language`: "" for that of the profile.
DEFAULTS: Json = {
    "audio_language": "",
    "audio_description": False,
    "subtitles": "auto",
    "subtitle_language": "",
    "caption_size": "medium",
    "caption_style": "shadow",
    "autoplay_next": True,
    "autoplay_previews": True,
    "skip_intros": False,
    "max_height": None,
}


def of(account: str, profile: str) -> Json:
    """All of them, by the names of `DEFAULTS`."""
    return _whole(preferences.read(account, profile))


def change(account: str, profile: str, told: Json) -> Json:
    """Set some; all of them as they then are."""
    if not told:
        return of(account, profile)
    return _whole(preferences.change(account, profile, told))


def _whole(found: Json) -> Json:
    """Of an older version of the site there may be others."""
    return DEFAULTS | {name: value for name, value in found.items() if name in DEFAULTS}
