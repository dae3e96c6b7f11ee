from django.apps import AppConfig


class EngagementConfig(AppConfig):
    name = "apps.engagement"

    def ready(self) -> None:
        # Registers a holder of personal data, and what metrics ask.
        from . import lag, viewing_data  # noqa: F401
