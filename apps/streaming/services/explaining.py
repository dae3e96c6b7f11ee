"""Why can this account not play this? The very decision, step by step, for those who look after people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.accounts.models import Profile
from apps.catalog.models import Tier
from apps.catalog.offers import Offer, Viewer
from apps.core.decisions import Decision
from apps.streaming.decision import Step, judge, steps
from apps.streaming.models import PlaybackSession

from . import ending
from .deciding import Case, Who, gather
from .finding import Wanted

WHERE = {"everywhere": "everywhere", "only": "only in", "except": "everywhere but in"}


@dataclass(frozen=True, slots=True)
class Window:
    """One rights window and how it stands to the viewer: "holds", or what is in the way of it."""

    offer: Offer
    where: str
    tier: str
    stands: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A step; `decides`: its refusal is the one that counts."""

    step: Step
    windows: Sequence[Window]
    decides: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """`told` is what the viewer gets to hear; `name` what would play."""

    case: Case
    told: Decision
    steps: Sequence[Judged]
    name: str
    playing: Sequence[PlaybackSession]


def explain(
    profile: Profile, *, title: str, episode: UUID | None, territory: str, at: datetime
) -> Explanation:
    """As if the profile asked, from that territory ("" for an unknown one) at that time."""
    account = profile.account
    playing = ending.live_of(account.public_id)
    who = Who(
        account_pk=account.pk,
        account=str(account.public_id),
        profile=str(profile.public_id),
        verified=account.email_verified,
        ceiling=profile.maturity,
        kid=profile.kid,
        language=profile.language,
        territory=territory,
    )
    case = gather(who, Wanted(title, episode), at=at, playing=len(playing))
    found = list(steps(case.ask))
    refusing = next((step for step in found if not step.decision), None)
    name = case.live.contents.name_of(case.part, profile.language) if case.live else ""
    return Explanation(
        case, judge(case.ask), [_judged(step, case.ask.viewer, refusing) for step in found], name, playing
    )


def _judged(step: Step, viewer: Viewer, refusing: Step | None) -> Judged:
    return Judged(step, [_window(offer, viewer) for offer in step.offers], step is refusing)


def _window(offer: Offer, viewer: Viewer) -> Window:
    where = " ".join([WHERE[offer.scope], ", ".join(offer.countries)]).strip()
    return Window(offer, where, Tier(offer.tier).label, _stands(offer, viewer))


def _stands(offer: Offer, viewer: Viewer) -> str:
    if offer.is_over(viewer.at):
        return "is over"
    if not offer.admits(viewer.territory):
        return "is for other territories"
    if offer.is_ahead(viewer.at):
        return "has not begun"
    return "holds" if offer.tier <= viewer.tier else "needs a higher plan"
