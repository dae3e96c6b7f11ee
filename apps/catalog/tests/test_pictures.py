"""The rules of pictures: what is taken, what is cropped, which sizes are made."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.catalog import pictures
from apps.catalog.models import Artwork
from apps.catalog.pictures import RULES, Facts, Size, crop, judge, plan

Kind = Artwork.Kind
sizes = st.builds(Size, st.integers(1, 16_384), st.integers(1, 16_384))
fractions = st.floats(0, 1)
kinds = st.sampled_from(list(RULES))


def test_every_kind_has_a_rule() -> None:
    assert set(RULES) == set(Kind.values)


@pytest.mark.parametrize(
    ("kind", "size", "code"),
    [
        (Kind.POSTER, (600, 900), ""),
        (Kind.POSTER, (599, 900), "too_small"),
        (Kind.POSTER, (900, 600), "too_small"),
        (Kind.POSTER, (4000, 6000), ""),
        (Kind.POSTER, (675, 1000), ""),  # 27 by 40 inches
        (Kind.POSTER, (1000, 1000), "wrong_shape"),
        (Kind.POSTER, (600, 1600), "wrong_shape"),
        (Kind.BACKDROP, (1280, 720), ""),
        (Kind.BACKDROP, (1920, 1080), ""),
        (Kind.BACKDROP, (1920, 800), "wrong_shape"),
        (Kind.BACKDROP, (1279, 720), "too_small"),
        (Kind.STILL, (640, 360), ""),
        (Kind.STILL, (640, 480), "wrong_shape"),
        (Kind.LOGO, (200, 60), ""),
        (Kind.LOGO, (199, 60), "too_small"),
        (Kind.LOGO, (4000, 300), "wrong_shape"),
        (Kind.BANNER, (1000, 200), ""),
        (Kind.BANNER, (999, 200), "too_small"),
        (Kind.PORTRAIT, (300, 300), ""),
        (Kind.PORTRAIT, (300, 3001), "wrong_shape"),
        (Kind.POSTER, (16_385, 2), "too_many_pixels"),
        (Kind.POSTER, (6000, 6668), "too_many_pixels"),
    ],
)
def test_a_picture_is_judged_by_what_it_declares(kind: str, size: tuple[int, int], code: str) -> None:
    decision = judge(Facts("PNG", Size(*size)), kind)

    assert decision.code == code
    assert decision.allowed == (not code)


def test_a_refusal_says_what_was_found_and_what_is_needed() -> None:
    small = judge(Facts("PNG", Size(300, 450)), Kind.POSTER).detail
    square = judge(Facts("PNG", Size(1000, 1000)), Kind.POSTER).detail

    assert small == "A poster needs at least 600 x 900 pixels; this picture has 300 x 450."
    assert square == "A poster is 2:3, such as 1000 x 1500; this picture has 1000 x 1000."


def test_a_picture_that_moves_is_refused() -> None:
    assert judge(Facts("WEBP", Size(600, 900), animated=True), Kind.POSTER).code == "animated_picture"


@given(sizes, kinds)
def test_a_refusal_always_has_a_code_and_a_sentence(size: Size, kind: str) -> None:
    decision = judge(Facts("JPEG", size), kind)

    assert decision.allowed or (decision.code and decision.detail.endswith("."))


@given(sizes, kinds, fractions, fractions)
def test_a_crop_is_the_largest_of_its_shape_and_within_the_picture(
    size: Size, kind: str, x: float, y: float
) -> None:
    shape = RULES[kind].shape
    box = crop(size, shape, (x, y))

    assert -1e-6 <= box.left <= box.right <= size.width + 1e-6
    assert -1e-6 <= box.top <= box.bottom <= size.height + 1e-6
    width, height = box.right - box.left, box.bottom - box.top
    assert width == pytest.approx(size.width) or height == pytest.approx(size.height)
    if shape:
        assert width / height == pytest.approx(float(shape))


def test_a_crop_keeps_the_focal_point_in_view() -> None:
    square = Size(1000, 1000)

    assert crop(square, Fraction(1, 2), (0.5, 0.5)) == (250, 0, 750, 1000)
    assert crop(square, Fraction(1, 2), (0.0, 0.5)) == (0, 0, 500, 1000)
    assert crop(square, Fraction(1, 2), (0.9, 0.5)) == (500, 0, 1000, 1000)
    assert crop(square, Fraction(2, 1), (0.5, 0.4)) == (0, 150, 1000, 650)
    assert crop(square, None, (0.1, 0.1)) == (0, 0, 1000, 1000)


@given(sizes, kinds)
def test_no_variant_is_larger_than_the_picture_and_none_comes_twice(size: Size, kind: str) -> None:
    available = crop(size, RULES[kind].shape, (0.5, 0.5)).size
    if not judge(Facts("JPEG", size), kind):
        return

    made = plan(RULES[kind], available)

    assert made
    assert len({one.width for one in made}) == len(made)
    assert made == sorted(made)
    for one in made:
        assert one.width <= min(available.width, RULES[kind].widths[-1])
        assert 1 <= one.height <= available.height + 1
        # What the encoders can take.
        assert one.height <= 16_383


def test_the_usual_sizes() -> None:
    def made(kind: str, *available: int) -> list[tuple[int, int]]:
        return list(plan(RULES[kind], Size(*available)))

    assert made(Kind.POSTER, 2000, 3000) == [(160, 240), (320, 480), (640, 960)]
    assert made(Kind.POSTER, 600, 900) == [(160, 240), (320, 480), (600, 900)]
    assert made(Kind.BACKDROP, 1280, 720) == [(640, 360), (1280, 720)]
    assert made(Kind.LOGO, 200, 40) == [(200, 40)]
    assert made(Kind.LOGO, 1000, 500) == [(200, 100), (400, 200), (800, 400)]


def test_a_thumbnail_is_the_smallest_that_every_browser_shows() -> None:
    artwork = Artwork(
        variants=[
            {"format": "webp", "width": 320, "height": 480, "path": "b"},
            {"format": "avif", "width": 100, "height": 150, "path": "c"},
            {"format": "webp", "width": 160, "height": 240, "path": "a"},
        ]
    )

    assert pictures.thumbnail(artwork) == f"/images/{artwork.public_id}/160.webp"
    assert pictures.thumbnail(Artwork()) is None
