"""Drawn pictures for demonstrations: skies, hills, towns and lettering, the same for the same seed."""

import colorsys
import hashlib
import math
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from . import darkroom, pictures
from .models import Artwork
from .pictures import Size

Kind = Artwork.Kind
Colour = tuple[int, int, int]
SIZES = {
    Kind.POSTER: Size(640, 960),
    Kind.BACKDROP: Size(1280, 720),
    Kind.STILL: Size(640, 360),
    Kind.PORTRAIT: Size(480, 640),
    Kind.BANNER: Size(1280, 320),
    Kind.LOGO: Size(800, 200),
}
FOLDER = "artwork/drawn"
WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Palette:
    """A sky from top to horizon, a light in it, and the colour of what stands before it."""

    top: Colour
    horizon: Colour
    light: Colour
    ground: Colour


def draw(kind: str, *, seed: int, lettering: str = "") -> bytes:
    """A picture of that kind: JPEG, or PNG for a logo, which is lettering alone. Takes some 50 ms."""
    dice = random.Random(f"{Kind(kind).value} {seed}")  # noqa: S311 for looks
    size = SIZES[Kind(kind)]
    palette = _palette(dice)
    if kind == Kind.LOGO:
        return _encoded(_lettered(Image.new("RGBA", size), lettering or "ottsite", 0.5, palette.light), "PNG")
    image = _sky(size, palette)
    if kind == Kind.PORTRAIT:
        _figure(image, palette, dice)
    else:
        _light(image, palette, dice)
        dice.choice(SCENES)(image, palette, dice)
    if lettering and kind != Kind.STILL:
        image = _lettered(image, lettering, 0.82 if kind == Kind.POSTER else 0.75, WHITE)
    return _encoded(image, "JPEG")


def landscape(size: Size, *, seed: int) -> Image.Image:
    """A scene without lettering, of any size; the next seed has another kind of scene."""
    dice = random.Random(f"landscape {seed}")  # noqa: S311 for looks
    palette = _palette(dice)
    image = _sky(size, palette)
    _light(image, palette, dice)
    SCENES[seed % len(SCENES)](image, palette, dice)
    return image


def _encoded(image: Image.Image, format_: str) -> bytes:
    out = BytesIO()
    image.save(out, format_, quality=88)
    return out.getvalue()


def _palette(dice: random.Random) -> Palette:
    hue = dice.random()
    near = (hue + dice.choice([0.08, -0.08, 0.16, 0.5])) % 1
    return Palette(
        top=_rgb(hue, dice.uniform(0.5, 0.9), dice.uniform(0.15, 0.4)),
        horizon=_rgb(near, dice.uniform(0.4, 0.8), dice.uniform(0.7, 0.95)),
        light=_rgb(near, dice.uniform(0.05, 0.3), 1.0),
        ground=_rgb(hue, dice.uniform(0.5, 0.9), dice.uniform(0.08, 0.18)),
    )


def _rgb(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _between(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _sky(size: Size, palette: Palette) -> Image.Image:
    column = Image.new("RGB", (1, 64))
    for y in range(64):
        column.putpixel((0, y), _between(palette.top, palette.horizon, (y / 63) ** 1.4))
    return column.resize(size, Image.Resampling.BICUBIC)


def _light(image: Image.Image, palette: Palette, dice: random.Random) -> None:
    """A sun or a moon with its glow; and stars."""
    width, height = image.size
    brush = ImageDraw.Draw(image)
    for _ in range(dice.choice([0, 40, 120])):
        x, y = dice.uniform(0, width), dice.uniform(0, height * 0.6)
        brush.ellipse((x, y, x + 2, y + 2), fill=palette.light)
    radius = min(width, height) * dice.uniform(0.08, 0.22)
    x, y = width * dice.uniform(0.25, 0.75), height * dice.uniform(0.2, 0.55)
    glow = Image.radial_gradient("L").point(lambda value: max(0, 160 - value)).resize(
        (round(radius * 6), round(radius * 6))
    )  # fmt: skip
    image.paste(palette.light, (round(x - radius * 3), round(y - radius * 3)), glow)
    brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=palette.light)


def _hills(image: Image.Image, palette: Palette, dice: random.Random) -> None:
    """Four ridges, the nearer the darker."""
    width, height = image.size
    brush = ImageDraw.Draw(image)
    for layer in range(4):
        base, swell = height * (0.55 + 0.12 * layer), height * dice.uniform(0.03, 0.1)
        waves = [(dice.uniform(0.5, 4), dice.uniform(0, math.tau)) for _ in range(4)]
        edge = [
            (x, base + sum(swell / n * math.sin(x / width * math.tau * speed * n + at)
                           for n, (speed, at) in enumerate(waves, 1)))
            for x in range(0, width + 8, 8)
        ]  # fmt: skip
        colour = _between(palette.horizon, palette.ground, (layer + 1) / 4)
        brush.polygon([*edge, (width + 8, height), (0, height)], fill=colour)


def _town(image: Image.Image, palette: Palette, dice: random.Random) -> None:
    """Two rows of houses, the front one with lit windows."""
    width, height = image.size
    brush = ImageDraw.Draw(image)
    for row, share in enumerate((0.6, 1.0)):
        colour, x = _between(palette.horizon, palette.ground, share), 0
        while x < width:
            across, up = dice.randint(width // 16, width // 7), height * dice.uniform(0.15, 0.45 - row * 0.12)
            brush.rectangle((x, height - up, x + across - 3, height), fill=colour)
            if row:
                _windows(brush, (x, round(height - up), across, height), palette.light, dice)
            x += across


def _windows(
    brush: ImageDraw.ImageDraw, house: tuple[int, int, int, int], light: Colour, dice: random.Random
) -> None:
    x, top, across, bottom = house
    for left in range(x + 8, x + across - 14, 14):
        for y in range(top + 10, bottom - 10, 18):
            if dice.random() < 0.3:
                brush.rectangle((left, y, left + 5, y + 8), fill=light)


def _rays(image: Image.Image, palette: Palette, dice: random.Random) -> None:
    """Beams from below, and a crowd of discs out of focus."""
    width, height = image.size
    over = Image.new("L", image.size)
    brush = ImageDraw.Draw(over)
    foot = (width * dice.uniform(0.3, 0.7), height * 1.05)
    for _ in range(14):
        lean, far = dice.uniform(-1.2, 1.2), height * 1.5
        ends = [
            (foot[0] + math.sin(lean + spread) * far, foot[1] - math.cos(lean + spread) * far)
            for spread in (-0.03, 0.03)
        ]
        brush.polygon([foot, *ends], fill=dice.randint(20, 70))
    for _ in range(24):
        x, y, radius = dice.uniform(0, width), dice.uniform(height * 0.4, height), dice.uniform(4, width / 18)
        brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=dice.randint(20, 90))
    image.paste(palette.light, (0, 0), over.filter(ImageFilter.GaussianBlur(3)))


def _orbits(image: Image.Image, palette: Palette, dice: random.Random) -> None:
    """A large planet at the edge, with rings."""
    width, height = image.size
    brush = ImageDraw.Draw(image)
    radius = max(width, height) * dice.uniform(0.35, 0.55)
    x, y = width * dice.choice([0.05, 0.95]), height * dice.uniform(0.75, 1.0)
    brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=palette.ground)
    for step in range(1, dice.randint(3, 6)):
        far = radius * (1 + step * 0.09)
        colour = _between(palette.light, palette.horizon, step / 6)
        brush.arc((x - far, y - far, x + far, y + far), 0, 360, fill=colour, width=3)


SCENES: list[Callable[[Image.Image, Palette, random.Random], None]] = [_hills, _town, _rays, _orbits]


def _figure(image: Image.Image, palette: Palette, dice: random.Random) -> None:
    """Head and shoulders before the light."""
    width, height = image.size
    brush = ImageDraw.Draw(image)
    x, head = width * dice.uniform(0.45, 0.55), width * dice.uniform(0.17, 0.21)
    y = height * 0.42
    for spread, colour in ((1.9, _between(palette.horizon, palette.light, 0.3)), (1.0, palette.ground)):
        if spread == 1.0:
            brush.rounded_rectangle(
                (x - head * 2.1, y + head * 1.25, x + head * 2.1, height * 1.3), head, colour
            )
        reach = head * spread
        brush.ellipse((x - reach, y - reach * 1.15, x + reach, y + reach * 1.15), fill=colour)


def _lettered(image: Image.Image, text: str, middle: float, colour: Colour) -> Image.Image:
    """With the text in capitals, as large as fits into four lines, its middle at that share of the height."""
    lines, font = _set(
        text.upper(), image.width * 0.86, image.height * 0.3 if image.height > 400 else image.height
    )
    block, place = "\n".join(lines), (image.width / 2, image.height * middle)
    shade = Image.new("L", image.size)
    ImageDraw.Draw(shade).text(place, block, 150, font, anchor="mm", align="center")
    image.paste((0, 0, 0), (0, 3), shade.filter(ImageFilter.GaussianBlur(6)))
    ImageDraw.Draw(image).text(place, block, colour, font, anchor="mm", align="center")
    return image


def _set(text: str, across: float, down: float) -> tuple[list[str], ImageFont.FreeTypeFont]:
    """Lines and a font in which they fit; the smallest takes whatever comes."""
    for size in (110, 90, 74, 60, 48, 38, 30, 22):
        font = typeface(size)
        lines = _wrapped(text, font, across)
        if all(font.getlength(line) <= across for line in lines) and len(lines) * size * 1.2 <= down:
            break
    return lines, font


def _wrapped(text: str, font: ImageFont.FreeTypeFont, across: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= across:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


@cache
def typeface(size: int) -> ImageFont.FreeTypeFont:
    """The one that Pillow brings along, so that no machine needs fonts."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # noqa: S101 our wheels have FreeType
    return font


# --- Many titles, few pictures -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn picture with its variants, stored. Any number of artworks may have it: `Artwork(title=…,
    **drawn.fields())`, for files never change."""

    kind: str
    original: str
    sha256: str
    width: int
    height: int
    blurhash: str
    variants: list[dict[str, Any]]

    def fields(self) -> dict[str, Any]:
        return asdict(self) | {"state": Artwork.State.READY}


def pool(n: int, kinds: tuple[str, ...] = (Kind.POSTER, Kind.BACKDROP)) -> dict[str, list[Drawn]]:
    """`n` pictures of each kind, without lettering; those that an earlier call stored are found again."""
    return {str(kind): [stored(kind, draw(kind, seed=seed)) for seed in range(n)] for kind in kinds}


def stored(kind: str, data: bytes) -> Drawn:
    """A drawn picture, developed at once instead of by the worker."""
    developed = darkroom.develop(data, pictures.RULES[kind], (0.5, 0.5))
    sha256 = hashlib.sha256(data).hexdigest()
    original = f"{FOLDER}/{sha256}.{'png' if kind == Kind.LOGO else 'jpeg'}"
    if not default_storage.exists(original):
        default_storage.save(original, ContentFile(data))
    width, height = SIZES[Kind(kind)]
    variants = darkroom.keep(developed, FOLDER)
    return Drawn(Kind(kind).value, original, sha256, width, height, developed.blurhash, variants)
