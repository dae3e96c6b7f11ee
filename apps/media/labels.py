"""What senders call their files: text to show to people, never a path of ours."""

import re
import unicodedata
from pathlib import PurePosixPath

LONGEST_FILENAME, LONGEST_NAME = 255, 200
# Marks that turn the writing direction: with one, "gpj.exe" looks like "exe.jpg". The joiners stay, for
# Hindi is spelt with them.
TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Control characters, surrogates, unassigned ones, and the ends of lines.
UNSHOWN = {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}


def cleaned(given: str | bytes) -> str:
    """The last part of what may look like a path, in characters that can be shown; "upload" for none."""
    text = given.decode("utf-8", "replace") if isinstance(given, bytes) else given
    text = re.split(r"[/\\]", TURNING.sub("", text))[-1]
    shown = "".join(one for one in text if unicodedata.category(one) not in UNSHOWN)
    return _shortened(" ".join(shown.split()), LONGEST_FILENAME) or "upload"


def name_of(filename: str) -> str:
    """What the video is called until somebody names it: the file without its ending."""
    stem = PurePosixPath(filename).stem.replace("_", " ").strip()
    return stem[:LONGEST_NAME] or filename[:LONGEST_NAME]


def _shortened(filename: str, most: int) -> str:
    """Cut in the middle, so that the ending stays."""
    return filename if len(filename) <= most else f"{filename[: most - 21]}…{filename[-20:]}"
