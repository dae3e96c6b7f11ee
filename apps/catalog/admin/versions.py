"""Every version of every title, to look at; what to do with one is on its title's page."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from apps.accounts.models import User
from apps.catalog.models import TitleVersion
from apps.core.admin import ReadOnlyAdmin
from apps.workflow.models import FORMER_STAFF


@admin.register(TitleVersion)
class TitleVersionAdmin(ReadOnlyAdmin):
    list_display = ("at", "of", "number", "who", "note")
    list_display_links = None
    search_fields = ("title__name", "note")
    date_hierarchy = "at"
    ordering = ("-at",)
    fields = ("of", "number", "at", "who", "note", "checksum", "public_id")
    readonly_fields = ("of", "who", "public_id")
    list_fullwidth = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[TitleVersion]:
        rows = super().get_queryset(request).select_related("title", "by")
        return rows.defer("source", "columns", "documents")

    @display(description="title", ordering="title__name")
    def of(self, version: TitleVersion) -> Any:
        url = reverse("admin:catalog_title_versions", args=[version.title_id])
        return format_html('<a class="nr-link" href="{}">{}</a>', url, version.title)

    @display(description="by")
    def who(self, version: TitleVersion) -> str:
        return published_by(version, {version.by_id: version.by} if version.by_id and version.by else {})


def published_by(version: TitleVersion, known: Mapping[int, User]) -> str:
    """As `Transition.who`: the account, a schedule, or somebody who has left."""
    return "automatic" if version.by_id is None else str(known.get(version.by_id, FORMER_STAFF))
