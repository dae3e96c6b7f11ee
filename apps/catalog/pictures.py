"""What a picture of a kind has to be, and what is made of it: rules and geometry, no pixels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

from apps.core.decisions import ALLOWED, Decision, refused

from .models import Artwork

MOST_BYTES = 25_000_000
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 16_384
TOO_MANY = f"A picture has at most {MOST_PIXELS // 1_000_000} megapixels and {LONGEST_SIDE} pixels a side."
# How far from its kind's shape a picture may be; what is over is cropped.
TOLERANCE = 0.05
# Of pictures that keep their shape: no side is so many times the other.
MOST_STRETCHED = 10
OPAQUE, TRANSPARENT = ("avif", "webp", "jpeg"), ("avif", "webp", "png")
Kind = Artwork.Kind
Variant = Mapping[str, Any]


class Size(NamedTuple):
    """Pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file declares: its format as Pillow calls it, its size upright, whether it moves."""

    format: str
    size: Size
    animated: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind asks for: the smallest size, the shape that variants are cropped to (None: their own),
    whether pictures must come near that shape, and the widths of the variants."""

    least: Size
    shape: Fraction | None
    widths: tuple[int, ...]
    near: bool = False
    formats: tuple[str, ...] = OPAQUE

    @property
    def transparent(self) -> bool:
        return self.formats is TRANSPARENT


RULES: dict[str, Rule] = {
    Kind.POSTER: Rule(Size(600, 900), Fraction(2, 3), (160, 320, 640), near=True),
    Kind.BACKDROP: Rule(Size(1280, 720), Fraction(16, 9), (640, 1280, 1920), near=True),
    Kind.STILL: Rule(Size(640, 360), Fraction(16, 9), (320, 640), near=True),
    Kind.PORTRAIT: Rule(Size(300, 300), Fraction(3, 4), (160, 320)),
    Kind.BANNER: Rule(Size(1000, 100), None, (640, 1280, 1920)),
    Kind.LOGO: Rule(Size(200, 20), None, (200, 400, 800), formats=TRANSPARENT),
}


def judge(facts: Facts, kind: str) -> Decision:
    """Whether a picture may be a poster, a logo …: by what it declares, before its pixels are looked at."""
    width, height = facts.size
    if width > LONGEST_SIDE or height > LONGEST_SIDE or width * height > MOST_PIXELS:
        return refused("too_many_pixels", f"{TOO_MANY} This one has {facts.size} pixels.")
    if facts.animated:
        return refused("animated_picture", "This picture moves. Only still pictures are taken.")
    rule = RULES[kind]
    if width < rule.least.width or height < rule.least.height:
        needed = f"A {kind} needs at least {rule.least} pixels"
        return refused("too_small", f"{needed}; this picture has {facts.size}.")
    return _judge_shape(facts.size, kind, rule)


def _judge_shape(size: Size, kind: str, rule: Rule) -> Decision:
    shape = Fraction(*size)
    if rule.near and rule.shape and abs(shape / rule.shape - 1) > TOLERANCE:
        fit = Size(size.width, round(size.width / rule.shape))
        wanted = f"A {kind} is {rule.shape.numerator}:{rule.shape.denominator}, such as {fit}"
        return refused("wrong_shape", f"{wanted}; this picture has {size}.")
    if not rule.near and not Fraction(1, MOST_STRETCHED) <= shape <= MOST_STRETCHED:
        most = f"no side may be more than {MOST_STRETCHED} times as long as the other"
        return refused("wrong_shape", f"This picture has {size} pixels; {most}.")
    return ALLOWED


class Box(NamedTuple):
    """A part of a picture, in pixels from the upper left."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def size(self) -> Size:
        return Size(round(self.right - self.left), round(self.bottom - self.top))

    def scaled(self, x: float, y: float) -> "Box":
        return Box(self.left * x, self.top * y, self.right * x, self.bottom * y)


def crop(size: Size, shape: Fraction | None, focal: tuple[float, float]) -> Box:
    """The largest part of that shape, as near to the middle of the focal point as the edges allow."""
    width, height = map(float, size)
    if shape is not None:
        width, height = min(width, height * float(shape)), min(height, width / float(shape))
    left = min(max(focal[0] * size.width - width / 2, 0.0), size.width - width)
    top = min(max(focal[1] * size.height - height / 2, 0.0), size.height - height)
    return Box(left, top, left + width, top + height)


def plan(rule: Rule, available: Size) -> list[Size]:
    """The sizes to make of that much picture, smallest first. None is larger than the picture is."""
    widths = [width for width in rule.widths if width < available.width]
    widths.append(min(available.width, rule.widths[-1]))
    shape = rule.shape or Fraction(*available)
    return [Size(width, max(1, round(width / shape))) for width in dict.fromkeys(widths)]


def address(artwork: UUID, width: int, format_: str) -> str:
    """Where a variant is served, as documents and pages name it."""
    return f"/images/{artwork}/{width}.{format_}"


def variant(variants: Iterable[Variant], width: int, format_: str) -> Variant | None:
    return next((one for one in variants if (one["width"], one["format"]) == (width, format_)), None)


def thumbnail(artwork: Artwork) -> str | None:
    """The address of the smallest variant, in WebP, which every browser of ours shows; None: none yet."""
    widths = [one["width"] for one in artwork.variants if one["format"] == "webp"]
    return address(artwork.public_id, min(widths), "webp") if widths else None
