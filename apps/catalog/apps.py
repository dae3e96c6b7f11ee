from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "apps.catalog"

    def ready(self) -> None:
        from . import gates, staff_data  # noqa: F401 register guards, and a holder of personal data
