"""The pages and small deeds around a title: presence, planning, history, versions, preview."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.catalog import diff
from apps.catalog.models import Title
from apps.catalog.services import previews, publishing
from apps.core.errors import DomainError
from apps.workflow import moves
from apps.workflow.models import Comment, Transition
from apps.workflow.services import moving, planning, presence

from .inplace import go, part
from .refusals import person, told
from .room import PlanForm, planning_of
from .title_moves import move_title
from .versions import published_by
from .working_copy import WorkingCopyAdmin

MOST_IN_HISTORY = 300
HOURS = int(previews.LASTS.total_seconds() // 3600)


class TitlePages(WorkingCopyAdmin):
    """The part of `TitleAdmin` that is not the form."""

    def get_urls(self) -> Any:
        pages = {
            "moves/<slug:name>/": (self.move_view, "move"),
            "presence/": (require_POST(self.presence_view), "presence"),
            "plan/": (require_POST(self.plan_view), "plan"),
            "versions/": (require_GET(self.versions_view), "versions"),
            "versions/<int:number>/<slug:deed>/": (require_POST(self.restore_view), "restore"),
            "compare/": (require_GET(self.compare_view), "compare"),
            "preview/": (require_GET(self.preview_view), "preview"),
        }
        own = [
            path(f"<int:pk>/{where}", self.admin_site.admin_view(view), name=f"catalog_title_{name}")
            for where, (view, name) in pages.items()
        ]
        return own + super().get_urls()

    def seen_title(self, request: HttpRequest, pk: int) -> Title:
        """Raises 404, or PermissionDenied for who may not see titles."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        title = Title.objects.select_related("assignee", "live_version").defer(
            "live_version__source", "live_version__documents", "live_version__columns"
        ).filter(pk=pk).first()  # fmt: skip
        if title is None:
            raise Http404
        return title

    def page(self, request: HttpRequest, title: Title, name: str, **context: Any) -> TemplateResponse:
        subtitle = {"history": "History", "versions": "Versions", "preview": "Preview"}.get(name, "Changes")
        shown = {
            **self.admin_site.each_context(request), "opts": self.opts, "original": title, "page": name,
            "title": title.name, "subtitle": subtitle, **context,
        }  # fmt: skip
        return TemplateResponse(request, f"admin/catalog/title/{name}.html", shown)

    # --- Moves, presence, planning ---

    def move_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        title = self.seen_title(request, pk)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title.name}
        return move_title(request, title, name, context)

    def presence_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """I am still editing; who else is, and has it been saved or moved since?"""
        title, user = self.seen_title(request, pk), person(request)
        presence.touch(title, user)
        others = [{"name": one.name, "since": one.since} for one in presence.others(title, user)]
        return JsonResponse({"others": others, "revision": title.revision, "state": title.state})

    def plan_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        title, user = self.seen_title(request, pk), person(request)
        form = PlanForm(request.POST, title=title)
        saved = False
        if form.is_valid():
            try:
                title = planning.plan(title, by=user, **form.cleaned_data)
                form, saved = PlanForm(title=title), True
            except DomainError as refusal:
                form.add_error(None, told(refusal))
        context = {"original": title, "planning": planning_of(title, user, form, saved=saved)}
        return part(request, "admin/catalog/title/planning.html", context, back=self.url_of(title))

    def url_of(self, title: Title) -> str:
        return reverse("admin:catalog_title_change", args=[title.pk])

    # --- History, versions, preview ---

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Moves and what was said, in one line of time, the latest first."""
        title = self.seen_title(request, int(object_id) if object_id.isdecimal() else 0)
        transitions = Transition.objects.about(title).select_related("by")[:MOST_IN_HISTORY]
        said = Comment.objects.about(title).select_related("author").order_by("-created_at")[:MOST_IN_HISTORY]
        events: list[dict[str, Any]] = [
            {"at": one.at, "move": one, "label": move_label(one.move)} for one in transitions
        ]
        events += [{"at": one.created_at, "comment": one} for one in said]
        events.sort(key=lambda event: event["at"], reverse=True)
        return self.page(request, title, "history", events=events[:MOST_IN_HISTORY])

    def versions_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        title, user = self.seen_title(request, pk), person(request)
        found = publishing.versions(title)
        known = User.objects.in_bulk({one.by_id for one in found if one.by_id})
        rows = [(one, published_by(one, known)) for one in found]
        return self.page(
            request, title, "versions", versions=rows, live=title.live_version_id,
            may_roll_back=moving.may(user, title, "publish"),
            may_restore=moving.may(user, title, "change") and title.is_editable,
            longest_note=moving.LONGEST_NOTE,
        )  # fmt: skip

    def restore_view(self, request: HttpRequest, pk: int, number: int, deed: str) -> HttpResponse:
        """`roll-back` makes a version live again, `desk` makes the working copy it."""
        title, user = self.seen_title(request, pk), person(request)
        seen = request.POST.get("revision", "")
        revision = int(seen) if seen.isdecimal() else None
        try:
            if deed == "roll-back":
                both = "desk" in request.POST
                note = request.POST.get("note", "")
                publishing.roll_back(title, number, by=user, note=note, restore_desk=both)
                messages.success(
                    request, f"v{number} is live again" + (", and on the desk." if both else ".")
                )
            elif deed == "desk":
                publishing.restore_desk(title, number, by=user, revision=revision)
                messages.success(request, f"The desk shows v{number} again. Nothing changed for viewers.")
            else:
                raise Http404
        except DomainError as refusal:
            messages.error(request, told(refusal))
            return go(request, reverse("admin:catalog_title_versions", args=[pk]))
        return go(request, self.url_of(title))

    def compare_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        title = self.seen_title(request, pk)
        before, after = (_number(request.GET.get(name, "")) for name in ("from", "to"))
        changes = [
            {"change": one, "words": diff.words(one.before, one.after)}
            for one in publishing.compare(title, before, after)
        ]
        return self.page(
            request, title, "compare", changes=changes, before=before, after=after,
            versions=publishing.versions(title),
        )  # fmt: skip

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        title, user = self.seen_title(request, pk), person(request)
        try:
            url, refusal = previews.link(title, by=user), ""
        except DomainError as error:
            url, refusal = "", told(error)
        return self.page(request, title, "preview", url=url, refusal=refusal, hours=HOURS)


def move_label(name: str) -> str:
    return moves.MOVES[name].label if name in moves.MOVES else name.replace("_", " ")


def _number(text: str) -> int | None:
    """A version's number; the draft for anything else."""
    return int(text) if text.isdecimal() and len(text) < 10 else None
