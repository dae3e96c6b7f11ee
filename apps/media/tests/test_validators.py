"""What others say of a packaged film: readers of HLS, MP4 and DASH that are not ours, and a decoder."""

import json
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mpd_inspector import MPDInspector, MPDParser

from apps.media import playlists
from apps.media.cmaf import Index
from apps.media.playlists import Track

from . import packaged
from .packaged import FRAMES, Packaged, key_of

VALIDATORS = Path(__file__).with_name("validators")
SHORTAGE = "The validators need Node 20 and the packages of package.json: `npm ci --ignore-scripts`."


@pytest.fixture
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp()


@pytest.fixture
def film(base: Path) -> Packaged:
    return packaged.film(base)


def node(script: str, *arguments: str | Path) -> Any:
    """What a validator found; that it found a fault is a failure of the test."""
    program = shutil.which("node")
    assert program, SHORTAGE
    command = [program, VALIDATORS / script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "ERR_MODULE_NOT_FOUND" not in done.stderr, SHORTAGE
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def parts(index: Index) -> list[str]:
    """The byte ranges that a player gets: what it begins with, then fragment by fragment."""
    return [f"0-{index.init_size}", *(f"{one.offset}-{one.size}" for one in index.fragments)]


def tracks(film: Packaged) -> Iterator[tuple[Track, int]]:
    """Each with the number of its samples."""
    for video in film.package.videos:
        yield video, FRAMES
    for audio in film.package.audios:
        yield audio, -(-audio.index.duration // 1024)


def test_hls_parser_finds_nothing_that_the_rfc_forbids(film: Packaged) -> None:
    told = node("hls.mjs", film.folder / packaged.MASTER, playlists.IMAGES)

    assert set(told["playlists"]) == {*packaged.tree(film.package)} - {packaged.MASTER}
    assert all(one["ended"] for one in told["playlists"].values())
    shown = [one for one in told["variants"] if not one["iframes"]]
    assert [(one["resolution"]["height"], one["frameRate"]) for one in shown] == [
        (144, 24),
        (360, 24),
        (720, 24),
    ]
    assert {(one["audio"], one["subtitles"], one["codecs"].partition(",")[2]) for one in shown} == {
        (3, 3, "mp4a.40.2")
    }
    assert [one["language"] for one in told["renditions"]] == ["en", "hi", "en", "en", "hi", "en"]
    for track, _ in tracks(film):
        found = told["playlists"][track.playlist]
        assert [(one["byterange"]["offset"], one["byterange"]["length"]) for one in found["segments"]] == [
            (one.offset, one.size) for one in track.index.fragments
        ]
        assert found["seconds"] == pytest.approx(track.index.duration / track.index.timescale, abs=1e-4)


def test_mp4box_reads_every_track_by_the_ranges_of_its_index(film: Packaged) -> None:
    for track, samples in tracks(film):
        told = node("mp4.mjs", film.folder / track.file, *parts(track.index))

        assert "cmfc" in told["brands"]
        assert told["codec"].lower() == track.index.codecs.lower()
        assert (told.get("width", 0), told.get("height", 0)) == (track.index.width, track.index.height)
        assert sum(one["samples"] for one in told["fragments"]) == samples
        assert [(one["time"], one["duration"]) for one in told["fragments"]] == [
            (one.time, one.duration) for one in track.index.fragments
        ]
        assert all(one["sync"][0] for one in told["fragments"])


def test_pictures_of_all_rungs_begin_together_with_a_keyframe(film: Packaged) -> None:
    seen = []
    for one in film.package.videos:
        told = node("mp4.mjs", film.folder / one.file, *parts(one.index))
        seen.append([(part["time"], part["sync"]) for part in told["fragments"]])

    assert seen[0] == seen[1] == seen[2]


def test_mpd_inspector_reads_the_same_film(film: Packaged) -> None:
    told = MPDInspector(MPDParser.from_file(str(film.folder / packaged.MPD)))

    (period,) = told.periods
    assert told.is_vod()
    assert period.duration.total_seconds() == pytest.approx(FRAMES / packaged.FPS)
    found = {one.id: one for group in period.adaptation_sets for one in group.representations}
    kinds = [str(group.content_type.value) for group in period.adaptation_sets]
    assert kinds == ["video", *["audio"] * 3, *["text"] * 3, "image"]
    for track, _ in tracks(film):
        one = found[track.name]
        assert one.codecs == track.index.codecs
        assert one.bandwidth == track.index.peak_bps
        assert one.base_urls[0].text == track.file
        begin, end = map(int, one.segment_base.index_range.split("-"))
        with (film.folder / track.file).open("rb") as file:
            file.seek(begin)
            box = file.read(end - begin + 1)
        assert (box[4:8], int.from_bytes(box[:4], "big")) == (b"sidx", len(box))
    urls = [one.urls[0] for one in found["thumbs"].segment_information.segments]
    assert [(film.folder / one).stat().st_size > 0 for one in urls] == [True]


@pytest.mark.parametrize("rung", [0, 1, 2])
def test_ffmpeg_decodes_the_very_same_frames_by_hls_and_by_dash(film: Packaged, rung: int) -> None:
    stream = f"v:{rung}"

    plain = packaged.frames(film.package.videos[rung].file, cwd=film.folder)
    by_hls = packaged.frames(packaged.MASTER, cwd=film.folder, stream=stream)
    by_dash = packaged.frames(packaged.MPD, "-allowed_extensions", "ALL", cwd=film.folder, stream=stream)

    assert len(plain) == len(set(plain)) == FRAMES
    assert by_hls == by_dash == plain


@pytest.mark.parametrize("scheme", ["", "cenc", "cbcs"])
def test_the_i_frame_playlist_shows_pictures_that_decode(base: Path, tmp_path: Path, scheme: str) -> None:
    film = packaged.protected(base, scheme) if scheme else packaged.film(base)
    video = film.package.videos[1]
    options = ["-decryption_key", key_of("SD")[1].hex()] if scheme else []
    whole = packaged.frames(video.file, *options, cwd=film.folder)
    data = (film.folder / video.file).read_bytes()
    shown = []
    for one in video.index.fragments:
        piece = data[: video.index.init_size] + data[one.offset : one.offset + one.key_size]
        (tmp_path / "one.mp4").write_bytes(piece)
        shown += packaged.frames("one.mp4", *options, cwd=tmp_path)

    assert shown == [whole[n] for n in (0, 96, 192)]


def test_sound_alone_passes_as_well(film: Packaged, tmp_path: Path) -> None:
    folder = tmp_path / "sound"
    shutil.copytree(film.folder, folder)
    sound = replace(film.package, videos=(), sheets=None)
    packaged.written(sound, folder)

    told = node("hls.mjs", folder / packaged.MASTER)
    dash = MPDInspector(MPDParser.from_file(str(folder / packaged.MPD)))

    variants = [(one["uri"], one["codecs"], one["audio"]) for one in told["variants"]]
    assert variants == [("a-en.m3u8", "mp4a.40.2", 3)]
    assert [one.content_type.value for one in dash.periods[0].adaptation_sets] == ["audio"] * 3 + ["text"] * 3
    heard = packaged.frames("a-hi.mp4", cwd=folder, stream="a:0")
    assert packaged.frames(packaged.MASTER, cwd=folder, stream="a:1") == heard
    assert packaged.frames(packaged.MPD, "-allowed_extensions", "ALL", cwd=folder, stream="a:1") == heard


@pytest.mark.parametrize("scheme", ["cenc", "cbcs"])
def test_encrypted_films_pass_as_well_and_name_their_keys(base: Path, scheme: str) -> None:
    film = packaged.protected(base, scheme)
    labels = {"v144": "SD", "v360": "SD", "v720": "HD"}
    kids = {one.name: key_of(labels.get(one.name, "AUDIO"))[0] for one, _ in tracks(film)}

    by_identity = node("hls.mjs", film.folder / packaged.MASTER)
    by_clear_key = node("hls.mjs", film.folder / packaged.CLEAR_KEY / packaged.MASTER)
    dash = MPDInspector(MPDParser.from_file(str(film.folder / packaged.MPD)))

    assert by_identity["sessionKeys"] == by_clear_key["sessionKeys"] == 3
    for name, kid in kids.items():
        assert {one["uri"] for one in by_identity["playlists"][f"{name}.m3u8"]["keys"]} == {f"keys/{kid}"}
        (uri,) = {one["uri"] for one in by_clear_key["playlists"][f"{name}.m3u8"]["keys"]}
        assert b64decode(uri.removeprefix("data:text/plain;base64,")) == kid.bytes
    found: dict[str, list[str]] = {}
    for group in dash.periods[0].adaptation_sets:
        told = [one for one in group.content_protections or [] if one.value == scheme]
        # What it calls `cenc_default_kid` it looks for under a name that its XML parser never gives.
        ids = [one.element.attrib["{urn:mpeg:cenc:2013}default_KID"] for one in told]
        found |= {one.id: ids for one in group.representations}
    assert {name: found[name] for name in kids} == {name: [str(kid)] for name, kid in kids.items()}


def test_the_checkers_do_find_faults(film: Packaged, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(film.folder, folder)
    playlist, track = folder / "v360.m3u8", film.package.videos[1]
    playlist.write_text(playlist.read_text().replace("TARGETDURATION:4", "TARGETDURATION:3"))

    with pytest.raises(AssertionError, match="target duration"):
        node("hls.mjs", folder / packaged.MASTER)
    with pytest.raises(AssertionError, match="enough to begin"):
        node("mp4.mjs", folder / track.file, f"0-{track.index.init_size - 1}")
