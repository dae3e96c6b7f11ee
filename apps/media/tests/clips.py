"""Films of two seconds for tests of the probe, made by ffmpeg when first asked for; and what it takes to
make a file that lies: boxes of MP4 that can be changed and put together again."""

import atexit
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import imageio_ffmpeg  # type: ignore[import-untyped]

SECONDS = 2


def _lavfi(*graphs: str) -> tuple[str, ...]:
    return tuple(word for graph in graphs for word in ("-f", "lavfi", "-i", f"{graph}:d={SECONDS}"))


PICTURE, SOUND = "testsrc=s=64x48:r=25", "sine=r=48000"
BOTH = _lavfi(PICTURE, SOUND)
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "12", "-bf", "2")
AAC = ("-c:a", "aac", "-b:a", "32k")
FILM = (*X264, *AAC)
TEXT = "1\n00:00:00,200 --> 00:00:00,900\nHello\n\n2\n00:00:01,000 --> 00:00:01,500\nWorld\n"
VTT = (
    "WEBVTT\n\nfirst\n00:00:00.200 --> 00:00:00.900 line:80% align:start\nHello\n\n"
    "00:01.000 --> 00:01.500\nWorld\n"
)
CHAPTERS = (
    ";FFMETADATA1\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=800\ntitle=Opening\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=800\nEND=2000\ntitle=A \x07bell\n"
)
NOTES = {"text.srt": TEXT, "text.vtt": VTT, "chapters.txt": CHAPTERS}
MARKED = (
    "-map", "0", "-map", "1", "-map", "1", "-map", "2", "-map", "2", "-map_metadata", "3",
    "-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=eng",
    "-metadata:s:a:1", "title=Audio\u202e description\x1b[31m", "-disposition:a:1", "visual_impaired",
    "-metadata:s:s:0", "language=hin", "-disposition:s:0", "forced",
    "-metadata:s:s:1", "language=pt-BR", "-metadata:s:s:1", "title=Português SDH",
)  # fmt: skip
WITH_NOTES = (*BOTH, "-i", "text.srt", "-i", "chapters.txt")
CLIPS: dict[str, tuple[str, ...]] = {
    "plain.mp4": (*BOTH, *FILM),
    "fragments.mp4": (*BOTH, *FILM, "-movflags", "frag_keyframe+delay_moov+default_base_moof"),
    "plain.mkv": (*BOTH, *FILM),
    "plain.ts": (*BOTH, *FILM),
    "plain.webm": (*BOTH, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"),
    "recorded.webm": (
        *BOTH, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus", "-live", "1"
    ),
    "plain.avi": (*BOTH, "-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "prores.mov": (*BOTH, "-c:v", "prores", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s24le"),
    "marked.mkv": (*WITH_NOTES, *MARKED, *FILM, "-c:s", "srt"),
    "marked.mp4": (*WITH_NOTES, *MARKED, *FILM, "-c:s", "mov_text"),
    "styled.mkv": (*BOTH, "-i", "text.srt", *FILM, "-c:s", "ass"),
    "cued.webm": (*_lavfi(PICTURE), "-i", "text.vtt", "-c:v", "libvpx", "-c:s", "copy"),
    "covered.mp4": (
        *BOTH, "-f", "lavfi", "-i", "testsrc=s=32x32:r=1:d=1", "-map", "2", "-map", "0", "-map", "1",
        "-c:v:0", "mjpeg", "-disposition:v:0", "attached_pic", "-c:v:1", "libx264", *AAC,
    ),
    "covered.mp3": (
        *_lavfi(SOUND), "-f", "lavfi", "-i", "testsrc=s=32x32:r=1:d=1", "-map", "0", "-map", "1",
        "-c:v", "mjpeg", "-disposition:v:0", "attached_pic", "-c:a", "libmp3lame",
    ),
    "field.ts": (
        *_lavfi("testsrc=s=64x48:r=50"), "-vf", "interlace=scan=tff", "-c:v", "mpeg2video",
        "-flags", "+ilme+ildct",
    ),
    "late.mkv": (*_lavfi(PICTURE), "-itsoffset", "0.5", *_lavfi(SOUND), *FILM),
    "magicyuv.avi": (*_lavfi(PICTURE), "-c:v", "magicyuv", "-pix_fmt", "yuv420p"),
    "motion.avi": (*_lavfi(PICTURE), "-c:v", "mjpeg"),
    "flash.flv": (*_lavfi(PICTURE), "-c:v", "flv"),
    "black.mp4": (
        "-f", "lavfi", "-i", "color=black:s=64x48:r=1/600:d=360000", *X264, "-tune", "stillimage"
    ),
    **{f"sound.{kind}": _lavfi(SOUND) for kind in ("wav", "w64", "flac", "mp3", "ogg", "aac", "m4a")},
}  # fmt: skip


@cache
def clip(name: str) -> Path:
    """The file of that name, which nobody may change."""
    path = _folder() / name
    ffmpeg(*CLIPS[name], name)
    return path


@cache
def derived(name: str, source: str, before: tuple[str, ...], after: tuple[str, ...] = ("-c", "copy")) -> Path:
    """Another clip copied by ffmpeg with these arguments before and after its `-i`."""
    clip(source)
    ffmpeg(*before, "-i", source, *after, name)
    return _folder() / name


def ffmpeg(*arguments: str) -> None:
    """Run it in the folder of the clips."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", "-bitexact", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=_folder())
    assert ran.returncode == 0, ran.stderr[-2000:]


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="clips-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, text in NOTES.items():
        (folder / name).write_text(text)
    return folder


# --- Boxes of MP4 ------------------------------------------------------------------------------------

NESTED = {
    b"moov",
    b"trak",
    b"mdia",
    b"minf",
    b"stbl",
    b"dinf",
    b"edts",
    b"udta",
    b"mvex",
    b"moof",
    b"traf",
    b"mfra",
}


@dataclass(slots=True)
class Box:
    """ISO/IEC 14496-12, 4.2. `size`: what it claims, where that is not so; `boxes` or `data` are in it."""

    kind: bytes
    data: bytes = b""
    boxes: "list[Box]" = field(default_factory=list)
    size: int | None = None

    def pack(self) -> bytes:
        inside = self.data + b"".join(one.pack() for one in self.boxes)
        return (
            struct.pack(">I4s", self.size if self.size is not None else len(inside) + 8, self.kind) + inside
        )

    def all(self) -> "Iterable[Box]":
        yield self
        for one in self.boxes:
            yield from one.all()

    def find(self, kind: bytes) -> "Box":
        return next(one for one in self.all() if one.kind == kind)


def parsed(data: bytes) -> list[Box]:
    """The boxes of a sound file."""
    boxes = []
    while data:
        size, kind = struct.unpack(">I4s", data[:8])
        inside = data[8:size]
        nested = kind in NESTED
        boxes.append(Box(kind, b"" if nested else inside, parsed(inside) if nested else []))
        data = data[size:]
    return boxes


def film(boxes: Iterable[Box]) -> bytes:
    return b"".join(one.pack() for one in boxes)
