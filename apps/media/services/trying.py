"""The step before the picture is encoded, if the site wants it: trials choose the film's bit rates."""

from collections.abc import Iterator
from pathlib import Path

from apps.media import packager, per_title
from apps.media.ladder import Plan
from apps.media.per_title import Point

from . import jobs
from .jobs import Progress
from .making import making, master
from .working import Doing, Done


@making("trial")
def choose(doing: Doing, folder: Path) -> Done:
    """The plan's caps become the film's own.

    What fails at the last try fails at nothing that the film needs: then it has the ladder's.
    """
    facts = doing.step.facts
    plan = Plan.from_json(facts["ladder"])
    try:
        with master(doing, folder) as path:
            trials = [points for points in _tried(doing, folder, path, plan) if points]
    except packager.Broken:
        if doing.step.attempts + 1 < jobs.MOST_ATTEMPTS:
            raise
        trials = []
    chosen = per_title.capped(plan, trials)
    note = per_title.told(plan, chosen, was_tried=bool(trials))
    notes = [*facts["notes"], note] if note else facts["notes"]
    result = {"trials": [[(one.bps, round(one.vmaf, 2)) for one in points] for points in trials]}
    return Done(plan={"ladder": chosen.to_json(), "notes": notes}, result=result)


def _tried(doing: Doing, folder: Path, path: Path, plan: Plan) -> Iterator[tuple[Point, ...]]:
    samples = per_title.samples(plan)
    watching = packager.Watch(stop=doing.stop)
    for number, sample in enumerate(samples):
        doing.tell(Progress(number / len(samples)))
        place = folder / f"sample-{number}"
        place.mkdir()
        yield packager.try_sample(path, plan, sample, place, watching)
