"""What the probe finds in real files, and what it tells of those it cannot read."""

import json
import shutil
import struct
from fractions import Fraction
from pathlib import Path
from threading import Event

import pytest

from apps.media import accept, probe
from apps.media.facts import Chapter, Source
from apps.media.probe import Unreadable

from .clips import X264, clip, derived, film, parsed

MP4, MKV = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"


def refused(path: Path) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        probe.probe(path)
    return caught.value


def near(milliseconds: int, wanted: int) -> bool:
    return abs(milliseconds - wanted) <= 50


# --- Facts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "container", "video", "audio"),
    [
        ("plain.mp4", MP4, "h264", "aac"),
        ("fragments.mp4", MP4, "h264", "aac"),
        ("plain.mkv", MKV, "h264", "aac"),
        ("plain.ts", "mpegts", "h264", "aac"),
        ("plain.webm", MKV, "vp8", "opus"),
        ("recorded.webm", MKV, "vp8", "opus"),
        ("plain.avi", "avi", "mpeg4", "mp3"),
        ("prores.mov", MP4, "prores", "pcm_s24le"),
    ],
)
def test_each_container_tells_the_same(name: str, container: str, video: str, audio: str) -> None:
    source = probe.probe(clip(name))

    assert (source.container, source.size) == (container, clip(name).stat().st_size)
    assert near(source.duration_ms, 2000)
    assert near(source.video.duration_ms, 2000)
    assert near(source.audios[0].duration_ms, 2000)
    assert (source.video.codec, source.video.width, source.video.height) == (video, 64, 48)
    assert (source.video.fps, source.video.variable, source.video.interlaced) == (Fraction(25), False, False)
    assert (source.video.rotation, source.video.sample_aspect) == (0, 1)
    assert (source.audios[0].codec, source.audios[0].channels, source.audios[0].rate) == (audio, 1, 48000)
    assert Source.from_json(json.loads(json.dumps(source.to_json()))) == source


@pytest.mark.parametrize("kind", ["wav", "w64", "flac", "mp3", "ogg", "aac", "m4a"])
def test_sound_alone_is_a_source_too(kind: str) -> None:
    source = probe.probe(clip(f"sound.{kind}"))

    assert source.videos == ()
    assert near(source.duration_ms, 2000)
    assert near(source.audios[0].duration_ms, 2000)
    assert (source.audios[0].channels, source.audios[0].rate) == (1, 48000)


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_rotation_is_clockwise(turned: int) -> None:
    """ffmpeg counts the other way."""
    path = derived(f"turned-{turned}.mp4", "plain.mp4", ("-display_rotation", str(-turned)))

    video = probe.probe(path).video

    assert (video.rotation, video.width, video.height) == (turned, 64, 48)


@pytest.mark.parametrize("kind", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("rate", ["24000/1001", "24", "30000/1001", "50", "60000/1001", "12"])
def test_rates_are_exact_however_the_container_rounds(rate: str, kind: str) -> None:
    path = derived(f"rate-{rate.replace('/', '-')}.{kind}", "plain.mp4", ("-r", rate), ("-an", *X264))

    video = probe.probe(path).video

    assert (video.fps, video.variable) == (Fraction(rate), False)


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_a_changing_rate_is_seen(kind: str) -> None:
    chosen = "select='not(mod(n,2))+lt(n,25)'"
    path = derived(f"uneven.{kind}", "plain.mp4", (), ("-vf", chosen, "-fps_mode", "vfr", "-an", *X264))

    video = probe.probe(path).video

    assert video.variable
    assert 17 < video.fps < 21


def test_fields_colours_and_shapes_are_seen() -> None:
    graph = "setsar=16/11,setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc"
    hdr = ("-vf", graph, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=1")
    ten = derived("ten.mkv", "plain.mp4", (), (*hdr, "-pix_fmt", "yuv420p10le", "-an"))

    field, deep = probe.probe(clip("field.ts")).video, probe.probe(ten).video

    assert (field.interlaced, field.fps, field.codec) == (True, 25, "mpeg2video")
    assert (deep.interlaced, deep.bit_depth, deep.pixel_format) == (False, 10, "yuv420p10le")
    assert (deep.transfer, deep.is_hdr, deep.sample_aspect) == ("arib-std-b67", True, Fraction(16, 11))


@pytest.mark.parametrize(
    ("name", "texts", "title"),
    [("marked.mkv", "subrip", "Português SDH"), ("marked.mp4", "mov_text", "Português SDH")],
)
def test_languages_marks_titles_and_chapters_are_read(name: str, texts: str, title: str) -> None:
    source = probe.probe(clip(name))

    german, english = source.audios
    forced, sdh = source.texts
    assert (german.language, german.described, english.language, english.described) == (
        "de",
        False,
        "en",
        True,
    )
    assert english.label == "Audio description [31m", "nothing in it steers a terminal or a page"
    assert (forced.codec, forced.is_text, forced.language, forced.sdh) == (texts, True, "hi", False)
    assert (sdh.sdh, sdh.forced, sdh.label) == (True, False, title)
    assert source.chapters == (Chapter(0, 800, "Opening"), Chapter(800, 2000, "A bell"))


def test_a_region_is_kept_where_the_container_can() -> None:
    assert probe.probe(clip("marked.mkv")).texts[1].language == "pt-BR"


def test_a_poster_in_the_file_is_no_film() -> None:
    source, song = probe.probe(clip("covered.mp4")), probe.probe(clip("covered.mp3"))

    assert [video.width for video in source.videos] == [64]
    assert (song.videos, len(song.audios)) == ((), 1)


def test_sound_that_begins_late_is_told() -> None:
    source = probe.probe(clip("late.mkv"))

    assert source.video.start_ms == 0
    assert near(source.audios[0].start_ms, 500)
    assert near(source.audios[0].duration_ms, 2000)
    assert near(source.duration_ms, 2500)


# --- Subtitles within --------------------------------------------------------------------------------

TIMES = [(200, 900), (1000, 1500)]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("marked.mkv", [b"Hello", b"World"]),
        ("styled.mkv", [b"0,0,Default,,0,0,0,,Hello", b"1,0,Default,,0,0,0,,World"]),
    ],
)
def test_packets_of_subtitles_are_handed_out_as_they_are(name: str, wanted: list[bytes]) -> None:
    text = probe.probe(clip(name)).texts[0]

    packets = probe.embedded(clip(name), text.index).packets

    assert [packet[:2] for packet in packets] == TIMES
    assert [packet[2] for packet in packets] == wanted


def test_mov_text_has_empty_packets_between() -> None:
    text = probe.probe(clip("marked.mp4")).texts[0]

    packets = probe.embedded(clip("marked.mp4"), text.index).packets
    said = [packet for packet in packets if packet[2] != b"\0\0"]

    assert [packet[:2] for packet in said] == TIMES
    assert [packet[2][:7] for packet in said] == [b"\0\5Hello", b"\0\5World"]


def test_styles_of_substation_come_along() -> None:
    text = probe.probe(clip("styled.mkv")).texts[0]

    assert b"[V4+ Styles]" in probe.embedded(clip("styled.mkv"), text.index).header


def test_webvtt_keeps_names_and_settings_of_cues() -> None:
    text = probe.probe(clip("cued.webm")).texts[0]

    (first, second) = probe.embedded(clip("cued.webm"), text.index).packets

    assert (first[:2], second[:2]) == tuple(TIMES)
    cue, rest = parsed(first[2])[0], parsed(parsed(first[2])[0].data)
    assert cue.kind == b"vttc"
    assert {one.kind: one.data for one in rest} == {
        b"payl": b"Hello", b"iden": b"first", b"sttg": b"line:80% align:start",
    }  # fmt: skip


# --- What cannot be read -----------------------------------------------------------------------------


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").touch()

    assert (refused(tmp_path / "film.mp4").code, refused(tmp_path / "film.mp4").lasting) == ("empty", True)


@pytest.mark.parametrize(
    ("content", "seems"),
    [
        (b"PK\x03\x04" + bytes(90), "a ZIP archive"),
        (b"\x89PNG\r\n\x1a\n" + bytes(90), "a PNG picture"),
        (b"\xff\xd8\xff\xe0" + bytes(90), "a JPEG picture"),
        (b"<?xml version='1.0'?><svg onload='alert(1)'/>", "an SVG picture"),
        (b"<!DOCTYPE html><title>404</title>", "a web page"),
        (b"%PDF-1.7" + bytes(90), "a PDF document"),
        (b"1\r\n00:00:01,000 --> 00:00:02,000\r\nHello\r\n", "SubRip subtitles"),
        ("Sehr geehrte Damen und Herren, grüß Gott".encode(), "a text file"),
    ],
)
def test_what_is_no_film_is_told_by_what_it_seems_to_be(tmp_path: Path, content: bytes, seems: str) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)

    told = refused(path).told

    assert f"This is no film but {seems}." in told
    assert "MP4" in told


def test_noise_is_told(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(bytes(range(1, 256)) * 40)

    assert refused(tmp_path / "film.mp4").told.startswith("This is no video or audio file that we know.")


def test_a_container_that_is_not_accepted_is_named() -> None:
    assert "Flash Video" in refused(clip("flash.flv")).told


@pytest.mark.parametrize(
    "name", ["plain.mp4", "plain.mkv", "plain.avi", "fragments.mp4", "prores.mov", "sound.wav", "sound.flac"]
)
def test_a_file_that_is_cut_off_is_told(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    content = clip(name).read_bytes()
    path.write_bytes(content[: len(content) * 2 // 5])

    unreadable = refused(path)

    assert (unreadable.code, "cut off" in unreadable.told) == ("cut-off", True)


def test_an_index_in_front_promises_what_must_be_there(tmp_path: Path) -> None:
    whole = derived("front.mp4", "plain.mp4", (), ("-c", "copy", "-movflags", "faststart"))
    path = tmp_path / "film.mp4"
    path.write_bytes(whole.read_bytes()[:-1])

    assert probe.probe(whole).duration_ms
    assert refused(path).code == "cut-off"


def test_a_broadcast_that_is_cut_off_is_as_long_as_it_is(tmp_path: Path) -> None:
    """A transport stream promises nothing."""
    path = tmp_path / "film.ts"
    content = clip("plain.ts").read_bytes()
    path.write_bytes(content[: len(content) // 2])

    assert probe.probe(path).duration_ms < 1700


def test_a_stream_that_appears_only_later_is_told_of(tmp_path: Path) -> None:
    """Behind more stuffing than is searched for streams."""
    path = tmp_path / "film.ts"
    stuffing = (b"\x47\x1f\xff\x10" + b"\xff" * 184) * 40_000
    path.write_bytes(clip("field.ts").read_bytes() + stuffing + clip("plain.ts").read_bytes())

    source = probe.probe(path)

    assert (len(source.videos), len(source.audios)) == (1, 1)
    assert [one.code for one in accept.refusals(source)] == ["audio-unclear"]


def test_a_picture_that_cannot_be_decoded_is_told(tmp_path: Path) -> None:
    boxes = parsed(clip("plain.mp4").read_bytes())
    data = next(one for one in boxes if one.kind == b"mdat")
    data.data = bytes(len(data.data))
    (tmp_path / "film.mp4").write_bytes(film(boxes))

    assert refused(tmp_path / "film.mp4").code in ("undecodable", "damaged")


def test_an_encrypted_film_is_told() -> None:
    key = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "1" * 32, "-encryption_kid", "2" * 32)

    unreadable = refused(derived("locked.mp4", "plain.mp4", (), ("-c", "copy", *key)))

    assert (unreadable.code, "DRM" in unreadable.told) == ("encrypted", True)


def test_it_can_be_stopped() -> None:
    stop = Event()
    stop.set()

    with pytest.raises(probe.Stopped):
        probe.probe(clip("plain.mp4"), stop=stop)


def test_limits_are_told_and_may_be_the_machines_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "LIMITS", probe.Limits(wall_s=0, cpu_s=30))

    unreadable = refused(clip("plain.mp4"))

    assert (unreadable.code, unreadable.lasting, "too long" in unreadable.told) == ("slow", False, True)


def test_too_little_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "LIMITS", probe.Limits(wall_s=60, cpu_s=30, memory_bytes=60 * 1024**2))

    assert refused(clip("plain.mp4")).code in ("big", "crash")


@pytest.mark.parametrize(
    "child",
    [
        "print('[' * 100_000)",
        "print('{')",
        "print('[]')",
        "print('{\"streams\": 3}')",
        'print(\'{"streams": [{"type": "video", "marks": [[]], "index": 1e999}]}\')',
        'print(\'{"duration": "1/0"}\')',
        'print(\'{"duration": "9e999999999/1"}\')',
        'print(\'{"look": {"pictures": [7], "times": [[true]]}}\')',
        "print('{\"x\": ' + '9' * 5000 + '}')",
        "import os; os.abort()",
        "1 / 0",
        "while True: print('x' * 10_000)",
    ],
)
def test_a_child_that_was_taken_over_can_say_what_it_likes(
    child: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is believed nothing that a prober would not say."""
    prober = tmp_path / "prober.py"
    prober.write_text(child)
    monkeypatch.setattr(probe, "PROBER", prober)
    limits = probe.Limits(wall_s=60, cpu_s=30, output_bytes=10_000_000)
    monkeypatch.setattr(probe, "LIMITS", limits)

    assert refused(clip("plain.mp4")).code in ("damaged", "crash")


# --- Names -------------------------------------------------------------------------------------------

NAMES = [
    "-version.mp4", "--", "-vf", "%04d.mp4", "film%d", "a;b.mp4", "$(touch x).mp4", "`id`.mp4",
    "new\nline.mp4", "\u202e4pm.mp4", "file:film.mp4", "http:film.mp4", "concat:a|b", "crypto:film",
    "subfile,,start,0,end,9,,:film", "data:film", "pipe:0", "'quoted\".mp4", " ", "ü" * 127, "a.m3u8",
    "film.jpg", "*?.mp4",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_but_a_name(name: str, tmp_path: Path) -> None:
    shutil.copy(clip("plain.mp4"), tmp_path / name)

    assert probe.probe(tmp_path / name) == probe.probe(clip("plain.mp4"))


def test_box_sizes_are_packed_as_they_lie() -> None:
    """The maker of lies, by its own test."""
    content = clip("plain.mp4").read_bytes()
    boxes = parsed(content)

    assert film(boxes) == content
    boxes[0].size = 2**32 - 1
    assert struct.unpack(">I", film(boxes)[:4]) == (2**32 - 1,)
