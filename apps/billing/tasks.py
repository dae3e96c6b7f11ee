"""What the worker does for billing."""

from django.utils import timezone

from apps.core.jobs import task
from apps.core.ticker import every

from .gateway import gateway
from .models import Subscription
from .services import ending


@every(2, "subscriptions")
def settle_subscriptions() -> None:
    ending.settle_due(timezone.now())


@task()
def tell_gateway(subscription: str) -> None:
    """Have the gateway take no further payments for what was cancelled here."""
    if found := Subscription.objects.filter(public_id=subscription).exclude(reference="").first():
        gateway().cancel(found.reference)
