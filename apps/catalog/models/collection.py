"""Collections: ordered by hand, or by a rule."""

from django.db import models
from django.db.models import Q

from apps.core.models import PublicId, TimeStamped

from .title import Title


class CollectionManager(models.Manager["Collection"]):
    def get_by_natural_key(self, slug: str) -> "Collection":
        return self.get(slug=slug)


class Collection(PublicId, TimeStamped):
    """A named set of titles. `rule` is judged by `apps.catalog.rules`; a list by hand has none."""

    slug = models.SlugField(max_length=120, unique=True, blank=True)
    name = models.CharField("working name", max_length=200)
    published = models.BooleanField(default=False, help_text="Viewers can open it.")
    by_rule = models.BooleanField("filled by rule", default=False)
    rule = models.JSONField(
        default=dict, blank=True,
        help_text='For example {"genres": ["comedy"], "max_rating": 7, "order": "newest"}.',
    )  # fmt: skip
    titles = models.ManyToManyField(Title, through="CollectionItem", related_name="collections", blank=True)

    objects = CollectionManager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="collection_has_a_name"),
            models.CheckConstraint(condition=Q(by_rule=True) | Q(rule={}), name="only_rules_have_a_rule"),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.slug,)


class CollectionItem(models.Model):
    collection = models.ForeignKey(Collection, models.CASCADE, related_name="items")
    title = models.ForeignKey(Title, models.CASCADE, related_name="collection_items")
    order = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["order", "id"]
        constraints = [models.UniqueConstraint(fields=["collection", "title"], name="once_in_a_collection")]

    def __str__(self) -> str:
        return str(self.title)
