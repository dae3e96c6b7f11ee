"""Uploading in the newsroom: the views of the API, for who is signed in to the admin, and their page."""

from functools import cached_property
from typing import Any

from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import path, reverse
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request

from apps.core.admin import ReadOnlyAdmin
from apps.media.models import Asset, Upload
from apps.media.services import uploads
from apps.media.tus.views import Beginning, Going, Tus


class MayUpload(IsAdminUser):
    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        uploads.demand(view.staff)
        return True


class OfTheSession(Tus):
    """Who uploads is the person of the session, whose page has sent its CSRF token along."""

    schema = None  # type: ignore[assignment] # no part of the API
    authentication_classes = (SessionAuthentication,)
    permission_classes = (MayUpload,)
    address = "admin:media_asset_upload"

    @cached_property
    def staff(self) -> PermissionsMixin:
        person: Any = self.request.user
        found: PermissionsMixin = person
        return found


class BeginView(OfTheSession, Beginning):
    pass


class OneView(OfTheSession, Going):
    def shown(self, upload: Upload) -> dict[str, Any]:
        told = super().shown(upload)
        if upload.asset is not None:
            told["asset"]["page"] = reverse("admin:media_asset_change", args=[upload.asset.pk])
            # For the field of a form that it was uploaded from.
            told["asset"]["option"] = {"value": upload.asset.pk, "label": str(upload.asset)}
        return told


class UploadingAdmin(ReadOnlyAdmin):
    """Adding a video is uploading one."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("media.add_asset")

    def get_urls(self) -> Any:
        wrap = self.admin_site.admin_view
        return [
            path("uploads/", wrap(BeginView.as_view()), name="media_asset_uploads"),
            path("uploads/<uuid:public_id>", wrap(OneView.as_view()), name="media_asset_upload"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        context = self.admin_site.each_context(request) | {"opts": Asset._meta, "title": "Upload videos"}
        return TemplateResponse(request, "admin/media/upload.html", context)
