"""The sound of a film: a tune for each language, so that one hears which is on, and a beep each second."""

import math
import random
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

RATE = 48_000
LAYOUT = "stereo"
NOTES_A_SECOND = 2
BEEP_S = 0.07
# Of full scale; together they stay below it.
NOTE_LEVEL, DRONE_LEVEL, BEEP_LEVEL = 0.28, 0.1, 0.4


@dataclass(frozen=True, slots=True)
class Voice:
    """`base` and `beep` in Hz; `scale` in semitones above `base`; `drone` sounds below all of it."""

    base: float
    scale: tuple[int, ...]
    beep: float
    drone: tuple[int, ...] = ()


# High and bright, a pentatonic in C; low, the scale of raga Bhairav over a drone.
VOICES = {
    "en": Voice(523.25, (0, 2, 4, 7, 9, 12, 14, 16), 1000.0),
    "hi": Voice(196.0, (0, 1, 4, 5, 7, 8, 11, 12), 500.0, drone=(-12, -5)),
}


def seconds(language: str, count: int, *, seed: int) -> Iterator[bytes]:
    """Each second of the film's sound: interleaved stereo, 16 bits. Raises KeyError for other languages."""
    highest = len(VOICES[language].scale) - 1
    dice = random.Random(f"tune {language} {seed}")  # noqa: S311 for looks
    degree = 0
    for _ in range(count):
        notes = []
        for place in range(NOTES_A_SECOND):
            degree = min(highest, max(0, degree + dice.choice([-2, -1, -1, 1, 1, 2, 3])))
            notes.append(_note(language, degree, place == 0))
        yield b"".join(notes)


@cache
def _note(language: str, degree: int, beeps: bool) -> bytes:
    """Plucked, so that it begins loud and dies away; with the beep of a full second, or without."""
    voice = VOICES[language]
    pitch = math.tau * _step(voice.base, voice.scale[degree])
    below = [math.tau * _step(voice.base, semitones) for semitones in voice.drone]
    times = [sample / RATE for sample in range(RATE // NOTES_A_SECOND)]
    sound = [
        NOTE_LEVEL * math.exp(-4 * at) * min(1, at * 200)
        * (math.sin(pitch * at) + 0.4 * math.sin(2 * pitch * at))
        + DRONE_LEVEL * sum(math.sin(one * at) for one in below)
        for at in times
    ]  # fmt: skip
    for place in range(int(BEEP_S * RATE) if beeps else 0):
        sound[place] += BEEP_LEVEL * math.sin(math.tau * voice.beep * times[place])
    both = array("h", (side for value in sound for side in (round(value * 32_767),) * 2))
    if sys.byteorder == "big":
        both.byteswap()
    return both.tobytes()


def _step(base: float, semitones: int) -> float:
    """In whole periods a note, so that what sounds on does so without a click."""
    return float(round(base * 2 ** (semitones / 12) / NOTES_A_SECOND) * NOTES_A_SECOND)
