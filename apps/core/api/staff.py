"""Who may enter the routes of the desk."""

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request


class Staff(IsAuthenticated):
    """Members of staff, not in a kid's profile; what they may do is for the services to say."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        caller: Any = request.user
        if caller.is_kid:
            raise PermissionDenied("A kid's profile cannot reach the desk. Select another profile first.")
        if not caller.is_staff:
            raise PermissionDenied("This is for members of staff.")
        return True
