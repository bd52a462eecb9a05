"""What the project remembers of itself.

Invariants:

1. A part of the demo hall is played once: its slug is the key, written in the transaction that writes its rows.
"""

from django.db import models
from django.utils import timezone


class DemoPart(models.Model):
    """A part of the demo hall that was played. Outside of demo mode the table stays empty."""

    slug = models.CharField(max_length=40, primary_key=True)
    seed = models.BigIntegerField()
    played_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.slug
