"""Words of tips get their digest and their tip as key, instead of a number of their own.

They are copied into a new table in the order of its key: a minute or two for a million tips.
"""

import django.db.models.deletion
from django.db import migrations, models

COPY = "INSERT INTO {} (tip_id, term) SELECT tip_id, term FROM {} ORDER BY term, tip_id"


class Migration(migrations.Migration):
    dependencies = [
        ("tips", "0027_interim_answer"),
    ]

    operations = [
        migrations.RenameModel("TipTerm", "NumberedTerm"),
        migrations.CreateModel(
            name="TipTerm",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "term", "tip", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "tip",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="terms",
                        to="tips.tip",
                    ),
                ),
                ("term", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(
            COPY.format("tips_tipterm", "tips_numberedterm"), COPY.format("tips_numberedterm", "tips_tipterm")
        ),
        migrations.DeleteModel("NumberedTerm"),
        migrations.AddIndex("TipTerm", models.Index(fields=["tip"], name="tipterm_tip_idx")),
    ]
