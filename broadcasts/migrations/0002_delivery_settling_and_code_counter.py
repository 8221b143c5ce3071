import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("broadcasts", "0001_initial"),
        ("groups", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CodeCounter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("prefix", models.CharField(max_length=8, unique=True)),
                ("value", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name": "bộ đếm mã",
                "verbose_name_plural": "bộ đếm mã",
            },
        ),
        migrations.RemoveField(
            model_name="delivery",
            name="clean_reads",
        ),
        migrations.AddField(
            model_name="delivery",
            name="clean_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="reads",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="delivery",
            name="unknown_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="account",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="groups.officialaccount",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="broadcast",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="broadcasts.broadcast",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="proof",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="broadcasts.picture",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="settled_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="người xác nhận",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ("blocked", "unknown", "to_post", "overdue"))),
                fields=["state", "next_attempt_at"],
                name="delivery_stuck_idx",
            ),
        ),
    ]
