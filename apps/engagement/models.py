"""What the newsroom shows of the stream. No tables: the rows are Redis's, but permissions need a model."""

from django.db import models


class DeadLetter(models.Model):
    """An entry of the event stream that could not be carried to MongoDB."""

    class Meta:
        managed = False
        default_permissions = ("view", "change")

    def __str__(self) -> str:
        return f"Dead letter {self.pk}"
