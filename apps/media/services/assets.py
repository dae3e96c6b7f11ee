"""The life of an asset, from the file that is expected to the video that can be played."""

from collections.abc import Iterable

from django.contrib.auth.models import PermissionsMixin
from django.db import transaction
from django.utils import timezone

from apps.media import labels
from apps.media.models import Asset, AssetState, AudioTrack, Rendition, SubtitleTrack
from apps.media.signals import asset_failed, asset_ready


def placeholder(
    name: str,
    *,
    duration_ms: int,
    heights: Iterable[int],
    audio: Iterable[str],
    subtitles: Iterable[str] = (),
    by: PermissionsMixin | None = None,
) -> Asset:
    """A ready asset with no media behind it, marked as such: `heights` in pixels, languages in BCP 47."""
    with transaction.atomic():
        asset = Asset.objects.create(
            name=name, state=AssetState.PROCESSING, placeholder=True, created_by_id=by.pk if by else None
        )
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


def ready(asset: Asset, *, duration_ms: int) -> Asset:
    """It can be played from now on. Raises django-fsm's `TransitionNotAllowed` unless it is in processing."""
    with transaction.atomic():
        asset = _locked(asset)
        asset.ready()
        asset.duration_ms, asset.failure = duration_ms, ""
        asset.save(update_fields=["state", "duration_ms", "failure", "updated_at"])
        transaction.on_commit(lambda: asset_ready.send(Asset, asset_id=asset.public_id))
    return asset


def failed(asset: Asset, reason: str) -> Asset:
    """It cannot be played; `reason` is a sentence for the editor. What is ready cannot fail any more."""
    with transaction.atomic():
        asset = _locked(asset)
        asset.fail()
        asset.failure = reason[:500]
        asset.save(update_fields=["state", "failure", "updated_at"])
        transaction.on_commit(lambda: asset_failed.send(Asset, asset_id=asset.public_id))
    return asset


def _locked(asset: Asset) -> Asset:
    return Asset.objects.select_for_update().get(pk=asset.pk)
