"""The life of an asset, from the file that is expected to the video that can be played."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from apps.core.errors import InvalidField
from apps.media import labels, languages, packages
from apps.media.editions import Edition
from apps.media.models import (
    Asset,
    AssetState,
    AudioTrack,
    ContentKey,
    FormerEdition,
    Rendition,
    SubtitleTrack,
)
from apps.media.signals import asset_failed, asset_ready

from . import leftovers


@dataclass(frozen=True, slots=True)
class Package:
    """All that was made of a master; the rows have no asset yet, and their objects lie under `prefix`."""

    prefix: str
    master: dict[str, Any]
    duration_ms: int
    source: dict[str, Any]
    renditions: list[Rendition] = field(default_factory=list)
    audio: list[AudioTrack] = field(default_factory=list)
    subtitles: list[SubtitleTrack] = field(default_factory=list)
    keys: list[ContentKey] = field(default_factory=list)
    thumbnails: dict[str, Any] = field(default_factory=dict)
    stills: list[str] = field(default_factory=list)
    chapters: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    protection: str = ""


def placeholder(
    name: str,
    *,
    duration_ms: int,
    heights: Iterable[int],
    audio: Iterable[str],
    subtitles: Iterable[str] = (),
) -> Asset:
    """A ready asset with no media behind it, marked as such: `heights` in pixels, languages in BCP 47."""
    with transaction.atomic():
        asset = Asset.objects.create(name=name, state=AssetState.PROCESSING, placeholder=True)
        Rendition.objects.bulk_create(Rendition(asset=asset, height=height) for height in heights)
        AudioTrack.objects.bulk_create(AudioTrack(asset=asset, language=one) for one in audio)
        SubtitleTrack.objects.bulk_create(SubtitleTrack(asset=asset, language=one) for one in subtitles)
        return ready(asset, duration_ms=duration_ms)


def uploaded(name: str, *, filename: str, by: PermissionsMixin | None) -> Asset:
    """An asset whose master has just arrived."""
    return Asset.objects.create(
        name=name, filename=filename, state=AssetState.UPLOADED, created_by_id=by.pk if by else None
    )


def rename(asset: Asset, name: str) -> None:
    """What it is called at the desk."""
    Asset.objects.filter(pk=asset.pk).update(name=name[: labels.LONGEST_NAME], updated_at=timezone.now())


def begun(asset: Asset) -> None:
    """It is being worked on; what can be played already stays so."""
    with transaction.atomic():
        asset = _locked(asset)
        if asset.state == AssetState.UPLOADING:
            asset.uploaded()
        if asset.state in (AssetState.UPLOADED, AssetState.FAILED):
            asset.process()
            asset.failure = ""
            asset.save(update_fields=["state", "failure", "updated_at"])


def say_language(asset: Asset, track: AudioTrack, named: str) -> AudioTrack:
    """What a sound is spoken in, where its file says nothing, or something wrong: `named` in BCP 47.

    Manifests and the shelf tell it at once; the file stays as it is. Raises `InvalidField`.
    """
    language = languages.tag(named)
    if language == languages.UNKNOWN:
        raise InvalidField("language", "invalid", "Name a language in BCP 47, such as hi or pt-BR.")
    with transaction.atomic():
        asset = _locked(asset)
        there = AudioTrack.objects.filter(pk=track.pk, asset=asset).first()
        if there is None:
            raise InvalidField("track", "does_not_exist", "This sound has just been replaced. Look again.")
        track = there
        others = AudioTrack.objects.filter(asset=asset, described=track.described).exclude(pk=track.pk)
        if others.filter(language=language).exists():
            raise InvalidField("language", "unique", f"There is sound in {language} already.")
        track.language = language
        track.save(update_fields=["language"])
        if asset.is_ready:
            transaction.on_commit(lambda: asset_ready.send(Asset, asset_id=asset.public_id))
    return track


def master_of(asset: Asset) -> dict[str, Any]:
    return {
        "key": asset.master_key, "size": asset.master_size, "sha256": asset.master_sha256,
        "filename": asset.filename,
    }  # fmt: skip


def published(asset: Asset, package: Package) -> Asset:
    """Its tracks are those of the package from now on: one commit, in which the former ones lose their owner.

    Tracks that somebody added to the former master stay where the new one brings no such track.
    """
    with transaction.atomic():
        asset = _locked(asset)
        former, former_master = asset.prefix, asset.master_key
        _keep_for_players(asset)
        if asset.master_key == package.master["key"]:
            _keep_said_languages(asset, package.audio)
        _replace(asset, former, package)
        for name in ("prefix", "source", "thumbnails", "stills", "chapters", "findings", "protection"):
            setattr(asset, name, getattr(package, name))
        asset.master_key, asset.master_size = package.master["key"], package.master["size"]
        asset.master_sha256, asset.filename = package.master["sha256"], package.master["filename"]
        asset.packaged_at, asset.placeholder, asset.duplicate_of = Now(), False, None
        asset.save()
        leftovers.own(package.prefix)
        leftovers.own(asset.master_key)
        if former:
            leftovers.disown(former, keep=leftovers.KEPT_FOR_PLAYERS)
        if former_master and former_master != asset.master_key:
            leftovers.disown(former_master)
        return ready(asset, duration_ms=package.duration_ms)


def _keep_said_languages(asset: Asset, made: list[AudioTrack]) -> None:
    """The same file is as silent about its languages as before; what an editor said of one still holds."""
    former = AudioTrack.objects.filter(asset=asset, key__startswith=asset.prefix)
    said = {packages.name_of(one): one.language for one in former}
    taken = {(one.language, one.described) for one in made}
    for track in made:
        language = said.get(packages.name_of(track), track.language)
        if (language, track.described) not in taken:
            track.language = language


def _replace(asset: Asset, former: str, package: Package) -> None:
    """Rows of the former package go, and those whose place a track of the new one takes."""
    made: list[tuple[type[models.Model], list[Any], tuple[str, ...]]] = [
        (Rendition, package.renditions, ("height", "codec")),
        (AudioTrack, package.audio, ("language", "described")),
        (SubtitleTrack, package.subtitles, ("language", "forced", "sdh")),
    ]
    for model, rows, named in made:
        there = model._default_manager.filter(asset=asset)
        of_former = models.Q(key="") | (models.Q(key__startswith=former) if former else models.Q(pk=None))
        there.filter(of_former).delete()
        for row in rows:
            replaced = there.filter(**{name: getattr(row, name) for name in named})
            for key in list(replaced.values_list("key", flat=True)):
                leftovers.disown(key, keep=leftovers.KEPT_FOR_PLAYERS)
            replaced.delete()
            row.asset = asset
        model._default_manager.bulk_create(rows)
    for one in package.keys:
        one.asset = asset
    ContentKey.objects.bulk_create(key for key in package.keys if key.pk is None)


def added(asset: Asset, track: AudioTrack | SubtitleTrack, *, prefix: str) -> None:
    """One more track, or another in the place of one like it; its object lies under `prefix`."""
    named = {"language": track.language}
    if isinstance(track, AudioTrack):
        there = AudioTrack.objects.filter(asset=asset, described=track.described, **named)
    else:
        there = SubtitleTrack.objects.filter(asset=asset, forced=track.forced, sdh=track.sdh, **named)
    with transaction.atomic():
        asset = _locked(asset)
        _keep_for_players(asset)
        for former in there:
            if former.key and not (asset.prefix and former.key.startswith(asset.prefix)):
                leftovers.disown(former.key, keep=leftovers.KEPT_FOR_PLAYERS)
            former.delete()
        track.asset = asset
        track.save()
        leftovers.own(prefix)
        if asset.is_ready:
            transaction.on_commit(lambda: asset_ready.send(Asset, asset_id=asset.public_id))


def _keep_for_players(asset: Asset) -> None:
    """Call it before the tracks change: whoever plays the asset goes on with those it has."""
    if not asset.is_ready or asset.placeholder:
        return
    FormerEdition.objects.create(
        asset=asset, edition=asset.edition, told=Edition.of(asset).to_json(),
        until=Now() + leftovers.KEPT_FOR_PLAYERS,
    )  # fmt: skip
    asset.edition += 1
    asset.save(update_fields=["edition"])


def forget_former() -> int:
    """Editions that nobody can be playing any more; how many."""
    return FormerEdition.objects.filter(until__lte=Now()).delete()[0]


def ready(asset: Asset, *, duration_ms: int) -> Asset:
    """It can be played from now on, or goes on to be. Raises django-fsm's `TransitionNotAllowed`."""
    with transaction.atomic():
        asset = _locked(asset)
        if not asset.is_ready:
            asset.ready()
        asset.duration_ms, asset.failure = duration_ms, ""
        asset.save(update_fields=["state", "duration_ms", "failure", "updated_at"])
        transaction.on_commit(lambda: asset_ready.send(Asset, asset_id=asset.public_id))
    return asset


def failed(asset: Asset, reason: str, *, duplicate_of: Asset | None = None) -> Asset:
    """It cannot be played; `reason` is a sentence for the editor. What is ready stays ready."""
    with transaction.atomic():
        asset = _locked(asset)
        if asset.is_ready or asset.state == AssetState.FAILED:
            return asset
        asset.fail()
        asset.failure, asset.duplicate_of = reason[:500], duplicate_of
        asset.save(update_fields=["state", "failure", "duplicate_of", "updated_at"])
        transaction.on_commit(lambda: asset_failed.send(Asset, asset_id=asset.public_id))
    return asset


def found(asset: Asset, findings: list[dict[str, Any]]) -> None:
    """What quality control says of a package that is not published."""
    Asset.objects.filter(pk=asset.pk).exclude(state=AssetState.READY).update(findings=findings)


def _locked(asset: Asset) -> Asset:
    return Asset.objects.select_for_update().get(pk=asset.pk)
