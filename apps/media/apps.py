from django.apps import AppConfig


class MediaConfig(AppConfig):
    name = "apps.media"

    def ready(self) -> None:
        from . import checks  # noqa: F401 register themselves
