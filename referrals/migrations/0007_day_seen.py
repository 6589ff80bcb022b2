"""The day seen where no row told it: the first appointment told as seen, the day of a claim. Imports write it so from now on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("referrals", "0006_market_and_capacity")]

    operations = [
        migrations.AlterField(
            model_name="referral",
            name="seen_on",
            field=models.DateField(help_text="as told, else as a linked row shows, else the first appointment told as seen", null=True),
        ),
        migrations.RunSQL(
            """UPDATE referrals_referral r SET seen_on = w.visited_on
               FROM (SELECT referral_id, min(appointment_on) AS visited_on FROM referrals_sentrow WHERE state = 'seen' GROUP BY 1) w
               WHERE w.referral_id = r.id AND r.seen_on IS NULL AND w.visited_on IS NOT NULL""",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            """UPDATE referrals_referral r SET seen_on = r.anchor_on FROM referrals_source s
               WHERE s.id = r.source_id AND s.sees IN ('claims', 'appointments') AND r.seen_by <> '' AND r.seen_on IS NULL""",
            migrations.RunSQL.noop,
        ),
    ]
