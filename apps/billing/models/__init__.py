"""What is sold, and who has it."""

from .change import SubscriptionChange
from .plan import Plan
from .subscription import Subscription

__all__ = ["Plan", "Subscription", "SubscriptionChange"]
