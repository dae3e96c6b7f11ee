from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "apps.billing"

    def ready(self) -> None:
        from apps.catalog import viewers

        from . import checks, subscriber_data  # noqa: F401 register themselves
        from .services import tier_of

        viewers.take_tiers_from(tier_of)
