"""Files on their way through the whole pipeline, for tests: real ffmpeg, real storage, this process."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.media.models import Asset, AssetState, Job, Step, Upload
from apps.media.services import ingest, leftovers, scratch, working


def uploaded(path: Path, *, by: User | None = None, asset: Asset | None = None, **fields: Any) -> Job:
    """The job for a copy of the file, as if its last byte had just arrived."""
    asset = asset or Asset.objects.create(name=path.name, state=AssetState.UPLOADED)
    upload = Upload.objects.create(
        asset=asset, filename=path.name, size=path.stat().st_size, offset=path.stat().st_size,
        state=Upload.State.RECEIVED, expires_at=timezone.now() + timedelta(days=1),
        created_by=by or UserFactory(), **fields,
    )  # fmt: skip
    Path(settings.UPLOAD_DIR).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, Path(settings.UPLOAD_DIR) / f"{upload.public_id}.part")
    return ingest.received(upload)


def made(path: Path, **fields: Any) -> Job:
    """The job after all its steps, however they ended."""
    job = uploaded(path, **fields)
    working.work()
    job.refresh_from_db()
    return job


def asset_of(job: Job) -> Asset:
    return Asset.objects.get(pk=job.asset_id)


def due() -> None:
    """What waits for its next try is due."""
    Step.objects.filter(state=Step.State.WAITING).update(due_at=timezone.now() - timedelta(seconds=1))


def lying() -> set[str]:
    """Every file of the storage, the upload folder and the scratch folder, after everybody swept."""
    leftovers.sweep()
    scratch.sweep()
    found = {
        str(path.relative_to(settings.MEDIA_ROOT))
        for path in Path(settings.MEDIA_ROOT).rglob("*")
        if path.is_file()
    }
    for folder in (settings.UPLOAD_DIR, settings.SCRATCH_DIR):
        found |= {str(path) for path in Path(folder).rglob("*") if path.is_file()}
    return found


def owned() -> set[str]:
    """Every object that a row names."""
    found: set[str] = set()
    for asset in Asset.objects.exclude(master_key=""):
        found.add(asset.master_key)
        folder = Path(settings.MEDIA_ROOT) / asset.prefix
        found |= {str(one.relative_to(settings.MEDIA_ROOT)) for one in folder.rglob("*") if one.is_file()}
        for track in (*asset.renditions.all(), *asset.audio_tracks.all(), *asset.subtitle_tracks.all()):
            found.add(track.key)
    return found
