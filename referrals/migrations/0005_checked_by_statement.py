"""What referrals point to is checked once a statement, not row by row: the same guarantee as a foreign key, at a hundredth of the cost.

After a statement has written referrals, every row that they name must exist, and is locked against deletion until the end of the
transaction (FOR KEY SHARE, as a foreign key does). After a statement has deleted rows that referrals may name, none may still name them.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# column of a referral: the table that it points to
POINTS_TO = {
    "source_id": "referrals_source",
    "service_line_id": "territories_serviceline",
    "payer_id": "referrals_payer",
    "batch_id": "referrals_importbatch",
    "provider_id": "contacts_provider",
    "performer_id": "contacts_provider",
    "named_practice_id": "contacts_practice",
    "practice_id": "contacts_practice",
    "destination_id": "contacts_organization",
    "territory_id": "territories_territory",
    "credited_to_id": "accounts_user",
}
# table: what names its rows, and may not outlive them
HOLDERS = {
    table: [("referrals_referral", column) for column, named in POINTS_TO.items() if named == table]
    for table in dict.fromkeys(POINTS_TO.values())
} | {
    "referrals_referral": [
        ("referrals_sentrow", "referral_id"),
        ("referrals_sentagain", "referral_id"),
        ("referrals_statusevent", "referral_id"),
        ("referrals_statusevent", "via_id"),
    ]
}


def _arguments(*pairs: tuple[str, str]) -> str:
    return ", ".join(f"'{part}'" for pair in pairs for part in pair)


FUNCTIONS = """
CREATE FUNCTION referrals_must_exist() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    missing bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM written) THEN
        RETURN NULL;
    END IF;
    FOR n IN 0 .. TG_NARGS - 2 BY 2 LOOP
        EXECUTE format(
            'SELECT id FROM (SELECT DISTINCT %1$I AS id FROM written WHERE %1$I IS NOT NULL) w
             WHERE NOT EXISTS (SELECT FROM %2$I t WHERE t.id = w.id FOR KEY SHARE) LIMIT 1', TG_ARGV[n], TG_ARGV[n + 1]) INTO missing;
        IF missing IS NOT NULL THEN
            RAISE foreign_key_violation USING MESSAGE = format('%s %s is not in %s', TG_ARGV[n], missing, TG_ARGV[n + 1]);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE FUNCTION referrals_still_named() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM gone) THEN
        RETURN NULL;
    END IF;
    FOR n IN 0 .. TG_NARGS - 2 BY 2 LOOP
        EXECUTE format('SELECT gone.id FROM gone JOIN %I t ON t.%I = gone.id LIMIT 1', TG_ARGV[n], TG_ARGV[n + 1]) INTO named;
        IF named IS NOT NULL THEN
            RAISE foreign_key_violation
            USING MESSAGE = format('%s %s is still named by %s of %s', TG_TABLE_NAME, named, TG_ARGV[n + 1], TG_ARGV[n]);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
"""
POINTS = [
    f"""CREATE TRIGGER referral_points_{event} AFTER {event} ON referrals_referral REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION referrals_must_exist({_arguments(*POINTS_TO.items())})"""
    for event in ("insert", "update")
]
HOLDS = [
    f"""CREATE TRIGGER referral_holds AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
        FOR EACH STATEMENT EXECUTE FUNCTION referrals_still_named({_arguments(*holders)})"""
    for table, holders in HOLDERS.items()
]
FORGET = "DROP FUNCTION referrals_must_exist() CASCADE; DROP FUNCTION referrals_still_named() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0003_registry"),
        ("referrals", "0004_written_without_checks"),
        ("territories", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="referral",
            name="batch",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="referrals",
                to="referrals.importbatch",
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="credited_to",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="destination",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="referrals_received",
                to="contacts.organization",
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="named_practice",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="contacts.practice",
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="payer",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="referrals",
                to="referrals.payer",
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="performer",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="referrals_received",
                to="contacts.provider",
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="practice",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="referrals_made",
                to="contacts.practice",
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="provider",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="referrals_made",
                to="contacts.provider",
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="service_line",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="referrals",
                to="territories.serviceline",
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="source",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="referrals",
                to="referrals.source",
            ),
        ),
        migrations.AlterField(
            model_name="referral",
            name="territory",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="referrals",
                to="territories.territory",
            ),
        ),
        migrations.AlterField(
            model_name="sentagain",
            name="referral",
            field=models.ForeignKey(
                db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="referrals.referral"
            ),
        ),
        migrations.AlterField(
            model_name="sentrow",
            name="referral",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sent_rows",
                to="referrals.referral",
            ),
        ),
        migrations.AlterField(
            model_name="statusevent",
            name="referral",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="status_events",
                to="referrals.referral",
            ),
        ),
        migrations.AlterField(
            model_name="statusevent",
            name="via",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                help_text="the linked row that told it",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="referrals.referral",
            ),
        ),
        migrations.AlterField(
            model_name="destinationmonth",
            name="destination",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="contacts.organization",
            ),
        ),
        migrations.AlterField(
            model_name="destinationmonth",
            name="service_line",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="territories.serviceline",
            ),
        ),
        migrations.AlterField(
            model_name="linemonth",
            name="payer",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="referrals.payer",
            ),
        ),
        migrations.AlterField(
            model_name="linemonth",
            name="service_line",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="territories.serviceline",
            ),
        ),
        migrations.AlterField(
            model_name="linemonth",
            name="territory",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="territories.territory",
            ),
        ),
        migrations.AlterField(
            model_name="providermonth",
            name="practice",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="contacts.practice",
            ),
        ),
        migrations.AlterField(
            model_name="providermonth",
            name="provider",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="contacts.provider",
            ),
        ),
        migrations.AlterField(
            model_name="providermonth",
            name="territory",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="territories.territory",
            ),
        ),
        migrations.AlterField(
            model_name="sourcemonth",
            name="source",
            field=models.ForeignKey(
                db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="referrals.source"
            ),
        ),
        migrations.RunSQL([FUNCTIONS, *POINTS, *HOLDS], FORGET),
    ]
