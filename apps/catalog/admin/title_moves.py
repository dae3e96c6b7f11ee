"""Moving a title through the workflow from its page: a dialog, a note, a POST."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.catalog.models import Release, Title
from apps.catalog.services import publishing, releases
from apps.core.errors import DomainError
from apps.workflow.moves import Move
from apps.workflow.services import moving

from .inplace import go, is_inplace
from .refusals import person
from .room import COME_DOWN, DANGER, NEEDING_GATES, OFFERED, MoveForm, gates_of


def _come_down(title: Title, **given: Any) -> Release:
    return releases.schedule(title, action=Release.Action.UNPUBLISH, **given)


DEEDS: dict[str, Callable[..., Any]] = {
    "submit": publishing.submit,
    "withdraw": publishing.withdraw,
    "request_changes": publishing.request_changes,
    "approve": publishing.approve,
    "revise": publishing.revise,
    "schedule": releases.schedule,
    "unschedule": releases.unschedule,
    "publish": publishing.publish,
    "unpublish": publishing.unpublish,
    "archive": publishing.archive,
    "restore": publishing.restore,
    "discard": publishing.discard,
    COME_DOWN.name: _come_down,
}
DONE = {
    "submit": "Submitted. It waits for somebody else to review it.",
    "withdraw": "Taken back; it is a draft again.",
    "request_changes": "Sent back to the editors with your note.",
    "approve": "Approved. It can be published or scheduled now.",
    "revise": "Reopened: it is a draft again.",
    "schedule": "Scheduled. It goes live by itself.",
    "unschedule": "The schedule is cancelled; the title stays approved.",
    "publish": "Published. Viewers see it now.",
    "unpublish": "Taken away from viewers.",
    "archive": "Archived.",
    "restore": "Restored as a draft.",
    "discard": "The draft is thrown away; the desk shows what is live.",
    COME_DOWN.name: "Scheduled to come down.",
}


def offered(name: str) -> Move:
    for move in OFFERED:
        if move.name == name:
            return move
    raise Http404


def move_title(request: HttpRequest, title: Title, name: str, page: dict[str, Any]) -> HttpResponse:
    """GET shows the form, POST makes the move; 403 without the permission, either way."""
    move, user = offered(name), person(request)
    moving.demand(user, title, move.permission)
    sent = request.POST if request.method == "POST" else None
    form = MoveForm(sent, move=move, initial={"revision": title.revision})
    back = reverse("admin:catalog_title_change", args=[title.pk])
    unmet: list[Any] = []
    if request.method == "POST" and form.is_valid():
        try:
            _perform(title, move, form, user)
        except DomainError as refusal:
            unmet = _explain(form, refusal, title, move)
        else:
            messages.success(request, DONE[name])
            return go(request, back)
    shown = {
        "original": title, "move": move, "form": form, "unmet": unmet, "is_danger": name in DANGER,
        "back": back, "url": request.path, "in_dialog": is_inplace(request),
    }  # fmt: skip
    template = "deed_form" if is_inplace(request) else "deed"
    return TemplateResponse(request, f"admin/catalog/{template}.html", {**page, **shown})


def _explain(form: MoveForm, refusal: DomainError, title: Title, move: Move) -> list[Any]:
    """Put the refusal onto the form; the gates that it is about, to be linked to where they are met."""
    if isinstance(refusal, moving.GatesUnmet) and move.name in NEEDING_GATES:
        codes = {one.code for one in refusal.unmet}
        gates = [gate for gate in gates_of(title) if not gate.met and gate.code in codes]
        if len(gates) == len(codes):
            form.add_error(None, "Not yet. This is missing:")
            return gates
    form.refuse(refusal)
    return []


def _perform(title: Title, move: Move, form: MoveForm, user: Any) -> None:
    given = {"by": user, "note": form.cleaned_data["note"]}
    if "at" in form.fields:
        given["at"] = form.cleaned_data["at"]
    with transaction.atomic():
        # Nobody approves or publishes what they have not seen.
        moving.refuse_stale(moving.locked(title), form.cleaned_data["revision"])
        DEEDS[move.name](title, **given)
