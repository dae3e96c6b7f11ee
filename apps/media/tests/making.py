"""Files on their way through the whole pipeline, for tests: real ffmpeg, real storage, this process."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tests.factories import UserFactory
from apps.media.models import Asset, AssetState, Job, Step, Upload
from apps.media.services import ingest, leftovers, masters, scratch, working


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
    """Every object of the storage, every file of the upload and scratch folders, after everybody swept."""
    leftovers.sweep()
    scratch.sweep()
    masters.sweep()
    found = stored()
    for folder in (settings.UPLOAD_DIR, settings.SCRATCH_DIR):
        found |= {str(path) for path in Path(folder).rglob("*") if path.is_file()}
    return found


def stored() -> set[str]:
    """Keys of all objects of the storage, a folder or a bucket; there, also of uploads that never ended."""
    if isinstance(default_storage, FileSystemStorage):
        root = Path(default_storage.location)
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    bucket: Any = default_storage.bucket  # type: ignore[attr-defined]
    begun = {f"{one.object_key}?uploadId={one.id}" for one in bucket.multipart_uploads.all()}
    return begun | {one.key for one in bucket.objects.all()}


def owned() -> set[str]:
    """Every object that a row names."""
    found: set[str] = set()
    for asset in Asset.objects.exclude(master_key=""):
        found.add(asset.master_key)
        found |= {key for key in stored() if key.startswith(asset.prefix)}
        for track in (*asset.renditions.all(), *asset.audio_tracks.all(), *asset.subtitle_tracks.all()):
            found.add(track.key)
    return found
