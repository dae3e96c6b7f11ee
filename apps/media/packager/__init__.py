"""The only door to ffmpeg: films are encoded and what came of it is measured, in the sandbox."""

from .measuring import Decoded, Heard, Seen, Stretch, measure_decode, measure_picture, measure_sound
from .picture import encode_chunk
from .running import Broken, NoRoom, Stopped, Watch, program
from .sound import SILENCE, Loudness, encode_audio
from .trial import try_sample

__all__ = [
    "SILENCE",
    "Broken",
    "Decoded",
    "Heard",
    "Loudness",
    "NoRoom",
    "Seen",
    "Stopped",
    "Stretch",
    "Watch",
    "encode_audio",
    "encode_chunk",
    "measure_decode",
    "measure_picture",
    "measure_sound",
    "program",
    "try_sample",
]
