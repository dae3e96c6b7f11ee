"""From a file that has arrived to the job that makes it playable, and what becomes of the asset with it."""

from django.db import transaction

from apps.media import origin
from apps.media.models import Asset, AssetState, Job, Step, Upload

from . import assets, jobs, leftovers, working
from .jobs import JobGoesOn, NewStep

# Who waits in front of the screen for a subtitle goes before films of two hours.
QUICK = 10


def received(upload: Upload) -> Job:
    """Open the job for a file that is whole; call it in the transaction that says so.

    A master makes its asset playable, or gives it another picture; audio and subtitles are added to it.
    Raises `JobGoesOn` where a former master of the asset is still being worked on.
    """
    asset = upload.asset
    if asset is None:
        raise ValueError("a received upload has an asset")
    is_master = upload.role == Upload.Role.MASTER
    kind = Job.Kind.PACKAGE if is_master else Job.Kind.TRACK
    with transaction.atomic():
        Asset.objects.select_for_update().get(pk=asset.pk)
        if is_master and _goes_on(asset):
            raise JobGoesOn("The file before this one is still being worked on: wait, or cancel that job.")
        step = NewStep("store", 0, given={"upload": str(upload.public_id)})
        job = jobs.open_job(asset, kind, [step], priority=0 if is_master else QUICK, by=upload.created_by)
        if is_master:
            assets.begun(asset)
        working.wake()
    return job


def make_again(asset: Asset, *, by: "object | None" = None) -> Job:
    """Encode the master anew, with the settings of today; what can be played now plays on meanwhile."""
    with transaction.atomic():
        asset = Asset.objects.select_for_update().get(pk=asset.pk)
        if not asset.master_key:
            raise NoMaster
        if _goes_on(asset):
            raise JobGoesOn("It is being worked on already.")
        job = jobs.open_job(asset, Job.Kind.PACKAGE, [NewStep("probe", 1)], by=by)  # type: ignore[arg-type]
        job.plan = {"master": assets.master_of(asset)}
        job.save(update_fields=["plan"])
        assets.begun(asset)
        working.wake()
    return job


class NoMaster(jobs.DomainError):
    code = "no_master"
    status = 409
    detail = "There is no file of this video to make it from."


def _goes_on(asset: Asset) -> bool:
    return asset.jobs.filter(kind=Job.Kind.PACKAGE).exclude(state__in=jobs.ENDED).exists()


def begin_again(job: Job) -> Job:
    """A cancelled or quarantined job goes on where it stopped, or begins anew if that was swept meanwhile.

    Raises `JobGoesOn`; `NoMaster` where not even the file is left.
    """
    with transaction.atomic():
        job = jobs.begin_again(job)
        if job.kind == Job.Kind.PACKAGE:
            if not _is_kept(job):
                job.steps.exclude(name__in=("store", "probe")).delete()
                job.steps.filter(name="probe").update(state=Step.State.WAITING, result={})
            assets.begun(job.asset)
        working.wake()
    return job


def _is_kept(job: Job) -> bool:
    """Whether what its finished steps made is still there."""
    master = job.plan.get("master")
    if master and not (leftovers.is_kept(master["key"]) or job.asset.master_key == master["key"]):
        raise NoMaster
    return leftovers.is_kept(origin.work_prefix(job.asset.public_id, job.public_id))


def twin_of(asset: Asset, sha256: str) -> Asset | None:
    """Another asset that was, or is being, made of the very same file."""
    others = Asset.objects.exclude(pk=asset.pk).exclude(state=AssetState.FAILED)
    found = others.filter(master_sha256=sha256).first()
    if found:
        return found
    return others.filter(
        jobs__kind=Job.Kind.PACKAGE, jobs__state__in=("waiting", "running"), jobs__plan__master__sha256=sha256
    ).first()
