"""The pictures of a film: drawn landscapes that a camera passes, with title, time and a clock burned in.

Everything is drawn once a scene; a frame is a window of its scene with a few tiles laid on, for the sake of
the processor. Planes are those of YUV 4:2:0 in limited range (ITU-T H.273), as greyscale pictures.
"""

from collections.abc import Iterator

import av
from PIL import Image, ImageDraw, ImageFont

from apps.catalog import art
from apps.catalog.pictures import Size

from .film import FPS, SCENE_S, Film, timecode

Planes = tuple[Image.Image, Image.Image, Image.Image]
Box = tuple[int, int, int, int]
# Pixels that the camera moves from frame to frame: even, for colour has half the columns.
STRIDE = 2
TRAVEL = STRIDE * FPS * SCENE_S
BLACK, GREY, WHITE = 16, 128, 235
FLASH_FRAMES = 2
DIGITS = "0123456789:# "
BT709 = 1


def frames(film: Film) -> Iterator[av.VideoFrame]:
    """All of them, numbered by `pts` in 1/24 s."""
    burner = Burner(film)
    for number in range(film.frames):
        scene, step = divmod(number, FPS * SCENE_S)
        if step == 0:
            planes = _scene(film, scene)
            burner.begin(scene)
        at = step * STRIDE if scene % 2 else TRAVEL - step * STRIDE
        window = _window(planes, at, Size(film.width, film.height))
        burner.burn(window, number)
        yield _frame(window, number)


def _scene(film: Film, scene: int) -> Planes:
    size = Size(film.width + TRAVEL, film.height)
    image = art.landscape(size, seed=film.seed * 100 + scene)
    shade = Image.linear_gradient("L").transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    shade = shade.resize((size.width, size.height // 3)).point(lambda value: value * 2 // 3)
    image.paste((0, 0, 0), (0, 0), shade)
    whole: av.VideoFrame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
    whole = whole.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
    luma, blue, red = (
        Image.frombytes("L", (plane.line_size, plane.height), bytes(plane)) for plane in whole.planes
    )
    return luma, blue, red


def _window(planes: Planes, left: int, size: Size) -> Planes:
    luma, blue, red = planes
    half = (left // 2, 0, (left + size.width) // 2, size.height // 2)
    return luma.crop((left, 0, left + size.width, size.height)), blue.crop(half), red.crop(half)


def _frame(planes: Planes, number: int) -> av.VideoFrame:
    frame = av.VideoFrame(*planes[0].size, "yuv420p")
    for plane, image in zip(frame.planes, planes, strict=True):
        # Lines of a plane may be longer than the picture is wide.
        plane.update(image.crop((0, 0, plane.line_size, plane.height)).tobytes())
    frame.pts = number
    return frame


class Tile:
    """Something without colour that is laid on: where, with its brightness, and where it is opaque.

    The edges of the box are even.
    """

    def __init__(self, box: Box, luma: Image.Image | int, mask: Image.Image | None = None) -> None:
        left, top, right, bottom = (edge // 2 for edge in box)
        self.luma, self.mask, self.box = luma, mask, box
        self.colour_box = (left, top, right, bottom)
        self.colour_mask = mask.resize((right - left, bottom - top)) if mask else None

    def lay(self, planes: Planes) -> None:
        planes[0].paste(self.luma, self.box, self.mask)
        for colour in planes[1:]:
            colour.paste(GREY, self.colour_box, self.colour_mask)


class Burner:
    """Lays on what runs: the title and the scene's label, time and number of the frame, a clock that flashes
    white at each full second, and a bar that shows how far the film is."""

    def __init__(self, film: Film) -> None:
        self.film = film
        self.unit = film.height // 36 // 2 * 2
        self.time_at = (self.unit * 2, self.unit * 20)
        self.digits = _digits(self.unit * 4)
        self.clocks = [self._clock(frame) for frame in range(FPS)]
        self.lettering = self._lettering(0)

    def begin(self, scene: int) -> None:
        self.lettering = self._lettering(scene)

    def burn(self, planes: Planes, number: int) -> None:
        self.lettering.lay(planes)
        self.clocks[number % FPS].lay(planes)
        self._time(planes, f" {timecode(number)} #{number:04} ")
        width, height = planes[0].size
        done = width * (number + 1) // self.film.frames // 2 * 2
        Tile((0, height - self.unit // 2 * 2, done, height), WHITE).lay(planes)

    def _time(self, planes: Planes, text: str) -> None:
        wide, high = self.digits["0"].size
        left, top = self.time_at
        Tile((left, top, left + wide * len(text), top + high), BLACK).lay(planes)
        for place, letter in enumerate(text):
            planes[0].paste(self.digits[letter], (left + place * wide, top))

    def _lettering(self, scene: int) -> Tile:
        """The title as large as fits beside the clock, and the label below; outlined, for suns are bright."""
        across, down = (self.film.width - self.unit * 14) // 2 * 2, self.unit * 8
        luma, mask = Image.new("L", (across, down), BLACK), Image.new("L", (across, down))
        title, label = self.film.title.upper(), self.film.label(scene)
        lines = [
            (title, self.unit * 2, _fitting(title, across, self.unit * 4)),
            (label, self.unit * 6, art.typeface(self.unit * 2)),
        ]
        for text, middle, font in lines:
            place = (self.unit // 2, middle)
            ImageDraw.Draw(luma).text(place, text, WHITE, font, anchor="lm")
            ImageDraw.Draw(mask).text(place, text, 255, font, anchor="lm", stroke_width=self.unit // 4 + 1)
        left, top = self.unit * 2, self.unit
        return Tile((left, top, left + across, top + down), luma, mask)

    def _clock(self, frame: int) -> Tile:
        """A pie that fills within a second; all white when the second is full."""
        side = self.unit * 8
        image, mask = Image.new("L", (side, side), 60), Image.new("L", (side, side))
        ImageDraw.Draw(mask).ellipse((0, 0, side - 1, side - 1), 255)
        brush = ImageDraw.Draw(image)
        if frame < FLASH_FRAMES:
            brush.rectangle((0, 0, side, side), WHITE)
        else:
            brush.pieslice((0, 0, side - 1, side - 1), -90, -90 + 360 * frame / FPS, 150)
        left, top = (self.film.width - side - self.unit * 2) // 2 * 2, self.unit * 2
        return Tile((left, top, left + side, top + side), image, mask)


def _digits(high: int) -> dict[str, Image.Image]:
    """A tile for each sign, all of a size."""
    font = art.typeface(high)
    wide = round(max(font.getlength(sign) for sign in DIGITS[:10])) // 2 * 2 + 2
    tiles = {}
    for sign in DIGITS:
        tile = Image.new("L", (wide, high // 2 * 2), BLACK)
        ImageDraw.Draw(tile).text((wide / 2, high / 2), sign, WHITE, font, anchor="mm")
        tiles[sign] = tile
    return tiles


def _fitting(text: str, across: int, largest: int) -> ImageFont.FreeTypeFont:
    size = largest
    while size > 8 and art.typeface(size).getlength(text) > across:
        size -= 2
    return art.typeface(size)
