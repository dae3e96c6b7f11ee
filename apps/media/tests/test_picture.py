"""What the picture of a film becomes: the frames that were planned, whatever film it is, and their look."""

import re
from dataclasses import replace
from pathlib import Path

import av
import pytest
from PIL import Image

from apps.media import cmaf, ladder
from apps.media.ladder import Options, Plan
from apps.media.packager import Broken, Decoded, Watch, encode_chunk, measure_decode, measure_picture

from . import footage

QUICK = Options(heights=(90, 144), preset="ultrafast")
WITH_PICTURES = [
    name for name, one in footage.CLIPS.items() if one.video and name not in ("cut_off", "high", "slides")
]


def planned(name: str, options: Options = QUICK) -> Plan:
    plan = ladder.plan(footage.source(name), options)
    assert plan
    return plan


def encoded(name: str, folder: Path, options: Options = QUICK) -> tuple[Plan, dict[str, Path]]:
    """The plan and the finished tracks of a clip, by the rungs' names."""
    plan = planned(name, options)
    for chunk in plan.chunks:
        place = folder / f"chunk-{chunk.number}"
        place.mkdir()
        encode_chunk(footage.clip(name), plan, chunk, place, Watch())
    tracks = {rung.name: folder / f"{rung.name}.mp4" for rung in plan.rungs}
    for rung, track in tracks.items():
        cmaf.join([folder / f"chunk-{chunk.number}" / f"{rung}.mp4" for chunk in plan.chunks], track)
    return plan, tracks


def likeness(track: Path, reference: Path, then: str = "null") -> float:
    """The least PSNR, in dB, of any frame of a track and the same frame of a film as ffmpeg shows it."""
    with av.open(str(track)) as file:
        shape = f"{file.streams.video[0].width}:{file.streams.video[0].height}"
    log = footage.ffmpeg(
        *("-i", str(track), "-i", str(reference), "-lavfi"),
        "[0:v]settb=AVTB,setpts=N[a];"
        f"[1:v]{then},scale={shape}:flags=bicubic:out_range=tv,format=yuv420p,settb=AVTB,setpts=N[b];"
        "[a][b]psnr=stats_file=-:shortest=1",
        *("-f", "null", "-"),
    )
    return min(float(one) for one in re.findall(r"psnr_avg:([\d.]+|inf)", log))


def colours(path: Path) -> bytes:
    """The picture at the end of a film as a player shows it, 16x9 pixels of red, green and blue."""
    with av.open(str(path)) as file:
        *_, last = file.decode(file.streams.video[0])
        return last.to_image().resize((16, 9)).tobytes()


# --- Time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITH_PICTURES)
def test_every_film_becomes_the_frames_that_were_planned(name: str, tmp_path: Path) -> None:
    plan, tracks = encoded(name, tmp_path)

    keys = set()
    for rung in plan.rungs:
        index = cmaf.read(tracks[rung.name])
        assert (index.width, index.height) == rung.picture
        assert index.duration == plan.frames * plan.frame_units
        assert [one.duration for one in index.fragments[:-1]] == [plan.segment * plan.frame_units] * (
            len(index.fragments) - 1
        )
        with av.open(str(tracks[rung.name])) as file:
            keys.add(tuple(packet.pts for packet in file.demux() if packet.is_keyframe and packet.size))
    decoded = measure_decode(list(tracks.values()), Watch(), seconds=float(plan.seconds))
    assert decoded == [Decoded(plan.frames, 0)] * len(plan.rungs)
    (times,) = keys
    assert times == tuple(range(0, plan.frames * plan.frame_units, plan.gop * plan.frame_units))
    thumbs = sorted(tmp_path.glob("chunk-*/thumb_*.jpg"))
    assert len(thumbs) == -(-plan.frames // plan.thumb_every)
    with Image.open(thumbs[0]) as thumb:
        assert thumb.size == plan.thumb


@pytest.mark.parametrize("name", ["counted", "counted_mkv", "counted_ts"])
def test_each_frame_is_where_it_was(name: str, tmp_path: Path) -> None:
    _, tracks = encoded(name, tmp_path)

    assert footage.numbers(tracks["v90"]) == list(range(300))


@pytest.mark.parametrize("name", ["counted", "counted_mkv", "counted_vfr"])
def test_a_film_in_chunks_is_the_film_in_one(name: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "many").mkdir()

    whole, one = encoded(name, tmp_path / "one")
    cut, many = encoded(name, tmp_path / "many", replace(QUICK, chunk_s=4))

    assert (len(whole.chunks), len(cut.chunks)) == (1, 3)
    assert footage.numbers(many["v90"]) == footage.numbers(one["v90"])
    times = [
        [(fragment.time, fragment.duration) for fragment in cmaf.read(tracks["v90"]).fragments]
        for tracks in (one, many)
    ]
    assert times[0] == times[1]


def test_a_picture_that_stands_for_long_stands_as_long_in_chunks(tmp_path: Path) -> None:
    """The frame that a chunk begins with was last told of long before it."""
    _, tracks = encoded("slides", tmp_path, replace(QUICK, chunk_s=4))

    found = measure_picture(tracks["v90"], Watch(), seconds=28)

    assert [(round(one.start), round(one.end)) for one in found.frozen] == [(0, 14), (14, 27)]


def test_frames_without_a_rate_are_shown_when_their_time_comes(tmp_path: Path) -> None:
    plan, tracks = encoded("counted_vfr", tmp_path)

    shown = footage.numbers(tracks["v90"])

    assert plan.fps == 30
    assert shown == sorted(shown)
    for number, found in enumerate(shown):
        assert abs(float(number / plan.fps) - found / 25) < 0.13


def test_a_film_that_is_cut_off_is_not_made_up(tmp_path: Path) -> None:
    plan = planned("cut_off")

    with pytest.raises(Broken, match=r"ends after 0:00:02\.\d, .* lasts 0:00:04\.0\. It may be cut off"):
        encode_chunk(footage.clip("cut_off"), plan, plan.chunks[0], tmp_path, Watch())


def test_thumbnails_are_of_the_frames_that_their_number_says(tmp_path: Path) -> None:
    plan, _ = encoded("counted", tmp_path, replace(QUICK, chunk_s=4))

    shown = []
    for path in sorted(tmp_path.glob("chunk-*/thumb_*.jpg")):
        with Image.open(path) as thumb:
            shown.append(footage.number(thumb))

    assert shown == list(range(0, 300, plan.thumb_every))


# --- What is to be seen ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["rotated", "rotated_mov", "upside_down", "anamorphic", "odd_size", "yuv422"]
)
def test_it_is_shown_as_players_show_the_source(name: str, tmp_path: Path) -> None:
    _, tracks = encoded(name, tmp_path, Options(heights=(180, 240), preset="fast"))
    *_, track = tracks.values()

    assert likeness(track, footage.clip(name)) > 24
    data = track.read_bytes()
    matrix = data[data.index(b"tkhd") + 4 + 40 :][:36]
    assert matrix.hex() == "00010000" + "0" * 24 + "00010000" + "0" * 24 + "40000000"
    with av.open(str(track)) as file:
        assert file.streams.video[0].sample_aspect_ratio in (None, 1)


def test_fields_are_made_one_picture(tmp_path: Path) -> None:
    """The comb between two fields is gone, and the rate is that of the frames."""
    plan, tracks = encoded("interlaced", tmp_path, Options(heights=(180,), preset="fast"))

    assert plan.fps == 25
    combed, smooth = (
        likeness(tracks["v180"], footage.clip("interlaced"), then=then)
        for then in ("null", "bwdif=mode=send_frame")
    )
    assert smooth > combed + 2


@pytest.mark.parametrize("name", ["hdr", "hlg", "rgb", "full_range", "ten_bit", "yuv422", "mov"])
def test_colours_are_those_of_the_source_in_sdr(name: str, tmp_path: Path) -> None:
    """The test picture has all of them at full strength, where those in HDR are held back.

    Untouched, these would be off by 50 and more of 255.
    """
    _, tracks = encoded(name, tmp_path, Options(heights=(180,), preset="fast"))
    reference = footage.clip("rec709" if name in ("hdr", "hlg", "full_range") else "plain")

    pairs = list(zip(colours(tracks["v180"]), colours(reference), strict=True))
    assert sum(abs(one - other) for one, other in pairs) / len(pairs) < (25 if name in ("hdr", "hlg") else 5)
    with av.open(str(tracks["v180"])) as file:
        context = file.streams.video[0].codec_context
        assert context.pix_fmt == "yuv420p"
        if name in ("hdr", "hlg", "rgb"):
            assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)


def test_black_and_frozen_stretches_are_found(tmp_path: Path) -> None:
    _, tracks = encoded("flash", tmp_path)
    (tmp_path / "still").mkdir()
    _, still = encoded("still", tmp_path / "still")

    seen = measure_picture(tracks["v90"], Watch(), seconds=4)

    assert [(one.start, one.end) for one in seen.black] == [(0, 2)]
    assert (seen.decoded, seen.frozen) == (Decoded(100, 0), ())
    assert measure_picture(still["v90"], Watch(), seconds=4).black == ()


def test_damage_in_a_finished_track_is_found(tmp_path: Path) -> None:
    _, tracks = encoded("plain", tmp_path)
    track = tracks["v144"]
    data = bytearray(track.read_bytes())
    fragment = cmaf.read(track).fragments[0]
    middle = fragment.offset + fragment.size // 2
    data[middle : middle + 400] = b"\x55" * 400
    track.write_bytes(data)

    good, damaged = measure_decode([tracks["v90"], track], Watch(), seconds=4)

    assert good == Decoded(100, 0)
    assert damaged.errors > 0


def test_very_many_tracks_are_decoded_in_turns(tmp_path: Path) -> None:
    _, tracks = encoded("tiny", tmp_path)
    told: list[float] = []

    found = measure_decode([tracks["v90"]] * 11, Watch(tell=lambda done_s, _: told.append(done_s)), seconds=4)

    assert found == [Decoded(100, 0)] * 11
    assert told == sorted(told)
    assert told[-1] == pytest.approx(4)
