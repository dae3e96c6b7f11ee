"""The last step: track files out of chunks, quality control, and one commit that makes it all visible."""

import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.media import cmaf, ladder, origin, quality, stills, thumbnails
from apps.media.facts import Source
from apps.media.models import AudioTrack, Rendition, Step, SubtitleTrack
from apps.media.thumbnails import Sheets

from . import assets, jobs, leftovers, protecting
from .jobs import Progress
from .making import asset_of, attempt_id, making, work_prefix
from .working import Doing, Done, Hopeless

Results = dict[str, dict[str, Any]]


@dataclass(slots=True)
class Bench:
    """What lies on the bench: files by the name they will have, and the rows that will name them."""

    doing: Doing
    folder: Path
    results: Results
    source: Source
    plan: "ladder.Plan | None"
    files: dict[str, Path] = field(default_factory=dict)
    indexes: dict[str, cmaf.Index] = field(default_factory=dict)
    renditions: list[Rendition] = field(default_factory=list)
    audio: list[AudioTrack] = field(default_factory=list)
    subtitles: list[SubtitleTrack] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return float(self.doing.step.facts["seconds"])

    @property
    def videos(self) -> list[dict[str, Any]]:
        """The chunks' results, in their order."""
        return [self.results[name] for name in sorted(self.results) if name.startswith("video-")]

    @property
    def sounds(self) -> list[dict[str, Any]]:
        return [self.results[name] for name in sorted(self.results) if name.startswith("audio-")]


@making("finish")
def finish(doing: Doing, folder: Path) -> Done:
    """Everything that was made becomes the asset's package, or the editor learns why not."""
    bench = _laid_out(doing, folder)
    _join_pictures(bench)
    _join_sounds(bench)
    _fetch_texts(bench)
    doing.tell(Progress(0.4))
    findings = quality.judge(_measured(bench))
    found = [one.to_json() for one in findings] + [_note(told) for told in bench.notes]
    if any(one.hard for one in findings):
        assets.found(asset_of(doing), found)
        raise Hopeless(findings[0].told)
    sheets = _lay_thumbnails(bench)
    pictures = _pick_stills(bench)
    keys = protecting.protect(bench, asset_of(doing)) if settings.MEDIA_PROTECTION else []
    _lay_out(bench)
    doing.tell(Progress(0.6))
    prefix = _put(bench)
    package = assets.Package(
        prefix=prefix,
        master=doing.step.facts["master"],
        duration_ms=round(bench.seconds * 1000),
        source=doing.step.facts["source"],
        renditions=bench.renditions,
        audio=bench.audio,
        subtitles=bench.subtitles,
        keys=keys,
        thumbnails=sheets.to_json() if sheets else {},
        stills=[prefix + name for name in pictures],
        chapters=doing.step.facts["source"]["chapters"],
        findings=found,
        protection=settings.MEDIA_PROTECTION,
    )
    return Done(publish=partial(_publish, doing, package))


def _publish(doing: Doing, package: assets.Package) -> None:
    assets.published(asset_of(doing), package)
    leftovers.disown(work_prefix(doing))


def _laid_out(doing: Doing, folder: Path) -> Bench:
    done = doing.step.job.steps.filter(state=Step.State.DONE).exclude(result={})
    results: Results = dict(done.values_list("name", "result"))
    facts = doing.step.facts
    plan = ladder.Plan.from_json(facts["ladder"]) if facts["ladder"] else None
    notes = list(facts["notes"]) + results.get("text", {}).get("notes", [])
    return Bench(doing, folder, results, Source.from_json(facts["source"]), plan, notes=notes)


def _note(told: str) -> dict[str, Any]:
    return quality.Finding("note", told).to_json()


# --- Tracks ------------------------------------------------------------------------------------------


def _join_pictures(bench: Bench) -> None:
    if bench.plan is None:
        return
    for rung in bench.plan.rungs:
        name = f"{rung.name}.mp4"
        index = _join(bench, name, [one["files"][rung.name] for one in bench.videos])
        bench.renditions.append(
            Rendition(
                height=rung.height,
                codec=rung.codec,
                picture_width=index.width,
                picture_height=index.height,
                frame_rate=f"{bench.plan.fps.numerator}/{bench.plan.fps.denominator}",
                key=name,
            )
        )


def _join_sounds(bench: Bench) -> None:
    for one in bench.sounds:
        name = f"audio-{one['language']}{'-described' if one['described'] else ''}.mp4"
        index = _fetch_sound(bench, name, one["file"])
        bench.audio.append(
            AudioTrack(
                language=one["language"],
                described=one["described"],
                label=one["label"],
                loudness=one["loudness"],
                channels=index.channels,
                key=name,
            )
        )


def _join(bench: Bench, name: str, parts: list[dict[str, Any]]) -> cmaf.Index:
    """One track file of its parts, which may have to come from a bucket first."""
    with ExitStack() as stack:
        paths = [
            stack.enter_context(
                origin.as_file(part["key"], bench.folder / f"part-{number}", expect=part["sha256"])
            )
            for number, part in enumerate(parts)
        ]
        bench.files[name] = bench.folder / name
        index = bench.indexes[name] = cmaf.join(paths, bench.files[name])
    return index


def _fetch_sound(bench: Bench, name: str, part: dict[str, Any]) -> cmaf.Index:
    bench.files[name] = bench.folder / name
    origin.fetch(part["key"], bench.files[name], expect=part["sha256"])
    index = bench.indexes[name] = cmaf.read(bench.files[name])
    return index


def _fetch_texts(bench: Bench) -> None:
    for one in bench.results.get("text", {}).get("tracks", []):
        marks = "".join(f"-{mark}" for mark in ("forced", "sdh") if one[mark])
        name = f"subtitles-{one['language']}{marks}.vtt"
        if name in bench.files:
            bench.notes.append(f"Further subtitles in {one['language']} were left out.")
            continue
        bench.files[name] = bench.folder / name
        origin.fetch(one["file"]["key"], bench.files[name], expect=one["file"]["sha256"])
        row = {key: one[key] for key in ("language", "forced", "sdh", "label", "cues")}
        bench.subtitles.append(SubtitleTrack(**row, key=name))


def _measured(bench: Bench) -> quality.Measured:
    pictures = tuple(
        quality.Picture(
            str(row), bench.indexes[row.key], sum(one["decoded"][Path(row.key).stem] for one in bench.videos)
        )
        for row in bench.renditions
    )
    sounds = tuple(
        quality.Sound(str(row), bench.indexes[row.key], row.loudness, tuple(map(tuple, one["silent"])))
        for row, one in zip(bench.audio, bench.sounds, strict=True)
    )
    return quality.Measured(
        seconds=bench.seconds,
        frames=bench.plan.frames if bench.plan else 0,
        fps=bench.plan.fps if bench.plan else quality.Fraction(0),
        pictures=pictures,
        sounds=sounds,
        black=tuple(tuple(span) for one in bench.videos for span in one["black"]),
        frozen=tuple(tuple(span) for one in bench.videos for span in one["frozen"]),
        trouble=tuple(line for one in (*bench.videos, *bench.sounds) for line in one["trouble"]),
    )


# --- Pictures ----------------------------------------------------------------------------------------


def _lay_thumbnails(bench: Bench) -> Sheets | None:
    if bench.plan is None:
        return None
    frames = bench.folder / "frames"
    frames.mkdir()
    for number, one in enumerate(bench.videos):
        _unpack(one["files"]["thumbs"], bench.folder / "frames.tar", frames, f"{number:03}-")
    every_ms = round(float(bench.plan.thumb_every / bench.plan.fps) * 1000)
    sheets = thumbnails.paste(
        sorted(frames.iterdir()), bench.folder, every_ms=every_ms, duration_ms=round(bench.seconds * 1000)
    )
    if sheets:
        names = [sheets.file(number) for number in range(sheets.sheets)]
        bench.files |= {name: bench.folder / name for name in names}
    return sheets


def _unpack(part: dict[str, Any], beside: Path, target: Path, prefix: str) -> None:
    with origin.as_file(part["key"], beside, expect=part["sha256"]) as path, tarfile.open(path) as archive:
        for entry in archive:
            if file := archive.extractfile(entry):
                (target / f"{prefix}{Path(entry.name).name}").write_bytes(file.read())


def _pick_stills(bench: Bench) -> list[str]:
    """Frames that an editor may make a poster or a backdrop of."""
    best = max(
        (row for row in bench.renditions if row.codec == Rendition.Codec.H264),
        key=lambda row: row.height,
        default=None,
    )
    if best is None:
        return []
    paths = stills.pick(bench.files[best.key], bench.indexes[best.key], bench.folder)
    bench.files |= {path.name: path for path in paths}
    return [path.name for path in paths]


# --- Out of the folder into the world ----------------------------------------------------------------


def _lay_out(bench: Bench) -> None:
    """What manifests tell of the tracks; they are written for each viewer, and not before."""
    for row in (*bench.renditions, *bench.audio):
        row.lay_out(bench.indexes[row.key])
    for text in bench.subtitles:
        text.size = bench.files[text.key].stat().st_size


def _put(bench: Bench) -> str:
    """Everything under a prefix that nobody wrote to before; an earlier try's is swept."""
    doing = bench.doing
    asset, job = asset_of(doing).public_id, doing.step.job.public_id
    for fence in range(1, doing.lease.fence):
        former = origin.derived(job, f"{doing.step.name}-{fence}")
        leftovers.disown(origin.package_prefix(asset, former))
    prefix = origin.package_prefix(asset, attempt_id(doing))
    leftovers.note(prefix)
    stored = dict(_stored(bench, prefix))
    for row in (*bench.renditions, *bench.audio, *bench.subtitles):
        one = stored[row.key]
        row.key, row.size, row.sha256 = one.key, one.size, one.sha256
    return prefix


def _stored(bench: Bench, prefix: str) -> Iterator[tuple[str, origin.Stored]]:
    total = len(bench.files)
    for number, (name, path) in enumerate(bench.files.items()):
        jobs.renew(bench.doing.lease, Progress(0.6 + 0.4 * number / total))
        yield name, origin.put(path, prefix + name)
