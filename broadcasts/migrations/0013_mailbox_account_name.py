import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("broadcasts", "0012_alarm_kind_repair"),
        ("groups", "0008_account_kind"),
    ]

    operations = [
        migrations.AlterField(
            model_name="mailbox",
            name="account",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="mailbox",
                to="groups.officialaccount",
                verbose_name="tài khoản Zalo OA",
            ),
        ),
    ]
