"""What plays and what was played; staff may end a session, and ask why something does not play."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import action, display

from apps.accounts.models import User
from apps.catalog.models import Title
from apps.core.admin import ReadOnlyAdmin
from apps.streaming.models import EndedBy, PlaybackSession
from apps.streaming.services import ending, explaining

from .why import WhyForm

MAY_END = "streaming.change_playbacksession"


class PlayingFilter(admin.SimpleListFilter):
    title = "playing"
    parameter_name = "playing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(ended_at__isnull=self.value() == "yes")


@admin.register(PlaybackSession)
class PlaybackSessionAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "account_name", "title_name", "device", "plan", "territory", "state_mark")
    list_filter = (PlayingFilter, "ended_by", "plan")
    search_fields = ("device_name",)
    search_help_text = "An account's e-mail address, an id, or the name of a device."
    date_hierarchy = "started_at"
    actions = ("end_sessions",)
    fieldsets = (
        (None, {"fields": ("account_name", "title_name", "device_name", "territory", "plan", "max_height",
                           "started_at", "ended_at", "ended_by")}),
        ("Ids", {"fields": ("public_id", "account", "profile", "title", "episode", "extra", "asset",
                            "device_id")}),
    )  # fmt: skip
    readonly_fields = ("public_id", "account_name", "title_name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlaybackSession]:
        accounts = User.objects.filter(public_id=OuterRef("account"))
        titles = Title.objects.filter(public_id=OuterRef("title"))
        found: QuerySet[PlaybackSession] = super().get_queryset(request)
        return found.annotate(
            email=Subquery(accounts.values("email")[:1]), called=Subquery(titles.values("name")[:1])
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if "@" in term:
            accounts = User.objects.filter(email__iexact=term).values("public_id")
            return queryset.filter(account__in=accounts), False
        if found := _uuid(term):
            rows = queryset.filter(account=found) | queryset.filter(public_id=found)
            return rows | queryset.filter(title=found), False
        return super().get_search_results(request, queryset, search_term)

    # --- Ending ---

    @action(description="End what plays", permissions=["end"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        chosen = list(queryset.values_list("pk", flat=True))
        ended = ending.end(PlaybackSession.objects.filter(pk__in=chosen), EndedBy.STAFF)
        messages.success(request, f"{ended} ended. Players stop with their next heartbeat.")

    def has_end_permission(self, request: HttpRequest, *_: Any) -> bool:
        return bool(request.user.has_perm(MAY_END))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_view_permission(request, obj) or request.user.has_perm(MAY_END))

    # --- Why not? ---

    def get_urls(self) -> list[Any]:
        why = path("why/", self.admin_site.admin_view(self.why_view), name="streaming_playbacksession_why")
        return [why, *super().get_urls()]

    def why_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = WhyForm(request.GET if "account" in request.GET else None)
        explained = None
        if form.is_valid():
            profile, title, episode, territory = form.asked()
            explained = explaining.explain(
                profile, title=title, episode=episode, territory=territory, at=timezone.now()
            )
        context = {
            **self.admin_site.each_context(request), "form": form, "explained": explained,
            "title": "Why can this account not play this?",
        }  # fmt: skip
        return TemplateResponse(request, "admin/streaming/why.html", context)

    # --- Columns ---

    @display(description="account", ordering="email")
    def account_name(self, session: Any) -> str:
        return session.email or "erased account"

    @display(description="title", ordering="called")
    def title_name(self, session: Any) -> str:
        return session.called or str(session.title)

    @display(description="device", ordering="device_name")
    def device(self, session: PlaybackSession) -> str:
        return session.device_name or session.device_id

    @display(description="state", ordering="ended_at")
    def state_mark(self, session: PlaybackSession) -> Any:
        state, label = ("archived", session.get_ended_by_display()) if session.ended_at else ("done", "plays")
        return format_html('<span class="nr-badge nr-badge-{}">{}</span>', state, label)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
