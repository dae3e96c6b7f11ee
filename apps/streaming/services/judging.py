"""Judging anew what already plays, when an editor, a parent or the operator takes something back.

Time alone takes nothing back: when a rights window ends, or its film is about to leave, who watches sees the
end. Where somebody was when a session began stays true for it as well.
"""

from uuid import UUID

from apps.accounts.models import User
from apps.catalog.offers import Viewer, decide, sees
from apps.streaming.models import EndedBy, PlaybackSession

from . import ending
from .ending import EVERYTHING
from .finding import Live, Wanted, live


def end_what_the_profile_may_not_see(profile: UUID) -> int:
    """After its ceiling was lowered, or a child got it."""
    return ending.end(ending.restricted(PlaybackSession.objects.filter(profile=profile)), EndedBy.RESTRICTED)


def end_what_was_taken_back(title: UUID) -> int:
    """After another version of the title went live: what it is no more, or was not on offer by its windows
    when it began; and who may not see it by its rating."""
    found, _ = live(Wanted(str(title)))
    if found is None:
        return 0
    rows = PlaybackSession.objects.filter(title=title)
    taken = [one.pk for one in rows.open() if not _is_offered(found, one)]
    ended = ending.end(PlaybackSession.objects.filter(pk__in=taken), EndedBy.WITHDRAWN)
    return ended + ending.end(ending.restricted(rows), EndedBy.RESTRICTED)


def _is_offered(found: Live, session: PlaybackSession) -> bool:
    """As of the moment at which it began; for whatever plan."""
    contents = found.contents
    viewer = Viewer(session.territory, EVERYTHING, EVERYTHING, False, "", session.started_at)
    if session.extra:
        return str(session.extra) in contents.extras and bool(
            sees(viewer, 0, found.announced, found.rights.title)
        )
    part = contents.parts.get(str(session.episode or session.title))
    return part is not None and bool(decide(viewer, 0, *found.levels(part)))


def end_what_the_plan_lacks_now(plan: str) -> int:
    """After the plan with this slug was edited, of all accounts that play by it."""
    playing = PlaybackSession.objects.open().filter(plan=plan).values_list("account", flat=True).distinct()
    accounts = User.objects.filter(public_id__in=list(playing)).values_list("public_id", "pk")
    return sum(ending.end_what_the_plan_lacks(account, pk) for account, pk in accounts)
