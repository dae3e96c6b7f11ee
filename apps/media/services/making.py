"""The steps that make a master playable: store, probe, encode in chunks, finish.

Steps hand files to each other by way of the storage, so that any worker can do any of them; which files
those are is in the finished steps' rows. What a step writes is swept with its job, or, when it was killed,
never looked at.
"""

import errno
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.media import accept, formats, ladder, origin, packager, parts, per_title, probe, subtitles
from apps.media.facts import Audio, Source
from apps.media.models import Asset, Upload

from . import assets, ingest, jobs, leftovers, masters, scratch
from .jobs import NewStep, Progress
from .working import Doing, Done, Failed, Hopeless, NotNow, step

FULL = (errno.ENOSPC, errno.EDQUOT)
FULL_TOLD = "The disk is full. It goes on by itself when there is room again."
UNAVAILABLE_TOLD = "The storage does not answer. It goes on by itself when it does again."
CORRUPT_TOLD = "What came back from the storage is not what was put there."
GONE_TOLD = "The uploaded file is gone. Upload it again."
# What is no bug of ours.
TOLD = (
    packager.NoRoom, packager.Broken, packager.Stopped, probe.Stopped, origin.Unavailable, origin.Corrupt,
)  # fmt: skip
# What encoding costs, in seconds of work for a second of media; only the bar of the job depends on it.
TRIAL_WEIGHT, VIDEO_WEIGHT, AUDIO_WEIGHT, FINISH_WEIGHT = 5.0, 2.5, 0.1, 0.2
LONGEST_TAIL = 2_000
SPARE_ROOM = 64 * 1024**2


def making(kind: str) -> Callable[[Callable[[Doing, Path], Done]], Callable[[Doing], Done]]:
    """Registers a step that works in a folder of its own, and ends as `working` knows steps to end."""

    def register(function: Callable[[Doing, Path], Done]) -> Callable[[Doing], Done]:
        @step(kind)
        @wraps(function)
        def run(doing: Doing) -> Done:
            try:
                with scratch.folder() as folder:
                    return function(doing, folder)
            except TOLD as error:
                raise _told(error) from error
            except OSError as error:
                if error.errno in FULL:
                    raise NotNow(FULL_TOLD) from error
                raise

        return run

    return register


def _told(error: Exception) -> Exception:
    """How a step ends that met this."""
    match error:
        case packager.NoRoom():
            return NotNow(FULL_TOLD)
        case packager.Broken():
            return Failed(error.told, error.tail[-LONGEST_TAIL:])
        case origin.Unavailable():
            return NotNow(UNAVAILABLE_TOLD, str(error)[-LONGEST_TAIL:])
        case origin.Corrupt():
            return Failed(CORRUPT_TOLD, str(error))
    return Failed("Stopped.")


# --- Store and probe ---------------------------------------------------------------------------------


@making("store")
def store(doing: Doing, folder: Path) -> Done:
    """Move the upload into the storage, unless the very same file is there already."""
    upload = Upload.objects.select_related("asset").get(public_id=doing.step.given["upload"])
    path = parts.path_of(upload.public_id)
    sha256 = _digest(doing, path)
    if upload.role == Upload.Role.MASTER:
        _refuse_twin(doing, sha256, path)
        key, after = origin.master_key(sha256), [NewStep("probe", 1)]
        leftovers.note(key)
    else:
        key = work_prefix(doing) + "upload"
        leftovers.note(work_prefix(doing))
        after = [NewStep("dub" if upload.role == Upload.Role.AUDIO else "sidecar", 1, given=_wanted(upload))]
    jobs.renew(doing.lease)
    stored = _moved(path, origin.Stored(key, upload.size, sha256))
    master = {"key": key, "size": stored.size, "sha256": sha256, "filename": upload.filename}
    return Done(
        plan={"master": master, "language": upload.language},
        then=tuple(after),
        result={"key": key},
    )


def _digest(doing: Doing, path: Path) -> str:
    """Of the upload, or of what a former try has moved already when it was killed."""
    if path.exists():
        sha256 = origin.digest(path)
        jobs.remember(doing.lease, sha256=sha256)
        return sha256
    if "sha256" not in doing.step.given:
        raise Hopeless(GONE_TOLD)
    return str(doing.step.given["sha256"])


def _moved(path: Path, stored: origin.Stored) -> origin.Stored:
    if not path.exists():
        if not origin.holds(stored):
            raise Hopeless(GONE_TOLD)
        return stored
    if origin.local(stored.key) is None:
        masters.keep(path, stored.sha256)
    return origin.put(path, stored.key, sha256=stored.sha256)


def _wanted(upload: Upload) -> dict[str, Any]:
    names = ("language", "described", "forced", "sdh", "filename")
    return {name: getattr(upload, name) for name in names}


def _refuse_twin(doing: Doing, sha256: str, path: Path) -> None:
    asset = doing.step.job.asset
    twin = ingest.twin_of(asset, sha256)
    if twin is not None:
        told = f"This very file is here already, as “{twin.name}”. Use that video."
        assets.failed(asset, told, duplicate_of=twin)
        path.unlink(missing_ok=True)
        raise Hopeless(told)


@making("probe")
def look(doing: Doing, folder: Path) -> Done:
    """See what is in the master, refuse what cannot be used, and plan the work."""
    with master(doing, folder) as path:
        source = looked_into(doing, path).spoken_in(doing.step.facts.get("language", ""))
    video = ladder.plan(source, ladder_options())
    kept, notes = _kept_audio(source)
    seconds = float(video.seconds) if video else source.duration_ms / 1000
    plan = {
        "source": source.to_json(), "ladder": video.to_json() if video else None, "seconds": seconds,
        "notes": notes,
    }  # fmt: skip
    return Done(plan=plan, then=tuple(_after_probe(source, video, kept, seconds)))


def looked_into(doing: Doing, path: Path) -> Source:
    """What is in a file, if it may be used."""
    try:
        source = probe.probe(path, stop=doing.stop)
    except probe.Unreadable as unreadable:
        raise (Hopeless if unreadable.lasting else Failed)(unreadable.told) from unreadable
    refusals = accept.refusals(source)
    if refusals:
        raise Hopeless(" ".join(f"{one.told} {one.remedy}" for one in refusals))
    return source


def ladder_options() -> ladder.Options:
    return ladder.Options(
        heights=tuple(settings.LADDER_HEIGHTS),
        codecs=tuple(settings.LADDER_CODECS),
        chunk_s=settings.CHUNK_S,
        preset=settings.ENCODE_PRESET,
        threads=settings.ENCODE_THREADS,
    )


def _after_probe(
    source: Source, video: "ladder.Plan | None", kept: Iterable[Audio], seconds: float
) -> Iterator[NewStep]:
    """The picture waits for its trials, if there are any, and the end for everything."""
    if video:
        tried = per_title.samples(video) if settings.PER_TITLE else ()
        if tried:
            weight = TRIAL_WEIGHT * float(sum(one.frames for one in tried) / video.fps)
            yield NewStep("trial", 2, weight=weight)
        for chunk in video.chunks:
            weight = VIDEO_WEIGHT * float(chunk.frames / video.fps)
            given = {"chunk": chunk.number}
            yield NewStep(f"video-{chunk.number:03}", 3 if tried else 2, weight=weight, given=given)
    for one in kept:
        yield NewStep(f"audio-{one.index}", 2, weight=AUDIO_WEIGHT * seconds, given={"stream": one.index})
    if any(text.is_text for text in source.texts):
        yield NewStep("text", 2, weight=1.0)
    yield NewStep("finish", 4, weight=FINISH_WEIGHT * seconds)


def _kept_audio(source: Source) -> tuple[list[Audio], list[str]]:
    """The first of each language, and the first of each that is an audio description."""
    kept: dict[tuple[str, bool], Audio] = {}
    for one in source.audios:
        kept.setdefault((one.language, one.described), one)
    left_out = [one for one in source.audios if one not in kept.values()]
    notes = [f"A further audio stream in {one.language} was left out." for one in left_out]
    notes += [
        f"Subtitles in {one.language} are pictures of text and were left out: upload them as a file."
        for one in source.texts
        if not one.is_text
    ]
    return list(kept.values()), notes


# --- Encode ------------------------------------------------------------------------------------------


@making("video")
def encode(doing: Doing, folder: Path) -> Done:
    """One chunk: all its rungs and thumbnails out of one decode, each looked at before it is kept."""
    plan = ladder.Plan.from_json(doing.step.facts["ladder"])
    chunk = plan.chunks[doing.step.given["chunk"]]
    seconds = float(chunk.frames / plan.fps)
    made, kept = folder / "made", Keeper(doing)
    made.mkdir()
    _need_room(folder, sum(rung.max_rate for rung in plan.rungs) / 8 * seconds)
    with master(doing, folder) as path:
        packager.encode_chunk(path, plan, chunk, made, watch(doing, seconds, share=0.92))
    first = float(chunk.first / plan.fps)
    seen, decoded = _looked_at(made, plan, watch(doing), seconds)
    files = {rung.name: kept.put(made / f"{rung.name}.mp4") for rung in plan.rungs}
    files["thumbs"] = kept.put(_packed(made, folder / "thumbs.tar"))
    result = {
        "files": files,
        "decoded": {name: one.frames for name, one in decoded.items()},
        "trouble": [trouble for name, one in decoded.items() for trouble in troubles(name, one)],
        "black": [(first + one.start, first + one.end) for one in seen.black],
        "frozen": [(first + one.start, first + one.end) for one in seen.frozen],
    }
    return Done(result=result)


def _looked_at(
    made: Path, plan: ladder.Plan, watching: packager.Watch, seconds: float
) -> tuple[packager.Seen, dict[str, packager.Decoded]]:
    """Every segment of every rung decodes. The smallest is looked at as well, for it costs the least."""
    others = [rung.name for rung in plan.rungs if rung is not plan.smallest]
    paths = [made / f"{name}.mp4" for name in others]
    seen = packager.measure_picture(made / f"{plan.smallest.name}.mp4", watching, seconds=seconds)
    found = packager.measure_decode(paths, watching, seconds=seconds) if paths else []
    return seen, {**dict(zip(others, found, strict=True)), plan.smallest.name: seen.decoded}


def troubles(name: str, decoded: packager.Decoded) -> list[str]:
    """In a sentence, where there are any."""
    return [f"{name} has {decoded.errors} frames that do not decode."] if decoded.errors else []


def _packed(made: Path, target: Path) -> Path:
    """The chunk's thumbnails in one object, for there may be a hundred."""
    with tarfile.open(target, "w") as archive:
        for path in sorted(made.glob("thumb_*.jpg")):
            entry = tarfile.TarInfo(path.name)
            entry.size = path.stat().st_size
            with path.open("rb") as file:
                archive.addfile(entry, file)
    return target


def _need_room(folder: Path, expected: float) -> None:
    """Not to find out after an hour that the disk is too small."""
    if shutil.disk_usage(folder).free < expected + SPARE_ROOM:
        raise NotNow(FULL_TOLD)


@making("audio")
def encode_audio(doing: Doing, folder: Path) -> Done:
    """One audio stream of the master, in stereo and at the loudness of all others."""
    source = Source.from_json(doing.step.facts["source"])
    stream = next(one for one in source.audios if one.index == doing.step.given["stream"])
    with master(doing, folder) as path:
        return Done(result=sound(doing, path, source, stream, seconds=doing.step.facts["seconds"]))


def sound(doing: Doing, path: Path, source: Source, stream: Audio, *, seconds: float) -> dict[str, Any]:
    """Encode a stream, listen to what came out, and keep it: its row's fields, and what was measured."""
    with scratch.folder() as made:
        target, container = made / "audio.mp4", formats.CONTAINERS[source.container]
        progress = watch(doing, seconds, share=0.9)
        packager.encode_audio(path, container, stream, target, progress, seconds=seconds)
        heard = packager.measure_sound(target, watch(doing), seconds=seconds)
        file = Keeper(doing).put(target)
    return {
        "file": file,
        "language": stream.language,
        "described": stream.described,
        "label": stream.label,
        "loudness": heard.loudness if heard.loudness > packager.SILENCE else None,
        "silent": [(one.start, one.end) for one in heard.silent],
        "trouble": troubles(stream.language, heard.decoded),
    }


@making("text")
def take_texts(doing: Doing, folder: Path) -> Done:
    """The subtitles within the master, as WebVTT. What cannot be read is left out, and all is noted."""
    source = Source.from_json(doing.step.facts["source"])
    tracks, notes = [], []
    with master(doing, folder) as path:
        for one in source.texts:
            if not one.is_text:
                continue
            try:
                stream = probe.embedded(path, one.index, stop=doing.stop)
                found = subtitles.from_packets(one.codec, stream.packets, header=stream.header)
            except (probe.Unreadable, subtitles.Refused) as refused:
                notes.append(f"Subtitles in {one.language} were left out: {refused.told}")
                continue
            target = folder / f"text-{one.index}.vtt"
            target.write_text(subtitles.to_vtt(found), encoding="utf-8")
            notes += [f"Subtitles in {one.language}: {told}" for told in found.notes]
            tracks.append({
                "file": Keeper(doing).put(target), "language": one.language, "forced": one.forced,
                "sdh": one.sdh, "label": one.label, "cues": len(found.cues),
            })  # fmt: skip
    return Done(result={"tracks": tracks, "notes": notes})


# --- What the steps share ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Keeper:
    """Puts files where later steps find them: a folder for each try, so that none meets another's."""

    doing: Doing

    def put(self, path: Path) -> dict[str, Any]:
        """The object's key, size and SHA-256."""
        prefix = work_prefix(self.doing)
        leftovers.note(prefix)
        jobs.renew(self.doing.lease)
        lease = self.doing.lease
        stored = origin.put(path, f"{prefix}{lease.step.name}-{lease.fence}/{path.name}")
        return {"key": stored.key, "size": stored.size, "sha256": stored.sha256}


def work_prefix(doing: Doing) -> str:
    job = doing.step.job
    return origin.work_prefix(job.asset.public_id, job.public_id)


@contextmanager
def master(doing: Doing, folder: Path) -> Iterator[Path]:
    """The file that the job is about."""
    facts = doing.step.facts["master"]
    with ExitStack() as stack:
        try:
            path = stack.enter_context(masters.at_hand(facts["key"], facts["sha256"]))
        except FileNotFoundError as gone:
            raise Hopeless("The file is gone from the storage. Upload it again.") from gone
        yield path


def watch(doing: Doing, seconds: float = 0.0, *, share: float = 1.0) -> packager.Watch:
    """Tells of a program's progress through `seconds` of media, which is `share` of the step."""

    def tell(done_s: float, speed: float | None) -> None:
        if not seconds:
            return
        part = min(1.0, done_s / seconds)
        eta = (seconds - done_s) / speed if speed else None
        doing.tell(Progress(part * share, speed=speed, eta_s=eta))

    return packager.Watch(stop=doing.stop, tell=tell)


def asset_of(doing: Doing) -> Asset:
    return doing.step.job.asset


def attempt_id(doing: Doing) -> UUID:
    """Of this try of this step: a package that was not finished is never written to again."""
    return origin.derived(doing.step.job.public_id, f"{doing.step.name}-{doing.lease.fence}")
