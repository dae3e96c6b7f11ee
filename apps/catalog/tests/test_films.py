"""The films that are made for demonstrations: what is to be seen, heard and read in them."""

import math
from array import array
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from apps.catalog.films import master, reel, tune
from apps.catalog.films.film import FPS, SCENE_S, Film, Part, cues, timecode

FILM = Film(
    title="Tears of Steel",
    height=144,
    seconds=6,
    audio=("en", "hi"),
    names={"en": "Tears of Steel", "hi": "टियर्स ऑफ़ स्टील"},
    parts=(Part("Credits", 3_000, 6_000),),
    seed=7,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.mkv"
    master.write(FILM, path)
    return path


@pytest.fixture(scope="module")
def pictures(made: Path) -> list[Image.Image]:
    """Its frames, in grey."""
    with av.open(made) as file:
        return [frame.to_image().convert("L") for frame in file.decode(video=0)]


def sounds(path: Path, language: int) -> list[array]:
    """Each second of that audio track, left channel."""
    with av.open(path) as file:
        blocks = [
            array("h", bytes(frame.planes[0])[: frame.samples * 4]) for frame in file.decode(audio=language)
        ]
    left = array("h", chain.from_iterable(block[::2] for block in blocks))
    return [left[at : at + tune.RATE] for at in range(0, len(left), tune.RATE)]


def strength(sound: array, pitch: float) -> float:
    """Of one frequency in it, as a share of full scale."""
    phases = [math.tau * pitch * at / tune.RATE for at in range(len(sound))]
    real = sum(value * math.cos(phase) for value, phase in zip(sound, phases, strict=True))
    imaginary = sum(value * math.sin(phase) for value, phase in zip(sound, phases, strict=True))
    return 2 * math.hypot(real, imaginary) / len(sound) / 32_767


def read(picture: Image.Image) -> str:
    """The time and the number that are burned in, told by the sign that each place looks most like."""
    burner = reel.Burner(FILM)
    wide, high = burner.digits["0"].size
    left, top = burner.time_at

    def closest(place: int) -> str:
        box = (left + place * wide, top, left + (place + 1) * wide, top + high)
        seen = picture.crop(box)
        return min(burner.digits, key=lambda sign: difference(seen, burner.digits[sign]))

    return "".join(closest(place) for place in range(len(" 00:00:00 #0000 "))).strip()


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(ImageStat.Stat(ImageChops.difference(one, other)).mean[0])


def test_it_is_a_file_as_an_editor_might_upload_it(made: Path) -> None:
    with av.open(made) as file:
        video = file.streams.video[0]
        assert (video.codec.name, video.width, video.height) == ("h264", 256, 144)
        assert video.average_rate == FPS
        assert file.duration == FILM.seconds * 1_000_000
        assert [one.language for one in file.streams.audio] == ["eng", "hin"]
        assert [one.language for one in file.streams.subtitles] == ["eng", "hin"]
        chapters = [
            (one["metadata"]["title"], one["start"] * (one["time_base"] or 0)) for one in file.chapters()
        ]
        assert chapters == [("Credits", Fraction(3))]


def test_every_frame_is_there_and_shows_its_time_and_number_at_144_lines(pictures: list[Image.Image]) -> None:
    assert len(pictures) == FILM.frames
    for number in (0, 1, 23, 24, 71, 72, 100, FILM.frames - 1):
        assert read(pictures[number]) == f"{timecode(number)} #{number:04}"


def test_the_scene_changes_every_few_seconds_and_moves_in_between(pictures: list[Image.Image]) -> None:
    steps = [difference(one, other) for one, other in pairwise(pictures)]

    cut = FPS * SCENE_S - 1
    assert steps[cut] > 3 * max(steps[:cut] + steps[cut + 1 :])
    assert min(steps) > 0.1


def test_a_flash_and_a_beep_mark_each_full_second(made: Path, pictures: list[Image.Image]) -> None:
    clock = reel.Burner(FILM).clocks[0].box
    bright = [ImageStat.Stat(one.crop(clock)).mean[0] for one in pictures]
    for second, sound in enumerate(sounds(made, 0)):
        first = second * FPS
        assert min(bright[first : first + reel.FLASH_FRAMES]) > max(bright[first + 2 : first + FPS]) + 20
        beep = int(tune.BEEP_S * tune.RATE)
        loud = strength(sound[:beep], tune.VOICES["en"].beep)
        assert loud > 0.3
        assert loud > 5 * strength(sound[beep : 4 * beep], tune.VOICES["en"].beep)


def test_one_hears_which_language_is_on(made: Path) -> None:
    for track, language in enumerate(FILM.audio):
        (other,) = set(FILM.audio) - {language}
        whole = array("h", chain.from_iterable(sounds(made, track)))
        beep, others = (strength(whole, tune.VOICES[one].beep) for one in (language, other))
        assert beep > 4 * others
        assert max(whole) < 32_000


@pytest.mark.parametrize("language", ["en", "hi"])
def test_subtitles_count_the_time_and_cross_the_ends_of_segments(made: Path, language: str) -> None:
    said = list(cues(FILM, language))

    with av.open(made) as file:
        track = file.streams.subtitles[FILM.audio.index(language)]
        packets = [one for one in file.demux(track) if one.pts is not None]
    assert [(one.pts, (one.pts or 0) + (one.duration or 0), bytes(one).decode()) for one in packets] == said
    assert any(one.start_ms < 4_000 < one.end_ms for one in said)


def test_hindi_subtitles_are_in_devanagari() -> None:
    assert [one.text for one in cues(FILM, "hi")][1] == "००:०३ · टियर्स ऑफ़ स्टील"  # noqa: RUF001 digits of Devanagari


def test_the_same_film_is_the_same_file_and_another_one_is_not(tmp_path: Path) -> None:
    def bytes_of(title: str, seed: int) -> bytes:
        path = tmp_path / "film.mkv"
        master.write(Film(title, 144, 2, ("en",), {"en": title}, seed=seed), path)
        return path.read_bytes()

    assert bytes_of("One", 1) == bytes_of("One", 1)
    assert len({bytes_of("One", 1), bytes_of("Two", 1), bytes_of("One", 2)}) == 3


def test_whoever_waits_is_told_how_far_it_is(tmp_path: Path) -> None:
    told: list[float] = []

    master.write(Film("One", 144, 2, ()), tmp_path / "film.mkv", told.append)

    assert told == [0.5, 1.0]


def test_odd_widths_are_drawn_too(tmp_path: Path) -> None:
    """426 pixels are no multiple of what a line of a plane is padded to."""
    master.write(
        Film("A title that is much longer than the picture is wide, on all accounts", 240, 1, ()),
        tmp_path / "film.mkv",
    )

    with av.open(tmp_path / "film.mkv") as file:
        frames: Iterator[av.VideoFrame] = file.decode(video=0)
        assert {(one.width, one.height) for one in frames} == {(426, 240)}
