"""The account."""

import unicodedata
from typing import Any, ClassVar, Self

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from apps.core.models import PublicId, TimeStamped


def normalized(email: str) -> str:
    """One spelling per mailbox: NFKC, lower case, no surrounding space."""
    return unicodedata.normalize("NFKC", email).strip().lower()


class UserQuerySet(models.QuerySet["User"]):
    def with_email(self, email: str) -> Self:
        return self.filter(email=normalized(email))


class UserManager(BaseUserManager["User"]):
    """Creates accounts for the command line; viewers register through `services.register`."""

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def with_email(self, email: str) -> UserQuerySet:
        return self.get_queryset().with_email(email)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalized(username or ""))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=normalized(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(PublicId, TimeStamped, AbstractBaseUser, PermissionsMixin):
    """Who pays and signs in; watching is done by its profiles."""

    email = models.EmailField(max_length=254, unique=True)
    pending_email = models.EmailField(
        max_length=254, blank=True, help_text="Takes the place of the e-mail once its owner confirms it."
    )
    email_verified_at = models.DateTimeField(null=True, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166 code given at registration.")
    is_staff = models.BooleanField("may enter the admin", default=False)
    is_active = models.BooleanField(
        "active", default=True, help_text="Clear it to shut the account out everywhere within seconds."
    )

    session_epoch = models.PositiveIntegerField(
        default=0, editable=False, help_text="Sessions of the admin that began in an earlier one are over."
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            # Together with `unique`: one account per address, however its letters are cased.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_is_lower_case"),
        ]

    def __str__(self) -> str:
        return self.email

    def save(self, **options: Any) -> None:  # type: ignore[override]
        """Django's, except that a copy read before the account was signed out everywhere, and saved after,
        does not set its epoch back: that would let the ended sessions in again."""
        if not self._state.adding and options.get("update_fields") is None:
            loaded = {field.attname for field in self._meta.concrete_fields if not field.primary_key}
            options["update_fields"] = loaded - self.get_deferred_fields() - {"session_epoch"}
        super().save(**options)

    def natural_key(self) -> tuple[str]:
        return (self.email,)

    def clean(self) -> None:
        self.email = normalized(self.email)

    def check_password(self, raw_password: str | None) -> bool:
        """Django's, except that an upgrade of the hash never overwrites a password set meanwhile."""

        def upgrade(raw: str) -> None:
            encoded = make_password(raw)
            if User.objects.filter(pk=self.pk, password=self.password).update(password=encoded):
                self.password = encoded

        return check_password(raw_password, self.password, upgrade)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session of the admin must know; under the key of today and, for Django's fallbacks, others.

        Django's is made of the password alone, so that only a new password ends a session.
        """
        return salted_hmac(
            "accounts.User.session_epoch",
            f"{self.session_epoch}:{self.password}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    @property
    def email_verified(self) -> bool:
        return self.email_verified_at is not None
