"""Which passwords are good enough."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from apps.core.errors import DomainError

from .models import User


class WeakPassword(DomainError):
    code = "validation_error"
    status = 400
    detail = "The request is not valid."


def judge(password: str, *, user: User | None, path: str) -> None:
    """Raise `WeakPassword` with everything that is wrong with it, under that field path."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        found = [
            {"path": path, "code": one.code or "invalid", "detail": " ".join(one.messages)}
            for one in error.error_list
        ]
        raise WeakPassword(extra={"errors": found}) from error
