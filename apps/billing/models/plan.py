"""What somebody may have: how well they may watch, on how many screens, with or without advertising."""

from django.db import models
from django.db.models import Q

from apps.catalog.models import Tier

MOST_STREAMS = 20


class PlanManager(models.Manager["Plan"]):
    def get_by_natural_key(self, slug: str) -> "Plan":
        return self.get(slug=slug)


class Plan(models.Model):
    """A plan on sale, or one that was and that some still have. The default is everybody's, unbought."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    tier = models.PositiveSmallIntegerField(
        choices=Tier.choices, default=Tier.FREE, help_text="What of the catalogue it opens."
    )
    max_height = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The most lines that are played, such as 720. Empty: no limit."
    )
    streams = models.PositiveSmallIntegerField(default=1, help_text="Screens that may play at once.")
    ads = models.BooleanField("advertising", default=False)
    downloads = models.BooleanField(default=False)
    price_minor = models.PositiveIntegerField(
        "price", null=True, blank=True, help_text="A month, in the smallest unit of the currency: 19900."
    )
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217, such as INR.")
    order = models.PositiveSmallIntegerField(default=0, help_text="Where it stands among the others.")
    active = models.BooleanField(
        default=True, help_text="Clear it to sell it no more; whoever has it keeps it."
    )
    is_default = models.BooleanField(default=False, editable=False)

    objects = PlanManager()

    class Meta:
        ordering = ["order", "slug"]
        constraints = [
            models.CheckConstraint(condition=~Q(slug="") & ~Q(name=""), name="plan_has_a_name"),
            models.CheckConstraint(
                condition=Q(streams__gte=1, streams__lte=MOST_STREAMS),
                name="plan_has_streams",
                violation_error_message=f"1 to {MOST_STREAMS} streams.",
            ),
            models.CheckConstraint(
                condition=Q(max_height=None) | Q(max_height__gte=144),
                name="plan_height_makes_sense",
                violation_error_message="At least 144 lines, or none for no limit.",
            ),
            models.CheckConstraint(
                condition=Q(price_minor=None, currency="")
                | Q(price_minor__isnull=False, currency__regex="^[A-Z]{3}$"),
                name="plan_price_has_a_currency",
                violation_error_message="A price needs a currency such as INR, and a currency a price.",
            ),
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one_default_plan"
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(active=True),
                name="default_plan_is_active",
                violation_error_message="Everybody has the default plan. Make another one the default first.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.slug,)
