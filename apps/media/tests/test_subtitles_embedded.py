"""Subtitles that come in a video file, packet by packet."""

from struct import pack

import pytest

from apps.media.subtitles import Cue, Refused, from_packets

from .subtitle_files import ASS


def test_subrip_in_a_video() -> None:
    found = from_packets("subrip", [(1000, 2000, "{\\an8}<i>हाँ</i>".encode()), (2000, 3000, b"\n")])

    assert found.cues == (Cue(1000, 2000, "<i>हाँ</i>", settings="line:0"),)


def test_text_in_an_mp4() -> None:
    style = b"\0\0\0\x16styl\0\1\0\0\0\2\0\1\1\x12\xff\xff\xff\xff"
    wide = "हाँ".encode("utf-16")
    packets = [
        (0, 500, b"\0\0"),
        (1000, 2000, pack(">H", 2) + b"Hi" + style),
        (2000, 3000, pack(">H", len(wide)) + wide),
        (3000, 4000, b"\xff\xffcut"),
        (4000, 5000, b"\0"),
    ]

    found = from_packets("mov_text", packets, header=b"\0\0\0\1tx3g")

    assert ([cue.text for cue in found.cues], found.notes) == (["Hi", "हाँ", "cut"], ())


def test_substation_in_a_matroska_file() -> None:
    header = ASS.partition("[Events]")[0].encode()
    packets = [
        (1000, 2000, b"0,0,Default,,0,0,0,,Hello, {\\b1}world"),
        (2000, 3000, b"1,0,Sign,,0,0,0,,UP\\NTHERE"),
    ]

    found = from_packets("ass", packets, header=header)

    assert found.cues == (
        Cue(1000, 2000, "Hello, <b>world</b>"),
        Cue(2000, 3000, "<i>UP\nTHERE</i>", settings="line:0"),
    )


def test_webvtt_in_an_mp4_and_in_a_matroska_file() -> None:
    def box(kind: bytes, body: bytes) -> bytes:
        return pack(">I4s", 8 + len(body), kind) + body

    cue = box(b"vttc", box(b"iden", b"one") + box(b"sttg", b"line:0") + box(b"payl", b"<b>Hi</b> & you"))
    packets = [(1000, 2000, cue + cue), (2000, 3000, box(b"vtte", b"")), (3000, 4000, b"\0\0\0\4vttc")]

    assert from_packets("webvtt", packets).cues == (Cue(1000, 2000, "<b>Hi</b> &amp; you", "one", "line:0"),)
    assert from_packets("webvtt", [(0, 9, b"<i>a")]).cues == (Cue(0, 9, "<i>a</i>"),)


def test_pictures_of_text_and_endless_tracks_are_refused() -> None:
    with pytest.raises(Refused) as pictures:
        from_packets("hdmv_pgs_subtitle", [(0, 1, b"PG")])
    with pytest.raises(Refused) as large:
        from_packets("subrip", ((n, n + 1, b"x" * 100_000) for n in range(10**9)))
    with pytest.raises(Refused) as many:
        from_packets("subrip", ((n, n + 1, b"x") for n in range(50_001)))
    with pytest.raises(Refused) as endless:
        from_packets("mov_text", ((n, n + 1, b"\0\0") for n in range(10**9)))

    codes = [one.value.code for one in (pictures, large, many, endless)]
    assert codes == ["unknown_format", "too_big", "too_many_cues", "too_many_cues"]


def test_a_track_that_is_not_utf_8_is_read_and_the_editor_told() -> None:
    text = "Où est le garçon, à côté du château ?"

    found = from_packets("subrip", [(0, 1000, text.encode("cp1252"))])

    assert found.cues == (Cue(0, 1000, text),)
    assert "it was read as cp1252" in found.notes[0]
