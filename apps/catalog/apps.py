from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "apps.catalog"

    def ready(self) -> None:
        # Registers guards, receivers, and a holder of personal data.
        from . import gates, receivers, staff_data  # noqa: F401
