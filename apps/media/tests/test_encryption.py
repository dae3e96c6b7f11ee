"""Encrypted tracks: what decoders and other packagers make of them, and what stays as it was."""

import platform
import random
import re
import subprocess
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from uuid import UUID

import pytest

from apps.media import boxes, cmaf, encryption
from apps.media.boxes import Damaged
from apps.media.ciphers import CBCS, CENC, Protection
from apps.media.cmaf import Index
from apps.media.encryption import Unprotectable
from apps.media.slices import Slices

from . import packaged
from .packaged import Packaged
from .test_validators import SHORTAGE, node, parts

KEY, KID = bytes(range(16)), UUID("00112233-4455-6677-8899-aabbccddeeff")
SCHEMES = [CENC, CBCS]
PACKAGERS = Path(__file__).parents[3] / "node_modules/shaka-packager/bin"
# What makes slice headers long: many references, weights, several slices, fields, lists of their own.
CODINGS = {
    "plain": "-c:v libx264 -preset veryfast",
    "many references": "-c:v libx264 -preset medium -x264-params ref=16:bframes=8:weightp=2:b-pyramid=normal",
    "slices": "-c:v libx264 -preset veryfast -x264-params slices=4",
    "baseline": "-c:v libx264 -preset veryfast -profile:v baseline",
    "interlaced": "-c:v libx264 -preset veryfast -flags +ilme+ildct -x264-params tff=1",
    "matrices": "-c:v libx264 -preset veryfast -x264-params cqm=jvt",
    "nearly empty": "-c:v libx264 -preset ultrafast -crf 48",
    "hevc": "-c:v libx265 -preset veryfast -tag:v hvc1 -x265-params log-level=error",
    "hevc, rich": "-c:v libx265 -preset medium -tag:v hvc1"
    " -x265-params log-level=error:weightb=1:ref=5:bframes=6:slices=2:scaling-list=default",
    "hevc, nearly empty": "-c:v libx265 -preset ultrafast -crf 45 -tag:v hvc1"
    " -x265-params log-level=error:wpp=0:no-sao=1",
}


@pytest.fixture
def film(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    return packaged.film(tmp_path_factory.getbasetemp())


def track(folder: Path, coding: str) -> Path:
    """Two seconds that fade and are full of noise."""
    source = "testsrc2=size=176x144:rate=24:duration=2,noise=alls=12:allf=t,fade=t=out:d=2"
    flags = "-movflags +cmaf+frag_keyframe+negative_cts_offsets -pix_fmt yuv420p -g 24 -threads 1 -f mp4"
    packaged.ffmpeg("-f", "lavfi", "-i", source, *coding.split(), *flags.split(), "part.mp4", cwd=folder)
    cmaf.join([folder / "part.mp4"], folder / "clear.mp4")
    return folder / "clear.mp4"


def maps(path: Path, iv_size: int) -> Iterator[tuple[bytes, tuple[tuple[int, int], ...]]]:
    """Of each sample: its IV, and its clear and protected bytes by turns (`senc`)."""
    data = path.read_bytes()
    for moof in (box for box in boxes.inside(data) if box.kind == b"moof"):
        fields = boxes.Fields(data, boxes.must(data, "traf/senc", moof))
        _, flags = fields.full()
        for _ in range(fields.number(4)):
            iv = fields.take(iv_size)
            count = fields.number(2) if flags & 2 else 0
            yield iv, tuple((fields.number(2), fields.number(4)) for _ in range(count))


def media(path: Path) -> bytes:
    data = path.read_bytes()
    return b"".join(data[box.body : box.end] for box in boxes.inside(data) if box.kind == b"mdat")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_decoder_with_the_key_sees_and_hears_the_very_same(
    film: Packaged, tmp_path: Path, scheme: str
) -> None:
    tracks = [(one.file, "v:0") for one in film.package.videos]
    tracks += [(one.file, "a:0") for one in film.package.audios]
    for name, stream in tracks:
        encryption.encrypt(film.folder / name, tmp_path / name, scheme=scheme, key=KEY, kid=KID)

        clear = packaged.frames(name, cwd=film.folder, stream=stream)
        opened = packaged.frames(name, "-decryption_key", KEY.hex(), cwd=tmp_path, stream=stream)

        assert opened == clear
        assert len(clear) >= packaged.FRAMES


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_decoder_without_the_key_or_with_a_wrong_one_sees_nothing_of_it(
    film: Packaged, tmp_path: Path, scheme: str
) -> None:
    encryption.encrypt(film.folder / "v360.mp4", tmp_path / "v360.mp4", scheme=scheme, key=KEY, kid=KID)
    clear = set(packaged.frames("v360.mp4", cwd=film.folder))

    for options in ([], ["-decryption_key", bytes(16).hex()]):
        command = [packaged.FFMPEG, "-nostdin", "-v", "quiet", *options, "-i", tmp_path / "v360.mp4"]
        told = subprocess.run([*command, "-f", "framemd5", "-"], capture_output=True, text=True, check=False)
        assert clear.isdisjoint(re.findall(r"[0-9a-f]{32}$", told.stdout, re.MULTILINE))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_mp4box_reads_what_is_told_of_the_encryption(film: Packaged, tmp_path: Path, scheme: str) -> None:
    for name in ("v720", "a-en"):
        clear = cmaf.read(film.folder / f"{name}.mp4")
        path = tmp_path / f"{name}.mp4"
        index = encryption.encrypt(film.folder / path.name, path, scheme=scheme, key=KEY, kid=KID)

        told = node("mp4.mjs", path, *parts(index))
        assert told["entry"] == ("enca" if name == "a-en" else "encv")
        assert told["original"] == ("mp4a" if name == "a-en" else "avc1")
        assert told["scheme"] == scheme
        assert told["kid"].replace("-", "") == KID.hex
        assert [(one["time"], one["duration"]) for one in told["fragments"]] == [
            (one.time, one.duration) for one in clear.fragments
        ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_index_fits_and_all_else_is_as_it_was(film: Packaged, tmp_path: Path, scheme: str) -> None:
    clear = cmaf.read(film.folder / "v360.mp4")
    path = tmp_path / "v360.mp4"

    index = encryption.encrypt(film.folder / path.name, path, scheme=scheme, key=KEY, kid=KID)

    assert index == cmaf.read(path)
    assert (index.codecs, index.width, index.sidx_size) == (clear.codecs, clear.width, clear.sidx_size)
    assert [(one.time, one.duration) for one in index.fragments] == [
        (one.time, one.duration) for one in clear.fragments
    ]
    for before, after in zip(clear.fragments, index.fragments, strict=True):
        assert after.key_size - before.key_size == after.size - before.size > 0
    assert sizes_in_sidx(path, index) == [one.size for one in index.fragments]
    assert len(media(path)) == len(media(film.folder / path.name))


def sizes_in_sidx(path: Path, index: Index) -> list[int]:
    data = path.read_bytes()[index.init_size : index.init_size + index.sidx_size]
    fields = boxes.Fields(data, boxes.must(data, "sidx"), skip=4 + 8 + 16 + 4)
    return [row[0] for row in fields.rows(">III", len(index.fragments))]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_same_again_makes_the_same_bytes(film: Packaged, tmp_path: Path, scheme: str) -> None:
    made = [tmp_path / name for name in "ab"]
    for path in made:
        encryption.encrypt(film.folder / "v144.mp4", path, scheme=scheme, key=KEY, kid=KID)

    assert made[0].read_bytes() == made[1].read_bytes()


def test_no_two_samples_under_one_key_have_the_same_iv(film: Packaged, tmp_path: Path) -> None:
    """Two with the same counters would tell what both are."""
    ivs: list[bytes] = []
    for name in ("v144.mp4", "v360.mp4", "a-en.mp4", "a-hi.mp4"):
        encryption.encrypt(film.folder / name, tmp_path / name, scheme=CENC, key=KEY, kid=KID)
        ivs += [iv for iv, _ in maps(tmp_path / name, 8)]

    assert len(ivs) == len(set(ivs)) > 2 * packaged.FRAMES


@pytest.mark.parametrize("coding", CODINGS.values(), ids=CODINGS.keys())
def test_it_is_bit_for_bit_what_shaka_packager_makes(tmp_path: Path, coding: str) -> None:
    """With the same key and IVs: the same bytes clear, in every sample, and the same encrypted ones."""
    clear = track(tmp_path, coding)
    frames = packaged.frames(clear.name, cwd=tmp_path)
    for scheme in SCHEMES:
        ours, theirs = tmp_path / f"{scheme}.mp4", tmp_path / f"{scheme}-shaka.mp4"
        encryption.encrypt(clear, ours, scheme=scheme, key=KEY, kid=KID)
        with clear.open("rb") as file:
            seed = Protection.of(scheme, KEY, KID, file_digest(file, "sha256").digest()).seed
        iv_size = 8 if scheme == CENC else 0
        shaka_packager(clear, theirs, scheme, seed[:iv_size] or seed)

        assert list(maps(ours, iv_size)) == list(maps(theirs, iv_size))
        assert media(ours) == media(theirs) != media(clear)
        assert packaged.frames(ours.name, "-decryption_key", KEY.hex(), cwd=tmp_path) == frames
        assert len(frames) == 48


def shaka_packager(source: Path, target: Path, scheme: str, iv: bytes) -> None:
    system = {"Linux": "linux", "Darwin": "osx"}[platform.system()]
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    program = PACKAGERS / f"packager-{system}-{machine}"
    assert program.exists(), SHORTAGE
    command = [
        program, f"in={source},stream=video,output={target},drm_label=SD", "--clear_lead", "0",
        "--segment_duration", "1", "--fragment_duration", "1", "--quiet", "--enable_raw_key_encryption",
        "--protection_scheme", scheme, "--keys", f"label=SD:key_id={KID.hex}:key={KEY.hex()}",
        "--iv", iv.hex(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_tracks_of_other_codecs_are_refused(tmp_path: Path) -> None:
    clear = track(tmp_path, "-c:v libsvtav1 -preset 12 -svtav1-params lp=1")

    with pytest.raises(Unprotectable, match="av01"):
        encryption.encrypt(clear, tmp_path / "out.mp4", scheme=CENC, key=KEY, kid=KID)


def test_a_scheme_or_a_key_that_is_none_is_refused(film: Packaged, tmp_path: Path) -> None:
    clear, target = film.folder / "v144.mp4", tmp_path / "out.mp4"

    with pytest.raises(ValueError, match="neither cenc nor cbcs"):
        encryption.encrypt(clear, target, scheme="cens", key=KEY, kid=KID)
    with pytest.raises(ValueError, match="no key of 16 bytes"):
        encryption.encrypt(clear, target, scheme=CENC, key=KEY[:15], kid=KID)


def test_what_is_encrypted_is_not_encrypted_again(film: Packaged, tmp_path: Path) -> None:
    encryption.encrypt(film.folder / "v144.mp4", tmp_path / "once.mp4", scheme=CENC, key=KEY, kid=KID)

    with pytest.raises(Unprotectable):
        encryption.encrypt(tmp_path / "once.mp4", tmp_path / "twice.mp4", scheme=CBCS, key=KEY, kid=KID)


@pytest.mark.parametrize("kind", ["avcC", "hvcC"])
def test_random_slices_are_damaged_or_have_a_header_within_them(tmp_path: Path, kind: str) -> None:
    data = track(tmp_path, CODINGS["hevc" if kind == "hvcC" else "plain"]).read_bytes()
    stsd = boxes.must(data, "moov/trak/mdia/minf/stbl/stsd")
    entry = next(boxes.inside(data, stsd.body + 8))
    described = boxes.must(data, kind, boxes.Box(entry.kind, entry.start, entry.body + 78, entry.end))
    config = data[described.start : described.end]
    seed = random.randrange(1 << 32)  # noqa: S311
    print("seed", seed)  # noqa: T201 so that it can be done again
    dice = random.Random(seed)  # noqa: S311
    ends = {"damaged": 0, "read": 0}

    for _ in range(3000):
        unit = dice.randbytes(dice.randrange(1, 80))
        broken = bytearray(config)
        broken[dice.randrange(8, len(broken))] = dice.randrange(256)
        try:
            clear = Slices(bytes(broken) if dice.random() < 0.5 else config, kind).clear(unit)
        except Damaged:
            ends["damaged"] += 1
        else:
            assert 0 <= clear <= len(unit)
            ends["read"] += 1

    assert min(ends.values()) > 100
