"""Who of the household is watching."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.accounts.maturity import HIGHEST_KID_CEILING, Maturity
from apps.core.models import PublicId, TimeStamped

MAX_PROFILES = 5


class Avatar(models.TextChoices):
    AMBER = "amber"
    CORAL = "coral"
    FOREST = "forest"
    INDIGO = "indigo"
    OCEAN = "ocean"
    PLUM = "plum"
    ROSE = "rose"
    SLATE = "slate"
    SUN = "sun"
    TEAL = "teal"


class Profile(PublicId, TimeStamped):
    """One of at most five: its own name, language, ceiling, history and list.

    `slot` is how the database keeps the five: it is unique per account and lies between 1 and 5.
    The `pin_*` counters are written only by `services.pins`.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profiles")
    slot = models.PositiveSmallIntegerField(editable=False)
    name = models.CharField(max_length=40)
    avatar = models.CharField(max_length=20, choices=Avatar.choices, default=Avatar.INDIGO)
    language = models.CharField(max_length=10, choices=settings.LANGUAGES, default="en")
    maturity = models.PositiveSmallIntegerField(
        "maturity ceiling",
        choices=Maturity.choices,
        default=Maturity.A,
        help_text="Nothing rated above is shown.",
    )
    kid = models.BooleanField(default=False, help_text="A kid's profile cannot reach the account.")
    pin_hash = models.CharField(max_length=128, blank=True, editable=False)
    pin_failures = models.PositiveSmallIntegerField(default=0, editable=False)
    pin_locks = models.PositiveSmallIntegerField(default=0, editable=False)
    pin_locked_until = models.DateTimeField(null=True, editable=False)
    pin_failures_today = models.PositiveSmallIntegerField(default=0, editable=False)
    pin_day = models.DateField(null=True, editable=False)

    class Meta:
        ordering = ["account_id", "slot"]
        constraints = [
            models.UniqueConstraint(fields=["account", "slot"], name="one_profile_per_slot"),
            models.CheckConstraint(
                condition=Q(slot__gte=1, slot__lte=MAX_PROFILES), name="at_most_five_profiles"
            ),
            models.CheckConstraint(
                condition=Q(kid=False) | Q(maturity__lte=HIGHEST_KID_CEILING), name="kids_have_a_low_ceiling"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="profile_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_pin(self) -> bool:
        return bool(self.pin_hash)


class LockedProfile(Profile):
    """The same rows, for the admin's list of lockouts."""

    class Meta:
        proxy = True
        verbose_name = "lockout"
