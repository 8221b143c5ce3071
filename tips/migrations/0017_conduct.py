"""What a tip about the police is, and the officers a complaint names."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tips", "0016_original_events"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="tip",
            name="conduct",
            field=models.CharField(
                blank=True,
                choices=[("complaint", "Phản ánh"), ("suggestion", "Góp ý"), ("praise", "Khen")],
                default="",
                max_length=10,
                verbose_name="về cán bộ",
            ),
        ),
        migrations.CreateModel(
            name="NamedOfficer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("named_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "named_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="named_officers",
                        to="tips.tip",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="cán bộ",
                    ),
                ),
            ],
            options={
                "verbose_name": "cán bộ bị phản ánh",
                "verbose_name_plural": "cán bộ bị phản ánh",
                "constraints": [models.UniqueConstraint(fields=("user", "tip"), name="namedofficer_once")],
            },
        ),
    ]
