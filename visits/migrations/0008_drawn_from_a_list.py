"""A drawn order remembers the target list whose practices were drawn."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("visits", "0007_day_plans"),
    ]

    operations = [
        migrations.AddField(
            model_name="draw",
            name="target_list",
            field=models.ForeignKey(
                blank=True,
                help_text="whose practices were drawn",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="draws",
                to="visits.targetlist",
            ),
        ),
    ]
