"""HLS (RFC 8216bis): what has been packaged, told to players as playlists. Pure: text out, nothing read.

Every address is relative to the master playlist and goes through `at`, so that the same writers serve the
files as they were packaged and a viewer whose addresses carry a token.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from .cmaf import Index, Outline, Stored
from .facts import UNKNOWN_LANGUAGE
from .thumbnails import Sheets

At = Callable[[str], str]

IMAGES = "thumbs.m3u8"
AUDIO, SUBTITLES = "audio", "subtitles"
# 7: EXT-X-MAP in what is not only I-frames, and what the tags of lower versions need.
VERSION = 7
# Who cannot hear gets speech and sounds as text; Apple's names (HLS Authoring Specification, 4.12).
SDH = "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"
DESCRIBED = "public.accessibility.describes-video"
# What ladders make of a brighter picture, too.
VIDEO_RANGE = "SDR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A CMAF track file. `name`: its alone in the package. `kid`: names the key that encrypts it, if any."""

    name: str
    layout: Index | Stored
    kid: UUID | None = None

    @property
    def index(self) -> Index:
        return self.layout.whole()

    @property
    def outline(self) -> Outline:
        return self.layout.outline

    @property
    def file(self) -> str:
        return f"{self.name}.mp4"

    @property
    def playlist(self) -> str:
        return f"{self.name}.m3u8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Video(Track):
    """`codec` and `height` as in `models.Rendition`; `height` is the rung's, the index has the picture's."""

    fps: Fraction
    codec: str
    height: int

    @property
    def frames_playlist(self) -> str:
        return f"{self.name}-frames.m3u8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio(Track):
    """`language`: BCP 47. `described`: tells what is to be seen. The package's first audio is its default."""

    language: str = UNKNOWN_LANGUAGE
    label: str = ""
    described: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtitle:
    """WebVTT in one file of `size` bytes. `forced`: only what is foreign; `sdh`: for the deaf."""

    name: str
    language: str = UNKNOWN_LANGUAGE
    label: str = ""
    forced: bool = False
    sdh: bool = False
    size: int = 0

    @property
    def file(self) -> str:
        return f"{self.name}.vtt"

    @property
    def playlist(self) -> str:
        return f"{self.name}.m3u8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """All that players get of an asset. The order of `videos` is kept: Apple's players begin with the first.

    `scheme`: `cenc` or `cbcs`, of those tracks that have a `kid`; "" where nothing is encrypted.
    """

    videos: tuple[Video, ...] = ()
    audios: tuple[Audio, ...] = ()
    subtitles: tuple[Subtitle, ...] = ()
    sheets: Sheets | None = None
    scheme: str = ""

    @property
    def duration_ms(self) -> int:
        """Of the picture; of the sound where there is none."""
        return max((one.outline.duration_ms for one in self.videos or self.audios), default=0)


@dataclass(frozen=True, slots=True)
class Key:
    """Where a player gets the key `kid` from. `form`: KEYFORMAT; `identity` answers with the 16 bytes."""

    scheme: str
    kid: UUID
    uri: str
    form: str = "identity"

    def tag(self, name: str = "EXT-X-KEY") -> str:
        method = {"cbcs": "SAMPLE-AES", "cenc": "SAMPLE-AES-CTR"}[self.scheme]
        found = [f"METHOD={method}", f"URI={quoted(self.uri)}", f"KEYFORMAT={quoted(self.form)}"]
        if self.form != "identity":
            found.append(f"KEYID=0x{self.kid.hex.upper()}")
        found.append('KEYFORMATVERSIONS="1"')
        return f"#{name}:{','.join(found)}"


Keys = Callable[[Track], Sequence[Key]]


def clear_keys(scheme: str) -> Keys:
    """By W3C Clear Key, of the licence server that the player was told of; hls.js takes these alone."""

    def of(track: Track) -> Sequence[Key]:
        if track.kid is None:
            return ()
        uri = f"data:text/plain;base64,{b64encode(track.kid.bytes).decode()}"
        return (Key(scheme, track.kid, uri, "org.w3.clearkey"),)

    return of


def identity_keys(scheme: str, *, at: At) -> Keys:
    """The 16 bytes themselves, of `keys/<kid>`; Shaka takes these alone. Both in one playlist stop hls.js."""

    def of(track: Track) -> Sequence[Key]:
        return () if track.kid is None else (Key(scheme, track.kid, at(f"keys/{track.kid}")),)

    return of


def as_it_is(name: str) -> str:
    return name


def media(track: Track, *, at: At = as_it_is, keys: Iterable[Key] = ()) -> str:
    """The media playlist: each fragment of the track file is a segment."""
    index, uri = track.index, at(track.file)
    scale = index.timescale
    longest = max((one.duration for one in index.fragments), default=0) / scale
    lines = [*_head(longest), *_map(index, uri), *(key.tag() for key in keys)]
    lines += [
        f"#EXTINF:{one.duration / scale:.6f},\n#EXT-X-BYTERANGE:{one.size}@{one.offset}\n{uri}"
        for one in index.fragments
    ]
    return _ended(lines)


def frames(track: Video, *, at: At = as_it_is, keys: Iterable[Key] = ()) -> str:
    """The I-frame playlist, for looking quickly through a film: the first picture of every fragment."""
    index, uri = track.index, at(track.file)
    shown = [(one, duration / index.timescale) for one, duration in index.keyframes]
    lines = _head(max((duration for _, duration in shown), default=0))
    lines += ["#EXT-X-I-FRAMES-ONLY", *_map(index, uri), *(key.tag() for key in keys)]
    lines += [
        f"#EXTINF:{duration:.6f},\n#EXT-X-BYTERANGE:{one.key_size}@{one.offset}\n{uri}"
        for one, duration in shown
    ]
    return _ended(lines)


def images(sheets: Sheets, *, at: At = as_it_is) -> str:
    """The image playlist (Image Media Playlist, as Roku and Shaka read it): each sheet is a segment."""
    durations = [(sheets.ends_ms(n) - sheets.starts_ms(n)) / 1000 for n in range(sheets.sheets)]
    tiles = (
        f"#EXT-X-TILES:RESOLUTION={sheets.width}x{sheets.height},LAYOUT={sheets.columns}x{sheets.rows},"
        f"DURATION={sheets.every_ms / 1000:.3f}"
    )
    lines = [*_head(max(durations, default=0)), "#EXT-X-IMAGES-ONLY"]
    lines += [
        f"#EXTINF:{duration:.6f},\n{tiles}\n{at(sheets.file(n))}" for n, duration in enumerate(durations)
    ]
    return _ended(lines)


def subtitles(track: Subtitle, duration_ms: int, *, at: At = as_it_is) -> str:
    """The one file as one segment; none where nothing lasts."""
    seconds = duration_ms / 1000
    lines = _head(seconds)
    if duration_ms:
        lines.append(f"#EXTINF:{seconds:.3f},\n{at(track.file)}")
    return _ended(lines)


def master(package: Package, *, at: At = as_it_is, keys: Keys | None = None) -> str:
    """The multivariant playlist. With `keys`, they are told ahead, so that a player asks early."""
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    tracks = (*package.videos, *package.audios)
    ahead = (key.tag("EXT-X-SESSION-KEY") for track in tracks for key in (keys(track) if keys else ()))
    lines += dict.fromkeys(ahead)
    groups = _groups(package.audios)
    for name, group in groups.items():
        lines += _renditions(name, group, at)
    lines += _texts(package.subtitles, at)
    shared = [f"SUBTITLES={quoted(SUBTITLES)}"] if package.subtitles else []
    for name, group in groups.items() or [("", [])]:
        lines += _variants(package.videos, name, group, shared, at)
    lines += _trick_play(package, at)
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A quoted-string (RFC 8216, 4.2), which can hold neither quotes nor line ends."""
    kept = "".join(one if one.isprintable() else " " for one in text)
    return '"' + kept.replace('"', "\N{RIGHT DOUBLE QUOTATION MARK}") + '"'


def _head(longest_s: float) -> list[str]:
    return [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        # The longest one, rounded (RFC 8216, 4.3.3.1); halves go up.
        f"#EXT-X-TARGETDURATION:{max(1, int(longest_s + 0.5))}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]


def _map(index: Index, uri: str) -> list[str]:
    return [f'#EXT-X-MAP:URI={quoted(uri)},BYTERANGE="{index.init_size}@0"']


def _ended(lines: list[str]) -> str:
    return "\n".join(lines) + "\n#EXT-X-ENDLIST\n"


def _groups(audios: Sequence[Audio]) -> dict[str, list[Audio]]:
    """By what a device may or may not be able to play."""
    kinds: dict[tuple[str, int], list[Audio]] = {}
    for one in audios:
        kinds.setdefault((one.outline.codecs, one.outline.channels), []).append(one)
    names = [AUDIO, *(f"{AUDIO}-{n}" for n in range(2, len(kinds) + 1))]
    return dict(zip(names, kinds.values(), strict=False))


def _renditions(group: str, audios: Sequence[Audio], at: At) -> Iterator[str]:
    names = _names(one.label or one.language for one in audios)
    for n, (one, name) in enumerate(zip(audios, names, strict=True)):
        found = _media_tag("AUDIO", group, one.language, name)
        found += [f"DEFAULT={'NO' if n else 'YES'}", "AUTOSELECT=YES"]
        if one.outline.channels:
            found.append(f'CHANNELS="{one.outline.channels}"')
        if one.described:
            found.append(f"CHARACTERISTICS={quoted(DESCRIBED)}")
        yield f"#EXT-X-MEDIA:{','.join(found)},URI={quoted(at(one.playlist))}"


def _texts(texts: Sequence[Subtitle], at: At) -> Iterator[str]:
    for one, name in zip(texts, _names(one.label or one.language for one in texts), strict=True):
        found = _media_tag("SUBTITLES", SUBTITLES, one.language, name)
        found += ["DEFAULT=NO", "AUTOSELECT=YES", f"FORCED={'YES' if one.forced else 'NO'}"]
        if one.sdh:
            found.append(f"CHARACTERISTICS={quoted(SDH)}")
        yield f"#EXT-X-MEDIA:{','.join(found)},URI={quoted(at(one.playlist))}"


def _media_tag(kind: str, group: str, language: str, name: str) -> list[str]:
    found = [f"TYPE={kind}", f"GROUP-ID={quoted(group)}", f"NAME={quoted(name)}"]
    return found if language == UNKNOWN_LANGUAGE else [*found, f"LANGUAGE={quoted(language)}"]


def _names(labels: Iterable[str]) -> list[str]:
    """Names must differ within their group: a second `English` is `English 2`."""
    seen: dict[str, int] = {}
    found = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        found.append(label if seen[label] == 1 else f"{label} {seen[label]}")
    return found


def _variants(
    videos: Sequence[Video], group: str, audios: Sequence[Audio], shared: list[str], at: At
) -> Iterator[str]:
    """One for each video, or one for sound without a picture."""
    peak = max((one.outline.peak_bps for one in audios), default=0)
    average = max((one.outline.average_bps for one in audios), default=0)
    sound = list(dict.fromkeys(one.outline.codecs for one in audios))
    grouped = [f"AUDIO={quoted(group)}"] if audios else []
    for one in videos:
        its = one.outline
        found = [
            f"BANDWIDTH={its.peak_bps + peak}",
            f"AVERAGE-BANDWIDTH={its.average_bps + average}",
            f"CODECS={quoted(','.join([its.codecs, *sound]))}",
            f"RESOLUTION={its.width}x{its.height}",
            f"FRAME-RATE={float(one.fps):.3f}",
            f"VIDEO-RANGE={VIDEO_RANGE}",
        ]
        yield _variant([*found, *grouped, *shared], at(one.playlist))
    if audios and not videos:
        found = [f"BANDWIDTH={peak}", f"AVERAGE-BANDWIDTH={average}", f"CODECS={quoted(sound[0])}"]
        yield _variant([*found, *grouped, *shared], at(audios[0].playlist))


def _variant(attributes: list[str], uri: str) -> str:
    return f"#EXT-X-STREAM-INF:{','.join(attributes)},CLOSED-CAPTIONS=NONE\n{uri}"


def _trick_play(package: Package, at: At) -> Iterator[str]:
    """Pictures alone: of each video, and the thumbnails."""
    for one in package.videos:
        its = one.outline
        if not its.frames_peak_bps:
            continue
        found = [
            f"BANDWIDTH={its.frames_peak_bps}",
            f"AVERAGE-BANDWIDTH={its.frames_average_bps}",
            f"CODECS={quoted(its.codecs)}",
            f"RESOLUTION={its.width}x{its.height}",
            f"VIDEO-RANGE={VIDEO_RANGE}",
            f"URI={quoted(at(one.frames_playlist))}",
        ]
        yield f"#EXT-X-I-FRAME-STREAM-INF:{','.join(found)}"
    if sheets := package.sheets:
        picture = f'RESOLUTION={sheets.width}x{sheets.height},CODECS="jpeg"'
        yield f"#EXT-X-IMAGE-STREAM-INF:BANDWIDTH={sheets.peak_bps},{picture},URI={quoted(at(IMAGES))}"
