"""What is kept of a good."""

from __future__ import annotations

from django.db import models


class Good(models.Model):
    """Something with a picture."""

    name = models.CharField(max_length=100)
    price = models.IntegerField(default=1)
    picture = models.FileField(upload_to="pictures", blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
