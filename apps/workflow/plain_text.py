"""What people may write in a note or a comment: plain text of several lines."""

import re

from apps.core.errors import InvalidField

LINE_END = re.compile(r"\r\n?|[\u2028\u2029]")
# Control characters but tab and line feed, overrides of the writing direction, halves of characters.
REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def judged(text: str, *, path: str, longest: int) -> str:
    """The text, trimmed and with LF for every end of a line. Raises `InvalidField` at `path`."""
    text = LINE_END.sub("\n", text).strip()
    if REFUSED.search(text):
        raise InvalidField(path, "control", "Control characters are not allowed.")
    if len(text) > longest:
        raise InvalidField(path, "max_length", f"At most {longest} characters.")
    return text
