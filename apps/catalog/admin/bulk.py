"""Doing the same to many titles: ask once, do each by itself, tell what became of every one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from apps.accounts.models import User
from apps.catalog.models import Tag, Title
from apps.catalog.services import desk, publishing
from apps.core.deadline import budget
from apps.core.errors import DomainError
from apps.workflow import moves
from apps.workflow.moves import Move
from apps.workflow.services import moving, planning
from apps.workflow.services.editing import editing

from .refusals import person, told
from .room import colleagues

MOST = 100
TOLD = 10


class NoteForm(forms.Form):
    note = forms.CharField(
        required=False, max_length=moving.LONGEST_NOTE, widget=UnfoldAdminTextareaWidget({"rows": 3})
    )

    def __init__(self, *args: Any, needed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = needed


class AssignForm(forms.Form):
    assignee = forms.ModelChoiceField(
        User.objects.none(), required=False, widget=UnfoldAdminSelectWidget, empty_label="nobody"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = colleagues()  # type: ignore[attr-defined]


class TagForm(forms.Form):
    tag = forms.ModelChoiceField(Tag.objects.all(), widget=UnfoldAdminSelectWidget)


class SureForm(forms.Form):
    """Nothing to fill in."""


Deed = Callable[[Title, User, dict[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Bulk:
    """A deed for many. `permission` is the verb that it takes; the deed demands it again for each."""

    label: str
    permission: str
    deed: Deed
    form: Callable[..., forms.Form] = SureForm
    danger: bool = False


def _moving(move: Move, deed: Callable[..., object], *, danger: bool = False) -> Bulk:
    def form(*args: Any) -> forms.Form:
        return NoteForm(*args, needed=move.note_needed)

    return Bulk(
        move.label,
        move.permission,
        lambda title, by, given: deed(title, by=by, note=given["note"]),
        form,
        danger,
    )


def _assign(title: Title, by: User, given: dict[str, Any]) -> None:
    planning.plan(title, by=by, assignee=given["assignee"])


def _tag(title: Title, by: User, given: dict[str, Any]) -> None:
    if not title.tags.filter(pk=given["tag"].pk).exists():
        with editing(title, by=by) as working:
            working.tags.add(given["tag"])


def _delete(title: Title, by: User, given: dict[str, Any]) -> None:
    desk.delete(title, by=by)


BULKS = {
    "submit": _moving(moves.SUBMIT, publishing.submit),
    "approve": _moving(moves.APPROVE, publishing.approve),
    "request_changes": _moving(moves.REQUEST_CHANGES, publishing.request_changes),
    "publish": _moving(moves.PUBLISH, publishing.publish),
    "unpublish": _moving(moves.UNPUBLISH, publishing.unpublish, danger=True),
    "archive": _moving(moves.ARCHIVE, publishing.archive, danger=True),
    "assign": Bulk("Assign", "view", _assign, AssignForm),
    "tag": Bulk("Add a tag", "change", _tag, TagForm),
    "delete": Bulk("Delete drafts", "delete", _delete, danger=True),
}


def may_do(user: User, bulk: Bulk) -> bool:
    if bulk.deed is _assign:
        return planning.may_plan(user, Title)
    return moving.may(user, Title, bulk.permission)


def run(
    request: HttpRequest, name: str, titles: Iterable[Title], page: dict[str, Any]
) -> HttpResponse | None:
    """Ask, then do; None when it is done, which takes the editor back to the list."""
    bulk, user = BULKS[name], person(request)
    if not may_do(user, bulk):
        raise PermissionDenied
    chosen = list(titles[: MOST + 1])  # type: ignore[index]
    if len(chosen) > MOST:
        messages.error(request, f"At most {MOST} at once.")
        return None
    sure = "sure" in request.POST
    form = bulk.form(request.POST) if sure else bulk.form()
    if sure and form.is_valid():
        _do(request, bulk, chosen, user, form.cleaned_data)
        return None
    context = {**page, "bulk": bulk, "name": name, "titles": chosen, "form": form, "title": bulk.label}
    return TemplateResponse(request, "admin/catalog/title/bulk.html", context)


def _do(request: HttpRequest, bulk: Bulk, titles: list[Title], user: User, given: dict[str, Any]) -> None:
    refused = []
    for title in titles:
        try:
            # A long list is not one long request: each has the time of one.
            with budget(settings.REQUEST_DEADLINE_S):
                bulk.deed(title, user, given)
        except DomainError as refusal:
            refused.append(f"{title}: {told(refusal)}")
        except PermissionDenied:
            refused.append(f"{title}: you may not do this.")
    if done := len(titles) - len(refused):
        messages.success(request, f"{bulk.label}: {done} done.")
    if refused:
        messages.error(request, f"{bulk.label}: {done} done, {len(refused)} refused.")
        for line in refused[:TOLD]:
            messages.warning(request, line)
        if len(refused) > TOLD:
            messages.warning(request, f"… and {len(refused) - TOLD} more.")
