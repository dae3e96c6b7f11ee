from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "apps.billing"

    def ready(self) -> None:
        from apps.catalog import viewers

        from . import checks, subscriber_data  # noqa: F401 registers a holder of personal data
        from .services import tier_of

        checks.refuse_to_start()
        viewers.take_tiers_from(tier_of)
