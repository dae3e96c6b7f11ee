"""The list of titles: what it shows, finds, filters and does to many at once."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import F, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from unfold.decorators import display

from apps.accounts.maturity import Maturity
from apps.catalog.models import Artwork, Title
from apps.workflow.services import planning

from . import bulk, title_filters
from .artwork import thumb
from .refusals import person
from .title_pages import TitlePages

COUNTED = 20_000


class BoundedPaginator(Paginator):
    """Counts no further than anybody pages; a list of everything would be counted on every click."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:COUNTED].count())


class TitleList(TitlePages):
    """The part of `TitleAdmin` that is the list."""

    list_display = (
        "name_mark",
        "kind",
        "state_mark",
        "live_mark",
        "rating",
        "assignee",
        "due_mark",
        "updated",
    )
    list_display_links = None
    empty_value_display = ""
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_max_show_all = 200
    list_filter_submit = True
    list_filter_sheet = True
    list_disable_select_all = True
    paginator = BoundedPaginator
    ordering = ("-updated_at", "-pk")
    list_filter = (
        title_filters.QueueFilter,
        title_filters.StateFilter,
        title_filters.KindFilter,
        title_filters.LiveFilter,
        title_filters.ReadyFilter,
        title_filters.MissingFilter,
        title_filters.DueFilter,
        title_filters.PriorityFilter,
        title_filters.GenreFilter,
        title_filters.TagFilter,
        title_filters.TierFilter,
    )
    search_fields = ("name",)
    search_help_text = "Name in any language, address, id elsewhere, or somebody in it"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Title]:
        titles = super().get_queryset(request).select_related("assignee")
        return titles.annotate(live_number=F("live_version__number"))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes = super().get_changelist_instance(request)
        if not changes.query and not changes.has_active_filters:
            # Or the page would offer to show all of what it shows.
            changes.full_result_count = changes.result_count
        posters = Artwork.objects.filter(kind=Artwork.Kind.POSTER, dropped=False, state=Artwork.State.READY)
        shown = Prefetch("artworks", posters.order_by("-language", "pk"), to_attr="posters")
        changes.result_list = changes.result_list.prefetch_related(shown)
        return changes

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        term = search_term.strip()
        return (title_filters.found_by(queryset, term) if term else queryset), False

    # --- Columns ---

    @display(description="title", ordering="name")
    def name_mark(self, title: Any) -> Any:
        url = reverse("admin:catalog_title_change", args=[title.pk])
        poster = thumb(next(iter(title.posters), None))
        return format_html('<a class="nr-named" href="{}">{}<span>{}</span></a>', url, poster, title.name)

    @display(description="state", ordering="state")
    def state_mark(self, title: Title) -> Any:
        label = title.get_state_display()  # type: ignore[attr-defined]
        return format_html('<span class="nr-badge nr-badge-{}">{}</span>', title.state, label)

    @display(description="live", ordering="live_number")
    def live_mark(self, title: Any) -> Any:
        if title.live_number is None:
            return None
        return format_html('<span class="nr-live">v{}</span>', title.live_number)

    @display(description="rating", ordering="maturity")
    def rating(self, title: Title) -> str:
        return "" if title.maturity is None else Maturity(title.maturity).label

    @display(description="due", ordering="due_on")
    def due_mark(self, title: Title) -> Any:
        if title.due_on is None:
            return ""
        late = title.due_on < timezone.now().date() and title.state not in planning.FINISHED
        return format_html(
            '<span class="{}">{}</span>', "nr-late" if late else "", f"{title.due_on:%d %b %Y}"
        )

    @display(description="changed", ordering="updated_at")
    def updated(self, title: Title) -> str:
        return f"{title.updated_at:%d %b %Y, %H:%M}"

    # --- Many at once ---

    def get_actions(self, request: HttpRequest) -> Any:
        """What this person may do, each by `bulk.run`."""
        user = person(request)
        return {
            name: (partial(self._bulk, name=name), name, f"{one.label} …")
            for name, one in bulk.BULKS.items()
            if bulk.may_do(user, one)
        }

    def _bulk(self, _: Any, request: HttpRequest, queryset: Any, *, name: str) -> HttpResponse | None:
        page = {**self.admin_site.each_context(request), "opts": self.opts}
        return bulk.run(request, name, queryset, page)
