"""What the MPD writer promises. That players understand it is for test_validators and tests/test_players."""

from dataclasses import replace
from fractions import Fraction
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

from apps.media import mpd
from apps.media.playlists import Package, Subtitle
from apps.media.thumbnails import Sheets

from .test_playlists import audio, video

KIDS = [UUID(int=n) for n in range(3)]
NS = "{urn:mpeg:dash:schema:mpd:2011}"


def parsed(package: Package, **options: Any) -> Any:
    return ET.fromstring(mpd.write(package, **options))  # noqa: S314 our own


def sets(package: Package, **options: Any) -> list[Any]:
    return list(parsed(package, **options).iter(f"{NS}AdaptationSet"))


def test_a_track_is_told_by_its_index_and_its_init_section() -> None:
    root = parsed(Package(videos=(video((4000, 5000, 100), (2500, 3000, 90)),)))

    (one,) = root.iter(f"{NS}Representation")
    assert root.get("mediaPresentationDuration") == "PT6.500S"
    assert one.get("id") == "v360"
    assert (one.get("frameRate"), one.get("bandwidth")) == ("24000/1001", "10000")
    base = one.find(f"{NS}SegmentBase")
    assert base.get("indexRange") == "700-779"
    assert base.find(f"{NS}Initialization").get("range") == "0-699"


def test_ids_are_the_same_whatever_else_a_viewer_may_see() -> None:
    whole = Package(
        videos=(video((4000, 10, 5)), video((4000, 20, 5), name="v720")),
        audios=(audio("a-en"), audio("a-hi")),
        subtitles=(Subtitle(name="s-en"),),
        sheets=Sheets(1, 160, 90, 2000, 4000, 100),
    )
    part = replace(whole, videos=whole.videos[:1], audios=whole.audios[1:], sheets=None)

    everything = {one.get("id"): one.get("lang") for one in sets(whole)}
    less = {one.get("id"): one.get("lang") for one in sets(part)}

    assert len(everything) == 5
    assert less.items() < everything.items()


def test_roles_tell_main_and_other_sound_and_every_kind_of_text() -> None:
    package = Package(
        audios=(audio("a-en"), audio("a-hi"), replace(audio("a-en-2"), described=True)),
        subtitles=(
            Subtitle(name="s-en"), Subtitle(name="s-en-f", forced=True), Subtitle(name="s-en-s", sdh=True),
        ),
    )  # fmt: skip

    def value(one: Any, tag: str) -> str | None:
        found = one.find(f"{NS}{tag}")
        return None if found is None else found.get("value")

    told = [(value(one, "Role"), value(one, "Accessibility")) for one in sets(package)]

    assert told == [
        ("main", None), ("alternate", None), ("description", "1"),
        ("subtitle", None), ("forced-subtitle", None), ("caption", "2"),
    ]  # fmt: skip


def test_pictures_under_different_keys_are_sets_that_a_player_may_switch_between() -> None:
    low = replace(video((4000, 10, 5)), kid=KIDS[1])
    high = replace(video((4000, 20, 5), name="v720"), kid=KIDS[2])

    made = sets(Package(videos=(low, high), scheme="cbcs"))

    ids = [one.get("id") for one in made]
    assert [one.find(f"{NS}SupplementalProperty").get("value") for one in made] == [ids[1], ids[0]]
    told = [[dict(each.attrib) for each in one.findall(f"{NS}ContentProtection")] for one in made]
    assert [one[0]["{urn:mpeg:cenc:2013}default_KID"] for one in told] == [str(KIDS[1]), str(KIDS[2])]
    assert {one[0]["value"] for one in told} == {"cbcs"}
    assert {one[1]["schemeIdUri"] for one in told} == {mpd.CLEAR_KEY}


def test_pictures_of_different_codecs_are_sets_that_stay_apart() -> None:
    other = replace(video((4000, 20, 5), name="v360-hevc"), codec="hevc")

    made = sets(Package(videos=(video((4000, 10, 5)), other)))

    assert len(made) == 2
    assert [one.find(f"{NS}SupplementalProperty") for one in made] == [None, None]


def test_the_licence_server_is_named_where_there_is_one() -> None:
    package = Package(videos=(replace(video((4000, 10, 5)), kid=KIDS[1]),), scheme="cenc")

    assert "Laurl" not in mpd.write(package)
    (found,) = parsed(package, licence="https://x.example/?a=1&b=2").iter("{https://dashif.org/CPS}Laurl")

    assert found.text == "https://x.example/?a=1&b=2"


def test_thumbnails_are_tiles_of_numbered_pictures() -> None:
    sheets = Sheets(count=40, width=160, height=90, every_ms=2000, duration_ms=79_000, peak_size=60_000)

    (made,) = sets(Package(sheets=sheets), at=lambda name: f"x/{name}")

    template, shown = made.find(f"{NS}SegmentTemplate"), made.find(f"{NS}Representation")
    assert template.get("media") == "x/thumbs/$Number$.jpg"
    assert template.get("duration") == "60000"
    assert (shown.get("width"), shown.get("height"), shown.get("bandwidth")) == ("960", "450", "8000")
    assert shown.find(f"{NS}EssentialProperty").get("value") == "6x5"


def test_a_label_is_text_and_nothing_else() -> None:
    hostile = "</Label><BaseURL>https://evil.example</BaseURL>&\x00\x0b"
    package = Package(audios=(audio("a-en", label=hostile),))

    (made,) = sets(package)

    assert made.find(f"{NS}Label").text == hostile.replace("\x00", " ").replace("\x0b", " ")
    assert [one.text for one in made.iter(f"{NS}BaseURL")] == ["a-en.mp4"]


def test_whole_frame_rates_are_whole() -> None:
    (made,) = sets(Package(videos=(replace(video((4000, 10, 5)), fps=Fraction(25)),)))

    assert made.get("maxFrameRate") == "25"
