"""Track files: what is read in them, how parts become one, and what is no track file."""

import random
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from apps.media import boxes, cmaf, ladder
from apps.media.cmaf import Damaged, Index
from apps.media.ladder import Options, Plan
from apps.media.packager import Watch, encode_audio, encode_chunk

from . import footage

SMALL = Options(heights=(144,), preset="ultrafast", chunk_s=4)


def encoded(name: str, folder: Path, options: Options = SMALL) -> tuple[Plan, dict[str, list[Path]]]:
    """The plan of a clip, and the files of each rung's chunks."""
    plan = ladder.plan(footage.source(name), options)
    assert plan
    for chunk in plan.chunks:
        place = folder / str(chunk.number)
        place.mkdir()
        encode_chunk(footage.clip(name), plan, chunk, place, Watch())
    return plan, {
        rung.name: [folder / str(chunk.number) / f"{rung.name}.mp4" for chunk in plan.chunks]
        for rung in plan.rungs
    }


@pytest.fixture(scope="module")
def track(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rung of four chunks, joined."""
    folder = tmp_path_factory.mktemp("track")
    _, parts = encoded("film", folder, Options(heights=(144,), preset="ultrafast", chunk_s=4))
    cmaf.join(parts["v144"], folder / "v144.mp4")
    return folder / "v144.mp4"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A track of sound, of two fragments."""
    folder = tmp_path_factory.mktemp("sound")
    source = footage.source("long_sound")
    encode_audio(footage.clip("long_sound"), "mov", source.audios[0], folder / "a.mp4", Watch(), seconds=6)
    return folder / "a.mp4"


def packets(path: Path) -> list[tuple[int, int, int, bool]]:
    """Decode time, presentation time, size, and whether it is a keyframe, as libavformat sees them."""
    with av.open(str(path)) as file:
        return [
            (packet.dts, packet.pts, packet.size, packet.is_keyframe)
            for packet in file.demux(file.streams[0])
            if packet.dts is not None
        ]


def starts(index: Index) -> list[int]:
    return [one.time for one in index.fragments]


# --- Reading -----------------------------------------------------------------------------------------


def test_what_is_read_is_what_libavformat_sees(track: Path) -> None:
    index, seen = cmaf.read(track), packets(track)

    assert (index.timescale, index.codecs, index.width, index.height) == (24000, "avc1.42C00C", 256, 144)
    assert index.duration == len(seen) * 1001
    keys = [dts for dts, _, _, is_key in seen if is_key]
    assert starts(index) == keys[::2]
    assert [pts for _, pts, _, is_key in seen if is_key] == keys
    data = track.read_bytes()
    for fragment in index.fragments:
        size = next(size for dts, _, size, _ in seen if dts == fragment.time)
        head = data.index(b"mdat", fragment.offset) + 4
        assert fragment.offset + fragment.key_size == head + size
    last = index.fragments[-1]
    assert last.offset + last.size == len(data)
    assert index.fragments[0].offset == index.init_size + index.sidx_size


def test_sound_keeps_the_edit_list_that_hides_its_priming(sound: Path) -> None:
    index = cmaf.read(sound)

    assert (index.codecs, index.channels, index.rate, index.timescale) == ("mp4a.40.2", 2, 48000, 48000)
    assert index.duration == 6 * 48000 + 1024
    with av.open(str(sound)) as file:
        assert file.streams[0].start_time == 0
        assert file.streams[0].duration == 6 * 48000
    assert cmaf.read(sound).fragments[0].key_size > 0


def test_an_index_survives_being_stored(track: Path, sound: Path) -> None:
    for path in (track, sound):
        assert Index.from_json(cmaf.read(path).to_json()) == cmaf.read(path)


@pytest.mark.parametrize(("codec", "begins"), [("hevc", "hvc1.1.6.L"), ("av1", "av01.0.00M.08")])
def test_other_codecs_are_named(codec: str, begins: str, tmp_path: Path) -> None:
    _, parts = encoded("film", tmp_path, Options(heights=(144,), codecs=(codec,), preset="ultrafast"))

    index = cmaf.join(parts[f"v144-{codec}"], tmp_path / "joined.mp4")

    assert index.codecs.startswith(begins)
    assert index.duration == cmaf.join(parts["v144"], tmp_path / "other.mp4").duration
    assert [one[3] for one in packets(tmp_path / "joined.mp4")].count(True) == 2


def test_protected_tracks_are_read_alike(track: Path, sound: Path, tmp_path: Path) -> None:
    for path in (track, sound):
        kind = "v" if path == track else "a"
        target = tmp_path / f"{kind}.mp4"
        flags = "+cmaf+frag_keyframe+negative_cts_offsets" if kind == "v" else "+cmaf+delay_moov"
        duration = 3_990_000 if kind == "v" else 4_000_000
        option = "-min_frag_duration" if kind == "v" else "-frag_duration"
        footage.ffmpeg(
            *("-i", str(path), "-c", "copy", "-movflags", flags, option, str(duration)),
            *("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "0" * 32),
            *("-encryption_kid", "1" * 32, str(target)),
        )
        clear, protected = cmaf.read(path), cmaf.read(target)
        assert b"enc" + kind.encode() in target.read_bytes()
        for name in ("codecs", "width", "height", "channels", "rate"):
            assert getattr(clear, name) == getattr(protected, name)
        assert [one.duration for one in clear.fragments] == [one.duration for one in protected.fragments]
        assert all(one.key_size for one in protected.fragments)


# --- Joining -----------------------------------------------------------------------------------------


def sidx(path: Path) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """Its fixed fields and its rows, read in the plainest way (ISO/IEC 14496-12 §8.16.3)."""
    data = path.read_bytes()
    at = data.index(b"sidx") + 4
    fields = struct.unpack_from(">IIIQQHH", data, at)
    return fields, list(struct.iter_unpack(">III", data[at + 32 : at + 32 + 12 * fields[-1]]))


def test_parts_become_one_track(tmp_path: Path) -> None:
    plan, parts = encoded("film", tmp_path, Options(heights=(144,), preset="ultrafast"))
    whole = parts["v144"][0]
    index = cmaf.join([whole, whole, whole], tmp_path / "joined.mp4")

    assert starts(index) == [0, 96096, 192192]
    seen = packets(tmp_path / "joined.mp4")
    assert [dts for dts, *_ in seen] == [number * 1001 for number in range(3 * plan.frames)]
    assert sorted(pts for _, pts, *_ in seen) == [dts for dts, *_ in seen]
    data = (tmp_path / "joined.mp4").read_bytes()
    sequence = [int.from_bytes(data[at + 8 : at + 12], "big") for at in places(data, b"mfhd")]
    assert sequence == [1, 2, 3]
    assert b"elst" not in data


def places(data: bytes, kind: bytes) -> list[int]:
    found, at = [], data.find(kind)
    while at >= 0:
        found.append(at)
        at = data.find(kind, at + 4)
    return found


def test_its_segments_are_listed_at_its_start(track: Path, sound: Path) -> None:
    for path in (track, sound):
        index = cmaf.read(path)
        fields, rows = sidx(path)
        version, number, timescale, earliest, first_offset, reserved, count = fields
        assert (version >> 24, number, timescale, earliest, first_offset, reserved) == (
            1, 1, index.timescale, 0, 0, 0,
        )  # fmt: skip
        assert count == len(index.fragments)
        assert [row[0] for row in rows] == [one.size for one in index.fragments]
        assert {row[2] for row in rows} == {0x90000000}
        priming = 1024 if path == sound else 0
        assert sum(row[1] for row in rows) == index.duration - priming
        assert [row[1] for row in rows][1:] == [one.duration for one in index.fragments][1:]


def test_libavformat_finds_a_segment_by_them(track: Path) -> None:
    last = cmaf.read(track).fragments[-1]
    with av.open(str(track)) as file:
        file.seek(last.time + last.duration // 2, stream=file.streams[0], backward=True)
        packet = next(file.demux(file.streams[0]))

    assert packet.is_keyframe
    assert last.time <= (packet.pts or 0) <= last.time + last.duration // 2


def test_the_bytes_depend_on_nothing_but_the_source(tmp_path: Path) -> None:
    made = []
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        _, parts = encoded("plain", folder, Options(heights=(144,), codecs=("hevc", "av1"), chunk_s=4))
        for rung, files in parts.items():
            cmaf.join(files, folder / f"{rung}.mp4")
        stream = footage.source("plain").audios[0]
        encode_audio(footage.clip("plain"), "mov", stream, folder / "a.mp4", Watch(), seconds=4)
        made.append({str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")})

    assert len(made[0]) == 9
    assert made[0] == made[1]


def test_parts_that_were_encoded_otherwise_are_refused(tmp_path: Path, track: Path, sound: Path) -> None:
    with pytest.raises(Damaged, match="not encoded alike"):
        cmaf.join([track, sound], tmp_path / "joined.mp4")
    with pytest.raises(Damaged):
        cmaf.join([], tmp_path / "joined.mp4")


def test_joining_again_changes_nothing(track: Path, tmp_path: Path) -> None:
    cmaf.join([track], tmp_path / "again.mp4")

    assert (tmp_path / "again.mp4").read_bytes() == track.read_bytes()


# --- Damage ------------------------------------------------------------------------------------------


def test_ffmpeg_and_libav_decode_the_whole_of_it(track: Path) -> None:
    index = cmaf.read(track)
    with av.open(str(track)) as file:
        frames = sum(1 for _ in file.decode(file.streams[0]))

    assert Fraction(index.duration, index.timescale) * Fraction(24000, 1001) == frames


@pytest.mark.parametrize("cut", [0, 7, 100, 700, 5000])
def test_a_part_of_a_track_is_damaged(track: Path, tmp_path: Path, cut: int) -> None:
    part = tmp_path / "part.mp4"
    part.write_bytes(track.read_bytes()[:cut])

    with pytest.raises(Damaged):
        cmaf.read(part)


def test_a_film_is_no_track(tmp_path: Path) -> None:
    for name in ("two_languages", "mkv", "plain"):
        with pytest.raises(Damaged):
            cmaf.read(footage.clip(name))


def test_lies_about_numbers_cost_no_memory(track: Path, tmp_path: Path) -> None:
    data = bytearray(track.read_bytes())
    at = data.index(b"trun")
    struct.pack_into(">I", data, at + 8, 0xFFFFFFFF)
    (tmp_path / "lie.mp4").write_bytes(data)

    with pytest.raises(Damaged):
        cmaf.read(tmp_path / "lie.mp4")
    # Samples that take no byte each: so many of them are a number, not a list.
    struct.pack_into(">I", data, at + 4, 0x1)
    (tmp_path / "lie.mp4").write_bytes(data)
    with pytest.raises(Damaged):
        cmaf.read(tmp_path / "lie.mp4")


def test_very_many_boxes_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "many.mp4").write_bytes(b"\0\0\0\x08free" * (boxes.MOST_BOXES + 1))

    with pytest.raises(Damaged, match="too many"):
        cmaf.read(tmp_path / "many.mp4")


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Some bytes of the headers changed, some for numbers that hurt; or a part cut out or doubled."""
    found = bytearray(data)
    heads: Sequence[int] = [at for kind in (b"moov", b"moof", b"sidx") for at in places(data, kind)]
    for _ in range(chance.randint(1, 6)):
        at = min(len(found) - 9, max(0, chance.choice(heads) + chance.randint(-8, 700)))
        if chance.random() < 0.5:
            found[at] = chance.randrange(256)
        else:
            value = chance.choice([0, 1, 7, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(data)])
            struct.pack_into(">I", found, at, value)
    if chance.random() < 0.3:
        first, second = sorted(chance.randrange(len(found)) for _ in range(2))
        found[first:second] = b"" if chance.random() < 0.5 else found[first:second] * 2
    return bytes(found)


def test_300_mutated_tracks_are_read_or_refused(track: Path, sound: Path, tmp_path: Path) -> None:
    seed = random.randrange(2**32)  # noqa: S311
    print(f"seed {seed}")  # noqa: T201
    chance = random.Random(seed)  # noqa: S311
    path, target = tmp_path / "mutated.mp4", tmp_path / "joined.mp4"
    ends = {"read": 0, "refused": 0}
    for _ in range(150):
        for original in (track, sound):
            path.write_bytes(mutated(original.read_bytes(), chance))
            try:
                index = cmaf.join([path], target)
            except Damaged:
                ends["refused"] += 1
            else:
                assert sum(one.size for one in index.fragments) <= path.stat().st_size
                ends["read"] += 1

    assert ends["read"]
    assert ends["refused"]


def test_it_has_sound_or_a_picture_that_we_know(track: Path, tmp_path: Path) -> None:
    data: Any = track.read_bytes().replace(b"avc1", b"ap4h")
    (tmp_path / "other.mp4").write_bytes(data)

    with pytest.raises(Damaged, match="codec"):
        cmaf.read(tmp_path / "other.mp4")
