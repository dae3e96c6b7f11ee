"""Uploads that can be interrupted and resumed, for members of staff with a token."""

from functools import cached_property
from typing import Any

from django.contrib.auth.models import PermissionsMixin
from rest_framework.request import Request

from apps.core.api.staff import Staff
from apps.media.services import uploads
from apps.media.tus.views import Beginning, Going, Tus


class MayUpload(Staff):
    """Members of staff who may add videos."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        uploads.demand(view.staff)
        return True


class OfTheToken(Tus):
    """Who uploads is the token's account."""

    tag = "cms"
    permission_classes = (MayUpload,)
    address = "upload"

    @cached_property
    def staff(self) -> PermissionsMixin:
        caller: Any = self.request.user
        found: PermissionsMixin = caller.user()
        return found


class UploadsView(OfTheToken, Beginning):
    pass


class UploadView(OfTheToken, Going):
    pass
