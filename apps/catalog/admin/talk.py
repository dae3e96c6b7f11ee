"""What is said about a thing, on its page: remarks, replies, who was asked to look, what is settled."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.catalog.models import Title
from apps.core.errors import DomainError
from apps.workflow.models import Comment, Mention
from apps.workflow.services import comments

from .inplace import is_inplace, part
from .refusals import RefusingAdmin, person, told


def talk_of(thing: Model, user: User, *, error: str = "", draft: str = "") -> dict[str, Any]:
    """For `templates/admin/catalog/comments.html`."""
    unseen = Mention.objects.filter(user=user, seen_at=None, comment__in=Comment.objects.about(thing))
    return {
        "may": user.has_perm("workflow.add_comment"),
        "threads": comments.thread_list(thing),
        "seen_url": _address(thing, "seen") if unseen.exists() else "",
        "url": _address(thing, "comment"),
        "error": error,
        "draft": draft,
    }


def where(thing: Model) -> str:
    """The page on which it is talked about."""
    return _address(thing, "change") + ("#tab-comments" if isinstance(thing, Title) else "")


def _address(thing: Model, page: str) -> str:
    return reverse(f"admin:{thing._meta.app_label}_{thing._meta.model_name}_{page}", args=[thing.pk])


class TalkAdmin(RefusingAdmin):
    """Of things that can be talked about by whoever may see them."""

    def get_urls(self) -> Any:
        pages: dict[str, tuple[Any, str]] = {
            "comments/": (self.comment_view, "comment"),
            "comments/<int:comment>/": (self.settle_view, "settle"),
            "seen/": (self.seen_view, "seen"),
        }
        name, wrap = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        own = [
            path(f"<int:pk>/{at}", wrap(require_POST(view)), name=f"{name}_{page}")
            for at, (view, page) in pages.items()
        ]
        return own + super().get_urls()

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        thing = context.get("original")
        if thing is not None and "comments" not in context:
            context["comments"] = talk_of(thing, person(request))
        return super().render_change_form(request, context, *args, **kwargs)

    def comment_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        thing, text = self._thing(request, pk), request.POST.get("text", "")
        key, error = request.POST.get("reply_to", ""), ""
        try:
            remark = _remark(thing, key) if key else None
            comments.add(thing, text, by=person(request), reply_to=remark)
        except DomainError as refusal:
            error = told(refusal)
        return self._talk(request, thing, error, text if error else "")

    def settle_view(self, request: HttpRequest, pk: int, comment: int) -> HttpResponse:
        thing, error = self._thing(request, pk), ""
        deed = comments.reopen if request.POST.get("deed") == "reopen" else comments.resolve
        try:
            deed(_remark(thing, str(comment)), by=person(request))
        except DomainError as refusal:
            error = told(refusal)
        return self._talk(request, thing, error)

    def seen_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """I have looked at what was said here."""
        comments.seen(person(request), self._thing(request, pk))
        return HttpResponse(status=204)

    def _thing(self, request: HttpRequest, pk: int) -> Any:
        """Raises 404, or PermissionDenied for who may not see things of this kind."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        thing = self.model._default_manager.filter(pk=pk).first()
        if thing is None:
            raise Http404
        return thing

    def _talk(self, request: HttpRequest, thing: Model, error: str, draft: str = "") -> HttpResponse:
        shown = talk_of(thing, person(request), error=error, draft=draft)
        if error and not is_inplace(request):
            messages.error(request, error)
        return part(request, "admin/catalog/comments.html", {"comments": shown}, back=where(thing))


def _remark(thing: Model, key: str) -> Comment:
    found = Comment.objects.about(thing).filter(pk=key).first() if key.isdecimal() else None
    if found is None:
        raise Http404
    return found
