"""Questions to a second person for leave to open a contact."""

import django.db.models.deletion
import django.utils.timezone
import portal.crypto.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tips", "0017_conduct"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="IdentityRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", portal.crypto.fields.EncryptedTextField()),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="xin lúc")),
                ("until", models.DateTimeField(verbose_name="hết hiệu lực")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("is_granted", models.BooleanField(default=False)),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identity_requests",
                        to="tips.tip",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="người xin",
                    ),
                ),
            ],
            options={
                "verbose_name": "đề nghị xem người báo",
                "verbose_name_plural": "đề nghị xem người báo",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("decided_at", None)),
                        fields=("tip", "user"),
                        name="identityrequest_open_once",
                    )
                ],
            },
        ),
    ]
