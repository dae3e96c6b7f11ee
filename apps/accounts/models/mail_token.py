"""What a link in a mail carries."""

from django.conf import settings
from django.db import models


class MailToken(models.Model):
    """Works once and expires; only its hash is kept."""

    class Purpose(models.TextChoices):
        VERIFY = "verify", "confirm an e-mail address"
        RESET = "reset", "choose a new password"

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mail_tokens")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    email = models.EmailField(max_length=254)
    sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} for account {self.account_id}"
