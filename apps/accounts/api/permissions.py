"""Who may call: on top of being signed in."""

from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from apps.accounts.authentication import principal
from apps.core.errors import DomainError


class KidProfile(DomainError):
    code = "permission_denied"
    status = 403
    detail = "A kid's profile cannot reach the account. Select another profile first."


class ProfileNeeded(DomainError):
    code = "profile_required"
    status = 403
    detail = "Select a profile first."


class Grown(IsAuthenticated):
    """Account routes: signed in, and not as a kid."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        if principal(request).is_kid:
            raise KidProfile
        return True


class Watching(IsAuthenticated):
    """Routes marked P: a profile is selected."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        if principal(request).profile is None:
            raise ProfileNeeded
        return True
