"""Saving a title, or something under it, from a form: within `editing`, with what the editor saw.

What is refused comes back as the same page, with the reason, and with the editor's input on it.
"""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.forms import BaseFormSet, BaseModelForm, BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.catalog.models import Title
from apps.catalog.services import contents
from apps.core.errors import DomainError
from apps.workflow import moves
from apps.workflow.moves import State
from apps.workflow.services import moving

from .forms import offering_upload
from .refusals import RefusableForm, person
from .talk import TalkAdmin

OVER = "_over"


class CopyForm(RefusableForm):
    """Knows the revision that the editor saw."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title: Title | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.title is not None:
            self.initial["revision"] = self.title.revision

    @property
    def changed_fields(self) -> list[str]:
        return [name for name in self.changed_data if name != "revision"]

    @property
    def seen(self) -> int | None:
        """The revision on the page; or that of the others' save, which the editor decided to overwrite."""
        over = self.data.get(OVER, "")
        return int(over) if over.isdecimal() else self.cleaned_data.get("revision")

    def clean(self) -> dict[str, Any] | None:
        if self.refusal is None and self.title is not None and self.seen != self.title.revision:
            # Also where rows are gone that the page still shows, which would be told as broken choices.
            self.refusal = moving.EditConflict()
        return super().clean()

    @property
    def conflicts(self) -> bool:
        return isinstance(self.refusal, moving.EditConflict)


class WorkingCopyAdmin(TalkAdmin):
    """Of titles and what is under them. `title_of` says whose working copy it is."""

    form = CopyForm
    save_on_top = False
    warn_unsaved_form = True
    compressed_fields = True

    def title_of(self, obj: Any) -> Title:
        raise NotImplementedError

    # --- Who may ---

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = moving.may(person(request), Title, "change")
        if obj is None or not allowed:
            return allowed
        # While a refused page is shown again, its input stays; its form never validates.
        return self.title_of(obj).is_editable or hasattr(request, "refusal")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return offering_upload(field, db_field, request)

    # --- One save ---

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:  # fmt: skip
        refusal = self._locked(request, object_id) if request.method == "POST" and object_id else None
        if refusal is not None:
            request.refusal = refusal  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _locked(self, request: HttpRequest, object_id: str) -> DomainError | None:
        obj = self.get_object(request, unquote(object_id))
        if obj is None or self.title_of(obj).is_editable:
            return None
        label = State(self.title_of(obj).state).label.lower()
        return moving.Locked(
            f"Nothing was saved: this is {label} now and cannot be edited. Your input is still on this page."
        )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        title = self.title_of(obj) if obj is not None and change else None
        return type(form.__name__, (form,), {"title": title})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing yet: the thing and what belongs to it are saved together, in `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        if change and not touched(form, formsets):
            request.untouched = True  # type: ignore[attr-defined]
            return
        title = self.title_of(form.instance)
        with contents.changing(title, by=person(request), revision=form.seen) as copy:
            self.store(request, copy, form)
            form.save_m2m()
            for formset in formsets:
                self.save_formset(request, form, formset, change=change)

    def store(self, request: HttpRequest, title: Title, form: Any) -> None:
        """Write the thing's own columns, of those that the form has changed; never any other."""
        if form.instance._state.adding:
            form.instance.save()
        elif names := columns(form.instance, form.changed_data):
            form.instance.save(update_fields=names)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        untouched = hasattr(request, "untouched")
        return [] if untouched else super().construct_change_message(request, form, formsets, add)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None if hasattr(request, "untouched") else super().log_change(request, obj, message)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if hasattr(request, "untouched"):
            messages.info(request, "Nothing was changed.")
        else:
            messages.success(request, f"Saved. {self._news(obj)}".strip())
        if "_continue" in request.POST or OVER in request.POST:
            return redirect(request.path)
        return cast(HttpResponse, self.response_post_save_change(request, obj))

    def _news(self, obj: Any) -> str:
        """What the save did to the title, where that is more than saving."""
        before = self.title_of(obj)
        if State(before.state) not in moves.REOPENED_BY_EDITING:
            return ""
        live = before.live_version
        return "It is a draft again; " + (f"viewers still see v{live.number}." if live else "it is not live.")

    # --- What to tell after a conflict ---

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        form = context["adminform"].form
        title = getattr(form, "title", None)
        context["has_file_field"] = True  # as multipart, long Hindi texts are a third of the size
        if title is not None and getattr(form, "conflicts", False):
            formsets = [inline.formset for inline in context["inline_admin_formsets"]]
            context["conflict"] = {
                "by": (saved := last_saved(title)),
                "mine": saved is not None and saved.user_id == person(request).pk,
                "revision": title.revision,
                "differences": list(differences(form, formsets)),
            }
        return super().render_change_form(request, context, *args, **kwargs)


def touched(form: Any, formsets: list[BaseFormSet]) -> bool:
    return bool(form.changed_fields) or any(formset_touched(one) for one in formsets)


def formset_touched(formset: Any) -> bool:
    if formset.has_changed():
        return True
    nested = [one for form in formset.forms for one in getattr(form, "nested_formsets", [])]
    return any(one.formset.has_changed() for one in nested)


def columns(instance: Model, changed: list[str]) -> list[str]:
    """The changed form fields that are columns, and the time of the change where the table has it."""
    found = []
    for name in [*changed, "updated_at"]:
        try:
            field = instance._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        if field.concrete and not field.many_to_many:
            found.append(name)
    return [] if found == ["updated_at"] else found


def last_saved(title: Title) -> LogEntry | None:
    """The last save in the newsroom; it may be one's own, in another window."""
    kind = ContentType.objects.get_for_model(Title)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(title.pk))
    return entries.select_related("user").order_by("-action_time").first()


def differences(form: Any, formsets: list[Any]) -> Any:
    """`{label, stored, yours}` of every field whose input is not what is stored now."""
    yield from _differences(form, form.changed_fields)
    for formset in formsets:
        for row in formset.forms:
            of = getattr(row, "language_label", "") or str(row.instance)
            yield from _differences(row, row.changed_data, f"{of}: ")
            for nested in getattr(row, "nested_formsets", []):
                for inner in nested.formset.forms:
                    yield from _differences(inner, inner.changed_data, f"{row.instance}, {inner.instance}: ")


def _differences(form: BaseModelForm, names: list[str], prefix: str = "") -> Any:
    new = form.instance.pk is None
    for name in names:
        bound = form[name]
        stored = "" if new else shown(bound, form.initial.get(name, bound.field.initial))
        yield {"label": f"{'new' if new else ''} {prefix}{bound.label}".strip(), "stored": stored,
               "yours": shown(bound, bound.data)}  # fmt: skip


def shown(bound: BoundField, value: Any) -> str:
    """A value as people read it: the label of a choice, a list with commas."""
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, (shown(bound, one) for one in value)))
    choices = getattr(bound.field, "choices", None)
    if choices is not None and not hasattr(bound.field, "queryset"):
        return str(dict(choices).get(value, dict(choices).get(_number(value), value)) or "")
    queryset, key = getattr(bound.field, "queryset", None), getattr(value, "pk", value)
    if queryset is not None and str(key).isdecimal():
        return str(queryset.filter(pk=key).first() or key)
    return "" if value is None else str(value)


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() else value
