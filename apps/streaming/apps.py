from django.apps import AppConfig


class StreamingConfig(AppConfig):
    name = "apps.streaming"

    def ready(self) -> None:
        from . import checks, receivers, viewing_data  # noqa: F401 register themselves
