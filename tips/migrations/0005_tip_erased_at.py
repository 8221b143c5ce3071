"""When the content of a tip was erased."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tips", "0004_identity_granted_event")]

    operations = [
        migrations.AddField(
            model_name="tip",
            name="erased_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        )
    ]
