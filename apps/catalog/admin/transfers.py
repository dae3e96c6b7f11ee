"""Imports and exports in the newsroom: ask for one, watch it, take its file."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.html import format_html
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.catalog.models import Title, Transfer
from apps.catalog.services import transfers
from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import DomainError
from apps.workflow.services import moving

from .refusals import RefusableForm, RefusingAdmin, person, told

Direction, State = Transfer.Direction, Transfer.State


class TransferForm(RefusableForm):
    file = forms.FileField(
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text="For an import: UTF-8 text, at most 32 MB. An export shows which columns there are.",
    )

    class Meta:
        model = Transfer
        fields = ("direction", "format", "file", "dry_run")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned and cleaned.get("direction") == Direction.IMPORT and not cleaned.get("file"):
            self.add_error("file", "Choose the file to import.")
        return cleaned


@admin.register(Transfer)
class TransferAdmin(RefusingAdmin, ReadOnlyAdmin):
    form = TransferForm
    list_display = ("asked_at", "what", "state_mark", "progress", "outcome", "by")
    list_filter = ("direction", "state")
    list_select_related = ("by",)
    change_form_outer_before_template = "admin/catalog/transfer/report.html"
    fieldsets = ((None, {"fields": ("what", "state_mark", "progress", "outcome", "by", "asked_at",
                                    "finished_at", "problem")}),)  # fmt: skip
    add_fieldsets = ((None, {"fields": ("direction", "format", "file", "dry_run")}),)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets[0][1]["fields"] if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return moving.may(person(request), Title, "import")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return moving.may(person(request), Title, "import")

    def save_model(self, request: HttpRequest, obj: Transfer, form: Any, change: bool) -> None:
        given, by = form.cleaned_data, person(request)
        if given["direction"] == Direction.EXPORT:
            asked = transfers.ask_export(file_format=given["format"], by=by)
        else:
            asked = transfers.ask_import(
                given["file"], file_format=given["format"], dry_run=given["dry_run"], by=by
            )
        # The page goes on with what the service made.
        obj.pk = asked.pk
        obj.refresh_from_db()

    def response_add(
        self, request: HttpRequest, obj: Transfer, post_url_continue: Any = None
    ) -> HttpResponse:
        messages.success(request, "It runs in the background; this page shows how far it is.")
        return redirect("admin:catalog_transfer_change", obj.pk)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/file/", view(self.file_view), name="catalog_transfer_file"),
            path("<int:pk>/apply/", view(require_POST(self.apply_view)), name="catalog_transfer_apply"),
            *super().get_urls(),
        ]

    def file_view(self, request: HttpRequest, pk: int) -> FileResponse:
        """The file of an export, for those who may export."""
        moving.demand(person(request), Title, "import")
        transfer = Transfer.objects.filter(pk=pk, direction=Direction.EXPORT, state=State.DONE).first()
        if transfer is None or not transfer.file:
            raise Http404
        name = f"ottsite-{transfer.asked_at:%Y-%m-%d}.{transfer.format}"
        return FileResponse(transfer.file.open("rb"), as_attachment=True, filename=name)

    def apply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A dry run, now for good."""
        transfer = Transfer.objects.filter(pk=pk).first()
        if transfer is None:
            raise Http404
        try:
            made = transfers.apply(transfer, by=person(request))
        except DomainError as refusal:
            messages.error(request, told(refusal))
            return redirect("admin:catalog_transfer_change", pk)
        return redirect("admin:catalog_transfer_change", made.pk)

    @display(description="what")
    def what(self, transfer: Transfer) -> str:
        tried = ", dry run" if transfer.dry_run and transfer.direction == Direction.IMPORT else ""
        return f"{transfer.get_direction_display()} ({transfer.get_format_display()}{tried})"

    @display(description="state", ordering="state")
    def state_mark(self, transfer: Any) -> Any:
        return format_html(
            '<span class="nr-badge nr-badge-{}">{}</span>', transfer.state, transfer.get_state_display()
        )

    @display(description="rows")
    def progress(self, transfer: Transfer) -> str:
        return f"{transfer.rows_done} of {transfer.rows}"

    @display(description="outcome")
    def outcome(self, transfer: Transfer) -> str:
        told = [f"{count} {name}" for name, count in transfer.counts.items() if count]
        return ", ".join(told) or "–"  # noqa: RUF001 a dash
