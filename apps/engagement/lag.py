"""How the event stream is, for Prometheus: asked when it is scraped."""

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from apps.core import metrics
from apps.core.errors import STORE_ERRORS

from .services import letters

NAMES = {
    "ottsite_event_stream_length": "Entries of the event stream.",
    "ottsite_event_stream_pending": "Of these, handed to a worker and not acknowledged.",
    "ottsite_event_stream_lag_seconds": "Age of the oldest entry.",
    "ottsite_event_stream_dead": "Dead letters.",
}


class StreamCollector(Collector):
    """Nothing while Redis does not answer."""

    def collect(self) -> Iterable[Metric]:
        try:
            state = letters.state()
        except STORE_ERRORS:
            return
        values = (state.length, state.pending, state.lag_s, state.dead)
        for (name, means), value in zip(NAMES.items(), values, strict=True):
            yield GaugeMetricFamily(name, means, value=value)


metrics.ask_at_scrape(StreamCollector())
