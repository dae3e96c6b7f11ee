"""What an account may have, and until when. Pure; `services.entitlement_of` asks the database."""

from dataclasses import dataclass, replace
from datetime import datetime

from apps.catalog.models import Tier


@dataclass(frozen=True, slots=True)
class Entitlement:
    """`plan` is a slug; `max_height` None: no limit. `until` is the moment at which this answer changes by
    itself, the end of the period or of the grace after it; None: it does not."""

    plan: str
    tier: int
    max_height: int | None
    streams: int
    ads: bool
    downloads: bool
    until: datetime | None = None
    in_grace: bool = False


# Everybody's, where no default plan is stored: a site that sells nothing yet is a free one.
UNSOLD = Entitlement("free", Tier.FREE, 720, 1, ads=True, downloads=False)


@dataclass(frozen=True, slots=True)
class Period:
    """From `starts_at` until just before `ends_at`, and then in grace until just before `grace_until`."""

    starts_at: datetime
    ends_at: datetime | None
    grace_until: datetime | None

    def is_current(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def is_in_grace(self, at: datetime) -> bool:
        return (
            self.ends_at is not None
            and self.grace_until is not None
            and self.starts_at < self.ends_at <= at < self.grace_until
        )

    def is_over(self, at: datetime) -> bool:
        return self.starts_at <= at and not self.is_current(at) and not self.is_in_grace(at)


def judge(default: Entitlement, held: tuple[Entitlement, Period] | None, at: datetime) -> Entitlement:
    """What holds at that moment: the plan of the subscription while it does, else the default plan."""
    if held is None:
        return default
    bought, period = held
    if period.is_current(at):
        return replace(bought, until=period.ends_at)
    if period.is_in_grace(at):
        return replace(bought, until=period.grace_until, in_grace=True)
    return default
