"""Opening pictures and making variants of them: the one place that decodes pixels."""

import hashlib
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from threading import Lock
from typing import Any

import blurhash
from django.core.files.storage import default_storage
from PIL import ExifTags, Image, ImageCms, ImageOps

from apps.media import origin
from apps.media.services import scratch

from . import containers, pictures
from .pictures import Facts, Rule, Size

# Pillow refuses twice as much by itself, and warns from here on; `pictures.judge` is exact.
Image.MAX_IMAGE_PIXELS = pictures.MOST_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# What Pillow raises for a file that is not what it says it is.
UNREADABLE = (OSError, SyntaxError, ValueError, RuntimeError)
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LIES_ON_ITS_SIDE = {5, 6, 7, 8}
# Quality and effort: about a third of a second for a poster in all its sizes.
ENCODINGS: dict[str, dict[str, Any]] = {
    "avif": {"quality": 60, "speed": 8, "max_threads": 1},
    "webp": {"quality": 78, "method": 4},
    "jpeg": {"quality": 80, "progressive": True, "optimize": True},
    "png": {"compress_level": 6},
}
BLURRED_SIDE = 32
# One at a time in a process: 40 megapixels take up to 320 MB as PNG, 650 MB as WebP.
_room = Lock()


class Spoilt(Exception):
    """This cannot be read as a picture. The message is a sentence for the editor."""


class Bomb(Spoilt):
    """It declares so many pixels that nobody looks at the rest."""


@dataclass(frozen=True, slots=True)
class Print:
    """One variant, encoded."""

    format: str
    size: Size
    data: bytes


@dataclass(frozen=True, slots=True)
class Developed:
    """All variants of a picture, smallest first, and its blurhash."""

    prints: list[Print]
    blurhash: str


def look(data: bytes, format_: str) -> Facts:
    """What a whole file declares, without decoding its pixels. Raises `Spoilt`."""
    with _reading():
        if format_ == "PNG":
            # Its checksums cover all of it; reading them spoils the object.
            _opened(data, format_).verify()
        image = _opened(data, format_)
        size = Size(*image.size)
        if _orientation(image) in LIES_ON_ITS_SIDE:
            size = Size(size.height, size.width)
        # A JPEG of several pictures is a still with its gain map or preview.
        animated = image.format != "MPO" and getattr(image, "n_frames", 1) > 1
        return Facts(format_, size, animated)


def develop(data: bytes, rule: Rule, focal: tuple[float, float]) -> Developed:
    """Upright, in sRGB, cropped around the focal point, without any metadata. Raises `Spoilt`."""
    format_ = containers.format_of(data)
    if format_ is None:
        raise Spoilt("This is not a picture any more.")
    with _room, _reading():
        master = _master(_opened(data, format_), rule, focal)
        sizes = pictures.plan(rule, Size(*master.size))
        prints = [_print(master, size, name) for size in sizes for name in rule.formats]
        return Developed(prints, _blurred(master))


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever Pillow says about an unreadable file becomes `Spoilt`."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise Bomb("This picture has too many pixels.") from error
    except UNREADABLE as error:
        raise Spoilt("This picture is damaged. Export it again and upload the new file.") from error


def _opened(data: bytes, format_: str) -> Image.Image:
    return Image.open(BytesIO(data), formats=[format_])


def _orientation(image: Image.Image) -> int:
    """Of the EXIF block that stands before the pixels; one behind them would have to be decoded for."""
    if not image.info.get("exif"):
        return 1
    return int(image.getexif().get(ExifTags.Base.Orientation, 1))


def _master(image: Image.Image, rule: Rule, focal: tuple[float, float]) -> Image.Image:
    """The largest variant, of which the others are made."""
    turn, profile = _orientation(image), image.info.get("icc_profile")
    upright = Size(image.height, image.width) if turn in LIES_ON_ITS_SIDE else Size(*image.size)
    box = pictures.crop(upright, rule.shape, focal)
    largest = pictures.plan(rule, box.size)[-1]
    image = _lessened(image, 2 * largest.width / box.size.width)
    if turn in TURNS:
        image = image.transpose(TURNS[turn])
    part = box.scaled(image.width / upright.width, image.height / upright.height)
    image = _coloured(image, profile).resize(largest, Image.Resampling.LANCZOS, box=part)
    # Encoders write out what they find here: profile, comment, position.
    image.info = {}
    return image if rule.transparent else _flat(image)


def _lessened(image: Image.Image, scale: float) -> Image.Image:
    """The picture decoded, no smaller than `scale` times its size, and cheap to go on with."""
    least = Size(math.ceil(image.width * scale), math.ceil(image.height * scale))
    # A JPEG's decoder can leave out what nobody will see; the others cannot.
    image.draft(None, least)
    image.load()
    image = _in_bands(image)
    factor = min(image.width // least.width, image.height // least.height)
    return image.reduce(factor) if factor > 1 else image


def _in_bands(image: Image.Image) -> Image.Image:
    """Out of 16 bits, 1 bit or a palette into bytes per colour, transparency into a band."""
    if image.mode.startswith("I"):
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        return image if image.mode in {"RGBA", "LA"} else image.convert("RGBA")
    if image.mode in {"L", "RGB", "CMYK"}:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _coloured(image: Image.Image, profile: bytes | None) -> Image.Image:
    """In sRGB. A profile that makes no sense is as good as none."""
    mode = "RGBA" if image.mode in {"LA", "RGBA"} else "RGB"
    if profile:
        with suppress(ImageCms.PyCMSError, OSError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, _srgb(), outputMode=mode)
            return converted or image
    return image.convert(mode)


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _flat(image: Image.Image) -> Image.Image:
    """Without transparency: on black, like the pages that show it."""
    if image.mode == "RGB":
        return image
    ground = Image.new("RGB", image.size)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _print(master: Image.Image, size: Size, format_: str) -> Print:
    image = master if size == master.size else master.resize(size, Image.Resampling.LANCZOS)
    out = BytesIO()
    image.save(out, format_, **ENCODINGS[format_])
    return Print(format_, size, out.getvalue())


def _blurred(master: Image.Image) -> str:
    """Of a picture so small that it takes no time."""
    small = ImageOps.contain(_flat(master), (BLURRED_SIDE, BLURRED_SIDE))
    across, down = (4, 3) if master.width >= master.height else (3, 4)
    return str(blurhash.encode(small, across, down))


def keep(developed: Developed, folder: str) -> list[dict[str, Any]]:
    """Store the variants under names made of what is in them; what `Artwork.variants` says of them.

    Whatever a run that was killed left is found again, or replaced if it was cut short.
    """
    return [
        {
            "format": one.format,
            "width": one.size.width,
            "height": one.size.height,
            "path": _kept(f"{folder}/{one.size.width}-{_hash(one.data)}.{one.format}", one.data),
        }
        for one in developed.prints
    ]


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _kept(path: str, data: bytes) -> str:
    """Two may prepare the same picture at once, so it appears whole or not at all."""
    if default_storage.exists(path):
        if default_storage.size(path) == len(data):
            return path
        default_storage.delete(path)
    with scratch.folder() as folder:
        made = folder / "variant"
        made.write_bytes(data)
        return origin.put(made, path).key
