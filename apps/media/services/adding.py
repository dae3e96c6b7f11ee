"""The steps that add a track to an asset: a dub, or subtitles, out of a file of its own."""

from functools import partial
from pathlib import Path

from apps.media import cmaf, origin, subtitles
from apps.media.models import AudioTrack, SubtitleTrack

from . import assets, jobs, leftovers, protecting
from .making import asset_of, attempt_id, looked_into, making, master, sound, work_prefix
from .working import Doing, Done, Hopeless

NOT_YET = "The video itself is not ready. Begin this again when it is."


@making("sidecar")
def add_subtitles(doing: Doing, folder: Path) -> Done:
    """Subtitles in any of the formats that `subtitles` reads, as WebVTT."""
    given = doing.step.given
    with master(doing, folder) as path:
        try:
            found = subtitles.parse(path.read_bytes(), filename=given["filename"])
        except subtitles.Refused as refused:
            raise Hopeless(refused.told) from refused
    marks = "".join(f"-{mark}" for mark in ("forced", "sdh") if given[mark])
    target = folder / f"subtitles-{given['language']}{marks}.vtt"
    target.write_text(subtitles.to_vtt(found), encoding="utf-8")
    track = SubtitleTrack(
        language=given["language"], forced=given["forced"], sdh=given["sdh"], cues=len(found.cues)
    )
    late = subtitles.beyond(found, asset_of(doing).duration_ms)
    return _kept(doing, track, target, notes=[*found.notes, *late])


@making("dub")
def add_dub(doing: Doing, folder: Path) -> Done:
    """The first audio stream of a file, cut or padded to the length of the video."""
    given, asset = doing.step.given, asset_of(doing)
    if not asset.is_ready or not asset.duration_ms:
        raise Hopeless(NOT_YET)
    with master(doing, folder) as path:
        source = looked_into(doing, path)
        if not source.audios:
            raise Hopeless("There is no sound in this file.")
        made = sound(doing, path, source, source.audios[0], seconds=asset.duration_ms / 1000)
    if made["trouble"]:
        raise Hopeless(f"The finished track cannot be played as a whole: {made['trouble'][0]}")
    target = folder / f"audio-{given['language']}{'-described' if given['described'] else ''}.mp4"
    origin.fetch(made["file"]["key"], target, expect=made["file"]["sha256"])
    index = cmaf.read(target)
    track = AudioTrack(
        language=given["language"], described=given["described"], channels=index.channels,
        loudness=made["loudness"],
    )  # fmt: skip
    track.lay_out(protecting.protect_added(track, asset, target, index))
    return _kept(doing, track, target, notes=[])


def _kept(doing: Doing, track: AudioTrack | SubtitleTrack, path: Path, *, notes: list[str]) -> Done:
    asset = asset_of(doing)
    key = origin.package_prefix(asset.public_id, attempt_id(doing)) + path.name
    leftovers.note(key)
    jobs.renew(doing.lease)
    stored = origin.put(path, key)
    track.key, track.size, track.sha256 = stored.key, stored.size, stored.sha256
    return Done(result={"notes": notes}, publish=partial(_publish, doing, track, key))


def _publish(doing: Doing, track: AudioTrack | SubtitleTrack, key: str) -> None:
    assets.added(asset_of(doing), track, prefix=key)
    leftovers.disown(work_prefix(doing))
