"""Parts of alerts are of one practice and one service line: an overlay sees its own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0005_tiers"),
        ("reports", "0010_fiscal_year"),
        ("territories", "0001_initial"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="alertpart",
            name="alert_part_once",
        ),
        migrations.AddField(
            model_name="alertpart",
            name="service_line",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="territories.serviceline"),
        ),
        migrations.AddConstraint(
            model_name="alertpart",
            constraint=models.UniqueConstraint(fields=("alert", "practice", "service_line"), name="alert_part_once", nulls_distinct=False),
        ),
    ]
