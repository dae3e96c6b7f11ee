"""Real picture files for tests."""

import struct
import zlib
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms

POSTER = (600, 900)
NORTH_OF_DELHI = {1: "N", 2: (28.0, 42.0, 0.0), 3: "E", 4: (77.0, 6.0, 0.0)}
ORIENTATION, MAKER, POSITION = 0x0112, 0x010F, 0x8825


def painted(size: tuple[int, int] = POSTER, mode: str = "RGB", shade: int = 0) -> Image.Image:
    """Red above, blue below, a little green to tell one from another."""
    image = Image.new("RGB", size, (220, shade, 30))
    image.paste((20, shade, 200), (0, size[1] // 2, size[0], size[1]))
    return image if mode == "RGB" else image.convert(mode)


def encoded(image: Image.Image, format_: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def jpeg(size: tuple[int, int] = POSTER, **options: Any) -> bytes:
    return encoded(painted(size, shade=options.pop("shade", 0)), "JPEG", **options)


def upload(data: bytes, name: str = "../../etc/My poster.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/jpeg")


def exif(orientation: int = 1) -> Image.Exif:
    found = Image.Exif()
    found[ORIENTATION], found[MAKER], found[POSITION] = orientation, "Spy Cameras", NORTH_OF_DELHI
    return found


def wide_gamut() -> bytes:
    """A colour profile that is none of sRGB: its red and green are swapped."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    places = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, green = places[b"rXYZ"], places[b"gXYZ"]
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *more: bytes, pixels: bytes = b"") -> bytes:
    """A PNG that declares this size, whatever its pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", pixels or zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + body + chunk(b"IEND", b"")
