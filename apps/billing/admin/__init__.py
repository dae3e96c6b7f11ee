"""The newsroom's pages of plans and of who has them."""

from . import plans, subscriptions

__all__ = ["plans", "subscriptions"]
