"""How ffmpeg is called, never with a stranger's words, and how each of its ends is told."""

import os
import re
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.media import formats, ladder
from apps.media.facts import Source, Video
from apps.media.ladder import Options, Plan
from apps.media.packager import (
    Broken,
    NoRoom,
    Stopped,
    Watch,
    encode_audio,
    encode_chunk,
    picture,
    running,
    sound,
)
from apps.media.sandbox import Limits

from . import footage
from .test_ladder import settings_of_a_site, videos

QUICK = Options(heights=(90,), preset="ultrafast")
SLOW = Options(preset="veryslow")


def planned(name: str, options: Options = QUICK) -> Plan:
    plan = ladder.plan(footage.source(name), options)
    assert plan
    return plan


def encode(name: str, folder: Path, options: Options = QUICK, watch: Watch | None = None) -> None:
    plan = planned(name, options)
    encode_chunk(footage.clip(name), plan, plan.chunks[0], folder, watch or Watch())


# --- What it is called with --------------------------------------------------------------------------

FILTERS = {
    "bwdif", "fps", "tpad", "trim", "setpts", "transpose", "hflip", "vflip", "scale", "setparams", "zscale",
    "format", "tonemap", "sidedata", "setsar", "split", "select", "aresample", "aformat", "pan", "apad",
    "atrim", "volume", "alimiter", "ebur128",
}  # fmt: skip
WORDS = re.compile(r"-?[a-z0-9_:+.=-]*|[0-9a-z_,]+|\[[a-z0-9-]+\]|\d:[va]\?", re.IGNORECASE)


def assert_of_finite_templates(arguments: list[str], master: str) -> None:
    for argument in arguments:
        if argument == f"file:{master}":
            continue
        if argument.startswith("[0:"):
            chains = re.sub(r"\[[a-z0-9:-]+\]", "", argument).replace("\\,", " ")
            names = {re.match(r"\w+", one).group() for one in re.split("[,;]", chains)}
            assert names <= FILTERS
            assert not set(argument) - set(
                "[]:;,=+-_/.()\\* |0123456789abcdefghijklmnopqrstuvwxyzABCDEFLPRST"
            ), argument
        elif argument == "thumb_%04d.jpg" or re.fullmatch(r"file:(v\d+(-\w+)?|raw)\.mp4", argument):
            continue
        else:
            assert WORDS.fullmatch(argument), argument


hostile = st.text(min_size=1) | st.sampled_from(
    ["-vf", "drawtext=textfile=/etc/passwd", "a;b", "$(x)", "%04d"]
)


@given(videos, settings_of_a_site, st.sampled_from(sorted(formats.CONTAINERS)), hostile, st.data())
def test_nothing_that_a_file_says_of_itself_reaches_ffmpeg(
    video: Video, options: Options, container: str, word: str, data: Any
) -> None:
    told = replace(video, codec=word, pixel_format=word)
    plan = ladder.plan(Source(container, 1, 60_000, (told,)), options)
    assert plan
    chunk = data.draw(st.sampled_from(plan.chunks))

    arguments = picture.arguments(Path("/masters/abc"), plan, chunk)

    assert_of_finite_templates(arguments, "/masters/abc")
    assert [one for one in arguments if one.startswith("/")] == []


@given(
    st.integers(0, 99),
    st.integers(1, 64),
    hostile,
    st.floats(0.1, 1e5),
    st.floats(-69, 20),
    st.floats(-69, 20),
)
def test_nor_what_its_sound_does(
    index: int, channels: int, word: str, seconds: float, integrated: float, peak: float
) -> None:
    stream = replace(
        footage.STEREO, index=index, channels=channels, codec=word, layout=word, language=word, label=word
    )

    for arguments in (
        sound.measured(stream, seconds),
        sound.encoded(stream, sound.planned(integrated, peak), seconds),
    ):
        assert_of_finite_templates(arguments, "")


@pytest.mark.parametrize("container", ["hls", "concat", "", "-i", "mov,hls"])
def test_no_other_demuxer_is_asked_for(container: str) -> None:
    with pytest.raises(ValueError):
        running.opened(Path("film"), container)


@pytest.mark.parametrize(
    "name", ["-vf drawtext", "a;b $(x) `y`", "%04d.mp4", "new\nline", "http:x", "\u202egpj.exe"]
)
def test_a_name_of_a_file_is_only_a_name(name: str, tmp_path: Path) -> None:
    master, folder = tmp_path / name, tmp_path / "scratch"
    shutil.copy(footage.clip("tiny"), master)
    folder.mkdir()
    plan = planned("tiny")

    encode_chunk(master, plan, plan.chunks[0], folder, Watch())

    assert sorted(path.name for path in folder.iterdir()) == ["thumb_0001.jpg", "thumb_0002.jpg", "v90.mp4"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "scratch"])


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile://{canary}\n#EXT-X-ENDLIST\n"
MANIFEST = '<?xml version="1.0"?><MPD><Period><AdaptationSet><BaseURL>file://{canary}</BaseURL></AdaptationSet></Period></MPD>'


@pytest.mark.parametrize(
    "text",
    [PLAYLIST, "ffconcat version 1.0\nfile {canary}\n", MANIFEST, "subfile,,start,0,end,999,,:{canary}", ""],
    ids=["playlist", "concat", "manifest", "subfile", "nothing"],
)
@pytest.mark.parametrize("container", ["mov", "matroska", "mpegts", "avi"])
def test_a_text_that_names_another_file_opens_none(text: str, container: str, tmp_path: Path) -> None:
    canary = Path(shutil.copy(footage.clip("tiny"), tmp_path))
    master = tmp_path / "film.mp4"
    master.write_text(text.format(canary=canary))
    (tmp_path / "scratch").mkdir()
    plan = replace(planned("tiny"), container=container)
    # Long ago: from then on, also where the disk seldom notes it, a read is noted.
    os.utime(canary, (0, 0))

    with pytest.raises(Broken, match="could not be read"):
        encode_chunk(master, plan, plan.chunks[0], tmp_path / "scratch", Watch())

    assert canary.stat().st_atime == 0


def test_a_codec_that_is_not_on_the_list_is_not_decoded(tmp_path: Path) -> None:
    master = tmp_path / "film.mkv"
    footage.ffmpeg(*footage.lavfi(footage.moving()), "-c:v", "magicyuv", str(master))
    plan = replace(planned("mkv"), container="matroska")

    with pytest.raises(Broken) as broken:
        encode_chunk(master, plan, plan.chunks[0], tmp_path, Watch())

    assert "magicyuv" in broken.value.tail.lower()


# --- How it ends -------------------------------------------------------------------------------------


def test_progress_is_told_as_it_goes(tmp_path: Path) -> None:
    told: list[tuple[float, float]] = []

    encode("counted", tmp_path, watch=Watch(tell=lambda done_s, speed: told.append((done_s, speed))))

    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == pytest.approx(12, abs=0.2)


def test_two_runs_for_one_sound_count_as_one(tmp_path: Path) -> None:
    told: list[float] = []
    stream = footage.source("plain").audios[0]

    encode_audio(
        footage.clip("plain"), "mov", stream, tmp_path / "a.mp4",
        Watch(tell=lambda done_s, _: told.append(done_s)), seconds=4,
    )  # fmt: skip

    assert told == sorted(told)
    assert told[-1] == pytest.approx(4, abs=0.1)


def test_whoever_watches_may_stop_it(tmp_path: Path) -> None:
    stop = Event()
    timer = Timer(0.5, stop.set)
    timer.start()

    with pytest.raises(Stopped):
        encode("high", tmp_path, SLOW, Watch(stop))

    assert processes(tmp_path) == []


def processes(folder: Path) -> list[int]:
    """Those that work in the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").readlink() == folder:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def test_a_program_that_stands_still_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "QUIET_S", 2.0)

    def freeze() -> None:
        for process in processes(tmp_path):
            os.kill(process, signal.SIGSTOP)

    timer = Timer(1, freeze)
    timer.start()

    with pytest.raises(Broken, match="said nothing for minutes"):
        encode("high", tmp_path, SLOW)

    assert processes(tmp_path) == []


def test_a_program_that_talks_but_does_not_move_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    progress = running.Progress(Watch())
    for line in ("frame=10", "out_time_us=400000", "speed=1.5x", "progress=continue"):
        progress.heed(line)
    monkeypatch.setattr(running, "QUIET_S", 0.0)
    assert (progress.done_s, progress.speed, progress.is_set()) == (0.4, 1.5, False)

    progress.heed("progress=continue")

    assert progress.is_set()


def test_a_full_disk_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "v90.mp4").symlink_to("/dev/full")

    with pytest.raises(NoRoom, match="no room left"):
        encode("plain", tmp_path)

    (tmp_path / "raw.mp4").symlink_to("/dev/full")
    stream = footage.source("plain").audios[0]
    with pytest.raises(NoRoom):
        encode_audio(footage.clip("plain"), "mov", stream, tmp_path / "a.mp4", Watch(), seconds=4)


def limited(**limits: Any) -> Callable[[float, float], Limits]:
    return lambda seconds, cost: Limits(**{"wall_s": 60, "cpu_s": 60, **limits})


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"wall_s": 0.3}, "took far longer"),
        ({"cpu_s": 1}, "far more computing"),
        ({"file_bytes": 20_000}, "far larger"),
        ({"memory_bytes": 300 * 1024**2}, "memory"),
    ],
    ids=["time", "computing", "output", "memory"],
)
def test_limits_are_kept_and_told(
    limits: dict[str, Any], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "limits", limited(**limits))

    with pytest.raises(Broken, match=told) as broken:
        encode("high", tmp_path, Options(preset="ultrafast"))

    assert broken.value.told == str(broken.value)
    assert processes(tmp_path) == []


def test_limits_grow_with_the_film() -> None:
    short, long = running.limits(4, 60), running.limits(7200, 60)

    assert short.cpu_s < long.cpu_s < 10**6
    assert short.wall_s < long.wall_s
    assert short.file_bytes < long.file_bytes
