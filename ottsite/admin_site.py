"""The admin site itself: Unfold's, with a search that needs no cache."""

from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.sites import UnfoldAdminSite

MOST_RESULTS = 50


class NewsroomConfig(AdminConfig):
    """django.contrib.admin, on our site; in `INSTALLED_APPS` in its place."""

    default_site = "ottsite.admin_site.Newsroom"


class Newsroom(UnfoldAdminSite):
    """Unfold's `search` keeps what it found in the cache for five minutes, as objects that the cache's JSON
    cannot hold, and shows editors what was true then."""

    index_title = "Overview"

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        term = request.GET.get("s", "").strip()
        if not term:
            return HttpResponse()
        command = self._get_config("COMMAND", request)
        found = self._get_value(command["search_callback"], request, term)
        found += self._search_apps(self.get_app_list(request), term.lower())
        extended = "extended" in request.GET
        pages = Paginator(found[:MOST_RESULTS], MOST_RESULTS)
        return TemplateResponse(
            request,
            f"unfold/helpers/{'command' if extended else 'search'}_results.html",
            {
                "page_obj": pages,
                "results": pages.page(1),
                "page_counter": 0,
                "execution_time": 0,
                "command_show_history": command["show_history"],
            },
            headers={"HX-Trigger": "search"},
        )
