"""Files made to do harm: to open other files, to reach the network, to break or to hold up who reads them.

Every one is refused, or is what it is and nothing more; the editor is told; nobody opens the canaries.
"""

import shutil
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from apps.media import accept, findings, probe
from apps.media.facts import Source
from apps.media.probe import Unreadable

from .clips import Box, clip, film, parsed


@pytest.fixture
def port() -> Iterator[int]:
    """On this machine, where nobody may call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server.getsockname()[1]
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.fixture
def paid(tmp_path: Path) -> Path:
    """A film that is somebody else's."""
    folder = tmp_path / "premium"
    folder.mkdir()
    return Path(shutil.copy(clip("plain.ts"), folder / "paid.ts"))


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:2.0,\n{uri}\n#EXT-X-ENDLIST\n"
MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{uri}\n"
KEY = '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{uri}"\n#EXTINF:2.0,\npremium/paid.ts\n#EXT-X-ENDLIST\n'
MPD = (
    '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
    ' mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp2t">'
    '<Representation id="1" bandwidth="1"><BaseURL>{uri}</BaseURL></Representation></AdaptationSet>'
    "</Period></MPD>"
)
CONCAT = "ffconcat version 1.0\nfile '{uri}'\n"
HERE, THERE = "{paid}", "http://127.0.0.1:{port}/x.ts"
METADATA = "http://169.254.169.254/latest/meta-data/x.ts"
POINTING = {
    "hls-absolute": (PLAYLIST, HERE),
    "hls-relative": (PLAYLIST, "premium/paid.ts"),
    "hls-file": (PLAYLIST, "file://{paid}"),
    "hls-http": (PLAYLIST, THERE),
    "hls-metadata-address": (PLAYLIST, METADATA),
    "hls-master": (MASTER, "http://127.0.0.1:{port}/x.m3u8"),
    "hls-key": (KEY, "http://127.0.0.1:{port}/key"),
    "hls-concat": (PLAYLIST, "concat:{paid}|{paid}"),
    "hls-subfile": (PLAYLIST, "subfile,,start,0,end,0,,:{paid}"),
    "hls-crypto": (PLAYLIST, "crypto+file:{paid}"),
    "hls-data": (PLAYLIST, "data:video/mp2t;base64,R0BAEA=="),
    "hls-gopher": (PLAYLIST, "gopher://127.0.0.1:{port}/x.ts"),
    "mpd": (MPD, HERE),
    "mpd-http": (MPD, THERE),
    "concat": (CONCAT, HERE),
    "concat-file": (CONCAT, "file:{paid}"),
    "concat-http": (CONCAT, THERE),
}
SUFFIX = {"hls": "m3u8", "mpd": "mpd", "con": "ffconcat"}  # names that ffmpeg believes
SEEMS = {"hls": "an HLS playlist", "mpd": "a DASH manifest", "concat": "a list of files for ffmpeg"}


def pointing(kind: str, path: Path, paid: Path, port: int) -> Path:
    text, uri = POINTING[kind]
    path.write_text(text.format(uri=uri.format(paid=paid, port=port)))
    return path


def test_such_a_file_would_be_followed_by_who_does_not_look(tmp_path: Path, paid: Path, port: int) -> None:
    """So the tests that follow are about something."""
    with av.open(str(pointing("hls-absolute", tmp_path / "film.m3u8", paid, port))) as container:
        assert [one.type for one in container.streams] == ["video", "audio"]


@pytest.mark.parametrize("kind", POINTING)
def test_a_list_of_other_files_is_no_film(kind: str, tmp_path: Path, paid: Path, port: int) -> None:
    with pytest.raises(Unreadable) as refused:
        probe.probe(pointing(kind, tmp_path / "film.mp4", paid, port))

    assert f"This is no film but {SEEMS[kind.partition('-')[0]]}" in refused.value.told
    assert str(paid) not in refused.value.told


@pytest.mark.parametrize("demuxer", [None, "hls", "dash", "concat", "mov"])
@pytest.mark.parametrize("kind", ["hls-absolute", "hls-http", "mpd-http", "concat", "hls-subfile"])
def test_were_it_taken_for_a_film_it_would_still_open_nothing(
    kind: str, demuxer: str | None, tmp_path: Path, paid: Path, port: int
) -> None:
    """Behind the first look stand ffmpeg's own lists, and behind those the sandbox."""
    lines: list[str] = []
    path = pointing(kind, tmp_path / f"film.{SUFFIX[kind[:3]]}", paid, port)

    outcome = probe._run(path, probe._wanted(path, demuxer), probe.LIMITS, lines.append, None)

    assert outcome.is_well
    assert "error" in findings.Said(probe._parsed("\n".join(lines))).names()


def test_a_playlist_behind_the_first_bytes_of_a_film_is_no_playlist(
    tmp_path: Path, paid: Path, port: int
) -> None:
    text, uri = POINTING["hls-http"]
    path = tmp_path / "film.mp4"
    path.write_bytes(
        Box(b"ftyp", b"isom\0\0\0\0").pack() + text.format(uri=uri.format(port=port)).encode() * 50
    )

    with pytest.raises(Unreadable) as refused:
        probe.probe(path)

    assert refused.value.code == "cut-off"


def test_a_codec_off_the_list_is_never_opened() -> None:
    """MagicYUV had a hole (CVE-2026-8461)."""
    source = probe.probe(clip("magicyuv.avi"))

    assert source.video.codec == "magicyuv"
    (refusal,) = accept.refusals(source)
    assert refusal.told == "The picture is encoded as “magicyuv”, which is not accepted."
    assert refusal.remedy == "Convert it to H.264 with AAC sound in an MP4 file."


# --- Boxes that lie ----------------------------------------------------------------------------------


def words(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


def setting(kind: bytes, data: bytes) -> Callable[[Box], None]:
    """The first box of the kind is that."""

    def lie(moov: Box) -> None:
        moov.find(kind).data = data

    return lie


def sized(kind: bytes, size: int) -> Callable[[Box], None]:
    def lie(moov: Box) -> None:
        moov.find(kind).size = size

    return lie


def crowded(track: bool, count: int) -> Callable[[Box], None]:
    def lie(moov: Box) -> None:
        moov.boxes += [moov.find(b"trak") if track else Box(b"trak")] * count

    return lie


def patched(kind: bytes, at: int, data: bytes) -> Callable[[Box], None]:
    def lie(moov: Box) -> None:
        box = moov.find(kind)
        box.data = box.data[:at] + data + box.data[at + len(data) :]

    return lie


def nested(moov: Box) -> None:
    data = b""
    for _ in range(20_000):
        data = struct.pack(">I4s", len(data) + 8, b"moov") + data
    moov.boxes.append(Box(b"udta", data))


def chaptered(moov: Box) -> None:
    chapters = (struct.pack(">Q", 1) + b"\xff" + b"x" * 255) * 255
    moov.boxes.append(Box(b"udta", Box(b"chpl", words(0x01000000, 0) + b"\xff" + chapters).pack()))


ALL = 2**32 - 1
# A lie, and what may come of it: codes of the probe's or of `accept`; "" if it may be read after all.
LIES: dict[str, tuple[Callable[[Box], None], set[str]]] = {
    "moov is longer than the file": (sized(b"moov", 2**31), {"cut-off"}),
    "moov is as short as its header": (sized(b"moov", 8), {"cut-off", "damaged", ""}),
    "moov is shorter than its header": (sized(b"moov", 4), {"cut-off", "damaged"}),
    "a track is longer than all": (sized(b"trak", ALL), {"", "damaged"}),
    "a table is longer than all": (sized(b"stsz", ALL), {"damaged", "undecodable"}),
    "200 000 empty tracks": (crowded(False, 200_000), {"big", "damaged"}),
    "3 000 tracks": (crowded(True, 3_000), {"big", "damaged"}),
    "40 tracks": (crowded(True, 40), {"stream-count"}),
    "2^32 samples": (setting(b"stsz", words(0, 0, ALL)), {"damaged", "big"}),
    "2^32 samples of one byte": (setting(b"stsz", words(0, 1, ALL)), {"undecodable", "damaged"}),
    "2^32 entries of times": (setting(b"stts", words(0, ALL)), {"big", "damaged"}),
    "2^31 frames of 2^31 ticks": (setting(b"stts", words(0, 1, 2**31, 2**31)), {"too-long", "frame-rate"}),
    "frames of no length": (setting(b"stts", words(0, 1, 50, 0)), {""}),
    "offsets of times at their end": (
        setting(b"ctts", words(0, 1, 2**31 - 1, 2**31 - 1)), {"undecodable", "damaged", "too-long"},
    ),
    "2^32 samples in a chunk": (setting(b"stsc", words(0, 1, 1, ALL, 1)), {"undecodable", "damaged"}),
    "chunks behind the end": (setting(b"stco", words(0, 1, ALL)), {"damaged", "undecodable", "cut-off"}),
    "2^32 keyframes": (setting(b"stss", words(0, ALL)), {"damaged", "big"}),
    "100 000 edits": (
        setting(b"elst", words(0, 100_000) + words(1, 0, 0x10000) * 100_000), {"undecodable", "damaged", ""},
    ),
    "an edit of weeks": (setting(b"elst", words(0, 1, 2**31, 0, 0x10000)), {"", "too-long", "cut-off"}),
    "a film of a century": (patched(b"mvhd", 12, words(1, ALL)), {"", "too-long", "cut-off"}),
    "no ticks a second": (patched(b"mdhd", 12, words(0)), {"frame-rate", "damaged"}),
    "16384 x 16384": (patched(b"stsd", 40, struct.pack(">HH", 16_384, 16_384)), {"", "too-large"}),
    "0 x 0": (patched(b"stsd", 40, bytes(4)), {"", "too-small"}),
    "broken parameter sets": (patched(b"stsd", 103, b"\xff" * 20), {"undecodable", "damaged", ""}),
    "20 000 boxes in each other": (nested, {"", "damaged"}),
    "65 000 characters of chapters": (chaptered, {""}),
}  # fmt: skip


def told(path: Path) -> set[str]:
    """By which codes it is refused; "" for not at all."""
    try:
        source = probe.probe(path)
    except Unreadable as refused:
        return {refused.code}
    assert Source.from_json(source.to_json()) == source
    return {one.code for one in accept.refusals(source)} or {""}


@pytest.mark.parametrize("lie", LIES)
def test_a_box_that_lies_is_found_out_or_does_no_harm(lie: str, tmp_path: Path) -> None:
    change, codes = LIES[lie]
    boxes = parsed(clip("plain.mp4").read_bytes())
    change(next(one for one in boxes if one.kind == b"moov"))
    path = tmp_path / "film.mp4"
    path.write_bytes(film(boxes))

    assert told(path) <= codes


# --- Pictures and times ------------------------------------------------------------------------------


def motion(tmp_path: Path, header: dict[int, int], width: int, height: int) -> Path:
    """Motion JPEG whose pictures say they are that large. `header`: words of the stream's, by offset."""
    data = bytearray(clip("motion.avi").read_bytes())
    for offset, value in header.items():
        struct.pack_into("<I", data, data.index(b"strh") + 8 + offset, value)
    struct.pack_into("<ii", data, data.index(b"strf") + 12, width, height)
    at = -1
    while (at := data.find(b"\xff\xc0\x00\x11\x08", at + 1)) >= 0:
        struct.pack_into(">HH", data, at + 5, height, width)
    path = tmp_path / "film.avi"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("width", "height", "codes"),
    [
        (12_000, 12_000, {"too-large"}),
        (16_384, 16_384, {"too-small"}),  # whose size ffmpeg does not believe
        (65_535, 65_535, {"too-small"}),
        (0, 0, {"too-small", "undecodable"}),
        (8, 8, {"too-small"}),
    ],
)
def test_a_picture_of_an_absurd_size_is_refused(
    width: int, height: int, codes: set[str], tmp_path: Path
) -> None:
    found = told(motion(tmp_path, {}, width, height))

    assert found & codes
    assert found <= codes | {"too-short", "frame-rate"}


def test_a_million_frames_a_second_are_refused(tmp_path: Path) -> None:
    path = motion(tmp_path, {20: 1, 24: 1_000_000}, 64, 48)

    assert told(path) == {"too-short", "frame-rate"}


def test_a_hundred_hours_of_black_in_a_small_file_are_refused() -> None:
    path = clip("black.mp4")

    assert path.stat().st_size < 1_000_000
    assert {"too-long"} <= told(path) <= {"too-long", "frame-rate"}
