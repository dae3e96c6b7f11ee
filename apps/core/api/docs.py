"""The API explorer."""

from django.http import HttpResponse
from drf_spectacular.views import SpectacularSwaggerSplitView

from apps.core import errors


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from local files. Its renderer knows the page alone, so refusals go around it."""

    http_method_names = ["get", "head"]  # OPTIONS would be answered through the page's template

    def handle_exception(self, error: Exception) -> HttpResponse:  # type: ignore[override]
        refusal = errors.translate(error)
        if refusal is None:
            raise error
        return errors.problem(refusal)
