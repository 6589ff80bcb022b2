"""Visits and what hangs on them; target lists and draws; days, routes, promises; materials, mileage, calendars."""

import datetime as dt
import uuid
from decimal import Decimal

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.core.validators
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import visits.models.hours

# A drawn order cannot be changed: the database refuses UPDATE and DELETE, whoever asks.
REFUSE = """
CREATE FUNCTION drawn_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A drawn order cannot be changed';
END $$;
CREATE TRIGGER draw_fixed BEFORE UPDATE OR DELETE ON visits_draw FOR EACH ROW EXECUTE FUNCTION drawn_refuse();
CREATE TRIGGER drawn_fixed BEFORE UPDATE OR DELETE ON visits_drawnpractice FOR EACH ROW EXECUTE FUNCTION drawn_refuse();
"""

ALLOW = """
DROP TRIGGER drawn_fixed ON visits_drawnpractice;
DROP TRIGGER draw_fixed ON visits_draw;
DROP FUNCTION drawn_refuse();
"""

# Topics that visits are usually about, so that the form offers some on the first day; an admin changes the list.
USUAL = ("New service", "Access and wait", "Scheduling", "Introduction", "Feedback", "Reports back")
# Business rates of the IRS in the years that are known: dollars a mile.
RATES = {2023: "0.655", 2024: "0.67", 2025: "0.70"}


def offer_usual_topics(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Only where nobody has chosen any yet."""
    topics = apps.get_model("visits", "Topic").objects.using(schema_editor.connection.alias)
    if not topics.exists():
        topics.bulk_create(topics.model(name=name) for name in USUAL)


def offer_rates(apps, schema_editor):
    """Only where nobody has typed any yet; other years are left to an admin."""
    rates = apps.get_model("visits", "MileageRate").objects.using(schema_editor.connection.alias)
    if rates.exists():
        return
    for year, per_mile in RATES.items():
        rates.create(
            per_mile=Decimal(per_mile),
            started_on=dt.date(year, 1, 1),
            ended_on=dt.date(year + 1, 1, 1),
            source=f"IRS, standard mileage rate for business, {year}",
        )


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("visits", "0001_initial"),
        ("visits", "0002_usual_topics"),
        ("visits", "0003_target_lists"),
        ("visits", "0004_drawn_order"),
        ("visits", "0005_days_in_the_field"),
        ("visits", "0006_promises"),
        ("visits", "0007_day_plans"),
        ("visits", "0008_drawn_from_a_list"),
        ("visits", "0009_materials_spend_mileage"),
        ("visits", "0010_calendars"),
        ("visits", "0011_field_visits"),
    ]

    dependencies = [
        ("compliance", "0001_ledger"),
        ("concerns", "0001_schema"),
        ("contacts", "0001_schema"),
        ("jobs", "0001_initial"),
        ("territories", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Material",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(error_messages={"unique": "There is a material with this name already."}, max_length=120, unique=True),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("print", "Printed matter"),
                            ("form", "Forms and pads"),
                            ("item", "Items"),
                            ("digital", "Digital, no stock"),
                        ],
                        default="print",
                        max_length=8,
                    ),
                ),
                ("stock", models.IntegerField(default=0, editable=False)),
                (
                    "reorder_at",
                    models.PositiveIntegerField(blank=True, help_text="blank: nobody is reminded", null=True, verbose_name="reorder at"),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Topic",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="DayPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day_on", models.DateField()),
                ("start_minute", models.PositiveSmallIntegerField(validators=[django.core.validators.MaxValueValidator(1440)])),
                ("end_minute", models.PositiveSmallIntegerField(validators=[django.core.validators.MaxValueValidator(1440)])),
                ("lunch_minutes", models.PositiveSmallIntegerField(default=0, help_text="0: no break")),
                ("lunch_earliest", models.PositiveSmallIntegerField(default=0, help_text="the break starts at this minute or later")),
                ("lunch_latest", models.PositiveSmallIntegerField(default=0, help_text="the break starts at this minute or earlier")),
                ("start_label", models.CharField(max_length=80)),
                ("start_latitude", models.FloatField()),
                ("start_longitude", models.FloatField()),
                ("end_label", models.CharField(max_length=80)),
                ("end_latitude", models.FloatField()),
                ("end_longitude", models.FloatField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Being planned"), ("ready", "Planned"), ("failed", "Could not be planned")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("problem", models.CharField(blank=True, help_text="why it could not be planned", max_length=300)),
                ("computed_for", models.CharField(blank=True, max_length=64)),
                ("computed_at", models.DateTimeField(blank=True, null=True)),
                ("drives", models.JSONField(default=dict)),
                (
                    "leaves_minute",
                    models.PositiveSmallIntegerField(help_text="when to leave so as not to wait at the first stop", null=True),
                ),
                ("back_minute", models.PositiveSmallIntegerField(help_text="when the end is reached", null=True)),
                ("lunch_minute", models.PositiveSmallIntegerField(help_text="when the break starts", null=True)),
                ("before", models.JSONField(null=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "moved",
                    models.JSONField(
                        help_text="what accepting changed: {visit id: its planned time before, null for one that it made}", null=True
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("job", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="jobs.job")),
                (
                    "owner",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="day_plans", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "ordering": ("-day_on", "owner"),
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "day_on"), name="day_plan_once"),
                    models.CheckConstraint(
                        condition=models.Q(("end_minute__gt", models.F("start_minute"))), name="day_plan_ends_after_start"
                    ),
                    models.CheckConstraint(condition=models.Q(("lunch_latest__gte", models.F("lunch_earliest"))), name="day_plan_lunch"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FieldRules",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "speed_mph",
                    models.PositiveSmallIntegerField(
                        default=30,
                        validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(75)],
                        verbose_name="speed on the road, miles per hour",
                    ),
                ),
                (
                    "circuity",
                    models.FloatField(
                        default=1.3,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3)],
                        verbose_name="miles of road for a mile as the crow flies",
                    ),
                ),
                (
                    "lunch_earliest",
                    models.PositiveSmallIntegerField(default=690, validators=[django.core.validators.MaxValueValidator(1440)]),
                ),
                (
                    "lunch_latest",
                    models.PositiveSmallIntegerField(default=810, validators=[django.core.validators.MaxValueValidator(1440)]),
                ),
                (
                    "nearby_miles",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)],
                        verbose_name="overdue practices are offered within … miles of the way",
                    ),
                ),
                (
                    "offers_location",
                    models.BooleanField(
                        db_default=True,
                        default=True,
                        help_text="Only at a tap, never by itself; seen by who made the visit and by managers.",
                        verbose_name="offer to save where a visit was logged",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "field rules",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="field_rules_once"),
                    models.CheckConstraint(
                        condition=models.Q(("lunch_latest__gte", models.F("lunch_earliest"))),
                        name="field_rules_lunch",
                        violation_error_message="The latest start of lunch must not lie before the earliest.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MileageDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("driven_on", models.DateField()),
                ("miles", models.DecimalField(blank=True, decimal_places=1, help_text="blank: as estimated", max_digits=6, null=True)),
                ("purpose", models.CharField(blank=True, max_length=200)),
                ("typed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mileage_days", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("typed_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ("-driven_on", "owner"),
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "driven_on"), name="mileage_day_once"),
                    models.CheckConstraint(
                        condition=models.Q(("miles", None), ("miles__gte", 0), _connector="OR"), name="mileage_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MileageRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("per_mile", models.DecimalField(decimal_places=4, max_digits=6, verbose_name="per mile, $")),
                ("started_on", models.DateField(verbose_name="from")),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="until before")),
                ("source", models.CharField(max_length=200, verbose_name="where it was read")),
            ],
            options={
                "ordering": ("-started_on",),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("per_mile__gt", 0)), name="mileage_rate_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("ended_on", None), ("ended_on__gt", models.F("started_on")), _connector="OR"),
                        name="mileage_rate_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PracticeTrend",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sentence", models.CharField(max_length=300)),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("fewer", "Fewer than expected"),
                            ("more", "More than expected"),
                            ("usual", "As usual"),
                            ("unknown", "Too few to say"),
                        ],
                        max_length=7,
                    ),
                ),
                ("points", models.JSONField(default=list)),
                ("through_on", models.DateField(help_text="the last day that the data reaches")),
                ("data_version", models.PositiveBigIntegerField()),
                ("written_at", models.DateTimeField()),
                (
                    "practice",
                    models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="trend", to="contacts.practice"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TargetList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("campaign", models.CharField(blank=True, help_text="what it is part of, such as a new service", max_length=120)),
                ("starts_on", models.DateField(default=django.utils.timezone.localdate)),
                ("ends_on", models.DateField(blank=True, help_text="the last day", null=True)),
                ("note", models.CharField(blank=True, help_text="what to say, or to bring", max_length=500)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        help_text="who made it",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="target_lists",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-starts_on", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR"),
                        name="target_list_ends_after_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Draw",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("seed", models.CharField(max_length=32)),
                ("first_month_on", models.DateField(help_text="first of the month in which the first practices are to be visited")),
                ("months", models.PositiveSmallIntegerField(help_text="over how many months the practices are spread")),
                ("note", models.CharField(blank=True, max_length=300)),
                ("drawn_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "drawn_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="draws", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "target_list",
                    models.ForeignKey(
                        blank=True,
                        help_text="whose practices were drawn",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="draws",
                        to="visits.targetlist",
                    ),
                ),
            ],
            options={
                "ordering": ("-drawn_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="DrawnPractice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveIntegerField(help_text="from 1")),
                ("planned_month_on", models.DateField(help_text="first of the month")),
                ("draw", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="drawn", to="visits.draw")),
                ("practice", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="drawn", to="contacts.practice")),
            ],
            options={
                "ordering": ("draw", "place"),
                "constraints": [
                    models.UniqueConstraint(fields=("draw", "practice"), name="drawn_once"),
                    models.UniqueConstraint(fields=("draw", "place"), name="drawn_place_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(help_text="the last day")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "draw",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="drafts", to="visits.draw"
                    ),
                ),
                ("made_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                (
                    "owner",
                    models.ForeignKey(
                        help_text="whose days",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plan_drafts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-made_at", "-pk"),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("ends_on__gte", models.F("starts_on"))), name="draft_ends_after_start"),
                    models.CheckConstraint(
                        condition=models.Q(("undone_at", None), ("accepted_at__isnull", False), _connector="OR"),
                        name="draft_undone_was_accepted",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None)), fields=("owner", "starts_on", "ends_on"), name="one_open_draft"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TargetHandover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("handed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("taken_back_at", models.DateTimeField(blank=True, null=True)),
                (
                    "handed_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "taken_back_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "to",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="targets_taken", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("list", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="handovers", to="visits.targetlist")),
            ],
            options={
                "ordering": ("handed_at", "pk"),
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("taken_back_at", None)), fields=("list", "to"), name="target_handed_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="TargetEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField(default=0, help_text="the order in which they were chosen, most valuable first")),
                ("value", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="target value a year")),
                (
                    "gain",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=9, null=True, verbose_name="referrals a year that could come"
                    ),
                ),
                ("parts", models.JSONField(default=dict, help_text="what the value is made of: {name: text}")),
                ("reason", models.CharField(help_text="why it is on the list, in a sentence", max_length=500)),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("dropped_at", models.DateTimeField(blank=True, null=True)),
                ("dropped_why", models.CharField(blank=True, max_length=300)),
                (
                    "dropped_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="target_entries", to="contacts.practice"),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="target_entries",
                        to="contacts.provider",
                    ),
                ),
                (
                    "service_line",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="territories.serviceline"
                    ),
                ),
                ("list", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="visits.targetlist")),
            ],
            options={
                "verbose_name_plural": "target entries",
                "ordering": ("list", "position", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("list", "practice", "provider", "service_line"), name="target_entry_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("dropped_at", None), models.Q(("dropped_why", ""), _negated=True), _connector="OR"),
                        name="target_dropped_for_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "Planned"), ("done", "Done"), ("missed", "Missed"), ("cancelled", "Cancelled")],
                        default="planned",
                        max_length=10,
                    ),
                ),
                ("planned_at", models.DateTimeField(blank=True, null=True)),
                ("visited_at", models.DateTimeField(blank=True, null=True)),
                ("entered_at", models.DateTimeField(blank=True, null=True)),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("in person", "In person"),
                            ("phone", "Phone"),
                            ("virtual", "Video"),
                            ("drop-off", "Drop-off"),
                            ("text", "Text message"),
                            ("email", "E-mail"),
                        ],
                        default="in person",
                        max_length=10,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("met provider", "Met a provider"),
                            ("met staff", "Met staff only"),
                            ("issue raised", "Issue raised"),
                            ("not available", "Nobody available"),
                        ],
                        max_length=16,
                    ),
                ),
                ("purpose", models.CharField(blank=True, max_length=200)),
                ("note", models.TextField(blank=True)),
                ("back_on", models.DateField(blank=True, help_text="missed: when to try again", null=True)),
                ("client_id", models.UUIDField(blank=True, null=True)),
                ("body_hash", models.CharField(blank=True, max_length=64)),
                ("version", models.PositiveIntegerField(default=1, help_text="1, and one more with each edit")),
                ("clock_off_s", models.IntegerField(blank=True, null=True, verbose_name="seconds the phone's clock was behind")),
                (
                    "latitude",
                    models.FloatField(blank=True, help_text="degrees north, where it was saved; given at the tap only", null=True),
                ),
                ("longitude", models.FloatField(blank=True, help_text="degrees east", null=True)),
                ("accuracy_m", models.FloatField(blank=True, null=True, verbose_name="accuracy in meters")),
                ("arrival_notes", models.JSONField(blank=True, default=list, help_text="sentences: what had changed before it arrived")),
                ("imported_from", models.CharField(blank=True, max_length=200)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                ("is_fixed", models.BooleanField(db_default=False, default=False, help_text="its time is agreed: an appointment")),
                ("ends_at", models.DateTimeField(blank=True, help_text="an appointment's end", null=True)),
                ("place", models.CharField(blank=True, db_default="", help_text="where, if not in the practice", max_length=200)),
                (
                    "uid",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(), default=uuid.uuid4, editable=False, unique=True
                    ),
                ),
                (
                    "sequence",
                    models.PositiveIntegerField(
                        db_default=0, default=0, editable=False, help_text="rises with each change that a calendar shows"
                    ),
                ),
                (
                    "revised_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                        help_text="when it changed so last",
                    ),
                ),
                ("concerns", models.ManyToManyField(blank=True, help_text="raised on it", related_name="visits", to="concerns.concern")),
                (
                    "logged_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        help_text="who goes or went",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visits",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("practice", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="visits", to="contacts.practice")),
                ("topics", models.ManyToManyField(blank=True, related_name="visits", to="visits.topic")),
            ],
            options={
                "ordering": ("-visited_at", "-planned_at", "-pk"),
                "indexes": [
                    models.Index(fields=["practice", "-visited_at"], name="visit_practice"),
                    models.Index(fields=["owner", "-visited_at"], name="visit_owner"),
                    models.Index(fields=["state", "planned_at"], name="visit_planned"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("client_id", None), _negated=True),
                        fields=("logged_by", "client_id"),
                        name="visit_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["planned", "cancelled"]), ("visited_at__isnull", False), _connector="OR"),
                        name="visit_made_has_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accuracy_m", None), ("latitude", None), ("longitude", None)),
                            models.Q(("accuracy_m__gte", 0), ("latitude__range", (-90, 90)), ("longitude__range", (-180, 180))),
                            _connector="OR",
                        ),
                        name="visit_place_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("state", "planned"), _negated=True), ("planned_at__isnull", False), _connector="OR"),
                        name="visit_planned_has_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at", None), ("ends_at__gt", models.F("planned_at")), _connector="OR"),
                        name="visit_ends_after_its_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FollowUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=300)),
                ("due_on", models.DateField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("snoozes", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("handed_note", models.CharField(blank=True, db_default="", help_text="what they said with it", max_length=300)),
                (
                    "uid",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(), default=uuid.uuid4, editable=False, unique=True
                    ),
                ),
                (
                    "sequence",
                    models.PositiveIntegerField(db_default=0, default=0, editable=False, help_text="rises with each step, for calendars"),
                ),
                (
                    "revised_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "handed_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="who gave it last",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="follow_ups", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "practice",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="follow_ups", to="contacts.practice"),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="follow_ups",
                        to="contacts.provider",
                    ),
                ),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="follow_ups", to="visits.visit"
                    ),
                ),
            ],
            options={
                "ordering": ("due_on", "pk"),
                "indexes": [models.Index(condition=models.Q(("done_at", None)), fields=["owner", "due_on"], name="follow_up_open")],
            },
        ),
        migrations.CreateModel(
            name="FollowUpStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("done", "Done"),
                            ("reopened", "Reopened"),
                            ("snoozed", "Snoozed"),
                            ("changed", "Changed"),
                            ("handed", "Handed over"),
                        ],
                        max_length=8,
                    ),
                ),
                ("was", models.JSONField(help_text="the fields that it changed, as they were before")),
                ("note", models.CharField(blank=True, max_length=300)),
                ("batch", models.UUIDField(db_index=True, default=uuid.uuid4)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                ("follow_up", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="visits.followup")),
                ("made_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ("made_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="StockMove",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("handed out", "Handed out"),
                            ("taken back", "Visit changed or deleted"),
                            ("counted", "Counted"),
                        ],
                        max_length=10,
                    ),
                ),
                ("pieces", models.IntegerField()),
                ("stock_after", models.IntegerField()),
                ("note", models.CharField(blank=True, max_length=200)),
                ("moved_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("material", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="moves", to="visits.material")),
                ("moved_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="stock_moves", to="visits.visit"
                    ),
                ),
            ],
            options={
                "ordering": ("-moved_at", "-pk"),
                "indexes": [models.Index(fields=["material", "-moved_at"], name="stock_move_material")],
            },
        ),
        migrations.CreateModel(
            name="PlanDraftStop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("planned_at", models.DateTimeField()),
                (
                    "drive_minutes",
                    models.PositiveSmallIntegerField(blank=True, help_text="from the stop before; blank where nobody knows", null=True),
                ),
                ("why", models.CharField(max_length=300)),
                ("draft", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="stops", to="visits.plandraft")),
                ("practice", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contacts.practice")),
                (
                    "visit",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="visits.visit"
                    ),
                ),
            ],
            options={
                "ordering": ("planned_at", "pk"),
                "constraints": [models.UniqueConstraint(fields=("draft", "practice"), name="draft_stop_once")],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                ("invited_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, help_text="no longer wanted: they are told that it is cancelled", null=True),
                ),
                ("told_sequence", models.PositiveIntegerField(blank=True, null=True)),
                ("told_cancelled", models.BooleanField(default=False)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "invited_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contacts.provider"
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contacts.staff"
                    ),
                ),
                ("visit", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="visits.visit")),
            ],
            options={
                "ordering": ("invited_at", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("visit", "email"), name="invitation_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("provider__isnull", False), ("staff", None)),
                            models.Q(("provider", None), ("staff__isnull", False)),
                            _connector="OR",
                        ),
                        name="invitation_is_one_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DayStop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("must_see", models.BooleanField(default=False)),
                ("value", models.FloatField(default=1, validators=[django.core.validators.MinValueValidator(0)])),
                ("why", models.CharField(blank=True, help_text="why it was suggested", max_length=120)),
                (
                    "fixed_minute",
                    models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MaxValueValidator(1440)]),
                ),
                ("place", models.PositiveSmallIntegerField(help_text="from 1; blank when it is not on the route", null=True)),
                ("arrive_minute", models.PositiveSmallIntegerField(help_text="when one is at the door", null=True)),
                ("begin_minute", models.PositiveSmallIntegerField(help_text="when the visit begins: the wait is over", null=True)),
                ("visit_minutes", models.PositiveSmallIntegerField(default=25)),
                ("drive_minutes", models.FloatField(help_text="from the place before", null=True)),
                ("dropped_because", models.CharField(blank=True, max_length=200)),
                ("is_optional", models.BooleanField(default=False, help_text="suggested, not planned by anybody")),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="stops", to="visits.dayplan")),
                (
                    "practice",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="day_stops", to="contacts.practice"),
                ),
                (
                    "visit",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="day_stops", to="visits.visit"),
                ),
            ],
            options={
                "ordering": (models.OrderBy(models.F("place"), nulls_last=True), "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "practice"), name="day_stop_once"),
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["DEFERRED"], fields=("plan", "place"), name="day_stop_place_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attendee",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "provider",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visits_attended",
                        to="contacts.provider",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visits_attended",
                        to="contacts.staff",
                    ),
                ),
                ("visit", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="attendees", to="visits.visit")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("provider__isnull", False), ("staff", None)),
                            models.Q(("provider", None), ("staff__isnull", False)),
                            _connector="OR",
                        ),
                        name="attendee_is_one_person",
                    ),
                    models.UniqueConstraint(fields=("visit", "provider"), name="attendee_provider_once"),
                    models.UniqueConstraint(fields=("visit", "staff"), name="attendee_staff_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="VisitMaterial",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveSmallIntegerField(default=1)),
                (
                    "material",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="handed_out", to="visits.material"),
                ),
                ("visit", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="materials", to="visits.visit")),
            ],
            options={
                "ordering": ("material__name",),
                "constraints": [
                    models.UniqueConstraint(fields=("visit", "material"), name="visit_material_once"),
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="visit_material_some"),
                ],
            },
        ),
        migrations.CreateModel(
            name="VisitSpend",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entry", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="compliance.spendentry")),
                ("visit", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="spend_links", to="visits.visit")),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="VisitVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("values", models.JSONField(default=dict)),
                ("changed", models.JSONField(default=list, help_text="names of the fields that this edit changed")),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("client_id", models.UUIDField(blank=True, null=True)),
                ("body_hash", models.CharField(blank=True, max_length=64)),
                (
                    "saved_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("visit", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="visits.visit")),
            ],
            options={
                "ordering": ("visit", "number"),
                "constraints": [
                    models.UniqueConstraint(fields=("visit", "number"), name="visit_version_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("client_id", None), _negated=True), fields=("saved_by", "client_id"), name="visit_edit_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkingHours",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "weekdays",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        default=visits.models.hours.usual_weekdays,
                        help_text="0 is Monday",
                        size=None,
                    ),
                ),
                ("starts_at", models.TimeField(default=dt.time(8, 0))),
                ("ends_at", models.TimeField(default=dt.time(16, 30))),
                ("pause_minutes", models.PositiveSmallIntegerField(default=30, help_text="lunch, on each day")),
                ("visit_minutes", models.PositiveSmallIntegerField(default=25, help_text="one visit, with parking and the way in")),
                ("start_address", models.CharField(blank=True, max_length=200)),
                ("start_zip", models.CharField(blank=True, max_length=5, verbose_name="ZIP code")),
                ("latitude", models.FloatField(blank=True, null=True)),
                ("longitude", models.FloatField(blank=True, null=True)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="working_hours", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "working hours",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="working_hours_end_after_start"
                    ),
                    models.CheckConstraint(condition=models.Q(("visit_minutes__gte", 1)), name="a_visit_takes_time"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("latitude", None), ("longitude", None)),
                            models.Q(("latitude__isnull", False), ("longitude__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_point_has_both",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_hash", models.CharField(help_text="SHA-256 of the 256-bit token, in hex", max_length=64, unique=True)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("last_read_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="calendar_feeds", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("-made_at", "-pk"),
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("revoked_at", None)), fields=("person",), name="calendar_feed_one_live")
                ],
            },
        ),
        migrations.RunSQL(REFUSE, ALLOW),
        migrations.RunPython(offer_usual_topics, migrations.RunPython.noop),
        migrations.RunPython(offer_rates, migrations.RunPython.noop),
    ]
