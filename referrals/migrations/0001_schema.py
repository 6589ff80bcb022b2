"""Sources and batches; what was told, row by row; referrals and their history; rollups; market and capacity."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# What referrals point to is checked once a statement, not row by row: the same guarantee as a foreign key, at a hundredth of the cost.
# After a statement has written referrals, every row that they name must exist, and is locked against deletion until the end of the
# transaction (FOR KEY SHARE, as a foreign key does). After a statement has deleted rows that referrals may name, none may still name them.

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
    initial = True
    replaces = [
        ("referrals", "0001_initial"),
        ("referrals", "0002_what_was_told"),
        ("referrals", "0003_links_found_by_row"),
        ("referrals", "0004_written_without_checks"),
        ("referrals", "0005_checked_by_statement"),
        ("referrals", "0006_market_and_capacity"),
        ("referrals", "0007_day_seen"),
    ]

    dependencies = [
        ("contacts", "0001_schema"),
        ("jobs", "0001_initial"),
        ("territories", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DataVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("cause", models.CharField(max_length=80)),
            ],
            options={
                "ordering": ("-pk",),
            },
        ),
        migrations.CreateModel(
            name="MarketVendor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Payer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=60, unique=True)),
                ("title", models.CharField(blank=True, max_length=120)),
                (
                    "sees",
                    models.CharField(
                        choices=[
                            ("our_orders", "Our orders, to all destinations"),
                            ("received", "Referrals received by us"),
                            ("appointments", "Appointments"),
                            ("claims", "Claims, all destinations"),
                        ],
                        default="our_orders",
                        max_length=12,
                    ),
                ),
                ("mapping", models.JSONField(blank=True, default=dict)),
                (
                    "from_folder",
                    models.CharField(
                        choices=[
                            ("off", "Leave it there"),
                            ("check", "Check it; a person loads it"),
                            ("load", "Check it, and load it when nothing is odd"),
                        ],
                        default="off",
                        max_length=5,
                        verbose_name="files in its folder",
                    ),
                ),
                (
                    "due_every_days",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="0: whenever it comes",
                        validators=[django.core.validators.MaxValueValidator(366)],
                        verbose_name="expected every … days",
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="CountingRules",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("affiliated_is_ours", models.BooleanField(default=True, verbose_name="affiliated practices count as ours")),
                (
                    "counted_kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("consult", "Consult"),
                                ("procedure", "Procedure"),
                                ("imaging", "Imaging"),
                                ("therapy", "Therapy"),
                                ("dme", "DME and home health"),
                                ("transfer", "Transfer"),
                                ("post-acute", "Post-acute"),
                                ("authorization", "Authorization only"),
                            ],
                            max_length=16,
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "duplicate_days",
                    models.PositiveSmallIntegerField(
                        default=30, validators=[django.core.validators.MaxValueValidator(365)], verbose_name="duplicate window, days"
                    ),
                ),
                (
                    "link_days",
                    models.PositiveSmallIntegerField(
                        default=180,
                        help_text="where the source names no referral number",
                        validators=[django.core.validators.MaxValueValidator(730)],
                        verbose_name="an appointment or claim belongs to an order of at most … days before",
                    ),
                ),
                (
                    "range_leads_above",
                    models.PositiveSmallIntegerField(
                        default=25,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="show the range first when more is undetermined, %",
                    ),
                ),
                ("small_cell", models.PositiveSmallIntegerField(default=11, verbose_name="hide counts below, in files that leave")),
            ],
            options={
                "verbose_name_plural": "counting rules",
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="counting_rules_once")],
            },
        ),
        migrations.CreateModel(
            name="ImportBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("csv", "Text table (CSV, TSV, pipe)"),
                            ("xlsx", "Excel workbook"),
                            ("fhir", "FHIR R4"),
                            ("hl7v2", "HL7 v2 messages"),
                        ],
                        default="csv",
                        max_length=5,
                    ),
                ),
                (
                    "arrived_by",
                    models.CharField(
                        choices=[("upload", "Upload"), ("api", "API"), ("command", "Command line"), ("folder", "Folder")],
                        default="upload",
                        max_length=7,
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("stored_as", models.CharField(blank=True, help_text="file under settings.UPLOADS, blank once deleted", max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("size_bytes", models.BigIntegerField(default=0)),
                ("mapping", models.JSONField(default=dict)),
                ("headers", models.JSONField(default=list, help_text="the file's columns in their order, for the reject file")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "Uploaded"),
                            ("checking", "Checking"),
                            ("checked", "Checked"),
                            ("loading", "Loading"),
                            ("loaded", "Loaded"),
                            ("failed", "Failed"),
                            ("discarded", "Discarded"),
                            ("undoing", "Being undone"),
                            ("undone", "Undone"),
                        ],
                        default="uploaded",
                        max_length=10,
                    ),
                ),
                ("uploaded_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("loaded_at", models.DateTimeField(null=True)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("new", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                (
                    "duplicates",
                    models.PositiveIntegerField(
                        default=0, help_text="referrals of the file that repeat an earlier one of the same patient"
                    ),
                ),
                ("unmatched", models.PositiveIntegerField(default=0, help_text="referrals whose named provider we do not know")),
                ("rejected", models.JSONField(default=dict, help_text="{reason: rows}")),
                ("findings", models.JSONField(default=dict, help_text="{reason: rows}")),
                ("by_month", models.JSONField(default=dict, help_text="{month: referrals} of the file")),
                ("first_on", models.DateField(null=True)),
                ("last_on", models.DateField(null=True)),
                ("alarms", models.JSONField(default=list, help_text="sentences about what is odd in this file beside the last ones")),
                (
                    "made",
                    models.JSONField(default=dict, help_text="{payers: [ids], service_lines: [ids]} that it named for the first time"),
                ),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_why", models.CharField(blank=True, max_length=300)),
                ("error", models.TextField(blank=True)),
                ("job", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="jobs.job")),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("source", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="batches", to="referrals.source")),
            ],
            options={
                "verbose_name_plural": "import batches",
                "ordering": ("-uploaded_at", "-pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("uploaded", "checking", "checked", "loading"))),
                        fields=("source", "sha256"),
                        name="import_once_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MarketFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("market", "Market data"), ("capacity", "Capacity")], max_length=8)),
                ("file_name", models.CharField(max_length=200)),
                ("stored_as", models.CharField(blank=True, help_text="file under settings.UPLOADS, blank once deleted", max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("given", models.JSONField(default=dict, help_text="what was said for columns that it lacks: vendor, through, as_of")),
                (
                    "headers",
                    models.JSONField(
                        default=list, help_text="the columns that were read, in the file's words, for the file of refused rows"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "Waiting"),
                            ("checked", "Checked"),
                            ("loaded", "Loaded"),
                            ("failed", "Failed"),
                            ("undone", "Undone"),
                        ],
                        default="uploaded",
                        max_length=8,
                    ),
                ),
                ("vendors", models.JSONField(default=list, help_text="names of the vendors that it tells of")),
                ("through_on", models.DateField(help_text="the last day that it tells of, or as of which its capacity is", null=True)),
                ("first_month", models.DateField(null=True)),
                ("last_month", models.DateField(null=True)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("new", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("rejected", models.JSONField(default=dict, help_text="{reason: rows}")),
                ("findings", models.JSONField(default=dict, help_text="{finding: rows}")),
                ("npis", models.PositiveIntegerField(default=0, verbose_name="providers told of")),
                ("unknown_npis", models.PositiveIntegerField(default=0, verbose_name="providers told of whom we do not know")),
                ("uploaded_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("loaded_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_why", models.CharField(blank=True, max_length=300)),
                ("error", models.TextField(blank=True)),
                ("job", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="jobs.job")),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("-uploaded_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="MarketReject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line_number", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=60)),
                ("sentence", models.CharField(max_length=300)),
                ("record", models.JSONField(default=list, help_text="the cells of the columns that were read")),
                ("file", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="rejects", to="referrals.marketfile")),
            ],
            options={
                "ordering": ("line_number", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source_key", models.CharField(max_length=80, verbose_name="referral number")),
                ("ordered_on", models.DateField(null=True)),
                ("received_on", models.DateField(null=True)),
                ("entered_on", models.DateField(null=True)),
                ("anchor_on", models.DateField(help_text="ordered, else received, else entered")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("consult", "Consult"),
                            ("procedure", "Procedure"),
                            ("imaging", "Imaging"),
                            ("therapy", "Therapy"),
                            ("dme", "DME and home health"),
                            ("transfer", "Transfer"),
                            ("post-acute", "Post-acute"),
                            ("authorization", "Authorization only"),
                        ],
                        default="consult",
                        max_length=16,
                    ),
                ),
                ("priority", models.CharField(blank=True, max_length=20)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("service not offered", "Service not offered"),
                            ("no capacity", "No capacity or wait"),
                            ("payer network", "Payer network"),
                            ("distance", "Distance"),
                            ("patient choice", "Patient choice"),
                            ("medical judgement", "Physician's medical judgement"),
                            ("referrer habit", "Referrer habit"),
                            ("authorization delay", "Authorization delay"),
                            ("scheduling failure", "Scheduling failure"),
                            ("no-show", "No-show"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=24,
                        verbose_name="reason for going elsewhere",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("accepted", "Accepted"),
                            ("scheduled", "Scheduled"),
                            ("no-show", "No-show"),
                            ("appointment cancelled", "Appointment cancelled"),
                            ("seen", "Seen"),
                            ("cancel requested", "Cancel requested"),
                            ("cancelled", "Cancelled"),
                            ("rejected", "Rejected"),
                            ("report sent", "Report sent"),
                        ],
                        max_length=24,
                    ),
                ),
                ("appointment_on", models.DateField(null=True)),
                (
                    "seen_on",
                    models.DateField(help_text="as told, else as a linked row shows, else the first appointment told as seen", null=True),
                ),
                ("report_on", models.DateField(null=True, verbose_name="report received on")),
                (
                    "referrer_named",
                    models.CharField(
                        choices=[
                            ("provider", "Named provider"),
                            ("organization", "Organization only"),
                            ("self", "Patient self-referred"),
                            ("unknown", "Unknown"),
                        ],
                        default="provider",
                        max_length=12,
                    ),
                ),
                ("referring_name", models.CharField(blank=True, help_text="as the source wrote it", max_length=200)),
                ("referring_npi", models.CharField(blank=True, help_text="as the source wrote it, when it is one", max_length=10)),
                ("referring_org", models.CharField(blank=True, help_text="the practice as the source wrote it", max_length=200)),
                ("referring_zip", models.CharField(blank=True, max_length=5)),
                ("destination_name", models.CharField(blank=True, help_text="the organisation as the source wrote it", max_length=200)),
                (
                    "performing_name",
                    models.CharField(blank=True, help_text="the receiving provider as the source wrote it", max_length=200),
                ),
                ("performing_npi", models.CharField(blank=True, max_length=10)),
                ("patient_hash", models.CharField(blank=True, max_length=32)),
                (
                    "order_key",
                    models.CharField(
                        blank=True, help_text="of an appointment or claim, as told", max_length=80, verbose_name="the order's number"
                    ),
                ),
                (
                    "seen_by",
                    models.CharField(
                        blank=True,
                        choices=[("status", "The referral's own status"), ("appointment", "An appointment"), ("claim", "A claim")],
                        help_text="what shows that the patient was seen",
                        max_length=12,
                    ),
                ),
                ("month", models.DateField(help_text="first of the anchor date's month")),
                (
                    "practice_assumed",
                    models.BooleanField(default=False, help_text="the provider's primary practice, as the source named none we know"),
                ),
                (
                    "referrer_alignment",
                    models.CharField(
                        choices=[
                            ("employed", "Employed"),
                            ("affiliated", "Affiliated"),
                            ("independent", "Independent"),
                            ("competitor", "Competitor"),
                            ("unknown", "Unknown"),
                        ],
                        default="unknown",
                        max_length=12,
                    ),
                ),
                (
                    "destination_alignment",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("employed", "Employed"),
                            ("affiliated", "Affiliated"),
                            ("independent", "Independent"),
                            ("competitor", "Competitor"),
                            ("unknown", "Unknown"),
                        ],
                        help_text="blank: no destination named",
                        max_length=12,
                    ),
                ),
                (
                    "flow",
                    models.CharField(
                        choices=[
                            ("inbound", "Inbound"),
                            ("internal", "Internal"),
                            ("outbound", "Outbound"),
                            ("undetermined", "Undetermined"),
                            ("outside", "Outside"),
                        ],
                        max_length=12,
                    ),
                ),
                ("is_own_follow_up", models.BooleanField(default=False)),
                ("is_duplicate", models.BooleanField(default=False)),
                (
                    "is_counted",
                    models.BooleanField(default=True, help_text="in measures: a counted kind, neither own follow-up nor duplicate"),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="referrals.importbatch",
                    ),
                ),
                (
                    "credited_to",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "destination",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals_received",
                        to="contacts.organization",
                    ),
                ),
                (
                    "linked_to",
                    models.ForeignKey(
                        db_index=False,
                        help_text="the order that this appointment or claim belongs to; it is evidence there and counts only there",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="linked",
                        to="referrals.referral",
                    ),
                ),
                (
                    "named_practice",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contacts.practice",
                    ),
                ),
                (
                    "payer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="referrals.payer",
                    ),
                ),
                (
                    "performer",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals_received",
                        to="contacts.provider",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals_made",
                        to="contacts.practice",
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals_made",
                        to="contacts.provider",
                    ),
                ),
                (
                    "service_line",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="territories.serviceline",
                    ),
                ),
                (
                    "territory",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="territories.territory",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="referrals.source",
                    ),
                ),
            ],
            options={
                "ordering": ("-anchor_on", "-pk"),
                "indexes": [
                    models.Index(
                        fields=["territory", "month"],
                        include=("flow", "is_counted", "service_line", "payer", "provider", "practice", "source", "state", "destination"),
                        name="referral_covering",
                    ),
                    models.Index(fields=["source", "patient_hash"], name="referral_patient"),
                    models.Index(fields=["provider", "anchor_on"], name="referral_provider"),
                    models.Index(condition=models.Q(("linked_to__isnull", False)), fields=["linked_to"], name="referral_linked"),
                    models.Index(condition=models.Q(("order_key", ""), _negated=True), fields=["order_key"], name="referral_order"),
                ],
                "constraints": [models.UniqueConstraint(fields=("source", "source_key"), name="referral_once")],
            },
        ),
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("said", models.JSONField(default=dict)),
                ("corrected", models.JSONField(default=dict)),
                ("corrected_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "corrected_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="corrections", to="referrals.referral"),
                ),
            ],
            options={
                "ordering": ("corrected_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="SentAgain",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "referral", "digest", "batch", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("digest", models.UUIDField()),
                ("line", models.PositiveIntegerField(default=0)),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="referrals.importbatch"
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="referrals.referral",
                    ),
                ),
            ],
            options={
                "ordering": ("referral", "batch", "line"),
            },
        ),
        migrations.CreateModel(
            name="SentRow",
            fields=[
                ("pk", models.CompositePrimaryKey("referral", "digest", blank=True, editable=False, primary_key=True, serialize=False)),
                ("digest", models.UUIDField(help_text="of all columns below from ordered_on on")),
                ("line", models.PositiveIntegerField(default=0)),
                ("ordered_on", models.DateField(null=True)),
                ("received_on", models.DateField(null=True)),
                ("entered_on", models.DateField(null=True)),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("consult", "Consult"),
                            ("procedure", "Procedure"),
                            ("imaging", "Imaging"),
                            ("therapy", "Therapy"),
                            ("dme", "DME and home health"),
                            ("transfer", "Transfer"),
                            ("post-acute", "Post-acute"),
                            ("authorization", "Authorization only"),
                        ],
                        max_length=16,
                    ),
                ),
                ("priority", models.CharField(blank=True, max_length=20)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("service not offered", "Service not offered"),
                            ("no capacity", "No capacity or wait"),
                            ("payer network", "Payer network"),
                            ("distance", "Distance"),
                            ("patient choice", "Patient choice"),
                            ("medical judgement", "Physician's medical judgement"),
                            ("referrer habit", "Referrer habit"),
                            ("authorization delay", "Authorization delay"),
                            ("scheduling failure", "Scheduling failure"),
                            ("no-show", "No-show"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("accepted", "Accepted"),
                            ("scheduled", "Scheduled"),
                            ("no-show", "No-show"),
                            ("appointment cancelled", "Appointment cancelled"),
                            ("seen", "Seen"),
                            ("cancel requested", "Cancel requested"),
                            ("cancelled", "Cancelled"),
                            ("rejected", "Rejected"),
                            ("report sent", "Report sent"),
                        ],
                        max_length=24,
                    ),
                ),
                ("told_at", models.DateTimeField(null=True)),
                ("appointment_on", models.DateField(null=True)),
                ("seen_on", models.DateField(null=True)),
                ("report_on", models.DateField(null=True)),
                ("referring_name", models.CharField(blank=True, max_length=200)),
                ("referring_npi", models.CharField(blank=True, max_length=10)),
                ("referring_org", models.CharField(blank=True, max_length=200)),
                ("referring_zip", models.CharField(blank=True, max_length=5)),
                ("destination_name", models.CharField(blank=True, max_length=200)),
                ("performing_name", models.CharField(blank=True, max_length=200)),
                ("performing_npi", models.CharField(blank=True, max_length=10)),
                ("patient_hash", models.CharField(blank=True, max_length=32)),
                ("order_key", models.CharField(blank=True, max_length=80)),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sent_rows",
                        to="referrals.importbatch",
                    ),
                ),
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
                    "referral",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sent_rows",
                        to="referrals.referral",
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
            options={
                "ordering": ("referral", "batch", "line"),
            },
        ),
        migrations.CreateModel(
            name="MappingVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("mapping", models.JSONField()),
                (
                    "sees",
                    models.CharField(
                        choices=[
                            ("our_orders", "Our orders, to all destinations"),
                            ("received", "Referrals received by us"),
                            ("appointments", "Appointments"),
                            ("claims", "Claims, all destinations"),
                        ],
                        max_length=12,
                    ),
                ),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "batch",
                    models.ForeignKey(
                        help_text="the import whose mapping it was first",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="referrals.importbatch",
                    ),
                ),
                (
                    "saved_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="mapping_versions", to="referrals.source"),
                ),
            ],
            options={
                "ordering": ("source", "-number"),
                "constraints": [models.UniqueConstraint(fields=("source", "number"), name="mapping_version_once")],
            },
        ),
        migrations.CreateModel(
            name="ControlTotal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(help_text="first of the month")),
                ("total", models.PositiveIntegerField()),
                ("note", models.CharField(blank=True, max_length=200)),
                ("told_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "told_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="control_totals", to="referrals.source"),
                ),
            ],
            options={
                "ordering": ("source", "-month"),
                "constraints": [models.UniqueConstraint(fields=("source", "month"), name="control_total_once")],
            },
        ),
        migrations.CreateModel(
            name="SourceMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField()),
                ("n_inbound", models.IntegerField(default=0)),
                ("n_internal", models.IntegerField(default=0)),
                ("n_outbound", models.IntegerField(default=0)),
                ("n_undetermined", models.IntegerField(default=0)),
                ("n_outside", models.IntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("accepted", "Accepted"),
                            ("scheduled", "Scheduled"),
                            ("no-show", "No-show"),
                            ("appointment cancelled", "Appointment cancelled"),
                            ("seen", "Seen"),
                            ("cancel requested", "Cancel requested"),
                            ("cancelled", "Cancelled"),
                            ("rejected", "Rejected"),
                            ("report sent", "Report sent"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.source",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("month", "source", "state"), name="source_month_cell")],
            },
        ),
        migrations.CreateModel(
            name="SourceRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line_number", models.PositiveIntegerField()),
                ("outcome", models.CharField(choices=[("rejected", "Rejected"), ("finding", "Finding")], max_length=8)),
                ("reason", models.CharField(max_length=60)),
                ("sentence", models.CharField(blank=True, max_length=300)),
                ("record", models.JSONField(default=dict)),
                (
                    "batch",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="source_rows", to="referrals.importbatch"),
                ),
            ],
            options={
                "ordering": ("line_number", "pk"),
                "indexes": [models.Index(fields=["batch", "outcome"], name="source_row_batch")],
            },
        ),
        migrations.CreateModel(
            name="StatusEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("accepted", "Accepted"),
                            ("scheduled", "Scheduled"),
                            ("no-show", "No-show"),
                            ("appointment cancelled", "Appointment cancelled"),
                            ("seen", "Seen"),
                            ("cancel requested", "Cancel requested"),
                            ("cancelled", "Cancelled"),
                            ("rejected", "Rejected"),
                            ("report sent", "Report sent"),
                        ],
                        max_length=24,
                    ),
                ),
                ("happened_on", models.DateField(null=True)),
                ("appointment_on", models.DateField(null=True)),
                ("told_at", models.DateTimeField(help_text="the source's own time stamp", null=True)),
                ("learned_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("is_inferred", models.BooleanField(default=False, help_text="a legal step that the source skipped; undated")),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.importbatch",
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="status_events",
                        to="referrals.referral",
                    ),
                ),
                (
                    "via",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="the linked row that told it",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="referrals.referral",
                    ),
                ),
            ],
            options={
                "ordering": ("learned_at", "pk"),
                "indexes": [models.Index(condition=models.Q(("via__isnull", False)), fields=["via"], name="status_event_via")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("referral", "state", "appointment_on", "told_at"), name="status_event_once", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DestinationMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField()),
                ("n_inbound", models.IntegerField(default=0)),
                ("n_internal", models.IntegerField(default=0)),
                ("n_outbound", models.IntegerField(default=0)),
                ("n_undetermined", models.IntegerField(default=0)),
                ("n_outside", models.IntegerField(default=0)),
                (
                    "destination",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contacts.organization",
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
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("month", "service_line", "destination"), name="destination_month_cell", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MarketMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("npi", models.CharField(max_length=10, verbose_name="NPI")),
                ("month", models.DateField(help_text="first of the month")),
                ("to_us", models.PositiveIntegerField()),
                ("total", models.PositiveIntegerField()),
                ("through_on", models.DateField(help_text="the last day of which the vendor knew when it told this")),
                ("is_current", models.BooleanField(default=False)),
                ("file", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="months", to="referrals.marketfile")),
                (
                    "service_line",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="territories.serviceline"
                    ),
                ),
                (
                    "vendor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="referrals.marketvendor"
                    ),
                ),
            ],
            options={
                "ordering": ("npi", "service_line", "month"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_current", True)),
                        fields=["vendor", "month"],
                        include=("npi", "service_line", "to_us", "total", "through_on"),
                        name="market_reading",
                    ),
                    models.Index(fields=["npi", "service_line", "month", "vendor"], name="market_npi"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("file", "vendor", "npi", "service_line", "month", "through_on"), name="market_told_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("vendor", "npi", "service_line", "month"),
                        name="market_one_current",
                    ),
                    models.CheckConstraint(condition=models.Q(("to_us__lte", models.F("total"))), name="market_part_of_whole"),
                ],
            },
        ),
        migrations.CreateModel(
            name="LineMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField()),
                ("n_inbound", models.IntegerField(default=0)),
                ("n_internal", models.IntegerField(default=0)),
                ("n_outbound", models.IntegerField(default=0)),
                ("n_undetermined", models.IntegerField(default=0)),
                ("n_outside", models.IntegerField(default=0)),
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
                (
                    "territory",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="territories.territory",
                    ),
                ),
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
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("territory", "month", "service_line", "payer"), name="line_month_cell", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Capacity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of_on", models.DateField(verbose_name="as of")),
                ("is_accepting", models.BooleanField(null=True, verbose_name="takes new patients")),
                (
                    "third_next_available",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(999)],
                        verbose_name="third next available, days",
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=200)),
                ("zip", models.CharField(blank=True, max_length=5, verbose_name="ZIP code")),
                ("told_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="capacities",
                        to="contacts.organization",
                        verbose_name="site",
                    ),
                ),
                (
                    "service_line",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="capacities", to="territories.serviceline"),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="capacities", to="referrals.marketfile"
                    ),
                ),
                ("payers", models.ManyToManyField(blank=True, related_name="+", to="referrals.payer")),
            ],
            options={
                "verbose_name_plural": "capacities",
                "ordering": ("organization__name", "service_line__name", "-as_of_on", "-pk"),
                "indexes": [models.Index(fields=["service_line", "organization", "-as_of_on", "-id"], name="capacity_newest")],
            },
        ),
        migrations.CreateModel(
            name="ProviderMonth",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField()),
                ("n_inbound", models.IntegerField(default=0)),
                ("n_internal", models.IntegerField(default=0)),
                ("n_outbound", models.IntegerField(default=0)),
                ("n_undetermined", models.IntegerField(default=0)),
                ("n_outside", models.IntegerField(default=0)),
                (
                    "practice",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contacts.practice",
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contacts.provider",
                    ),
                ),
                (
                    "territory",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="territories.territory",
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.BTreeIndex(fields=["provider", "month"], name="provider_month_provider"),
                    django.contrib.postgres.indexes.BTreeIndex(fields=["practice", "month"], name="provider_month_practice"),
                    django.contrib.postgres.indexes.BTreeIndex(fields=["territory", "month"], name="provider_month_territory"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("territory", "practice", "provider", "month"), name="provider_month_cell", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.RunSQL([FUNCTIONS, *POINTS, *HOLDS], FORGET),
    ]
