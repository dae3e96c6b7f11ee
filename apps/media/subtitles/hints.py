"""What the cues look like: suggestions for the editor's form, never decisions."""

import re
from collections import Counter

from .cues import Subtitles
from .markup import plain

# A script, by its first and last character, and the language that most of its subtitles are in.
SCRIPTS = (
    ("\u0900", "\u097f", "hi"), ("\u0980", "\u09ff", "bn"), ("\u0a00", "\u0a7f", "pa"),
    ("\u0a80", "\u0aff", "gu"), ("\u0b00", "\u0b7f", "or"), ("\u0b80", "\u0bff", "ta"),
    ("\u0c00", "\u0c7f", "te"), ("\u0c80", "\u0cff", "kn"), ("\u0d00", "\u0d7f", "ml"),
    ("\u0d80", "\u0dff", "si"), ("\u0600", "\u06ff", "ar"), ("\u0590", "\u05ff", "he"),
    ("\u0e00", "\u0e7f", "th"), ("\u0370", "\u03ff", "el"), ("\u0400", "\u04ff", "ru"),
    ("\uac00", "\ud7af", "ko"), ("\u3040", "\u30ff", "ja"), ("\u4e00", "\u9fff", "zh"),
)  # fmt: skip
# Letters of Urdu that Arabic has not.
URDU = set("ٹڈڑںےہھ")
SAMPLE = 500
_SOUND = re.compile(r"^[-\u2013 ]*[\[(♪♫]", re.MULTILINE)
SDH_SHARE = 0.1


def guess_language(subtitles: Subtitles) -> str:
    """BCP 47, by the script that most letters are of; "" for Latin, in which many languages are written."""
    text = "".join(plain(cue.text) for cue in subtitles.cues[:SAMPLE])
    counted = Counter(_language(one) for one in text if one.isalpha())
    language = max(counted, key=lambda one: counted[one], default="")
    if language == "zh" and counted["ja"]:
        return "ja"
    return "ur" if language == "ar" and URDU & set(text) else language


def _language(letter: str) -> str:
    return next((language for first, last, language in SCRIPTS if first <= letter <= last), "")


def is_sdh(subtitles: Subtitles) -> bool:
    """Whether a tenth of the cues or more tell of sounds, in brackets or with notes of music."""
    telling = sum(bool(_SOUND.search(plain(cue.text))) for cue in subtitles.cues)
    return telling >= SDH_SHARE * len(subtitles.cues)
