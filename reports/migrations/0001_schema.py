"""Runs of reports, alerts, money, rules, goals."""

import django.contrib.postgres.constraints
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import territories.models


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("reports", "0001_initial"),
        ("reports", "0002_alerts"),
        ("reports", "0003_money"),
        ("reports", "0004_report_rules"),
        ("reports", "0005_any_kind_of_run"),
        ("reports", "0006_capacity_and_peers"),
        ("reports", "0007_report_file"),
        ("reports", "0008_alert_concern"),
        ("reports", "0009_goals"),
        ("reports", "0010_fiscal_year"),
        ("reports", "0011_alert_parts_by_line"),
    ]

    dependencies = [
        ("concerns", "0001_schema"),
        ("contacts", "0001_schema"),
        ("jobs", "0001_initial"),
        ("referrals", "0001_schema"),
        ("territories", "0001_initial"),
        ("visits", "0001_schema"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("data_version", models.PositiveBigIntegerField()),
                ("basis", models.CharField(max_length=32)),
                (
                    "through_month",
                    models.DateField(help_text="first of the last month that was read; none while nothing is mature", null=True),
                ),
                ("q", models.FloatField(help_text="false-discovery rate over the run")),
                ("mature_share", models.FloatField(help_text="share of a month's rows that must normally have arrived")),
                ("tested", models.PositiveIntegerField(default=0)),
                ("falls", models.PositiveIntegerField(default=0)),
                ("rises", models.PositiveIntegerField(default=0)),
                ("feeds", models.JSONField(default=list, help_text="[{name, through, silent: [months], gaps: [[start, end, is_filled]]}]")),
                ("not_tested", models.JSONField(default=dict, help_text="{reason: providers}")),
                ("computed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("job", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="jobs.job")),
            ],
            options={
                "ordering": ("-computed_at", "-pk"),
                "constraints": [models.UniqueConstraint(fields=("data_version", "basis"), name="alert_run_once")],
            },
        ),
        migrations.CreateModel(
            name="AttributionWeight",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_on", models.DateField(verbose_name="from")),
                ("ended_on", models.DateField(blank=True, help_text="the first day it no longer holds", null=True, verbose_name="until")),
                ("note", models.CharField(blank=True, max_length=200)),
                ("weight", models.DecimalField(decimal_places=3, max_digits=4, verbose_name="share credited to visits")),
            ],
            options={
                "ordering": ("-started_on", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ended_on", None), ("ended_on__gt", models.F("started_on")), _connector="OR"),
                        name="weight_ends_after_start",
                    ),
                    models.CheckConstraint(condition=models.Q(("weight__gte", 0), ("weight__lte", 1)), name="weight_is_a_share"),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[(territories.models.DateRange("started_on", "ended_on"), "&&")], name="weight_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClosingDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("falls_on", models.DateField(unique=True, verbose_name="day")),
                ("name", models.CharField(blank=True, max_length=80)),
                ("is_open", models.BooleanField(default=False, verbose_name="open in spite of the federal holiday")),
            ],
            options={
                "ordering": ("falls_on",),
            },
        ),
        migrations.CreateModel(
            name="ContributionMargin",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_on", models.DateField(verbose_name="from")),
                ("ended_on", models.DateField(blank=True, help_text="the first day it no longer holds", null=True, verbose_name="until")),
                ("note", models.CharField(blank=True, max_length=200)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="contribution per seen referral, $")),
                ("low", models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True, verbose_name="lowest, $")),
                ("high", models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True, verbose_name="highest, $")),
                (
                    "payer",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="margins", to="referrals.payer"
                    ),
                ),
                (
                    "service_line",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="margins", to="territories.serviceline"),
                ),
            ],
            options={
                "ordering": ("service_line__name", models.OrderBy(models.F("payer__name"), nulls_first=True), "-started_on"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ended_on", None), ("ended_on__gt", models.F("started_on")), _connector="OR"),
                        name="margin_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("high", None), ("low", None)),
                            models.Q(("high__gte", models.F("amount")), ("low__lte", models.F("amount"))),
                            _connector="OR",
                        ),
                        name="margin_lies_in_its_range",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                django.db.models.functions.comparison.Coalesce(
                                    models.F("service_line"), models.Value(0, models.BigIntegerField())
                                ),
                                "=",
                            ),
                            (
                                django.db.models.functions.comparison.Coalesce(
                                    models.F("payer"), models.Value(0, models.BigIntegerField())
                                ),
                                "=",
                            ),
                            (territories.models.DateRange("started_on", "ended_on"), "&&"),
                        ],
                        name="margin_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Goal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("received", "Referrals received"),
                            ("inbound", "Inbound referrals"),
                            ("visits", "Visits made"),
                            ("new_referrers", "New referrers"),
                            ("leakage", "Leakage at most"),
                        ],
                        max_length=13,
                    ),
                ),
                (
                    "period",
                    models.CharField(choices=[("month", "Month"), ("quarter", "Quarter"), ("year", "Year")], default="month", max_length=7),
                ),
                ("start_on", models.DateField(help_text="first day of the period")),
                ("target", models.FloatField(validators=[django.core.validators.MinValueValidator(0)])),
                ("set_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "liaison",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="goals",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "service_line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="goals",
                        to="territories.serviceline",
                    ),
                ),
                ("set_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                (
                    "territory",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="goals", to="territories.territory"
                    ),
                ),
            ],
            options={
                "ordering": ("-start_on", "period", "measure", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("measure", "liaison", "territory", "service_line", "period", "start_on"),
                        name="goal_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("service_line", None), ("territory", None)),
                            models.Q(("liaison", None), ("service_line", None)),
                            models.Q(("liaison", None), ("territory", None)),
                            _connector="OR",
                        ),
                        name="goal_of_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("measure", "visits"), _negated=True), ("service_line", None), _connector="OR"),
                        name="goal_visits_have_no_line",
                    ),
                    models.CheckConstraint(condition=models.Q(("target__gt", 0)), name="goal_has_a_target"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("measure", "leakage"), _negated=True), ("target__lt", 1), _connector="OR"),
                        name="goal_leakage_is_a_share",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProgramCost",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_on", models.DateField(verbose_name="from")),
                ("ended_on", models.DateField(blank=True, help_text="the first day it no longer holds", null=True, verbose_name="until")),
                ("note", models.CharField(blank=True, max_length=200)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=12, verbose_name="cost of the period, $")),
                (
                    "territory",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="program_costs",
                        to="territories.territory",
                    ),
                ),
            ],
            options={
                "ordering": (models.OrderBy(models.F("territory__name"), nulls_first=True), "-started_on"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ended_on__gt", models.F("started_on")), ("ended_on__isnull", False)),
                        name="program_cost_is_of_a_period",
                    ),
                    models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="program_cost_not_negative"),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                django.db.models.functions.comparison.Coalesce(
                                    models.F("territory"), models.Value(0, models.BigIntegerField())
                                ),
                                "=",
                            ),
                            (territories.models.DateRange("started_on", "ended_on"), "&&"),
                        ],
                        name="program_cost_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportRules",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "scheduled_within",
                    models.PositiveSmallIntegerField(
                        default=14,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(730)],
                        verbose_name="days to be scheduled",
                    ),
                ),
                (
                    "seen_within",
                    models.PositiveSmallIntegerField(
                        default=90,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(730)],
                        verbose_name="days to be seen",
                    ),
                ),
                (
                    "report_within",
                    models.PositiveSmallIntegerField(
                        default=120,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(730)],
                        verbose_name="days for the report to come back",
                    ),
                ),
                (
                    "late_cancel_days",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[django.core.validators.MaxValueValidator(30)],
                        verbose_name="an appointment canceled fewer than … days before it counts as a no-show",
                    ),
                ),
                (
                    "new_after_months",
                    models.PositiveSmallIntegerField(
                        default=12,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(36)],
                        verbose_name="months of silence before a referrer is new",
                    ),
                ),
                (
                    "lost_expected",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)],
                        verbose_name="referrals expected before a silent referrer is lost",
                    ),
                ),
                (
                    "lost_days",
                    models.PositiveSmallIntegerField(
                        default=90,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(730)],
                        verbose_name="days of silence after which a referrer is lost",
                    ),
                ),
                (
                    "loyal_at",
                    models.PositiveSmallIntegerField(
                        default=70,
                        validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)],
                        verbose_name="share from which a referrer is loyal, %",
                    ),
                ),
                (
                    "splitter_at",
                    models.PositiveSmallIntegerField(
                        default=30,
                        validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)],
                        verbose_name="share from which a referrer is a splitter, %",
                    ),
                ),
                (
                    "avoidable_miles",
                    models.PositiveSmallIntegerField(
                        default=25,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(500)],
                        verbose_name="leakage is avoidable when one of ours is within … miles",
                    ),
                ),
                (
                    "avoidable_days",
                    models.PositiveSmallIntegerField(
                        default=21,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(730)],
                        verbose_name="and has an appointment within … days",
                    ),
                ),
                (
                    "capacity_old_days",
                    models.PositiveSmallIntegerField(
                        default=45,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(730)],
                        verbose_name="days after which a statement of capacity is too old",
                    ),
                ),
                (
                    "least_peers",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[django.core.validators.MinValueValidator(2), django.core.validators.MaxValueValidator(100)],
                        verbose_name="peers needed before something is expected of a provider",
                    ),
                ),
                (
                    "move_splitter",
                    models.PositiveSmallIntegerField(
                        default=30,
                        validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)],
                        verbose_name="chance that a splitter sends what peers send, %",
                    ),
                ),
                (
                    "move_opportunity",
                    models.PositiveSmallIntegerField(
                        default=15,
                        validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)],
                        verbose_name="chance that an opportunity does, %",
                    ),
                ),
                (
                    "move_loyal",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)],
                        verbose_name="chance that a loyal referrer does, %",
                    ),
                ),
                (
                    "alert_q",
                    models.FloatField(
                        default=0.1,
                        validators=[django.core.validators.MinValueValidator(0.001), django.core.validators.MaxValueValidator(0.5)],
                        verbose_name="share of alerts that may be false",
                    ),
                ),
                (
                    "mature_at",
                    models.PositiveSmallIntegerField(
                        default=95,
                        validators=[django.core.validators.MinValueValidator(50), django.core.validators.MaxValueValidator(100)],
                        verbose_name="a month is complete when so much of it has normally arrived, %",
                    ),
                ),
                (
                    "fiscal_starts",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "January"),
                            (2, "February"),
                            (3, "March"),
                            (4, "April"),
                            (5, "May"),
                            (6, "June"),
                            (7, "July"),
                            (8, "August"),
                            (9, "September"),
                            (10, "October"),
                            (11, "November"),
                            (12, "December"),
                        ],
                        default=1,
                        verbose_name="first month of the fiscal year",
                    ),
                ),
                (
                    "large_import",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)],
                        verbose_name="an import that changes more than … % of the referrals is looked at for alerts at once",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "report rules",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="report_rules_once"),
                    models.CheckConstraint(
                        condition=models.Q(("splitter_at__lt", models.F("loyal_at"))),
                        name="report_rules_classes",
                        violation_error_message="The share of a loyal referrer must be above that of a splitter.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("parameters", models.JSONField(default=dict)),
                ("field", models.JSONField(default=dict)),
                ("question", models.CharField(max_length=64)),
                ("asked_version", models.PositiveBigIntegerField()),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("is_standard", models.BooleanField(default=False, help_text="made by itself after each new version of the data")),
                ("data_version", models.PositiveBigIntegerField(null=True)),
                ("data_through_on", models.DateField(null=True)),
                ("result", models.JSONField(null=True)),
                ("computed_at", models.DateTimeField(null=True)),
                ("asked_by", models.ManyToManyField(blank=True, related_name="asked_report_runs", to=settings.AUTH_USER_MODEL)),
                ("job", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="jobs.job")),
                (
                    "liaison",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="report_runs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "territory",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="report_runs",
                        to="territories.territory",
                    ),
                ),
            ],
            options={
                "ordering": ("-asked_at", "-pk"),
                "indexes": [models.Index(fields=["question", "data_version"], name="report_run_answers")],
                "constraints": [
                    models.UniqueConstraint(fields=("question", "asked_version"), name="report_run_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("computed_at", None), ("data_version", None), ("result", None)),
                            models.Q(("computed_at__isnull", False), ("data_version__isnull", False), ("result__isnull", False)),
                            _connector="OR",
                        ),
                        name="report_run_whole_or_nothing",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(help_text="pdf, xlsx or csv", max_length=8)),
                ("content", models.BinaryField(null=True)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("job", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="jobs.job")),
                ("reader", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("run", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="files", to="reports.reportrun")),
            ],
            options={
                "ordering": ("-asked_at", "-pk"),
                "constraints": [models.UniqueConstraint(fields=("run", "reader", "kind"), name="report_file_once")],
            },
        ),
        migrations.CreateModel(
            name="Untested",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=14)),
                ("provider", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.provider")),
                ("run", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="untested", to="reports.alertrun")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("run", "provider"), name="untested_once")],
            },
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("direction", models.CharField(choices=[("down", "Fall"), ("up", "Rise")], max_length=4)),
                ("is_current", models.BooleanField(default=True, help_text="the newest run found it, or could not test the provider")),
                ("expected", models.FloatField()),
                ("observed", models.PositiveIntegerField()),
                ("difference", models.FloatField(help_text="observed less expected; what lists are ordered by, never the percentage")),
                ("low", models.FloatField()),
                ("high", models.FloatField(help_text="blank: without an upper end, as nothing was expected", null=True)),
                ("q", models.FloatField()),
                ("before", models.PositiveIntegerField(help_text="referrals of the baseline")),
                ("months", models.JSONField(default=list)),
                ("sentence", models.CharField(max_length=400)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("seen", "Seen"),
                            ("snoozed", "Snoozed"),
                            ("assigned", "Assigned"),
                            ("visit", "Visit planned"),
                            ("concern", "Concern raised"),
                            ("closed", "Closed"),
                        ],
                        default="new",
                        max_length=8,
                    ),
                ),
                ("state_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("snoozed_until_on", models.DateField(null=True)),
                (
                    "closed_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("explained", "Explained: leave, retirement, a move"),
                            ("recovered", "They send again"),
                            ("wrong data", "The data are wrong"),
                            ("nothing to do", "Nothing that we can do"),
                            ("faded", "Not found any more"),
                        ],
                        max_length=14,
                    ),
                ),
                ("closed_note", models.CharField(blank=True, max_length=200)),
                (
                    "assigned_to",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="alerts", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "came_from",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contacts.practice"),
                ),
                (
                    "concern",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="alerts", to="concerns.concern"
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="alerts", to="contacts.practice"
                    ),
                ),
                ("provider", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="alerts", to="contacts.provider")),
                (
                    "visit",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="alerts", to="visits.visit"),
                ),
                ("first_run", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="reports.alertrun")),
                (
                    "last_run",
                    models.ForeignKey(
                        help_text="that found it", on_delete=django.db.models.deletion.PROTECT, related_name="alerts", to="reports.alertrun"
                    ),
                ),
            ],
            options={
                "ordering": ("direction", "-pk"),
                "indexes": [
                    models.Index(condition=models.Q(("state", "closed"), _negated=True), fields=["practice"], name="alert_practice_open")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "closed"), _negated=True), fields=("provider", "direction"), name="alert_open_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "snoozed"), _negated=True), ("snoozed_until_on__isnull", False), _connector="OR"
                        ),
                        name="alert_snoozed_until",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("state", "assigned"), _negated=True), ("assigned_to__isnull", False), _connector="OR"),
                        name="alert_assigned_to",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AlertChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(help_text="found, worse, and the names of the actions", max_length=12)),
                ("was", models.JSONField(default=dict)),
                ("words", models.CharField(blank=True, max_length=300)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("undone_at", models.DateTimeField(null=True)),
                ("alert", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="reports.alert")),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("-changed_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="AlertPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("before", models.PositiveIntegerField(help_text="in the baseline")),
                ("observed", models.PositiveIntegerField(help_text="in the recent months")),
                ("alert", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="reports.alert")),
                (
                    "practice",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.practice"),
                ),
                (
                    "service_line",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="territories.serviceline"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("alert", "practice", "service_line"), name="alert_part_once", nulls_distinct=False)
                ],
            },
        ),
    ]
