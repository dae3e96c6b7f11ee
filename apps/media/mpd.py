"""MPEG-DASH (ISO/IEC 23009-1): what has been packaged, told to players as an MPD. Pure: text out.

The on-demand profile: each track is one file whose `sidx` a player reads to find its segments. Ids are stable
whatever a viewer may see of the package: a Representation has the name of its track, an AdaptationSet the
CRC-32 of what its tracks have in common.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID
from xml.etree.ElementTree import Element, SubElement, indent, tostring
from zlib import crc32

from .playlists import At, Audio, Package, Subtitle, Track, Video, as_it_is
from .thumbnails import FOLDER

PROFILE = "urn:mpeg:dash:profile:isoff-on-demand:2011"
ROLE = "urn:mpeg:dash:role:2011"
PURPOSE = "urn:tva:metadata:cs:AudioPurposeCS:2007"
FOR_THE_BLIND, FOR_THE_DEAF = "1", "2"
CHANNELS = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
SWITCHING = "urn:mpeg:dash:adaptation-set-switching:2016"
TILES = "http://dashif.org/guidelines/thumbnail_tile"
PROTECTION = "urn:mpeg:dash:mp4protection:2011"
CLEAR_KEY = "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"
SPACES = {
    "xmlns": "urn:mpeg:dash:schema:mpd:2011",
    "xmlns:cenc": "urn:mpeg:cenc:2013",
    "xmlns:dashif": "https://dashif.org/CPS",
}
# ISO/IEC 23003-3 counts layouts, not channels; they differ from 7.1 on.
LAYOUTS = {8: 7}


def write(package: Package, *, at: At = as_it_is, licence: str = "") -> str:
    """The MPD. `at` as in `playlists`.

    `licence`: where players get Clear Keys, an absolute URL, for players resolve a relative one against their
    page; without it they ask where they were configured to. Where thumbnails lie is a template: `at` must
    leave `$Number$` as it is.
    """
    root = Element(
        "MPD",
        SPACES,
        profiles=PROFILE,
        type="static",
        mediaPresentationDuration=_seconds(package.duration_ms),
        minBufferTime=_seconds(_longest_ms(package)),
    )
    period = SubElement(root, "Period", id="0", start="PT0S")
    writer = _Writer(package, at, licence)
    period.extend([*writer.pictures(), *writer.sounds(), *writer.texts(), *writer.thumbnails()])
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


class _Writer:
    """One AdaptationSet for all between which a player may switch by itself."""

    def __init__(self, package: Package, at: At, licence: str) -> None:
        self.package, self.at, self.licence = package, at, licence

    def pictures(self) -> Iterator[Element]:
        """One for each codec and key; between keys players switch as well (DASH-IF IOP, 3.8)."""
        groups: dict[str, list[Video]] = {}
        for one in self.package.videos:
            groups.setdefault(f"video {one.codec} {one.kid or ''}", []).append(one)
        for name, videos in groups.items():
            same = [other for other in groups if other != name and groups[other][0].codec == videos[0].codec]
            yield self._video_set(name, videos, same)

    def _video_set(self, name: str, videos: Sequence[Video], same: Sequence[str]) -> Element:
        made = _set(name, "video", "video/mp4")
        largest = max(videos, key=lambda one: one.outline.height).outline
        made.set("maxWidth", str(largest.width))
        made.set("maxHeight", str(largest.height))
        made.set("maxFrameRate", str(max(one.fps for one in videos)))
        _aligned(made)
        self._protect(made, videos[0].kid)
        if same:
            _say(made, "SupplementalProperty", SWITCHING, ",".join(str(_id(one)) for one in same))
        _say(made, "Role", ROLE, "main")
        for one in videos:
            shape = {"width": str(one.outline.width), "height": str(one.outline.height), "sar": "1:1"}
            self._representation(made, one, shape | {"frameRate": str(one.fps)})
        return made

    def sounds(self) -> Iterator[Element]:
        """One for each track, for they differ in what is heard; the first one is the main one."""
        for n, one in enumerate(self.package.audios):
            made = _set(f"audio {one.name}", "audio", "audio/mp4")
            made.set("lang", one.language)
            _aligned(made)
            channels = one.outline.channels
            _say(made, "AudioChannelConfiguration", CHANNELS, str(LAYOUTS.get(channels, channels)))
            self._protect(made, one.kid)
            _label(made, one.label)
            if one.described:
                _say(made, "Accessibility", PURPOSE, FOR_THE_BLIND)
            _say(made, "Role", ROLE, _sound_role(one, n))
            self._representation(made, one, {"audioSamplingRate": str(one.outline.rate)})
            yield made

    def texts(self) -> Iterator[Element]:
        seconds = max(1, self.package.duration_ms // 1000)
        for one in self.package.subtitles:
            made = _set(f"text {one.name}", "text", "text/vtt")
            made.set("lang", one.language)
            _label(made, one.label)
            if one.sdh:
                _say(made, "Accessibility", PURPOSE, FOR_THE_DEAF)
            _say(made, "Role", ROLE, _text_role(one))
            bandwidth = max(1, one.size * 8 // seconds)
            shown = SubElement(made, "Representation", id=one.name, bandwidth=str(bandwidth))
            SubElement(shown, "BaseURL").text = self.at(one.file)
            yield made

    def thumbnails(self) -> Iterator[Element]:
        """Tiled pictures (DASH-IF IOP, 6.2.6)."""
        if sheets := self.package.sheets:
            made = _set("image thumbs", "image", "image/jpeg")
            SubElement(
                made, "SegmentTemplate", media=self.at(f"{FOLDER}/$Number$.jpg"), startNumber="1",
                timescale="1000", duration=str(sheets.span_ms),
            )  # fmt: skip
            shown = SubElement(
                made, "Representation", id="thumbs", bandwidth=str(sheets.peak_bps),
                width=str(sheets.width * sheets.columns), height=str(sheets.height * sheets.rows),
            )  # fmt: skip
            _say(shown, "EssentialProperty", TILES, f"{sheets.columns}x{sheets.rows}")
            yield made

    def _representation(self, parent: Element, track: Track, shape: dict[str, str]) -> None:
        its = track.outline
        stated = {"id": track.name, "bandwidth": str(its.peak_bps), "codecs": its.codecs}
        made = SubElement(parent, "Representation", stated | shape)
        SubElement(made, "BaseURL").text = self.at(track.file)
        base = SubElement(
            made, "SegmentBase", timescale=str(its.timescale),
            indexRange=f"{its.init_size}-{its.init_size + its.sidx_size - 1}",
        )  # fmt: skip
        SubElement(base, "Initialization", range=f"0-{its.init_size - 1}")

    def _protect(self, parent: Element, kid: UUID | None) -> None:
        if kid is None:
            return
        general = _say(parent, "ContentProtection", PROTECTION, self.package.scheme)
        general.set("cenc:default_KID", str(kid))
        clear = _say(parent, "ContentProtection", CLEAR_KEY, "ClearKey1.0")
        if self.licence:
            SubElement(clear, "dashif:Laurl").text = self.licence


def _set(name: str, kind: str, mime: str) -> Element:
    return Element("AdaptationSet", id=str(_id(name)), contentType=kind, mimeType=mime)


def _id(name: str) -> int:
    return crc32(name.encode())


def _aligned(made: Element) -> None:
    """Segments of all its tracks begin together, each with a keyframe."""
    for name, value in (("segmentAlignment", "true"), ("subsegmentAlignment", "true")):
        made.set(name, value)
    for name in ("startWithSAP", "subsegmentStartsWithSAP"):
        made.set(name, "1")


def _say(parent: Element, tag: str, scheme: str, value: str) -> Element:
    return SubElement(parent, tag, schemeIdUri=scheme, value=value)


def _label(parent: Element, label: str) -> None:
    if label:
        SubElement(parent, "Label").text = "".join(one if one.isprintable() else " " for one in label)


def _sound_role(audio: Audio, place: int) -> str:
    if audio.described:
        return "description"
    return "alternate" if place else "main"


def _text_role(text: Subtitle) -> str:
    if text.forced:
        return "forced-subtitle"
    return "caption" if text.sdh else "subtitle"


def _longest_ms(package: Package) -> int:
    """Of a segment: after that much, one of the stated bandwidth can go on playing."""
    outlines = (one.outline for one in (*package.videos, *package.audios))
    return round(max((its.longest * 1000 / its.timescale for its in outlines), default=0))


def _seconds(ms: int) -> str:
    return f"PT{ms / 1000:.3f}S"
