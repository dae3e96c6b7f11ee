"""Releases: putting bundles together, arming and cancelling them, and what became of each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextareaWidget

from apps.catalog.models import Release, ReleaseItem, Season, Title
from apps.catalog.services import releases
from apps.core.errors import DomainError
from apps.workflow.services import moving

from .forms import RowForm, label_choices
from .inplace import go, is_inplace
from .refusals import person
from .rows import LabelledRows
from .talk import TalkAdmin

State = Release.State


@dataclass(frozen=True, slots=True)
class Deed:
    name: str
    label: str
    help: str
    sources: tuple[str, ...]
    do: Callable[..., object]
    asks: str = ""
    danger: bool = False


DEEDS = {
    deed.name: deed
    for deed in (
        Deed("arm", "Arm", "Its titles are scheduled, all or none. It runs by itself at its time.",
             (State.DRAFT,), releases.arm),
        Deed("reschedule", "Another time", "Its titles keep waiting, for another time.",
             (State.WAITING,), releases.reschedule, asks="at"),
        Deed("disarm", "Disarm", "Back to being put together. Its titles are approved, as before.",
             (State.WAITING, State.FAILED), releases.disarm, asks="note"),
        Deed("cancel", "Cancel the release", "It will not happen. Its titles are approved, as before.",
             (State.DRAFT, State.WAITING), releases.cancel, asks="note", danger=True),
    )
}  # fmt: skip


class DeedForm(forms.Form):
    def __init__(self, *args: Any, deed: Deed, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if deed.asks == "at":
            self.fields["at"] = forms.SplitDateTimeField(
                label="When (UTC)", widget=UnfoldAdminSplitDateTimeWidget
            )
        elif deed.asks == "note":
            self.fields["note"] = forms.CharField(
                label="Note (optional)", required=False, max_length=moving.LONGEST_NOTE,
                widget=UnfoldAdminTextareaWidget({"rows": 3}),
            )  # fmt: skip


class ItemForm(RowForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label_choices(self, "title")


class ItemInline(LabelledRows, TabularInline):
    model = ReleaseItem
    form = ItemForm
    fields = ("title", "season")
    labelled = ("title",)
    hide_title = True
    verbose_name = "title"
    verbose_name_plural = "Titles; with a season that was held back until then"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "season":
            kwargs["queryset"] = Season.objects.filter(Q(held=True)).select_related("title")
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "season":
            field.label_from_instance = lambda season: f"{season.title}: {season}"
        return field


@admin.register(Release)
class ReleaseAdmin(TalkAdmin):
    change_form_template = "admin/catalog/release_change_form.html"
    list_display = ("name", "action", "when", "state_mark", "titles", "trouble", "by")
    list_filter = ("state", "action")
    search_fields = ("name", "items__title__name")
    fields = ("name", "action", "at", "note")
    inlines = (ItemInline,)
    date_hierarchy = "at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        return super().get_queryset(request).select_related("by").prefetch_related("items__title")

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(self.deed_view)
        return [path("<int:pk>/deeds/<slug:name>/", view, name="catalog_release_deed"), *super().get_urls()]

    # --- Who may ---

    def _plans(self, request: HttpRequest) -> bool:
        return moving.may(person(request), Title, "publish")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._plans(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._plans(request) and (
            obj is None or obj.state == State.DRAFT or hasattr(request, "refusal")
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Releases are cancelled, and stay on record."""
        return False

    # --- Saving ---

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing yet: a release and its titles are one save, in `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        (items,) = formsets
        kept = [
            one for one in items.forms if one.cleaned_data.get("title") and one not in items.deleted_forms
        ]
        entries = [releases.Entry(*_entry(one)) for one in kept]
        fields = {name: form.cleaned_data[name] for name in self.fields}
        if change:
            stored = Release.objects.get(pk=form.instance.pk)
            releases.change(stored, by=person(request), items=entries, **fields)
        else:
            form.instance.pk = releases.compose(items=entries, by=person(request), **fields).pk
            form.instance.refresh_from_db()
        items.new_objects, items.changed_objects, items.deleted_objects = [], [], []

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        messages.success(request, "Put together. Nothing happens before it is armed.")
        return redirect("admin:catalog_release_change", obj.pk)

    # --- Deeds ---

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        release = context.get("original")
        if release is not None and self._plans(request):
            context["deeds"] = [
                {"move": deed, "form": DeedForm(deed=deed, auto_id=f"id_{deed.name}_%s"),
                 "url": reverse("admin:catalog_release_deed", args=[release.pk, deed.name])}
                for deed in DEEDS.values() if release.state in deed.sources
            ]  # fmt: skip
        return super().render_change_form(request, context, *args, **kwargs)

    def deed_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        release, deed = Release.objects.filter(pk=pk).first(), DEEDS.get(name)
        if release is None or deed is None:
            raise Http404
        if not self._plans(request):
            raise PermissionDenied
        form = DeedForm(request.POST if request.method == "POST" else None, deed=deed)
        back = reverse("admin:catalog_release_change", args=[pk])
        if request.method == "POST" and form.is_valid():
            try:
                deed.do(release, by=person(request), **form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, refusal_lines(refusal))
            else:
                messages.success(request, f"{deed.label}: done.")
                return go(request, back)
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": deed.label,
            "original": release, "move": deed, "form": form, "url": request.path, "back": back,
            "in_dialog": is_inplace(request), "is_danger": deed.danger,
        }  # fmt: skip
        template = "deed_form" if is_inplace(request) else "deed"
        return TemplateResponse(request, f"admin/catalog/{template}.html", context)

    # --- Columns ---

    @display(description="when (UTC)", ordering="at")
    def when(self, release: Release) -> Any:
        countdown = " data-countdown" if release.state == State.WAITING else ""
        return format_html(
            '<time datetime="{}"{}>{}</time>',
            release.at.isoformat(),
            countdown,
            f"{release.at:%d %b %Y, %H:%M}",
        )

    @display(description="state", ordering="state")
    def state_mark(self, release: Any) -> Any:
        return format_html(
            '<span class="nr-badge nr-badge-{}">{}</span>', release.state, release.get_state_display()
        )

    @display(description="titles")
    def titles(self, release: Release) -> str:
        names = [str(item.title) for item in release.items.all()]
        return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

    @display(description="problem")
    def trouble(self, release: Release) -> Any:
        return format_html('<span class="nr-late">{}</span>', release.problem) if release.problem else ""


def _entry(form: Any) -> tuple[Title, Season | None]:
    if form.instance.pk and not form.has_changed():
        return form.instance.title, form.instance.season
    return form.cleaned_data["title"], form.cleaned_data["season"]


def refusal_lines(refusal: DomainError) -> list[str]:
    """Every gate on a line of its own; or what is wrong with which field; or the refusal itself."""
    if isinstance(refusal, moving.GatesUnmet):
        return [one.detail for one in refusal.unmet]
    return [one["detail"] for one in refusal.extra.get("errors", [])] or [refusal.detail]
