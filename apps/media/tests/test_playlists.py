"""What the HLS writers promise. That players understand it is for test_validators and tests/test_players."""

import re
from dataclasses import replace
from fractions import Fraction
from uuid import UUID

import pytest

from apps.media import playlists
from apps.media.cmaf import Index
from apps.media.playlists import Audio, Key, Package, Subtitle, Video
from apps.media.thumbnails import Sheets

from . import packaged

KID = UUID("00112233-4455-6677-8899-aabbccddeeff")


def index(*fragments: tuple[int, int, int], codecs: str = "avc1.64001e", timescale: int = 1000) -> Index:
    """Of fragments of (duration, size, key_size)."""
    shape = {"width": 0, "height": 0, "channels": 0, "rate": 0}
    shape |= {"width": 640, "height": 360} if codecs.startswith("avc") else {"channels": 2, "rate": 48_000}
    sizes = {"timescale": timescale, "init_size": 700, "sidx_size": 80}
    return Index.from_json({**sizes, **shape, "codecs": codecs, "fragments": fragments})


def video(*fragments: tuple[int, int, int], name: str = "v360", timescale: int = 1000) -> Video:
    made = index(*fragments, timescale=timescale)
    return Video(name=name, layout=made, fps=Fraction(24000, 1001), codec="h264", height=360)


def audio(name: str = "a-en", *, size: int = 1000, codecs: str = "mp4a.40.2", label: str = "") -> Audio:
    return Audio(name=name, layout=index((4000, size, 0), codecs=codecs), language=name[2:4], label=label)


def test_each_fragment_is_a_segment_of_the_track_file() -> None:
    told = playlists.media(video((4000, 5000, 100), (2500, 3000, 90)))

    assert told == (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MAP:URI="v360.mp4",BYTERANGE="700@0"\n'
        "#EXTINF:4.000000,\n#EXT-X-BYTERANGE:5000@780\nv360.mp4\n"
        "#EXTINF:2.500000,\n#EXT-X-BYTERANGE:3000@5780\nv360.mp4\n"
        "#EXT-X-ENDLIST\n"
    )


@pytest.mark.parametrize(("longest", "target"), [(4011, 4), (4499, 4), (4500, 5), (5500, 6), (40, 1)])
def test_the_target_duration_is_the_longest_segment_rounded(longest: int, target: int) -> None:
    told = playlists.media(video((40, 10, 5), (longest, 10, 5)))

    assert f"#EXT-X-TARGETDURATION:{target}\n" in told


def test_the_i_frame_playlist_has_the_first_picture_of_each_fragment_that_begins_with_one() -> None:
    told = playlists.frames(video((4000, 5000, 100), (4000, 5000, 0), (1000, 900, 80)))

    assert "#EXT-X-I-FRAMES-ONLY\n" in told
    assert re.findall(r"#EXTINF:(\S+),\n#EXT-X-BYTERANGE:(\S+)", told) == [
        ("8.000000", "100@780"),
        ("1.000000", "80@10780"),
    ]
    assert "#EXT-X-TARGETDURATION:8\n" in told


def test_bandwidth_is_the_measured_peak_of_the_picture_and_of_the_loudest_track_together() -> None:
    package = Package(
        videos=(video((4000, 50_000, 100), (4000, 30_000, 100)),),
        audios=(audio("a-en", size=8_000), audio("a-hi", size=9_000)),
    )

    told = playlists.master(package)

    # 50 000 bytes in 4 s are 100 000 bits per second; 9 000 are 18 000.
    assert "#EXT-X-STREAM-INF:BANDWIDTH=118000,AVERAGE-BANDWIDTH=98000," in told
    assert 'CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=23.976,VIDEO-RANGE=SDR' in told
    assert "CLOSED-CAPTIONS=NONE\nv360.m3u8\n" in told


def test_one_audio_is_the_default_and_names_differ() -> None:
    tracks = [audio("a-en", label="English"), audio("a-hi"), audio("a-en-2", label="English")]
    tracks[2] = replace(tracks[2], described=True)

    told = playlists.master(Package(videos=(video((4000, 10, 5)),), audios=tuple(tracks)))

    lines = [line for line in told.splitlines() if line.startswith("#EXT-X-MEDIA:")]
    assert [re.search(r'NAME="(.*?)"', line)[1] for line in lines] == ["English", "hi", "English 2"]  # type: ignore[index]
    assert ["DEFAULT=YES" in line for line in lines] == [True, False, False]
    assert ["describes-video" in line for line in lines] == [False, False, True]


def test_audio_of_different_kinds_is_in_groups_that_each_picture_comes_with() -> None:
    package = Package(
        videos=(video((4000, 10, 5)), video((4000, 20, 5), name="v720")),
        audios=(audio("a-en"), audio("a-en-dolby", codecs="ec-3")),
    )

    told = playlists.master(package)

    variants = re.findall(r'CODECS="(.*?)".*AUDIO="(.*?)".*\n(.*)', told)
    assert variants == [
        ("avc1.64001e,mp4a.40.2", "audio", "v360.m3u8"), ("avc1.64001e,mp4a.40.2", "audio", "v720.m3u8"),
        ("avc1.64001e,ec-3", "audio-2", "v360.m3u8"), ("avc1.64001e,ec-3", "audio-2", "v720.m3u8"),
    ]  # fmt: skip


def test_sound_alone_is_a_variant_of_its_own() -> None:
    told = playlists.master(Package(audios=(audio("a-en", size=8_000), audio("a-hi"))))

    assert re.findall(r"#EXT-X-STREAM-INF:(.*)\n(.*)", told) == [
        (
            'BANDWIDTH=16000,AVERAGE-BANDWIDTH=16000,CODECS="mp4a.40.2",AUDIO="audio",CLOSED-CAPTIONS=NONE',
            "a-en.m3u8",
        )
    ]


def test_a_picture_without_sound_names_no_group() -> None:
    told = playlists.master(Package(videos=(video((4000, 10, 5)),)))

    assert "AUDIO" not in told
    assert "SUBTITLES" not in told


def test_forced_subtitles_and_those_for_the_deaf_say_so() -> None:
    package = Package(
        videos=(video((4000, 10, 5)),),
        subtitles=(
            Subtitle(name="s-en", language="en"),
            Subtitle(name="s-en-forced", language="en", forced=True),
            Subtitle(name="s-und", sdh=True),
        ),
    )

    lines = [line for line in playlists.master(package).splitlines() if line.startswith("#EXT-X-MEDIA")]

    assert ["FORCED=YES" in line for line in lines] == [False, True, False]
    assert ["transcribes-spoken-dialog" in line for line in lines] == [False, False, True]
    assert ["LANGUAGE=" in line for line in lines] == [True, True, False]


def test_subtitles_are_one_segment() -> None:
    told = playlists.subtitles(Subtitle(name="s-en"), 10_500)

    assert re.findall(r"#EXTINF:(\S+),\n(\S+)", told) == [("10.500", "s-en.vtt")]
    assert "#EXT-X-TARGETDURATION:11\n" in told


def test_sheets_of_thumbnails_are_segments() -> None:
    sheets = Sheets(count=40, width=160, height=90, every_ms=2000, duration_ms=79_000, peak_size=50_000)

    told = playlists.images(sheets)

    tiles = "#EXT-X-TILES:RESOLUTION=160x90,LAYOUT=6x5,DURATION=2.000"
    assert told.endswith(
        f"#EXT-X-IMAGES-ONLY\n#EXTINF:60.000000,\n{tiles}\nthumbs/1.jpg\n"
        f"#EXTINF:19.000000,\n{tiles}\nthumbs/2.jpg\n#EXT-X-ENDLIST\n"
    )
    assert "#EXT-X-TARGETDURATION:60\n" in told
    assert 'RESOLUTION=160x90,CODECS="jpeg",URI="thumbs.m3u8"' in playlists.master(Package(sheets=sheets))


def test_every_address_goes_through_the_viewers() -> None:
    package = Package(
        videos=(video((4000, 10, 5)),),
        audios=(audio("a-en"),),
        subtitles=(Subtitle(name="s-en"),),
        sheets=Sheets(1, 160, 90, 2000, 4000, 100),
    )
    given: list[str] = []

    def at(name: str) -> str:
        given.append(name)
        return f"/play/token/{name}"

    made = packaged.tree(package, at=at)

    named = set(re.findall(r'URI="(.*?)"', "".join(made.values())))
    named |= {line for text in made.values() for line in text.splitlines() if not line.startswith("#")}
    assert named == {f"/play/token/{name}" for name in given}
    assert {one.removeprefix("/play/token/") for one in named if one.endswith("m3u8")} == {*made} - {
        "master.m3u8"
    }


def test_a_label_cannot_write_into_the_playlist() -> None:
    hostile = 'x",URI="https://evil.example"\n#EXT-X-ENDLIST\r\x85\u2028'

    told = playlists.master(Package(videos=(video((4000, 10, 5)),), audios=(audio("a-en", label=hostile),)))

    assert told.count("#EXT-X-ENDLIST") == 1
    assert [line for line in told.splitlines() if line.startswith("#EXT-X-ENDLIST")] == []
    assert re.findall(r'URI="(.*?)"', told) == ["a-en.m3u8", "v360-frames.m3u8"]


@pytest.mark.parametrize(("scheme", "method"), [("cbcs", "SAMPLE-AES"), ("cenc", "SAMPLE-AES-CTR")])
def test_what_is_encrypted_says_where_its_key_is(scheme: str, method: str) -> None:
    track = replace(video((4000, 10, 5)), kid=KID)
    keys = [Key(scheme, KID, "key"), *playlists.clear_keys(scheme)(track)]

    told = [playlists.media(track, keys=keys), playlists.frames(track, keys=keys)]

    uri = "data:text/plain;base64,ABEiM0RVZneImaq7zN3u/w=="
    kid = "KEYID=0x00112233445566778899AABBCCDDEEFF"
    for lines in map(str.splitlines, told):
        assert [line for line in lines if line.startswith("#EXT-X-KEY")] == [
            f'#EXT-X-KEY:METHOD={method},URI="key",KEYFORMAT="identity",KEYFORMATVERSIONS="1"',
            f'#EXT-X-KEY:METHOD={method},URI="{uri}",KEYFORMAT="org.w3.clearkey",{kid},KEYFORMATVERSIONS="1"',
        ]


def test_clear_tracks_of_an_encrypted_package_have_no_key() -> None:
    package = Package(videos=(video((4000, 10, 5)),), audios=(replace(audio(), kid=KID),), scheme="cbcs")

    made = packaged.tree(package)

    assert [name for name, text in made.items() if "#EXT-X-KEY" in text] == ["a-en.m3u8"]
    assert made["master.m3u8"].count("#EXT-X-SESSION-KEY") == 1
