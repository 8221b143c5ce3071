from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("groups", "0004_trigram_indexes")]

    operations = [
        migrations.AddField(
            model_name="officialaccount",
            name="tokens_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="mã truy cập lấy lúc"
            ),
        ),
        migrations.AddField(
            model_name="officialaccount",
            name="granted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="cấp quyền lúc"),
        ),
    ]
