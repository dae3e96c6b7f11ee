"""What an asset was, for players that began with it."""

from django.db import models

from .asset import Asset


class FormerEdition(models.Model):
    """The tracks that an asset had before they were replaced; its objects are kept as long as the row.

    `told`: as `editions.Edition.to_json`.
    """

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="former_editions")
    edition = models.PositiveIntegerField()
    told = models.JSONField()
    until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "edition"], name="one_row_per_edition")]

    def __str__(self) -> str:
        return f"{self.asset_id}, edition {self.edition}"
