"""Subtitles as people have them: what becomes of their cues, places, letters and markup."""

import re

import pysubs2
import pytest

from apps.media.subtitles import Cue, Refused, beyond, parse, to_vtt

from .subtitle_files import ASS, SRT, VTT, prove_harmless


def one(text: str, *, times: str = "00:00:01,000 --> 00:00:03,000") -> Cue:
    """The only cue of a SubRip file with this text."""
    (cue,) = parse(f"1\n{times}\n{text}\n".encode()).cues
    return cue


def words(text: str) -> str:
    return re.sub(r"<[^>]*>", "", text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def test_subrip_becomes_webvtt() -> None:
    found = parse(SRT.encode())

    assert to_vtt(found) == (
        "WEBVTT\n\n"
        "00:00:01.000 --> 00:00:03.500\nWhere is <i>everyone</i>?\n- Gone &amp; away.\n\n"
        "00:00:04.000 --> 00:00:06.000 line:0\nAt the top\n\n"
        "00:00:07.000 --> 00:00:09.250\nयह हिंदी उपशीर्षक है।\nक्या हुआ?\n"
    )
    assert found.notes == ("Markup that subtitles cannot have, removed: 2, the first at 00:00:04.000.",)


def test_webvtt_keeps_ids_places_voices_and_times_within_a_cue() -> None:
    found = parse(VTT.encode())

    assert found.cues == (
        Cue(1000, 3500, "<v Asha>नमस्ते, <b>दुनिया</b>!</v>", "opening",
            "line:80% position:10%,line-left size:50% align:start"),
        Cue(4000, 6000, "One <00:00:05.000><c.yellow.loud>two</c>\n"
            "<lang hi>तीन</lang> &amp; <ruby>漢<rt>kan</rt></ruby>", "", "vertical:rl align:center"),
        Cue(3_607_000, 3_609_250, "Last &lt;cue&gt;"),
    )  # fmt: skip
    assert found.notes == (
        "Blocks of styles and regions, left out: 1.",
        "Places of cues that WebVTT does not know, left out: 1.",
    )
    assert not re.search("STYLE|NOTE|region|color", to_vtt(found))


def test_substation_becomes_webvtt() -> None:
    found = parse(ASS.encode())

    assert found.cues == (
        Cue(1000, 3500, "Hello, <b>world</b>\nसाथियो"),
        Cue(4000, 6000, "<i>STATION</i>", settings="line:0"),
        Cue(7000, 9250, "a &lt; b", settings="line:50% align:left"),
    )
    assert found.notes == ("Drawings, left out: 1, the first at 00:00:06.000.",)


def test_a_code_goes_before_the_place_of_its_style() -> None:
    codes = ("{\\an2}", "{\\an4}", "{\\i0}", "{\\an9\\an2}")
    events = [f"Dialogue: 0,0:00:0{at},0:00:09,Sign,,0,0,0,,{code}a" for at, code in enumerate(codes)]

    found = parse((ASS + "\n".join(events)).encode())

    places = [cue.settings for cue in found.cues if cue.text.endswith(("a", "a</i>"))]
    assert places == ["", "line:50% align:left", "line:0", "line:0 align:right"]


def test_substation_is_read_by_its_own_order_of_fields() -> None:
    script = (
        "[V4 Styles]\nFormat: Name, Alignment\nStyle: *Top,6\n"
        "[Events]\nFormat: Start, Marked, End, Style, Text\n"
        "Dialogue: 0:00:01.50,Marked=0,0:00:02.00,Top,one, {\\i1}two{\\r} \\h\\n{a remark}three\n"
        "Dialogue: never,0,0:00:02.00,Top,lost\n"
    )

    found = parse(script.encode())

    assert found.cues == (Cue(1500, 2000, "one, <i>two</i> \u00a0 three", settings="line:0"),)
    assert found.notes == ("Times that cannot be read, left out with their text: 1.",)


@pytest.mark.parametrize("file", [SRT, VTT, ASS], ids=["srt", "vtt", "ass"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_unicode_is_found_out_with_and_without_a_mark(file: str, encoding: str, newline: str) -> None:
    text = file.replace("\n", newline)
    mark = "\ufeff" if encoding == "utf-32-be" else ""

    assert parse((mark + text).encode(encoding)).cues == parse(file.encode()).cues


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("The café is closed. It’s “late” — isn’t it?", "cp1252"),  # noqa: RUF001
        ("Vous êtes là ? Où est le garçon, à côté du château ?", "cp1252"),
        ("¿Qué haces aquí, señor? ¡Mañana volverá el niño!", "latin-1"),
        ("Schöne Grüße über die Straße, ich weiß es nicht.", "latin-1"),
        ("Zażółć gęślą jaźń. Proszę się nie śmiać, dziękuję.", "cp1250"),
        ("Привет, как дела? Я не знаю, что тебе сказать.", "cp1251"),
        ("Καλημέρα, τι κάνεις σήμερα; Δεν ξέρω.", "cp1253"),
        ("Günaydın, nasılsınız? Şimdi gidiyoruz, çocuğun ışığı.", "cp1254"),  # noqa: RUF001
        ("مرحبا كيف حالك اليوم؟ لا أعرف ماذا أقول", "cp1256"),
        ("こんにちは、元気ですか。今日は何をしますか？", "cp932"),  # noqa: RUF001
        ("你好，今天你好吗？我不知道该说什么。", "gb18030"),  # noqa: RUF001
        ("안녕하세요. 오늘은 무엇을 할까요? 모르겠어요.", "cp949"),
    ],
)
def test_a_code_page_is_guessed_and_the_editor_told(text: str, encoding: str) -> None:
    found = parse(f"1\r\n00:00:01,000 --> 00:00:02,000\r\n{text}\r\n".encode(encoding))

    assert [cue.text for cue in found.cues] == [text]
    assert found.notes[0].startswith("The file does not say how its letters are stored; it was read as ")


def test_hindi_with_a_few_spoilt_bytes_stays_hindi() -> None:
    data = SRT.encode().replace("हुआ".encode(), b"\xa4\xb9\xe0")

    found = parse(data)

    assert "यह हिंदी उपशीर्षक है।" in found.cues[2].text
    assert found.notes[0].startswith("Letters that cannot be read, shown as a question mark: ")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<I>loud</I><br/>and <b>bold", "<i>loud</i>\nand <b>bold</b>"),
        ("<b><i>both</b> slanted</i>", "<b><i>both</i></b><i> slanted</i>"),
        ("I <3 you & <- R&D; 2 > 1", "I &lt;3 you &amp; &lt;- R&amp;D; 2 &gt; 1"),
        ("AT&amp;T &eacute;&#233; &lt;i&gt;", "AT&amp;T éé &lt;i&gt;"),
        ("e\u0301 a<font>\u0301", "é á"),
        ("a<b></b>\u0301 <i>a<b></b></i>\u0301", "á <i>a</i>\u0301"),
        ("one\n \n<i></i>\n\ntwo", "one\ntwo"),
        ("<b onclick='x()' class=y>a</b>", "<b>a</b>"),
        ("<iframe src='//x'></iframe><p style='x'>a</p><!-- b -->c", "ac"),
        ("<script>alert('<b>')</script>a<SCRIPT\n>b</b></SCRIPT x>c<style>d", "ac"),
        ("a --> b", "a --&gt; b"),
        ("<v>a</v> <v.loud  Asha\n &amp; Ravi>b", "a <v.loud Asha &amp; Ravi>b</v>"),
        ("<rt>a</rt></b></ruby>", "a"),
        ("<lang hi-IN>a</lang><lang 'x'>b</lang>", "<lang hi-IN>a</lang>b"),
        ("{\\i1}a{\\i0} {\\b1\\pos(1,2)}b {not a code}", "<i>a</i> <b>b {not a code}</b>"),
        ("\u202ea\u202c \u200eb\ufeff\x07", "a\u202c \u200eb"),
        ("a<00:00:02.000>b<00:00:01.500>c<00:00:09.000>d", "a<00:00:02.000>bcd"),
        ("<b>" * 9 + "a", "<b>" * 8 + "a" + "</b>" * 8),
        ("a" + "\u0316" * 40, "a" + "\u0316" * 30),
    ],
)
def test_of_markup_only_what_webvtt_knows_is_left(raw: str, text: str) -> None:
    assert one(raw).text == text


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("align:middle line:-1 position:100% size:33.3%", "line:-1 position:100% size:33.3% align:center"),
        ("line:5,end vertical:lr line:0", "vertical:lr line:0"),
        ("line:101% position:-1% size:5 align:top vertical:up", ""),
        ("LINE:0 line: line:1.5 position:50%,middle X1:1 javascript:x --> <b>", ""),
        ("region:a align:end", "align:end"),
        ("line:" + "9" * 500, ""),
    ],
)
def test_places_are_kept_as_far_as_webvtt_knows_them(given: str, place: str) -> None:
    (cue,) = parse(f"WEBVTT\n\n00:01.000 --> 00:03.000 {given}\na\n".encode()).cues

    assert cue.settings == place


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("\\an8", "line:0"), ("\\an7", "line:0 align:left"), ("\\a6", "line:0"), ("\\an2", ""),
        ("\\an5", "line:50%"), ("\\an3\\an8", "align:right"), ("\\an0", ""), ("\\an88", ""),
    ],
)  # fmt: skip
def test_places_of_substation_become_those_of_webvtt(code: str, place: str) -> None:
    assert one(f"{{{code}}}a").settings == place


@pytest.mark.parametrize(
    ("times", "span"),
    [
        ("0:00:01.5 --> 0:00:2,25", (1500, 2250)),
        ("01:02 --> 01:03", (62_000, 63_000)),
        (" 00:00:01:500-->00:00:02:000 ", (1500, 2000)),
        ("-00:00:01,000 --> 00:00:02,000", (0, 2000)),
        ("23:59:59,000 --> 24:00:01,000", (86_399_000, 86_400_000)),
    ],
)
def test_times_are_read_as_people_write_them(times: str, span: tuple[int, int]) -> None:
    cue = one("a", times=times)

    assert (cue.start_ms, cue.end_ms) == span


@pytest.mark.parametrize(
    "times",
    [
        "00:00:02,000 --> 00:00:02,000",
        "00:00:03,000 --> 00:00:02,000",
        "24:00:00,000 --> 24:00:01,000",
        "-00:00:03,000 --> -00:00:01,000",
        "999999999:00:00,000 --> 999999999:00:01,000",
        "00:00:01,000 --> soon",
    ],
)
def test_times_that_cannot_be_leave_a_cue_out(times: str) -> None:
    with pytest.raises(Refused) as refusal:
        one("a", times=times)

    assert refusal.value.code == "no_cues"


def test_cues_are_sorted_and_kept_once() -> None:
    cues = [
        "00:05,000 --> 00:06,000\nlater",
        "00:01,000 --> 00:09,000\nlong",
        "00:05,000 --> 00:06,000\nlater",
    ]

    found = parse("\n\n".join(cues).encode())

    assert [cue.text for cue in found.cues] == ["long", "later"]
    assert found.notes == (
        "Cues that were there twice, kept once: 1, the first at 00:00:05.000.",
        "Cues that were out of order, sorted: 1.",
    )


def test_the_numbers_of_subrip_are_not_text_but_numbers_that_are_said_are() -> None:
    text = (
        "1\n00:01,000 --> 00:02,000\n42\n\n2\n00:03,000 --> 00:04,000\nso\n3\n00:05,000 --> 00:06,000\n\n7\n"
    )

    assert [cue.text for cue in parse(text.encode()).cues] == ["42", "so", "7"]


def test_only_a_line_below_an_empty_one_is_an_id() -> None:
    head = "WEBVTT\n\n00:01.000 --> 00:02.000\nfirst\n00:03.000 --> 00:04.000\nsecond\n\n"
    text = head + "say\nso\n00:05.000 --> 00:06.000\nx"

    found = parse(text.encode())

    assert [(cue.id, cue.text) for cue in found.cues] == [("", "first"), ("", "second"), ("", "x")]


def test_ids_hold_no_markup_and_seem_nothing_else() -> None:
    names = ["<b>5</b>", "NOTE x", "STYLE", "&#x202e;a\"'b", "x" * 200]
    blocks = [f"{name}\n00:0{at}.000 --> 00:09.000\na\n" for at, name in enumerate(names)]

    found = parse("\n".join(["WEBVTT\n", *blocks]).encode())

    assert [cue.id for cue in found.cues] == ["b5/b", "", "", "#x202e;ab", "x" * 100]


def test_a_long_cue_is_cut_between_letters_and_ends_its_markup() -> None:
    text = one("<i>" + "&" * 3000 + "</i>").text

    assert len(text) <= 2000
    assert re.fullmatch("<i>(&amp;){398}</i>", text)


# --- The video's time line -----------------------------------------------------------------------------


def test_cues_after_the_end_of_the_video_are_told() -> None:
    found = parse(SRT.encode())

    assert [list(beyond(found, lasts)) for lasts in (7001, None)] == [[], []]
    (told,) = beyond(found, 4000)
    assert told.startswith("2 of 3 cues begin after the video's end at 00:00:04.000, the first at")


# --- Another reader -----------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [SRT, VTT, ASS], ids=["srt", "vtt", "ass"])
def test_another_reader_finds_the_same_cues_in_the_file_and_in_what_it_became(file: str) -> None:
    found = parse(file.encode())

    was = pysubs2.SSAFile.from_string(file, {SRT: "srt", VTT: "vtt", ASS: "ass"}[file])
    became = pysubs2.SSAFile.from_string(prove_harmless(found), "vtt")
    ours = [(cue.start_ms, cue.end_ms, words(cue.text)) for cue in found.cues]
    assert [(one.start, one.end, words(one.plaintext)) for one in became] == ours
    shown = [one for one in was if not one.is_drawing and not one.is_comment]
    assert [(one.start, one.end, words(one.plaintext)) for one in shown] == ours
