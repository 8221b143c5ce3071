"""Every key a phone gave with a confirmation is kept, not only the last; a mail that is due is remembered."""

import django.db.models.deletion
from django.db import migrations, models


def keep_last_keys(apps, schema_editor):
    """The one key each row remembers so far is used up too."""
    task_model = apps.get_model("broadcasts", "PostingTask")
    used = apps.get_model("broadcasts", "UsedKey")
    tasks = task_model.objects.exclude(confirm_key="").values_list("delivery_id", "confirm_key")
    used.objects.bulk_create(
        (used(delivery_id=delivery_id, key=key) for delivery_id, key in tasks.iterator()), batch_size=1000
    )


class Migration(migrations.Migration):
    dependencies = [
        ("broadcasts", "0010_mailbox_reserve_window"),
    ]

    operations = [
        migrations.CreateModel(
            name="UsedKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=40)),
                (
                    "delivery",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="broadcasts.delivery",
                    ),
                ),
            ],
            options={
                "verbose_name": "khóa xác nhận đã dùng",
                "verbose_name_plural": "khóa xác nhận đã dùng",
                "constraints": [
                    models.UniqueConstraint(fields=("delivery", "key"), name="used_key_once"),
                    models.CheckConstraint(
                        condition=models.Q(("key", ""), _negated=True), name="used_key_not_empty"
                    ),
                ],
            },
        ),
        migrations.RunPython(keep_last_keys, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField(model_name="postingtask", name="confirm_key"),
        migrations.AddField(
            model_name="postingtask",
            name="mail_wanted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="postingtask",
            index=models.Index(
                condition=models.Q(("mail_wanted_at__isnull", False)),
                fields=["mail_wanted_at"],
                name="task_mail_wanted_idx",
            ),
        ),
    ]
