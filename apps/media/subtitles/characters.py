"""Which characters a subtitle may have."""

import re
import unicodedata

# C0 and C1, which nobody sees; byte order marks and noncharacters; U+202D and U+202E, with which a text can
# be shown as another one. What else of direction Urdu, Arabic and Hebrew need, and Hindi's joiners, stay.
_GONE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202d\u202e\ufeff\ufff9-\ufffb\ufffe\uffff]")
_BREAK = re.compile("\r\r\n|\r\n|[\r\x85\u2028\u2029]")
_BLANK = re.compile("[\t\v\f]")
# UAX #15 section 13, stream-safe text: normalising takes the square of the length of such a run.
_STACK = re.compile(rb"[^\0]{31,}")
_HIGHEST_STACK = 30


def clean(text: str) -> tuple[str, int]:
    """With `\\n` for line breaks and without control characters; and how many of those there were."""
    text, gone = _GONE.subn("", _BREAK.sub("\n", text))
    return _BLANK.sub(" ", text), gone


def normalised(text: str) -> str:
    """NFC, with at most 30 marks on a letter."""
    if text.isascii():
        return text
    classes = bytes(map(unicodedata.combining, text))
    kept, at = [], 0
    for stack in _STACK.finditer(classes):
        kept.append(text[at : stack.start() + _HIGHEST_STACK])
        at = stack.end()
    return unicodedata.normalize("NFC", "".join([*kept, text[at:]]))


def is_visible(text: str) -> bool:
    return any(one.isprintable() and not one.isspace() for one in text)
