"""Seasons with their episodes on the title's page, and a page of its own for each of both."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from unfold.admin import StackedInline

from apps.catalog.models import Episode, Season, Title

from .artwork import panel_of
from .forms import EpisodeForm, NumberedFormSet, SeasonForm
from .rows import CreditInline, ExternalIdInline, LabelledRows, SegmentInline, WindowInline
from .working_copy import WorkingCopyAdmin


class EpisodeFormSet(NumberedFormSet):
    """Takes the season's episodes from what was read with the seasons."""

    def get_queryset(self) -> Any:
        if not hasattr(self, "_queryset"):
            season = self.instance
            self._queryset = list(season.episodes.all()) if season.pk else []
        return self._queryset


class EpisodeInline(LabelledRows, StackedInline):
    model = Episode
    form = EpisodeForm
    formset = EpisodeFormSet
    fields = ("number", "name", "released_on", "asset")
    labelled = ("asset",)


class SeasonInline(LabelledRows, StackedInline):
    model = Season
    form = SeasonForm
    formset = NumberedFormSet
    fields = ("number", "held")
    inlines: ClassVar = [EpisodeInline]
    template = "admin/catalog/title/seasons.html"
    hint = "Season 0 holds the specials; numbers may leave gaps. What is held back is not published."
    verbose_name_plural = "Seasons & episodes"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Season]:
        return super().get_queryset(request).prefetch_related("texts", "episodes__texts", "episodes__asset")


class PartAdmin(WorkingCopyAdmin):
    """A part of a title: reached from the title's page, not listed, neither added nor deleted here."""

    change_form_template = "admin/catalog/part_change_form.html"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:catalog_title_changelist")

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return redirect(reverse("admin:catalog_title_change", args=[self.title_of(obj).pk]) + "#tab-seasons")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        obj = context["original"]
        context |= {
            "artwork": panel_of(obj, request),
            "title_of_it": self.title_of(obj),
            "subtitle": f"{self.title_of(obj)}: {obj}",
        }
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(Season)
class SeasonAdmin(PartAdmin):
    fields = ("number", "held")
    readonly_fields = ("number",)
    inlines = (WindowInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Season]:
        return super().get_queryset(request).select_related("title")

    def title_of(self, obj: Season) -> Title:
        return obj.title


@admin.register(Episode)
class EpisodeAdmin(PartAdmin):
    fields = ("number", "name", "released_on", "asset")
    readonly_fields = ("number",)
    autocomplete_fields = ("asset",)
    inlines = (CreditInline, SegmentInline, WindowInline, ExternalIdInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Episode]:
        return super().get_queryset(request).select_related("season__title", "asset")

    def title_of(self, obj: Episode) -> Title:
        return obj.season.title
