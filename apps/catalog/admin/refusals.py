"""A refusal of a service comes back as the page it came from, with the reason and the editor's input."""

from typing import Any, ClassVar, cast

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin

from apps.accounts.models import User
from apps.core.errors import DomainError

from .forms import CalmForm, PlainTextarea


def person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 the admin admits nobody else
    return request.user


def told(refusal: DomainError) -> str:
    """A refusal in a sentence or two; what is wrong with a field, where it is about one."""
    errors = refusal.extra.get("errors", [])
    return " ".join(one["detail"] for one in errors) or refusal.detail


class RefusableForm(CalmForm):
    """`refusal` is why the first try to save failed; the form is shown again with it and never valid."""

    refusal: DomainError | None = None

    def clean(self) -> dict[str, Any] | None:
        super().clean()
        if self.refusal is not None:
            self.blame(self.refusal)
        return self.cleaned_data

    def blame(self, refusal: DomainError) -> None:
        errors = refusal.extra.get("errors", [])
        for error in errors:
            field = error["path"].partition(".")[0]
            self.add_error(field if field in self.fields else None, error["detail"])
        if not errors:
            self.add_error(None, refusal.detail)


class RefusingAdmin(ModelAdmin):
    """Saves and deletes through services that may refuse."""

    form: Any = RefusableForm
    formfield_overrides: ClassVar = {models.TextField: {"widget": PlainTextarea}}
    list_fullwidth = True

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"refusal": getattr(request, "refusal", None)})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:  # fmt: skip
        try:
            return cast(HttpResponse, super().changeform_view(request, object_id, form_url, extra_context))
        except DomainError as refusal:
            if request.method != "POST":
                raise
            request.refusal = refusal  # type: ignore[attr-defined]
        # What was saved so far was rolled back; the second try never gets as far as saving.
        return cast(HttpResponse, super().changeform_view(request, object_id, form_url, extra_context))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return cast(HttpResponse, super().delete_view(request, object_id, extra_context))
        except DomainError as refusal:
            messages.error(request, told(refusal))
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", object_id)

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions
