"""What is let in: containers and codecs by ffmpeg's names, and the lists that hold ffmpeg to them.

Nothing else is parsed, by PyAV or by the ffmpeg program: a file may claim to be anything, and most of the
holes in ffmpeg are in demuxers and decoders of formats that no film comes in. Every reader of an uploaded
file passes `OPTIONS`, puts `file:` before its path, and names the demuxer that the probe found.
"""

from collections.abc import Mapping
from types import MappingProxyType

# By the first of the demuxer's names, which is `Source.container` and what `-f` takes; with their names
# for an editor. A playlist (hls, dash, concat, image2) is no container: it makes ffmpeg open other files.
CONTAINERS: Mapping[str, str] = MappingProxyType({
    "mov": "MP4 or QuickTime", "matroska": "Matroska or WebM", "mpegts": "MPEG transport stream",
    "avi": "AVI", "wav": "WAV", "w64": "Wave64", "mp3": "MP3", "flac": "FLAC", "ogg": "Ogg", "aac": "AAC",
})  # fmt: skip
# Those which can be entered in the middle and land on the same frame each time.
SEEKABLE = frozenset({"mov", "matroska"})

# Codec -> the decoders of it that ffmpeg or PyAV may choose.
VIDEO: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "h264": ("h264",), "hevc": ("hevc",), "av1": ("libdav1d", "libaom-av1", "av1"),
    "vp8": ("vp8",), "vp9": ("vp9",),
    "mpeg1video": ("mpeg1video",), "mpeg2video": ("mpeg2video",), "mpeg4": ("mpeg4",),
    "dvvideo": ("dvvideo",), "prores": ("prores",), "dnxhd": ("dnxhd",),
    "mjpeg": ("mjpeg",), "ffv1": ("ffv1",),
})  # fmt: skip
_PCM = (
    "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f32be",
    "pcm_f64le", "pcm_f64be", "pcm_u8", "pcm_s8", "pcm_mulaw", "pcm_alaw", "pcm_bluray", "pcm_dvd",
)  # fmt: skip
AUDIO: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "aac": ("aac",), "aac_latm": ("aac_latm",), "mp2": ("mp2float", "mp2"), "mp3": ("mp3float", "mp3"),
    "ac3": ("ac3",), "eac3": ("eac3",), "dts": ("dca",), "truehd": ("truehd",),
    "opus": ("opus", "libopus"), "vorbis": ("vorbis",), "flac": ("flac",), "alac": ("alac",),
    **{name: (name,) for name in _PCM},
})  # fmt: skip
# Embedded subtitles whose packets `subtitles.from_packets` reads; they are never decoded by ffmpeg.
TEXT = frozenset({"subrip", "mov_text", "ass", "webvtt", "text"})

PROTOCOLS = "file"
FORMATS = ",".join(CONTAINERS)
DECODERS = ",".join(
    decoder for codecs in (VIDEO, AUDIO) for decoders in codecs.values() for decoder in decoders
)
# Of an input, for `av.open(options=…)` and, with a hyphen before each name, for ffmpeg before its `-i`.
OPTIONS: Mapping[str, str] = MappingProxyType({
    "protocol_whitelist": PROTOCOLS, "format_whitelist": FORMATS, "codec_whitelist": DECODERS,
})  # fmt: skip


def container(demuxer: str) -> str:
    """`mov` of `mov,mp4,m4a,3gp,3g2,mj2`."""
    return demuxer.partition(",")[0]
