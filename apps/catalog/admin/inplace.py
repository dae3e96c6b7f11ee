"""Forms that a page sends without leaving it (`static/newsroom/inplace.js`), and as ones that leave it where
there is no JavaScript."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

HEADER = "X-Newsroom"
GO = "X-Newsroom-Go"


def is_inplace(request: HttpRequest) -> bool:
    return request.headers.get(HEADER) == "inplace"


def go(request: HttpRequest, url: str) -> HttpResponse:
    """On to another page."""
    if is_inplace(request):
        return HttpResponse(status=204, headers={GO: url})
    return redirect(url)


def part(request: HttpRequest, template: str, context: dict[str, Any], *, back: str) -> HttpResponse:
    """The part of the page anew; without JavaScript the whole page, by way of a redirect."""
    return render(request, template, context) if is_inplace(request) else redirect(back)
