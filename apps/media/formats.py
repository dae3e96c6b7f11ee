"""Which formats of files we open, and by which demuxers and decoders of ffmpeg: finite lists.

What is not on them is never tried, whatever a file says of itself.
"""

# ffmpeg's name of what it found -> the name by which that demuxer alone is asked for.
CONTAINERS = {
    "mov,mp4,m4a,3gp,3g2,mj2": "mov",
    "matroska,webm": "matroska",
    "mpegts": "mpegts",
    "avi": "avi",
    "mp3": "mp3",
    "flac": "flac",
    "wav": "wav",
    "ogg": "ogg",
    "aac": "aac",
}
# Where one may begin in the middle, and find the same frame as from the start.
SEEKABLE = frozenset({"mov", "matroska"})
# Its clock may jump; ffmpeg sets it right if it is let.
JUMPING = frozenset({"mpegts"})

# Codec -> the decoders that may be used for it.
VIDEO_CODECS = {
    "h264": ("h264",),
    "hevc": ("hevc",),
    "vp8": ("vp8",),
    "vp9": ("vp9",),
    "av1": ("libdav1d", "av1"),
    "mpeg2video": ("mpeg2video",),
    "mpeg4": ("mpeg4",),
    "prores": ("prores",),
    "dnxhd": ("dnxhd",),
    "mjpeg": ("mjpeg",),
    "ffv1": ("ffv1",),
    "rawvideo": ("rawvideo",),
}
AUDIO_CODECS = {
    "aac": ("aac",),
    "mp3": ("mp3float", "mp3"),
    "mp2": ("mp2float", "mp2"),
    "ac3": ("ac3",),
    "eac3": ("eac3",),
    "opus": ("opus",),
    "vorbis": ("vorbis",),
    "flac": ("flac",),
    "alac": ("alac",),
    **{
        name: (name,)
        for name in (
            "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be",
            "pcm_f32le", "pcm_f32be", "pcm_u8",
        )
    },
}  # fmt: skip
DECODERS = tuple(
    decoder for codecs in (VIDEO_CODECS, AUDIO_CODECS) for names in codecs.values() for decoder in names
)
