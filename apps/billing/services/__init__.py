"""What others ask of billing."""

from .entitling import entitlement_of, plan_that_would_do, tier_of

__all__ = ["entitlement_of", "plan_that_would_do", "tier_of"]
