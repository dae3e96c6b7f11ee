"""What must follow a change wherever it was made."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from .models import User
from .services import passwords


@receiver(post_save, sender=User)
def end_sessions_of_an_old_password(sender: type[User], instance: User, created: bool, **_: Any) -> None:
    """`set_password` and `save` anywhere: the admin's own pages, `manage.py changepassword`, a shell."""
    # Django keeps the raw password there until the row is saved; an upgrade of the hash leaves it empty.
    if getattr(instance, "_password", None) is not None and not created:
        passwords.set_elsewhere(instance)
