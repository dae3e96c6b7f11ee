"""The event stream in the newsroom: how far behind it is, and the dead letters, to send again or drop."""

import re
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, register_converter
from django.views.decorators.http import require_POST

from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import STORE_ERRORS, DomainError

from .models import DeadLetter
from .services import letters

SHOWN = 50
LIST = "admin:engagement_deadletter_changelist"


class LetterId:
    """An id of the stream, such as 1780000000000-0."""

    regex = "[0-9]{1,19}-[0-9]{1,19}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(LetterId, "letter")


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    """One page: there are no rows in the database that the usual ones could show."""

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        deeds: dict[str, Callable[..., None]] = {"replay": letters.replay, "drop": letters.drop}
        return [
            path("", view(self.page), name="engagement_deadletter_changelist"),
            *(
                path(
                    f"<letter:letter>/{name}/",
                    view(require_POST(self._doer(deed))),
                    name=f"engagement_{name}",
                )
                for name, deed in deeds.items()
            ),
        ]

    def page(self, request: HttpRequest) -> HttpResponse:
        """The stream's state and the latest letters; `before` goes on from a letter."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        shown: dict[str, Any] = {"may": self._may(request), "title": "Dead letters"}
        try:
            found = letters.latest(SHOWN, _before(request))
            shown |= {"state": letters.state(), "letters": found}
            shown["further"] = found[-1].id if len(found) == SHOWN else ""
        except STORE_ERRORS:
            shown["away"] = True
        return render(
            request, "admin/engagement/dead_letters.html", {**self.admin_site.each_context(request), **shown}
        )

    def _doer(self, deed: Callable[..., None]) -> Callable[..., HttpResponse]:
        def do(request: HttpRequest, letter: str) -> HttpResponse:
            if not self._may(request):
                return HttpResponse(status=403)
            try:
                deed(letter, by=str(getattr(request.user, "public_id", "")))
            except DomainError as refusal:
                messages.error(request, refusal.detail)
            except STORE_ERRORS:
                messages.error(request, "Valkey does not answer. Nothing was done; try again.")
            return redirect(LIST)

        return do

    def _may(self, request: HttpRequest) -> bool:
        return request.user.has_perm("engagement.change_deadletter")


def _before(request: HttpRequest) -> str:
    """A letter's id, or "" for anything else."""
    given = request.GET.get("before", "")
    return given if re.fullmatch(LetterId.regex, given) else ""
