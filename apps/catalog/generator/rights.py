"""Rights windows of generated titles."""

from datetime import datetime, timedelta
from random import Random

from apps.catalog.models import Tier, Title, Window

from .lives import Life

SHARE_PREMIUM = 0.3
# Together nine of ten windows are world-wide.
ONLY = [["IN"], ["IN", "NP", "BD", "LK"], ["IN", "AE", "SA", "QA"], ["GB", "US", "CA"]]
EXCEPT = [["US"], ["US", "CA"], ["CN"], ["GB", "IE"]]
Scope = Window.Territories


def windows(title: Title, life: Life, at: datetime, dice: Random) -> list[Window]:
    """Mostly one, open at both ends; some begin in the future, some of what was published has ended."""
    tier = Tier.PREMIUM if dice.random() < SHARE_PREMIUM else Tier.FREE
    scope, countries = _territories(dice)
    window = Window(title=title, tier=tier, scope=scope, countries=countries)
    kind = dice.random()
    if kind < 0.05:
        window.starts_at = _later(at, dice)
        title.announced = dice.random() < 0.5
    elif kind < 0.15 and life.published_at:
        window.starts_at = life.published_at
        window.ends_at = life.published_at + (at - life.published_at) * dice.uniform(0.3, 0.99)
    elif kind < 0.25:
        window.ends_at = _later(at, dice)
    elif kind < 0.32 and tier == Tier.PREMIUM:
        # First for those who pay, some time later for all.
        free = Window(title=title, tier=Tier.FREE, scope=scope, countries=countries)
        free.starts_at = _later(at, dice)
        return [window, free]
    if tier == Tier.FREE and dice.random() < 0.1:
        window.max_height = 1080
    return [window]


def _territories(dice: Random) -> tuple[str, list[str]]:
    kind = dice.random()
    if kind < 0.9:
        return Scope.EVERYWHERE, []
    if kind < 0.96:
        return Scope.ONLY, dice.choice(ONLY)
    return Scope.EXCEPT, dice.choice(EXCEPT)


def _later(at: datetime, dice: Random) -> datetime:
    return (at + timedelta(days=dice.uniform(20, 400))).replace(minute=0, second=0, microsecond=0)
