"""Small files of subtitles for the tests, and what of any result of ours has to be true."""

import re
import unicodedata

from apps.media.subtitles import Subtitles, to_vtt

SRT = """1
00:00:01,000 --> 00:00:03,500
Where is <i>everyone</i>?
- Gone & away.

2
00:00:04,000 --> 00:00:06,000
{\\an8}<font color="#ffff00">At the top</font>

3
00:00:07,000 --> 00:00:09,250
यह हिंदी उपशीर्षक है।
क्या हुआ?
"""
VTT = """WEBVTT - a title
Kind: captions

STYLE
::cue { color: lime }

NOTE somebody's remark
over two lines

opening
00:01.000 --> 00:03.500 line:80% position:10%,line-left align:start size:50%
<v Asha>नमस्ते, <b>दुनिया</b>!</v>

00:04.000 --> 00:06.000 align:middle region:fred vertical:rl
One <00:05.000><c.yellow.loud>two</c>
<lang hi>तीन</lang> &amp; <ruby>漢<rt>kan</rt></ruby>

01:00:07.000 --> 01:00:09.250
Last &lt;cue&gt;
"""
ASS = """[Script Info]
Title: test
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, \
MarginR, MarginV, Encoding
Style: Default,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2,2,10,10,10,1
Style: Sign,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,-1,0,0,100,100,0,0,1,2,2,8,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.50,Default,,0,0,0,,Hello, {\\b1}world{\\b0}\\Nसाथियो
Dialogue: 0,0:00:04.00,0:00:06.00,Sign,,0,0,0,,STATION
Dialogue: 0,0:00:06.00,0:00:07.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0{\\p0}
Comment: 0,0:00:06.00,0:00:07.00,Default,,0,0,0,,a remark
Dialogue: 0,0:00:07.00,0:00:09.25,Default,,0,0,0,,{\\an4\\pos(3,4)}a < b
"""
TTML = """<?xml version="1.0"?>
<!DOCTYPE tt [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y "&x;&x;&x;">]>
<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="2s">&y;</p></div></body></tt>
"""
HOSTILE = """1
00:00:01,000 --> 00:00:02,000
<script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">here</a>

2
-00:00:01,000 --> 00:00:02,000
<b onclick="x()">a --> b</b><style>*{}</style>\u202etxt\x00\x1b\u0300

3
99:00:00,000 --> 99:00:01,000
late

4
00:00:05,000 --> 00:00:04,000
back

x
00:00:0x,000 --> 00:00:04,000
no time
"""
PIECES = [
    "<b>", "</b>", "<i>", "</i>", "<B>", "<u/>", "<c.red>", "<c.a.b.c.d.e.f>", "</c>", "<v Asha & Co>",
    "<v>", "</v>", "<lang hi>", "<lang -->", "</lang>", "<ruby>", "<rt>", "</rt>", "</ruby>", "<br>",
    "<font color=red>", "</font>", "<script>", "</script>", "<script", "<!-- ", "-->", " --> ",
    "<00:00:01.500>", "<00:00:00.100>", "<3", "<", ">", "&", "&amp;", "&lt;script&gt;", "&#60;b&#62;",
    "&#x202e;", "&#10;", "&#10;&#10;", "&nbsp;", "&amp", "lt;", "\u0301", "\u0316", "\u0338", "e", "é",
    "क\u093c", "\u0958", "न", "\u200d", "\u202e", "\u2066", "\ufeff", "\x00", "\x0b", "\x85", "\u2028",
    "\ufffd", " ", "\u00a0", "\u3000", "\n", "\n\n", "\r", "\r\n", "😀", "javascript:", "{\\an8}", "{\\i1}",
    "{\\i0}", "{\\p1}", "{\\p0}", "{", "}", "\\N", "\\h", "NOTE", "STYLE", "WEBVTT", "1", "text",
    "00:00:03,000 --> 00:00:04,000", "00:00:01.000 --> 00:00:02.000 line:0", "-1:00 --> 0:3",
]  # fmt: skip

_TIMES = re.compile(
    r"\d\d:[0-5]\d:[0-5]\d\.\d{3} --> \d\d:[0-5]\d:[0-5]\d\.\d{3}"
    r"( (vertical|line|position|size|align):[a-z0-9%.,-]+)*"
)
_TAG = re.compile(
    r"<(?:(?P<close>/)?(?P<name>[biuc]|ruby|rt|v|lang)(?:\.[\w-]+)*(?: [^<>\n]+)?"
    r"|\d\d:[0-5]\d:[0-5]\d\.\d{3})>"
)
_ESCAPE = re.compile(r"&(?:amp|lt|gt);")
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202d\u202e\ufeff\r\u2028\u2029]")


def prove_harmless(subtitles: Subtitles) -> str:
    """The WebVTT of it, of which this knows more than one needs to; it does not use our reader."""
    written = to_vtt(subtitles)
    head, *blocks = written.removesuffix("\n").split("\n\n")
    assert head == "WEBVTT"
    assert len(blocks) == len(subtitles.cues) > 0
    assert not _UNSEEN.search(written)
    for block in blocks:
        lines = block.split("\n")
        if "-->" not in lines[0]:
            assert not re.search(r"[<>&]|^NOTE|^STYLE", lines.pop(0))
        assert _TIMES.fullmatch(lines[0]), lines[0]
        prove_text("\n".join(lines[1:]))
    assert len(subtitles.notes) <= 20
    return written


def prove_text(text: str) -> None:
    """It is short, balanced, in NFC, and has nothing of markup but what is allowed."""
    assert 0 < len(text) <= 2000
    assert all(line.strip() for line in text.split("\n"))
    open_: list[str] = []
    for tag in _TAG.finditer(text):
        if tag["close"]:
            assert open_.pop() == tag["name"]
        elif tag["name"]:
            open_.append(tag["name"])
    assert open_ == []
    said = _TAG.split(text)
    rest = _ESCAPE.sub("", _TAG.sub("", text))
    assert not re.search("[<>&]", rest), text
    assert all(unicodedata.is_normalized("NFC", part) for part in said if part)
