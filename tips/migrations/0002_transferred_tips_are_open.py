"""A transferred tip waits for its new unit, so the index of open tips covers it."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("tips", "0001_initial")]

    operations = [
        migrations.RemoveIndex(model_name="tip", name="tip_open_deadline_idx"),
        migrations.AddIndex(
            model_name="tip",
            index=models.Index(
                fields=["handler", "deadline"],
                condition=Q(
                    status__in=("new", "accepted", "verifying", "answered", "transferred", "reopened")
                ),
                name="tip_open_deadline_idx",
            ),
        ),
    ]
