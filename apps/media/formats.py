"""What is let in: containers and codecs by ffmpeg's names, and the lists that hold ffmpeg to them.

Nothing else is parsed, by PyAV or by the ffmpeg program: a file may claim to be anything, and most of the
holes in ffmpeg are in demuxers and decoders of formats that no film comes in. Every reader of an uploaded
file passes these lists, puts `file:` before its path, and names the demuxer that the file's first bytes
told (`signatures`).
"""

# What ffmpeg calls its demuxer, which is `Source.container` -> the name by which that alone is asked for.
# A playlist (hls, dash, concat, image2) is no container: it makes ffmpeg open other files.
CONTAINERS = {
    "mov,mp4,m4a,3gp,3g2,mj2": "mov", "matroska,webm": "matroska", "mpegts": "mpegts", "avi": "avi",
    "wav": "wav", "w64": "w64", "mp3": "mp3", "flac": "flac", "ogg": "ogg", "aac": "aac",
}  # fmt: skip
# For an editor.
NAMES = {
    "mov": "MP4 or QuickTime", "matroska": "Matroska or WebM", "mpegts": "MPEG transport stream",
    "avi": "AVI", "wav": "WAV", "w64": "Wave64", "mp3": "MP3", "flac": "FLAC", "ogg": "Ogg", "aac": "AAC",
}  # fmt: skip
# Where one may begin in the middle, and find the same frame as from the start.
SEEKABLE = frozenset({"mov", "matroska"})
# Its clock may jump; ffmpeg sets it right if it is let.
JUMPING = frozenset({"mpegts"})

# Codec -> the decoders that may be used for it.
VIDEO_CODECS = {
    "h264": ("h264",), "hevc": ("hevc",), "av1": ("libdav1d", "libaom-av1", "av1"),
    "vp8": ("vp8",), "vp9": ("vp9",),
    "mpeg1video": ("mpeg1video",), "mpeg2video": ("mpeg2video",), "mpeg4": ("mpeg4",),
    "dvvideo": ("dvvideo",), "prores": ("prores",), "dnxhd": ("dnxhd",),
    "mjpeg": ("mjpeg",), "ffv1": ("ffv1",), "rawvideo": ("rawvideo",),
}  # fmt: skip
_PCM = (
    "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f32be",
    "pcm_f64le", "pcm_f64be", "pcm_u8", "pcm_s8", "pcm_mulaw", "pcm_alaw", "pcm_bluray", "pcm_dvd",
)  # fmt: skip
AUDIO_CODECS = {
    "aac": ("aac",), "aac_latm": ("aac_latm",), "mp2": ("mp2float", "mp2"), "mp3": ("mp3float", "mp3"),
    "ac3": ("ac3",), "eac3": ("eac3",), "dts": ("dca",), "truehd": ("truehd",),
    "opus": ("opus", "libopus"), "vorbis": ("vorbis",), "flac": ("flac",), "alac": ("alac",),
    **{name: (name,) for name in _PCM},
}  # fmt: skip
# Embedded subtitles whose packets `subtitles.from_packets` reads; ffmpeg never decodes them.
TEXT_CODECS = frozenset({"subrip", "mov_text", "ass", "webvtt", "text"})

DECODERS = tuple(
    decoder for codecs in (VIDEO_CODECS, AUDIO_CODECS) for names in codecs.values() for decoder in names
)
# Of an input, for `av.open(options=…)` and, with a hyphen before each name, for ffmpeg before its `-i`.
OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(CONTAINERS.values()),
    "codec_whitelist": ",".join(DECODERS),
}


def container(demuxer: str) -> str:
    """`mov,mp4,m4a,3gp,3g2,mj2` of `mov`."""
    return next(name for name, short in CONTAINERS.items() if short == demuxer)
