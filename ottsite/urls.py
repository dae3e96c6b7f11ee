"""Every URL of the site; one include per app."""

from collections.abc import Callable

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import TemplateView
from drf_spectacular.views import SpectacularJSONAPIView

from apps.core import health, metrics
from apps.core.api.docs import DocsView


@csrf_exempt
def no_such_route(request: HttpRequest, rest: str) -> HttpResponse:
    raise Http404


def page(template: str) -> Callable[..., HttpResponseBase]:
    return TemplateView.as_view(template_name=template)


handler400 = "apps.core.pages.bad_request"
handler403 = "apps.core.pages.forbidden"
handler404 = "apps.core.pages.not_found"
handler500 = "apps.core.pages.server_error"

urlpatterns = [
    path("api/v1/", include("apps.catalog.api.urls")),  # first, for it is asked most
    path("", page("site/home.html"), name="home"),
    path("title/<slug:slug>", page("site/title.html"), name="title-page"),
    path("watch/<slug:slug>", page("site/watch.html"), name="watch"),
    path("account/verify", page("site/verify.html"), name="verify-email"),
    path("account/reset", page("site/reset.html"), name="reset-password"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("apps.accounts.api.urls")),
    path("api/v1/", include("apps.engagement.api.urls")),
    path("api/v1/cms/", include("apps.catalog.api.cms_urls")),
    path("api/v1/cms/", include("apps.media.api.urls")),
    path("api/v1/playback/", include("apps.streaming.api.urls")),
    path("", include("apps.streaming.api.play_urls")),
    path("api/schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("api/docs/", DocsView.as_view(url_name="schema"), name="docs"),
    path("api/<path:rest>", no_such_route),
    path("images/", include("apps.catalog.images")),
    path("preview/", include("apps.catalog.previews")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.view),
]
