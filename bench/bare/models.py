"""One table; ``bench.intake`` makes it."""

from django.db import models


class Note(models.Model):
    """As much as a tip says, and nothing done about it."""

    category = models.CharField(max_length=16, db_index=True)
    text = models.TextField()
    place = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        app_label = "bare"

    def __str__(self) -> str:
        return f"{self.pk}"
