"""Something to play for the contract test: the shelf's titles, with bytes behind them."""

from random import Random
from typing import Any

from apps.catalog.models import Title
from apps.media.models import AudioTrack, Rendition

STARTS = "/api/v1/playback/sessions"
HEARTBEAT = "/heartbeat"
RULES = {f"POST {STARTS}": "a title or an episode has to be named"}


class Playing:
    """Names titles that are there in most of the generated requests that begin to play."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 it has to repeat itself

    def prepare(self, case: Any) -> None:
        if case.path != STARTS or not isinstance(case.body, dict) or self.random.random() < 0.3:
            return
        Rendition.objects.filter(key="").update(key="assets/a/b/v360.mp4")
        AudioTrack.objects.filter(key="").update(key="assets/a/b/a.mp4")
        slugs = list(Title.objects.filter(listing__isnull=False).values_list("slug", flat=True))
        if slugs and isinstance(case.body.get("title", ""), str):
            case.body["title"] = self.random.choice(slugs)
            case.body.pop("episode", None)
