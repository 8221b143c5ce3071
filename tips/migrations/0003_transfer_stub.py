"""What a unit keeps of a tip it passed on."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("groups", "0001_initial"), ("tips", "0002_transferred_tips_are_open")]

    operations = [
        migrations.CreateModel(
            name="Transfer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="chuyển lúc")),
                (
                    "from_unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="groups.unit"
                    ),
                ),
                (
                    "to_unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="groups.unit"
                    ),
                ),
                (
                    "tip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="transfers", to="tips.tip"
                    ),
                ),
            ],
            options={
                "verbose_name": "tin đã chuyển đi",
                "verbose_name_plural": "tin đã chuyển đi",
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["from_unit", "-id"], name="transfer_from_idx")],
            },
        ),
    ]
