"""What the darkroom makes of difficult pictures, and what it leaves out."""

import os
import random
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings as live
from PIL import Image

from apps.catalog import containers, darkroom
from apps.catalog.pictures import RULES
from ottsite.testing import cpu_seconds

from .painting import chunk, encoded, exif, jpeg, painted, png, wide_gamut

MIDDLE = (0.5, 0.5)
POSTER, LOGO = RULES["poster"], RULES["logo"]


def developed(
    data: bytes, kind: str = "poster", focal: tuple[float, float] = MIDDLE
) -> dict[Any, Image.Image]:
    """The variants, decoded again: `{(format, width): image}`."""
    made = darkroom.develop(data, RULES[kind], focal)
    return {(one.format, one.size.width): Image.open(BytesIO(one.data)) for one in made.prints}


def is_near(pixel: Any, wanted: tuple[int, ...], by: int = 30) -> bool:
    return all(abs(a - b) <= by for a, b in zip(pixel, wanted, strict=True))


def test_a_poster_comes_in_three_sizes_and_three_formats() -> None:
    made = developed(jpeg((1000, 1500)))

    assert {(image.format, *image.size) for image in made.values()} == {
        (name, *size) for name in ("AVIF", "WEBP", "JPEG") for size in ((160, 240), (320, 480), (640, 960))
    }
    assert all(image.mode == "RGB" for image in made.values())


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_that_lies_on_its_side_is_put_upright(format_: str, orientation: int) -> None:
    lies = {5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270, 3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM, 2: Image.Transpose.FLIP_LEFT_RIGHT}  # fmt: skip
    image = painted((600, 900))
    image = image.transpose(lies[orientation]) if orientation in lies else image
    data = encoded(image, format_, exif=exif(orientation))

    assert darkroom.look(data, format_).size == (600, 900)
    for made in developed(data).values():
        middle, height = made.width // 2, made.height
        assert is_near(made.getpixel((middle, height // 8)), (220, 0, 30))
        assert is_near(made.getpixel((middle, height * 7 // 8)), (20, 0, 200))


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_no_variant_tells_where_or_with_what_it_was_taken(format_: str) -> None:
    options: dict[str, Any] = {"exif": exif(), "icc_profile": wide_gamut(), "xmp": b"<x>secret position</x>"}
    if format_ == "JPEG":
        options["comment"] = "secret <script>alert(1)</script>"
    data = encoded(painted(), format_, **options)
    assert b"Spy Cameras" in data

    for kind in ("poster", "logo"):
        for one in darkroom.develop(data, RULES[kind], MIDDLE).prints:
            for trace in (b"Spy Cameras", b"Exif", b"GPS", b"secret", b"ICC_PROFILE", b"iCCP", b"<script"):
                assert trace not in one.data, (one.format, trace)
            assert not Image.open(BytesIO(one.data)).getexif()


def test_a_colour_profile_is_applied() -> None:
    data = encoded(Image.new("RGB", (600, 900), (220, 20, 20)), "PNG", icc_profile=wide_gamut())

    for made in developed(data).values():
        red, green, _ = made.getpixel((50, 50))  # type: ignore[misc]
        assert green > red + 100


def test_a_colour_profile_that_makes_no_sense_is_left_out() -> None:
    data = encoded(painted(), "PNG", icc_profile=b"nonsense" * 40)

    assert is_near(developed(data)["webp", 160].getpixel((80, 20)), (220, 0, 30))


@pytest.mark.parametrize(
    ("mode", "format_"),
    [("CMYK", "JPEG"), ("L", "JPEG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("1", "PNG"),
     ("I;16", "PNG"), ("RGBA", "PNG"), ("RGBA", "WEBP"), ("RGBA", "AVIF")],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["poster", "logo"])
def test_every_kind_of_colour_comes_out_as_it_was(mode: str, format_: str, kind: str) -> None:
    if mode == "I;16":
        image = Image.new("I;16", (600, 900), 60_000)
        image.paste(10_000, (0, 450, 600, 900))
    else:
        image = painted(mode=mode)
    wanted = {"I;16": (234,) * 3, "1": None}.get(
        mode, Image.new("RGB", (1, 1), (220, 0, 30)).getpixel((0, 0))
    )
    if mode in {"L", "LA"}:
        wanted = (Image.new("RGB", (1, 1), (220, 0, 30)).convert("L").getpixel((0, 0)),) * 3  # type: ignore[assignment]

    for made in developed(encoded(image, format_), kind).values():
        pixel = made.convert("RGB").getpixel((made.width // 2, made.height // 4))
        assert wanted is None or is_near(pixel, wanted), (mode, made.format)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA"])
def test_a_logo_keeps_its_transparency_and_others_stand_on_black(mode: str) -> None:
    image = Image.new("RGBA", (600, 900), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (0, 0, 600, 450))
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    data = encoded(image, "PNG")
    assert Image.open(BytesIO(data)).mode == mode

    for (format_, _), made in developed(data, "logo").items():
        assert format_ != "jpeg"
        assert made.mode == "RGBA"
        assert made.getpixel((50, made.height - 20))[3] < 10  # type: ignore[index]
        assert is_near(made.getpixel((50, 20)), (255, 255, 255, 255))
    for made in developed(data, "poster").values():
        assert is_near(made.getpixel((50, made.height - 20)), (0, 0, 0), 8)


def test_the_focal_point_decides_what_stays() -> None:
    image = Image.new("RGB", (1600, 800), (220, 0, 30))
    image.paste((20, 0, 200), (800, 0, 1600, 800))
    data = encoded(image)

    left, right = (developed(data, "portrait", (x, 0.5))["jpeg", 320] for x in (0.1, 0.9))

    assert left.size == right.size == (320, 427)
    assert is_near(left.getpixel((310, 200)), (220, 0, 30))
    assert is_near(right.getpixel((10, 200)), (20, 0, 200))


def test_the_same_picture_gives_the_same_bytes_and_the_blurhash_is_of_it() -> None:
    data = jpeg((1000, 1500))
    one, again = (darkroom.develop(data, POSTER, MIDDLE) for _ in range(2))

    assert one == again
    assert 20 <= len(one.blurhash) <= 60
    assert one.blurhash != darkroom.develop(jpeg(shade=250), POSTER, MIDDLE).blurhash


def test_pixels_that_are_missing_are_a_sentence_for_the_editor() -> None:
    """The structure is whole, so this shows only when the pixels are decoded."""
    data = png(600, 900)
    assert darkroom.look(data, "PNG").size == (600, 900)

    with pytest.raises(darkroom.Spoilt, match="damaged"):
        darkroom.develop(data, POSTER, MIDDLE)


def test_a_poster_costs_little() -> None:
    noise = Image.effect_noise((2000, 3000), 60).convert("RGB")
    data = encoded(noise)

    assert cpu_seconds(lambda: darkroom.develop(data, POSTER, MIDDLE)) < 2


PEAK = """
import resource, sys, django
django.setup()
from apps.catalog import darkroom
from apps.catalog.pictures import RULES
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
darkroom.develop(sys.stdin.buffer.read(), RULES["logo"], (0.5, 0.5))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_the_largest_picture_fits_into_the_worker() -> None:
    """40 megapixels with transparency, the dearest that is taken."""
    data = encoded(Image.new("RGBA", (8000, 5000), (1, 2, 3, 100)), "WEBP", method=0)
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "ottsite.settings"}

    run = subprocess.run(
        [sys.executable, "-c", PEAK], input=data, capture_output=True, cwd=live.BASE_DIR, env=env, check=True
    )

    assert int(run.stdout) < 800_000, "kilobytes"


# --- Where a picture ends ----------------------------------------------------------------------------


def samples() -> dict[str, bytes]:
    image = painted((60, 90))
    made = {name: encoded(image, name) for name in ("JPEG", "PNG", "WEBP", "AVIF")}
    made["JPEG progressive"] = encoded(image, "JPEG", progressive=True, exif=exif())
    return made


@pytest.mark.parametrize("name", samples())
def test_what_hangs_behind_a_picture_is_cut_off(name: str) -> None:
    data, format_ = samples()[name], name.split(maxsplit=1)[0]

    for tail in (b"<script>alert(1)</script>", b"PK\x03\x04" + b"\xff\xda" * 20, b"\0" * 7, data, b"\xff"):
        assert containers.whole(data + tail, format_) == data


@pytest.mark.parametrize("name", samples())
def test_a_picture_that_is_cut_short_anywhere_is_noticed(name: str) -> None:
    data, format_ = samples()[name], name.split(maxsplit=1)[0]

    for end in range(12, len(data) - 1, 7):
        with pytest.raises((containers.Cut, darkroom.Spoilt)):
            darkroom.look(containers.whole(data[:end], format_), format_)


def test_a_photo_with_a_second_picture_in_it_is_a_still() -> None:
    """As telephones write them, for their gain maps (MPO)."""
    data = encoded(painted(), "MPO", save_all=True, append_images=[painted((300, 450))])
    assert Image.open(BytesIO(data)).n_frames == 2  # type: ignore[attr-defined]

    first = containers.whole(data, "JPEG")

    assert len(first) < len(data)
    assert not darkroom.look(first, "JPEG").animated
    assert developed(first)["webp", 600].size == (600, 900)


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    data = encoded(painted((60, 90)), progressive=True)
    scan = data.rindex(b"\xff\xda")
    again = data[:-2] + data[scan:-2] * 100 + data[-2:]

    assert containers.whole(data, "JPEG") == data
    with pytest.raises(containers.Cut):
        containers.whole(again, "JPEG")


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_a_text_that_inflates_without_end_is_refused_or_left_out(kind: bytes) -> None:
    deflated = zlib.compress(b"x" * 60_000_000, 9)
    head = {b"zTXt": b"k\0\0", b"iTXt": b"k\0\x01\0\0\0", b"iCCP": b"k\0\0"}[kind]
    data = encoded(painted(), "PNG")
    bomb = data[:33] + chunk(kind, head + deflated) + data[33:]

    try:
        darkroom.look(containers.whole(bomb, "PNG"), "PNG")
        made = darkroom.develop(bomb, POSTER, MIDDLE)
    except darkroom.Spoilt:
        return
    assert sum(len(one.data) for one in made.prints) < 100_000


def test_whatever_is_done_to_a_file_it_is_developed_or_refused() -> None:
    seed = random.randrange(10**9)  # noqa: S311
    print(f"seed {seed}")  # noqa: T201
    dice = random.Random(seed)  # noqa: S311
    files = list(samples().values())
    for _ in range(600):
        data = bytearray(dice.choice(files))
        for _ in range(dice.choice([1, 2, 8])):
            at = dice.randrange(min(len(data), dice.choice([100, 10_000])))
            data[at : at + dice.randrange(3)] = dice.randbytes(dice.randrange(4))
        _pushed_through(bytes(data))


def _pushed_through(data: bytes) -> None:
    format_ = containers.format_of(data)
    if format_ is None:
        return
    try:
        whole = containers.whole(data, format_)
        facts = darkroom.look(whole, format_)
        if facts.size.width * facts.size.height < 10**6:
            darkroom.develop(whole, LOGO, MIDDLE)
    except (containers.Cut, darkroom.Spoilt):
        return


def test_sizes_are_known_before_anything_is_decoded() -> None:
    for width, height in ((30_000, 30_000), (2**31 - 1, 1), (1, 2**31 - 1)):
        with pytest.raises(darkroom.Spoilt):
            darkroom.look(png(width, height), "PNG")
    webp = encoded(painted((60, 90)), "WEBP", exif=exif())
    assert webp[12:16] == b"VP8X"
    large = webp[:24] + struct.pack("<I", 16_000)[:3] + struct.pack("<I", 16_000)[:3] + webp[30:]
    with pytest.raises(darkroom.Spoilt):
        darkroom.look(large, "WEBP")
