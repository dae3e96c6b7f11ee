"""From a file that has arrived to the job that makes it playable."""

from apps.media.models import Job, Upload

from . import jobs, working
from .jobs import NewStep


def received(upload: Upload) -> Job:
    """Open the job on a received file, in the transaction that says it is received."""
    assert upload.asset is not None  # noqa: S101 a constraint
    kind = Job.Kind.PACKAGE if upload.role == Upload.Role.MASTER else Job.Kind.TRACK
    store = NewStep("store", 0, given={"upload": str(upload.public_id)})
    job = jobs.open_job(upload.asset, kind, [store], by=upload.created_by)
    working.wake()
    return job
