"""Names of codecs, as devices tell which ones they play: `h264`, `hevc`, `av1`, `aac`. Pure."""

from collections.abc import Collection

# By the sample entry that an RFC 6381 string begins with.
NAMES = {"avc1": "h264", "avc3": "h264", "hvc1": "hevc", "hev1": "hevc", "av01": "av1", "mp4a": "aac"}


def name_of(codecs: str) -> str:
    """Of one RFC 6381 string, such as `mp4a.40.2`; "" for ""."""
    entry = codecs.partition(".")[0]
    return NAMES.get(entry, entry)


def decodes(known: Collection[str] | None, name: str) -> bool:
    """Whether a device that knows these decodes this; None: it did not say, "": nobody knows what it is."""
    return known is None or not name or name in known
