"""The record of editorial work: every move and what was said, to look at."""

from typing import Any

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from unfold.decorators import display

from apps.core.admin import ReadOnlyAdmin

from .models import Comment, Transition


def shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


class RecordAdmin(ReadOnlyAdmin):
    """Rows about any thing, with a link to it."""

    list_fullwidth = True
    list_per_page = 50
    person = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("content_type", self.person)

    def called(self, row: Any) -> str:
        """The thing's name; of one that is gone, its kind and number."""
        return str(row.subject or f"{row.content_type.name} {row.object_id}")

    @display(description="about")
    def about(self, row: Any) -> Any:
        # The kinds are few and remembered.
        kind = ContentType.objects.get_for_id(row.content_type_id)
        label = self.called(row)
        try:
            url = reverse(f"admin:{kind.app_label}_{kind.model}_change", args=[row.object_id])
        except NoReverseMatch:
            return label
        return format_html('<a class="nr-link" href="{}">{}</a>', url, label)


@admin.register(Transition)
class TransitionAdmin(RecordAdmin):
    list_display = ("at", "about", "move_label", "from_to", "who_did", "short_note")
    list_filter = ("move", "target")
    search_fields = ("subject_label", "note")
    date_hierarchy = "at"
    exclude = ("by",)
    readonly_fields = ("who_did",)
    person = "by"

    def called(self, row: Transition) -> str:
        """What it was called then."""
        return row.subject_label

    @display(description="move", ordering="move")
    def move_label(self, transition: Transition) -> str:
        return transition.move.replace("_", " ")

    @display(description="from → to")
    def from_to(self, transition: Any) -> Any:
        return format_html(
            '<span class="nr-badge nr-badge-{}">{}</span> → <span class="nr-badge nr-badge-{}">{}</span>',
            transition.source,
            transition.get_source_display(),
            transition.target,
            transition.get_target_display(),
        )  # fmt: skip

    @display(description="by")
    def who_did(self, transition: Transition) -> str:
        return transition.who

    @display(description="note")
    def short_note(self, transition: Transition) -> str:
        return shortened(transition.note)


@admin.register(Comment)
class CommentAdmin(RecordAdmin):
    list_display = ("created_at", "about", "who_said", "short_text", "settled")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter),)
    ordering = ("-created_at", "-pk")
    search_fields = ("text", "author__email")
    exclude = ("object_id", "content_type")
    readonly_fields = ("about",)
    person = "author"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("subject")

    @display(description="by")
    def who_said(self, comment: Comment) -> str:
        return comment.who

    @display(description="text")
    def short_text(self, comment: Comment) -> str:
        return shortened(comment.text)

    @display(description="resolved", boolean=True)
    def settled(self, comment: Comment) -> bool:
        return comment.resolved_at is not None
