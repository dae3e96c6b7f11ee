"""The security audit log."""

from django.conf import settings
from django.db import models


class SecurityEvent(models.Model):
    """Something that matters to the safety of an account. Rows are never changed; a trigger sees to it.

    `account` is the account's public id, not a key to it: the record outlives an erased account without
    naming anybody.
    """

    class Kind(models.TextChoices):
        REGISTERED = "registered"
        SIGNED_IN = "signed_in"
        SIGN_IN_FAILED = "sign_in_failed"
        SIGNED_OUT = "signed_out"
        SESSION_REVOKED = "session_revoked"
        REFRESH_REUSED = "refresh_reused"
        PASSWORD_CHANGED = "password_changed"  # noqa: S105 a name
        PASSWORD_RESET_ASKED = "password_reset_asked"  # noqa: S105 a name
        PASSWORD_RESET = "password_reset"  # noqa: S105 a name
        EMAIL_VERIFIED = "email_verified"
        EMAIL_CHANGE_ASKED = "email_change_asked"
        PROFILE_CHANGED = "profile_changed"
        PIN_WRONG = "pin_wrong"
        PIN_LOCKED = "pin_locked"
        ACCOUNT_DISABLED = "account_disabled"
        ACCOUNT_ENABLED = "account_enabled"
        DATA_EXPORTED = "data_exported"
        ACCOUNT_ERASED = "account_erased"
        UNLOCKED = "unlocked"

    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=30, choices=Kind.choices)
    account = models.UUIDField(null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, related_name="+", db_constraint=False,
        help_text="The member of staff, where one did it.",
    )  # fmt: skip
    session = models.UUIDField(null=True)
    network = models.CharField(
        max_length=45, blank=True, help_text="The caller's address, without its last part."
    )
    facts = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["account", "-at"], name="security_event_by_account")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
