from typing import Any

from django.urls import URLPattern, path

from apps.catalog.services import publishing, releases
from apps.workflow import moves

from . import cms_artwork, cms_comments, cms_deeds, cms_preview, cms_releases, cms_shared, cms_views
from .cms_deeds import DeedView, NoteIn, RollBackIn, ScheduleIn, WhyIn
from .cms_releases import AtIn, NothingIn, ReasonIn, ReleaseDeedView

TITLE = "titles/<uuid:public_id>"


def deed(name: str, move: moves.Move, function: Any, body: Any = None) -> URLPattern:
    body = body or (WhyIn if move.note_needed else NoteIn)
    return path(f"{TITLE}/{name}", DeedView.as_view(deed=function, move=move, body=body))


def bundle(name: str, label: str, function: Any, body: Any) -> URLPattern:
    view = ReleaseDeedView.as_view(deed=function, label=label, body=body)
    return path(f"releases/<uuid:public_id>/{name}", view)


def things(name: str, many: Any, one: Any) -> list[URLPattern]:
    return [path(name, many.as_view()), path(f"{name}/<uuid:public_id>", one.as_view())]


urlpatterns = [
    *things("titles", cms_views.TitlesView, cms_views.TitleView),
    *things("seasons", cms_views.SeasonsView, cms_views.SeasonView),
    *things("episodes", cms_views.EpisodesView, cms_views.EpisodeView),
    *things("extras", cms_views.ExtrasView, cms_views.ExtraView),
    *things("windows", cms_views.WindowsView, cms_views.WindowView),
    *things("people", cms_shared.PeopleView, cms_shared.PersonView),
    *things("genres", cms_shared.GenresView, cms_shared.GenreView),
    *things("tags", cms_shared.TagsView, cms_shared.TagView),
    *things("teams", cms_shared.TeamsView, cms_shared.TeamView),
    *things("collections", cms_shared.CollectionsView, cms_shared.CollectionView),
    *things("artwork", cms_artwork.ArtworksView, cms_artwork.ArtworkView),
    *things("releases", cms_releases.ReleasesView, cms_releases.ReleaseView),
    bundle("arm", "Arm", releases.arm, NothingIn),
    bundle("disarm", "Disarm", releases.disarm, ReasonIn),
    bundle("reschedule", "Set another time", releases.reschedule, AtIn),
    bundle("cancel", "Cancel", releases.cancel, ReasonIn),
    deed("submit", moves.SUBMIT, publishing.submit),
    deed("withdraw", moves.WITHDRAW, publishing.withdraw),
    deed("request-changes", moves.REQUEST_CHANGES, publishing.request_changes),
    deed("approve", moves.APPROVE, publishing.approve),
    deed("revise", moves.REVISE, publishing.revise),
    deed("publish", moves.PUBLISH, publishing.publish),
    deed("schedule", moves.SCHEDULE, releases.schedule, ScheduleIn),
    deed("unschedule", moves.UNSCHEDULE, releases.unschedule),
    deed("unpublish", moves.UNPUBLISH, publishing.unpublish),
    deed("archive", moves.ARCHIVE, publishing.archive),
    deed("restore", moves.RESTORE, publishing.restore),
    deed("discard", moves.DISCARD, publishing.discard),
    deed("rollback", moves.ROLL_BACK, publishing.roll_back, RollBackIn),
    path(f"{TITLE}/plan", cms_deeds.PlanView.as_view()),
    path(f"{TITLE}/versions", cms_deeds.VersionsView.as_view()),
    path(f"{TITLE}/versions/<int:number>", cms_deeds.VersionView.as_view()),
    path(f"{TITLE}/diff", cms_deeds.DiffView.as_view()),
    path(f"{TITLE}/preview", cms_preview.PreviewView.as_view()),
    path(f"{TITLE}/checklist", cms_deeds.ChecklistView.as_view()),
    path(f"{TITLE}/history", cms_deeds.HistoryView.as_view()),
    path(f"{TITLE}/comments", cms_comments.CommentsView.as_view()),
    path(f"{TITLE}/comments/<uuid:comment_id>/resolve", cms_comments.ResolveView.as_view()),
    path(f"{TITLE}/comments/<uuid:comment_id>/reopen", cms_comments.ReopenView.as_view()),
]
