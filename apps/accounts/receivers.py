"""What must follow a new password, wherever it was set."""

from .models import User
from .services import passwords


class EndOfOldPasswords:
    """Django's hook for it: an entry of `AUTH_PASSWORD_VALIDATORS` hears of every `set_password` that is
    saved, also by the admin's own page, `manage.py changepassword` or a shell. It judges nothing."""

    def validate(self, password: str, user: User | None = None) -> None: ...

    def get_help_text(self) -> str:
        return "A new password signs the account out everywhere."

    def password_changed(self, password: str, user: User | None = None) -> None:
        if user is not None:
            passwords.set_elsewhere(user)
