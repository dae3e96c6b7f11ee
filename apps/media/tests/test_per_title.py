"""Which caps follow from trials, whatever they found."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from apps.media import formats, ladder, per_title
from apps.media.facts import Source, Video
from apps.media.ladder import Options, Plan
from apps.media.per_title import LEAST, MOST, TARGET, Point

MOV = "mov,mp4,m4a,3gp,3g2,mj2"
FILM = Video(0, "h264", 1280, 720, Fraction(24), duration_ms=3_600_000)


def planned(video: Video = FILM, options: Options | None = None, container: str = MOV) -> Plan:
    plan = ladder.plan(Source(container, 1, video.duration_ms, (video,)), options or Options())
    assert plan
    return plan


def lasting(seconds: float) -> Video:
    return replace(FILM, duration_ms=round(seconds * 1000))


PLAN = planned()


# --- Examples ----------------------------------------------------------------------------------------


def test_the_rate_lies_between_two_trials_as_vmaf_rises_with_its_logarithm() -> None:
    assert round(per_title.rate([Point(4_000_000, 95), Point(1_000_000, 91)])) == 2_000_000


def test_a_film_that_needs_less_has_lower_caps_on_every_rung() -> None:
    plan = per_title.capped(PLAN, [[Point(1_500_000, 93), Point(500_000, 80)]])

    assert [rung.max_rate for rung in plan.rungs] == [80_000, 175_000, 400_000, 700_000, 1_500_000]
    assert replace(plan, rungs=PLAN.rungs) == PLAN
    assert (
        per_title.told(PLAN, plan, was_tried=True)
        == "Bit rates chosen for this film: top rung at most 1.5 Mbit/s instead of 3.0."
    )


def test_the_sample_that_needs_most_decides() -> None:
    quiet, lively = [Point(300_000, 99), Point(100_000, 97)], [Point(2_400_000, 93), Point(900_000, 85)]

    assert per_title.factor(PLAN, [quiet, lively, quiet]) == 0.8


def test_other_codecs_are_capped_by_the_same_factor() -> None:
    plan = planned(options=Options(heights=(360, 720), codecs=("hevc",)))

    caps = [rung.max_rate for rung in per_title.capped(plan, [[Point(1_500_000, 93)]]).rungs]

    assert caps == [400_000, 1_500_000, 240_000, 900_000]


def test_black_has_the_least_caps_and_noise_the_most() -> None:
    black = [Point(7_136, 97.4), Point(7_066, 97.4)]
    noise = [Point(40_000_000, 96), Point(20_000_000, 88)]

    assert per_title.factor(PLAN, [black]) == LEAST
    assert per_title.factor(PLAN, [noise]) == MOST


def test_without_a_trial_the_caps_stay_and_the_editor_is_told() -> None:
    assert per_title.capped(PLAN, []) == per_title.capped(PLAN, [(), ()]) == PLAN
    assert per_title.told(PLAN, PLAN, was_tried=False).startswith("Bit rates could not be tried")
    assert per_title.told(PLAN, PLAN, was_tried=True) == ""


def test_samples_lie_at_a_fifth_the_half_and_four_fifths() -> None:
    assert [float(one.first / PLAN.fps) for one in per_title.samples(PLAN)] == [716, 1796, 2876]
    assert {one.frames for one in per_title.samples(PLAN)} == {PLAN.segment}


def test_a_short_film_has_fewer() -> None:
    lengths = {
        seconds: [(one.first, one.frames) for one in per_title.samples(planned(lasting(seconds)))]
        for seconds in (1, 4, 9, 12, 20)
    }

    assert lengths == {
        1: [(0, 24)], 4: [(0, 96)], 9: [(0, 96), (96, 96)], 12: [(0, 96), (96, 96)],
        20: [(0, 96), (192, 96), (288, 96)],
    }  # fmt: skip


def test_a_picture_too_small_to_be_judged_is_not_tried() -> None:
    assert per_title.samples(planned(replace(FILM, width=80, height=60))) == ()
    assert per_title.samples(planned(replace(FILM, width=80, height=64))) != ()


# --- Whatever was found ------------------------------------------------------------------------------

scores = st.floats(0, 100) | st.sampled_from([0.0, TARGET, 97.4, 100.0])
rates = st.integers(1, 500_000_000)
points = st.lists(st.builds(Point, rates, scores), min_size=1, max_size=4)
trials = st.lists(points | st.just([]), max_size=3)
plans = st.builds(
    lambda width, height, fps, heights, codecs: planned(
        replace(FILM, width=width, height=height, fps=fps), Options(heights=heights, codecs=codecs)
    ),
    st.integers(16, 4096),
    st.integers(16, 4096),
    st.sampled_from(ladder.STANDARD_RATES),
    st.lists(st.integers(2, 1200), min_size=1, max_size=6).map(tuple),
    st.lists(st.sampled_from(["h264", "hevc", "av1"])).map(tuple),
)


@given(plans, trials)
def test_caps_stay_within_bounds_and_rise_with_height(plan: Plan, found: list[list[Point]]) -> None:
    chosen = per_title.capped(plan, found)

    for before, after in zip(plan.rungs, chosen.rungs, strict=True):
        assert replace(after, max_rate=before.max_rate) == before
        assert after.max_rate >= 1000
        assert after.max_rate % 1000 == 0
        assert abs(after.max_rate - before.max_rate * per_title.factor(plan, found)) <= 1000
        assert before.max_rate * LEAST - 1000 <= after.max_rate <= before.max_rate * MOST + 1000
    for codec in {rung.codec for rung in chosen.rungs}:
        caps = [rung.max_rate for rung in chosen.rungs if rung.codec == codec]
        assert caps == sorted(caps)
    assert per_title.capped(plan, found) == chosen


@given(points)
def test_no_rate_is_chosen_that_was_not_within_the_trials(found: list[Point]) -> None:
    chosen = per_title.rate(found)

    assert min(one.bps for one in found) <= chosen * (1 + 1e-9)
    assert chosen <= max(one.bps for one in found) * (1 + 1e-9)
    assert per_title.rate(found[::-1]) == chosen


@given(rates, rates, scores, scores, st.floats(0, 50))
def test_what_looks_better_at_the_same_rates_needs_no_more(
    low: int, high: int, bad: float, good: float, better: float
) -> None:
    before = [Point(min(low, high), min(bad, good)), Point(max(low, high), max(bad, good))]
    after = [Point(one.bps, min(100.0, one.vmaf + better)) for one in before]

    assert per_title.rate(after) <= per_title.rate(before) * (1 + 1e-6)


@given(points, st.integers(2, 10))
def test_what_costs_more_to_look_the_same_has_no_lower_caps(found: list[Point], times: int) -> None:
    dearer = [Point(one.bps * times, one.vmaf) for one in found]

    assert per_title.factor(PLAN, [dearer]) >= per_title.factor(PLAN, [found])


@given(scores, st.lists(rates, min_size=2, max_size=2))
def test_trials_that_look_alike_are_no_trouble(score: float, bps: list[int]) -> None:
    chosen = per_title.rate([Point(one, score) for one in bps])

    assert chosen == (min(bps) if score >= TARGET else max(bps))


@given(st.integers(0, 24 * 3_600_000), st.sampled_from(sorted(formats.CONTAINERS)))
def test_samples_lie_within_the_film_and_do_not_overlap(duration_ms: int, container: str) -> None:
    plan = planned(replace(FILM, duration_ms=duration_ms), container=container)

    found = per_title.samples(plan)

    assert 1 <= len(found) <= 3
    assert [one.number for one in found] == list(range(len(found)))
    ends = [one.first + one.frames for one in found]
    assert all(0 < one.frames <= plan.segment for one in found)
    assert all(end <= one.first for end, one in zip(ends, found[1:], strict=False))
    assert ends[-1] <= plan.frames
    if formats.CONTAINERS[container] not in formats.SEEKABLE:
        assert ends[-1] <= per_title.REACH_S * plan.fps
