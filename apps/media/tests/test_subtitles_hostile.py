"""Whatever is given as subtitles is refused, or becomes harmless WebVTT that is the same when read again."""

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from apps.media.subtitles import Refused, Subtitles, from_packets, parse
from ottsite.testing import cpu_seconds

from .subtitle_files import ASS, HOSTILE, PIECES, SRT, TTML, VTT, prove_harmless

SEED = 20261126
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "cp1251", "big5")
TIMES = "00:00:01,000 --> 00:00:03,000\n"
MB = 1024 * 1024

texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=30).map("".join)
moments = st.integers(-2_000, 90_000)
spans = st.tuples(moments, st.integers(-5, 20_000)).map(lambda one: (one[0], sum(one)))
packets = st.lists(
    st.tuples(spans, texts).map(lambda one: (*one[0], one[1].encode(errors="replace"))), max_size=12
)
codecs = st.sampled_from(["subrip", "webvtt", "ass"])


def read(data: bytes, filename: str = "") -> Subtitles | None:
    try:
        return parse(data, filename=filename)
    except Refused:
        return None


def prove_stable(read_: Subtitles) -> None:
    again = parse(prove_harmless(read_).encode())
    assert again.cues == read_.cues
    assert again.notes == ()


@seed(SEED)
@given(text=texts, name=st.sampled_from(["", "a.vtt"]), head=st.sampled_from(["WEBVTT\n\n", "", "1\n"]))
@settings(max_examples=500, deadline=None)
def test_any_text_becomes_harmless_and_stays_the_same_when_read_again(
    text: str, name: str, head: str
) -> None:
    if found := read((head + TIMES + text).encode(errors="replace"), name):
        prove_stable(found)


@seed(SEED)
@given(codec=codecs, given_=packets)
@settings(max_examples=200, deadline=None)
def test_any_packets_become_harmless_and_stay_the_same_when_read_again(
    codec: str, given_: list[tuple[int, int, bytes]]
) -> None:
    try:
        prove_stable(from_packets(codec, given_))
    except Refused:
        return


def mutated(dice: random.Random) -> bytes:
    files = [one.encode(dice.choice(ENCODINGS), "replace") for one in (SRT, VTT, ASS, HOSTILE, TTML)]
    data = bytearray(dice.choice(files))
    for _ in range(dice.choice([0, 1, 3, 20])):
        at = dice.randrange(len(data) + 1)
        change = dice.randrange(5)
        if change == 0 and at < len(data):
            data[at] ^= 1 << dice.randrange(8)
        elif change == 1:
            data[at : at + dice.randrange(4)] = dice.randbytes(dice.randrange(4))
        elif change == 2:
            data[at:at] = dice.choice(PIECES).encode()
        elif change == 3:
            other = dice.choice(files)
            data[at:at] = other[dice.randrange(len(other)) :][: dice.randrange(200)]
        elif dice.random() < 0.2:
            del data[at:]
    return bytes(data)


def test_two_thousand_damaged_files_are_refused_or_become_harmless() -> None:
    number = random.randrange(10**9)  # noqa: S311
    print(f"seed {number}")  # noqa: T201
    dice = random.Random(number)  # noqa: S311
    whole = 0
    for _ in range(2_000):
        if found := read(mutated(dice), dice.choice(["", "a.vtt", "../../x.ass"])):
            prove_stable(found)
            whole += 1
    # Most files lose a cue at most: it is not by refusing that nothing happens.
    assert whole > 1_000


def test_hostile_subtitles_become_harmless_and_the_editor_is_told() -> None:
    found = parse(HOSTILE.encode())

    written = prove_harmless(found)
    assert [cue.text for cue in found.cues] == ["<b>a --&gt; b</b>txt\u0300", "here"]
    assert not re.search(r"script|onerror|onclick|style", written)
    assert [one.partition(":")[0] for one in found.notes] == [
        "Control characters, removed",
        "Markup that subtitles cannot have, removed",
        "Cues that begin before the start, cut to begin with it",
        "Cues after 24 hours, left out or cut",
        "Cues that end before they begin, left out",
        "Times that cannot be read, left out with their text",
        "Cues that were out of order, sorted",
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n \r\n", "empty"),
        (b"x" * (10 * MB + 1), "too_big"),
        (b"PK\x03\x04" + b"x" * 100, "archive"),
        (random.Random(1).randbytes(50_000), "binary"),  # noqa: S311
        (b"\0" * 50 + SRT.encode(), "binary"),
        (TTML.encode(), "unknown_format"),
        (TTML.encode("utf-16"), "unknown_format"),
        (b"\n<tt:tt>" + SRT.encode(), "unknown_format"),
        (b"<!DOCTYPE html><p>00:01 --> 00:02", "unknown_format"),
        (b"{0}{25}Hello", "unknown_format"),
        (b"{\\rtf1 00:00:01,000 --> 00:00:02,000", "unknown_format"),
        (b"Only words, and no times.", "unknown_format"),
        (b"WEBVTT\n\nNOTE nothing here\n", "no_cues"),
        (b"1\n00:00:02,000 --> 00:00:01,000\nback\n", "no_cues"),
        (b"0:1-->0:2\nx\n\n" * 60_000, "too_many_cues"),
        (b"".join(b"00:%02d:%02d.%03d --> 02:00:00.000\n%s\n" % (n // 60, n % 60, n % 1000, b"&" * 700)
                  for n in range(6_000)), "too_big"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)  # fmt: skip
def test_what_holds_no_subtitles_is_refused_with_a_reason_and_a_remedy(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse(data)

    assert refusal.value.code == code
    assert len(re.findall(r"[.](?: |$)", refusal.value.told)) >= 2, refusal.value.told


def test_a_cue_of_ten_megabytes_is_cut_and_the_editor_is_told() -> None:
    found = parse(f"{TIMES}{'शब्द ' * (10 * MB // 13 - 10)}".encode())

    assert len(found.cues) == 1
    assert 1_990 <= len(found.cues[0].text) <= 2_000
    assert found.notes == (
        "Cues that are too long to be read (2,000 characters), cut: 1, the first at 00:00:01.000.",
    )


UNITS = [
    "<", "<>", "<b", "<b>", "<b></b>", "<v a.b ", "</b>", "&", "&amp", "&#1;", "{\\", "{\\i1}", "{\\an8",
    "a.b-", ".c", "-->", "-->\n", "1-->\n", "0:1-->0:2\n", "00:", "\n", " ", "\n ", "\r", "\u0301\u0316",
    "क\u093c", "<script>", "\x01a", "Dialogue: ", "Style: a,b\n", "line:1 ", "STYLE\n\n",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(
    "head", [TIMES, "WEBVTT\n\n" + TIMES.strip() + " ", "[Events]\nDialogue: 0,0:1,0:2,,,,,,,"]
)
def test_eight_times_the_text_takes_about_eight_times_as_long(head: str, unit: str) -> None:
    def reading(size: int) -> Callable[[], object]:
        data = (head + unit * (size // len(unit))).encode()
        return lambda: read(data)

    assert cpu_seconds(reading(100_000)) < 32 * cpu_seconds(reading(12_500))


def test_the_file_name_is_nothing_but_a_hint() -> None:
    for name in ("a.ass", "../../etc/passwd", "\0", "x" * 10_000, "a.vtt"):
        assert [cue.start_ms for cue in parse(SRT.encode(), filename=name).cues] == [1000, 4000, 7000]
    # Numbers are names of cues in WebVTT alone.
    assert [cue.id for cue in parse(SRT.encode()).cues[1:]] == ["", ""]
    assert [cue.id for cue in parse(SRT.encode(), filename="a.vtt").cues[1:]] == ["2", "3"]
    assert "etc" not in str(parse(HOSTILE.encode(), filename="../../etc/passwd"))
