"""What is planned for the picture of a film, whatever film it is."""

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.media import formats, ladder
from apps.media.facts import Source, Video
from apps.media.ladder import Colour, Options, Plan

MOV = "mov,mp4,m4a,3gp,3g2,mj2"
FILM = Video(0, "h264", 1920, 1080, Fraction(24), duration_ms=60_000)


def planned(
    video: Video | None = None, options: Options | None = None, *, container: str = MOV, **facts: Any
) -> Plan:
    made = Video(**{**{name: getattr(FILM, name) for name in Video.__slots__}, **facts})
    source = Source(container, 1, 60_000, (video or made,))
    plan = ladder.plan(source, options or Options())
    assert plan
    return plan


def pictures(plan: Plan) -> dict[str, tuple[int, int]]:
    return {rung.name: rung.picture for rung in plan.rungs}


# --- Examples ----------------------------------------------------------------------------------------


def test_a_film_in_full_hd_has_all_six_rungs() -> None:
    plan = planned()

    assert [(rung.name, rung.picture, rung.max_rate, rung.profile) for rung in plan.rungs] == [
        ("v144", (256, 144), 160_000, "main"),
        ("v240", (426, 240), 350_000, "main"),
        ("v360", (640, 360), 800_000, "main"),
        ("v480", (854, 480), 1_400_000, "main"),
        ("v720", (1280, 720), 3_000_000, "high"),
        ("v1080", (1920, 1080), 5_500_000, "high"),
    ]
    assert (plan.gop, plan.segment, plan.frames, plan.timescale, plan.frame_units) == (
        48,
        96,
        1440,
        12288,
        512,
    )


@pytest.mark.parametrize(
    ("facts", "top"),
    [
        ({"width": 1280, "height": 720}, ("v720", (1280, 720))),
        ({"width": 1280, "height": 534}, ("v720", (1280, 534))),
        ({"width": 1276, "height": 716}, ("v720", (1276, 716))),
        ({"width": 3840, "height": 2160}, ("v1080", (1920, 1080))),
        ({"width": 3840, "height": 1600}, ("v1080", (1920, 800))),
        ({"width": 160, "height": 90}, ("v90", (160, 90))),
        ({"width": 720, "height": 576, "sample_aspect": Fraction(16, 15)}, ("v576", (768, 576))),
        ({"width": 720, "height": 576, "sample_aspect": Fraction(64, 45)}, ("v576", (1024, 576))),
        ({"width": 1080, "height": 1920}, ("v1080", (1080, 1920))),
        ({"width": 1280, "height": 720, "rotation": 90}, ("v720", (720, 1280))),
        ({"width": 641, "height": 361}, ("v360", (640, 360))),
        ({"width": 1080, "height": 1080}, ("v1080", (1080, 1080))),
    ],
    ids=str,
)
def test_the_top_rung_is_what_the_source_has(facts: dict[str, Any], top: tuple[str, tuple[int, int]]) -> None:
    plan = planned(**facts)

    assert (plan.rungs[-1].name, plan.rungs[-1].picture) == top


def test_a_source_smaller_than_every_rung_has_one_of_its_own() -> None:
    assert pictures(planned(width=160, height=90)) == {"v90": (160, 90)}


@pytest.mark.parametrize(
    ("fps", "variable", "planned_fps"),
    [
        ("24000/1001", False, "24000/1001"), ("24", False, "24"), ("2997/100", False, "30000/1001"),
        ("50", False, "50"), ("60000/1001", False, "60000/1001"), ("120", False, "60"), ("100", False, "50"),
        ("240000/1001", False, "60000/1001"), ("90", False, "48"), ("15", False, "30"), ("12", False, "24"),
        ("25/2", False, "25"), ("1", False, "24000/1001"), ("29", True, "30000/1001"),
        ("6005/100", True, "60"), ("0", False, "25"),
    ],
)  # fmt: skip
def test_the_frame_rate_is_a_standard_one(fps: str, variable: bool, planned_fps: str) -> None:
    assert planned(fps=Fraction(fps), variable=variable).fps == Fraction(planned_fps)


def test_fast_pictures_may_have_half_as_many_bits_more() -> None:
    assert [rung.max_rate for rung in planned(fps=Fraction(50)).rungs][-1] == 8_250_000
    assert [rung.max_rate for rung in planned(fps=Fraction(30)).rungs][-1] == 5_500_000


def test_other_codecs_stand_beside_h264() -> None:
    plan = planned(width=320, height=180, options=Options(heights=(36, 144, 240), codecs=("av1", "hevc")))

    assert [rung.name for rung in plan.rungs] == [
        "v36", "v144", "v180", "v144-av1", "v180-av1", "v144-hevc", "v180-hevc",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "colour"),
    [
        ({"transfer": "smpte2084"}, Colour.PQ), ({"transfer": "arib-std-b67"}, Colour.HLG),
        ({"transfer": "bt709"}, Colour.TOLD), ({}, Colour.HD), ({"height": 480}, Colour.SD),
        ({"pixel_format": "gbrp"}, Colour.RGB),
    ],
)  # fmt: skip
def test_colours_are_what_the_file_says_or_what_its_size_suggests(facts: Any, colour: Colour) -> None:
    assert planned(**facts).colour == colour


def test_sound_alone_has_no_ladder() -> None:
    assert ladder.plan(Source(MOV, 1, 1000), Options()) is None


def test_only_what_can_be_read_from_its_middle_is_cut() -> None:
    long = Video(0, "h264", 640, 360, Fraction(25), duration_ms=3_600_000)

    assert len(planned(long).chunks) == 15
    assert len(planned(long, container="matroska,webm").chunks) == 15
    assert len(planned(long, container="mpegts").chunks) == len(planned(long, container="avi").chunks) == 1


def test_the_end_of_a_film_is_no_chunk_of_its_own_if_it_is_short() -> None:
    options = Options(chunk_s=8)
    lengths = {
        seconds: [
            chunk.frames
            for chunk in planned(fps=Fraction(25), duration_ms=seconds * 1000, options=options).chunks
        ]
        for seconds in (3, 8, 11, 12, 16, 19, 20)
    }

    assert lengths == {
        3: [75], 8: [200], 11: [275], 12: [200, 100], 16: [200, 200], 19: [200, 275], 20: [200, 200, 100],
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"codecs": ("h264", "vp8")}, {"preset": "-vf"}, {"heights": ()}, {"threads": 0}, {"chunk_s": 3}]
)
def test_settings_that_no_encoder_understands_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError):
        Options(**wrong)


# --- Whatever the film -------------------------------------------------------------------------------

ratios = st.fractions(min_value=Fraction(1, 2), max_value=2, max_denominator=64)
rates = st.sampled_from(ladder.STANDARD_RATES) | st.fractions(
    min_value=0, max_value=300, max_denominator=1001
)
videos = st.builds(
    Video,
    index=st.integers(0, 9),
    codec=st.sampled_from(sorted(formats.VIDEO_CODECS)),
    width=st.integers(16, 8192),
    height=st.integers(16, 8192),
    fps=rates,
    rotation=st.sampled_from([0, 90, 180, 270]),
    sample_aspect=ratios,
    interlaced=st.booleans(),
    variable=st.booleans(),
    transfer=st.sampled_from(["", "bt709", "smpte2084", "arib-std-b67"]),
    duration_ms=st.integers(0, 24 * 3600 * 1000),
    start_ms=st.integers(0, 1000),
)
settings_of_a_site = st.builds(
    Options,
    heights=st.lists(st.integers(2, 2200), min_size=1, max_size=8).map(tuple)
    | st.just(tuple(ladder.MAX_RATES)),
    codecs=st.lists(st.sampled_from(["h264", "hevc", "av1"])).map(tuple),
    chunk_s=st.integers(4, 1000),
    preset=st.sampled_from(ladder.PRESETS),
    threads=st.integers(1, 64),
)


@given(videos, settings_of_a_site)
def test_no_picture_is_larger_than_the_source_or_of_another_shape(video: Video, options: Options) -> None:
    width, height = ladder.display_size(video)

    plan = planned(video, options)

    assert plan.rungs
    for rung in plan.rungs:
        wide, high = rung.picture
        assert wide % 2 == high % 2 == 0
        assert 2 <= wide <= max(Fraction(2), width)
        assert 2 <= high <= max(Fraction(2), height)
        share = min(Fraction(1), rung.height / ladder.lines((width, height)))
        assert abs(wide - width * share) <= 2
        assert abs(high - height * share) <= 2


@given(videos, settings_of_a_site)
def test_rungs_rise(video: Video, options: Options) -> None:
    plan = planned(video, options)

    for codec in {rung.codec for rung in plan.rungs}:
        rungs = [rung for rung in plan.rungs if rung.codec == codec]
        assert [rung.height for rung in rungs] == sorted({rung.height for rung in rungs})
        assert len({rung.picture for rung in rungs}) == len(rungs)
        areas = [rung.picture[0] * rung.picture[1] for rung in rungs]
        assert areas == sorted(areas)
        caps = [rung.max_rate for rung in rungs]
        assert caps == sorted(caps)
        assert caps[0] > 0
    assert plan.rungs[0].codec == "h264"
    assert len({rung.name for rung in plan.rungs}) == len(plan.rungs)


@given(videos, settings_of_a_site, st.sampled_from(sorted(formats.CONTAINERS)))
def test_chunks_cover_every_frame_once_and_end_with_a_segment(
    video: Video, options: Options, container: str
) -> None:
    plan = planned(video, options, container=container)

    assert plan.frames >= 1
    assert [chunk.number for chunk in plan.chunks] == list(range(len(plan.chunks)))
    at = 0
    for chunk in plan.chunks:
        assert chunk.first == at
        assert at % plan.segment == 0
        at += chunk.frames
    assert at == plan.frames
    if len(plan.chunks) > 1:
        assert plan.chunks[-1].frames * 2 >= plan.chunks[0].frames
    assert sum(plan.thumbs(chunk) for chunk in plan.chunks) == -(-plan.frames // plan.thumb_every)


@given(videos, settings_of_a_site)
def test_time_is_counted_in_whole_units(video: Video, options: Options) -> None:
    plan = planned(video, options)

    assert plan.fps in ladder.STANDARD_RATES
    assert plan.frame_units * plan.fps == plan.timescale
    assert plan.segment == 2 * plan.gop
    assert plan.gop == round(2 * plan.fps)


@given(videos, settings_of_a_site)
def test_a_plan_survives_being_stored(video: Video, options: Options) -> None:
    plan = planned(video, options)

    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
