"""The draft as viewers would get it, and a link that shows it to people without an account."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.catalog.services import previews
from apps.core.api.schema import refuses

from .cms_base import Desk, asked
from .cms_serializers import Out


class PreviewAsked(Out):
    language = serializers.ChoiceField(choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)


class PreviewOut(Out):
    url = serializers.URLField(help_text="Shows the present draft, without an account.")
    ends_at = serializers.DateTimeField(help_text="When the link and the addresses of pictures end.")
    language = serializers.CharField()
    document: Any = serializers.DictField(help_text="What `/titles/{slug}` would answer.")


class PreviewView(Desk):
    @extend_schema(parameters=[PreviewAsked], responses=PreviewOut)
    @refuses(400, 409)
    def get(self, request: Request, public_id: UUID) -> Response:
        """The draft as viewers would get it, and a link to show it around."""
        title = self.title(public_id)
        language = asked(PreviewAsked, request)["language"]
        ends_at = timezone.now() + previews.LASTS
        url = previews.link(title, by=self.staff)
        draft = previews.compiled(title, language, ends_at)
        found = {"url": url, "ends_at": ends_at, "language": language, "document": draft.document}
        return Response(PreviewOut(found).data, headers=previews.PRIVATE)
