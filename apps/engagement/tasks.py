"""What the worker does for engagement."""

from apps.core.ticker import every

from .services import consumer


@every(0.5, "events")
def carry_events() -> None:
    consumer.drain()
