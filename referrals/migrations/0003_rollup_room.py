"""A rollup of lines and payers over everything, and room on the rollups' pages: a change of counts then stays on its page."""

import django.db.models.deletion
from django.db import migrations, models

MEASURES = "n_inbound", "n_internal", "n_outbound", "n_undetermined", "n_outside"
CELLS = {  # the table and the index of its key, in whose order it is written anew
    "referrals_providermonth": "provider_month_cell",
    "referrals_linemonth": "line_month_cell",
    "referrals_destinationmonth": "destination_month_cell",
    "referrals_payermonth": "payer_month_cell",
    "referrals_sourcemonth": "source_month_cell",
}
FILL = f"""INSERT INTO referrals_payermonth (month, service_line_id, payer_id, {", ".join(MEASURES)})
    SELECT month, service_line_id, payer_id, {", ".join(f"sum({name})" for name in MEASURES)} FROM referrals_linemonth
    GROUP BY month, service_line_id, payer_id"""  # noqa: S608 - our own names
ROOM = [sql for table, key in CELLS.items() for sql in (f"ALTER TABLE {table} SET (fillfactor = 60)", f"CLUSTER {table} USING {key}")]
NO_ROOM = [f"ALTER TABLE {table} RESET (fillfactor)" for table in CELLS]


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0002_payer_names"),
        ("territories", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayerMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField()),
                ("n_inbound", models.IntegerField(default=0)),
                ("n_internal", models.IntegerField(default=0)),
                ("n_outbound", models.IntegerField(default=0)),
                ("n_undetermined", models.IntegerField(default=0)),
                ("n_outside", models.IntegerField(default=0)),
                (
                    "payer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.payer",
                    ),
                ),
                (
                    "service_line",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="territories.serviceline",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(  # apart, since the one of a new table is made when all else is done
            model_name="payermonth",
            constraint=models.UniqueConstraint(fields=("month", "service_line", "payer"), name="payer_month_cell", nulls_distinct=False),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="destinationmonth", name="destination_month_cell"),
        migrations.AddConstraint(
            model_name="destinationmonth",
            constraint=models.UniqueConstraint(
                fields=("service_line", "month", "destination"), name="destination_month_cell", nulls_distinct=False
            ),
        ),
        migrations.RunSQL(ROOM, NO_ROOM),
    ]
