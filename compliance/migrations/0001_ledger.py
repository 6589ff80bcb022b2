"""The ledger, and the limits of the years that are known, as rows that an admin may change."""

from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# year: non-monetary per physician, incidental per item (None: not confirmed)
LIMITS = {
    2013: ("380", "32"),
    2014: ("385", "32"),
    2015: ("392", "33"),
    2016: ("392", "33"),
    2017: ("398", "33"),
    2018: ("407", "34"),
    2019: ("416", "35"),
    2020: ("423", "36"),
    2021: ("429", "37"),
    2022: ("452", "39"),
    2023: ("489", "42"),
    2024: ("507", "44"),
    2025: (None, None),
    2026: ("535", None),
}
SOURCE = "CMS, CPI-U updates of the Stark limits (42 CFR 411.357(k) and (m))"
NOT_CONFIRMED = "Not confirmed. Look it up at CMS, CPI-U updates, and type it in"


def offer_limits(apps, schema_editor):
    """Only where nobody has typed any yet."""
    limits = apps.get_model("compliance", "SpendLimit").objects.using(schema_editor.connection.alias)
    if limits.exists():
        return
    for year, (non_monetary, incidental) in LIMITS.items():
        known = non_monetary is not None and incidental is not None
        half = "" if known else ". The incidental amount is not confirmed"
        limits.create(
            year=year,
            non_monetary=Decimal(non_monetary) if non_monetary else None,
            incidental=Decimal(incidental) if incidental else None,
            source=f"{SOURCE}{half}" if non_monetary else NOT_CONFIRMED,
        )


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("contacts", "0001_schema"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SpendEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("spent_on", models.DateField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("meal", "Meal"),
                            ("gift", "Gift for all of them"),
                            ("item", "Items, one each"),
                            ("entertainment", "Entertainment"),
                            ("education", "Education"),
                            ("incidental", "Incidental items for medical staff"),
                            ("staff event", "Yearly medical-staff event"),
                            ("cash", "Cash or check"),
                            ("gift card", "Gift card or voucher"),
                        ],
                        max_length=16,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=9, verbose_name="amount, $")),
                (
                    "quantity",
                    models.PositiveSmallIntegerField(default=1, help_text="how many pieces the amount is for", verbose_name="items"),
                ),
                ("vendor", models.CharField(blank=True, max_length=120)),
                ("purpose", models.CharField(max_length=300, verbose_name="business purpose")),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "Planned"), ("happened", "Happened"), ("cancelled", "Cancelled")],
                        default="happened",
                        max_length=10,
                    ),
                ),
                ("is_solicited", models.BooleanField(default=False, help_text="the physician or the office asked for it")),
                (
                    "is_reported",
                    models.BooleanField(default=False, help_text="never allowed, given nevertheless: for compliance to look at"),
                ),
                ("override_reason", models.CharField(blank=True, max_length=300)),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("cancel_reason", models.CharField(blank=True, max_length=300)),
                (
                    "cancelled_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "overridden_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "payer",
                    models.ForeignKey(
                        blank=True,
                        help_text="our entity that pays; blank: the system",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contacts.organization",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contacts.practice"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "verbose_name_plural": "spend entries",
                "ordering": ("-spent_on", "-pk"),
                "indexes": [
                    models.Index(fields=["-spent_on", "-id"], name="spend_by_day"),
                    models.Index(fields=["practice", "-spent_on"], name="spend_practice"),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="spend_amount_positive"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("overridden_by", None), ("override_reason", "")),
                            models.Q(("overridden_by__isnull", False), models.Q(("override_reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="spend_overridden_for_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cancelled_at__isnull", False), ("state", "cancelled")),
                            models.Q(models.Q(("state", "cancelled"), _negated=True), ("cancelled_at", None)),
                            _connector="OR",
                        ),
                        name="spend_cancelled_at",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="as the person's file was called", max_length=120)),
                ("stored_as", models.CharField(help_text="its name in the folder of receipts", max_length=60, unique=True)),
                ("content_type", models.CharField(max_length=40)),
                ("size", models.PositiveIntegerField(help_text="bytes")),
                ("sha256", models.CharField(max_length=64)),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                ("added_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                (
                    "removed_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="receipts", to="compliance.spendentry"),
                ),
            ],
            options={
                "ordering": ("added_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="SpendLimit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "year",
                    models.PositiveSmallIntegerField(
                        validators=[django.core.validators.MinValueValidator(2000), django.core.validators.MaxValueValidator(2100)]
                    ),
                ),
                (
                    "non_monetary",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="per physician and calendar year",
                        max_digits=8,
                        null=True,
                        verbose_name="non-monetary limit, $",
                    ),
                ),
                (
                    "incidental",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="per item, on campus",
                        max_digits=8,
                        null=True,
                        verbose_name="incidental items below, $",
                    ),
                ),
                ("source", models.CharField(max_length=300, verbose_name="where it was read")),
                (
                    "entity",
                    models.ForeignKey(
                        blank=True,
                        help_text="blank: all of our entities",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contacts.organization",
                    ),
                ),
            ],
            options={
                "ordering": ("-year", models.OrderBy(models.F("entity"), nulls_first=True)),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "year"),
                        name="spend_limit_once",
                        nulls_distinct=False,
                        violation_error_message="There is a row for this entity and year already. Change that one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("non_monetary", None), ("non_monetary__gt", 0), _connector="OR"),
                            models.Q(("incidental", None), ("incidental__gt", 0), _connector="OR"),
                        ),
                        name="spend_limit_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SpendPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "gift_counts_whole",
                    models.BooleanField(default=True, verbose_name="A gift that cannot be divided counts whole for each physician"),
                ),
                (
                    "warn_at",
                    models.PositiveSmallIntegerField(
                        default=80,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)],
                        verbose_name="Warn from, % of the limit",
                    ),
                ),
                (
                    "employed_yearly",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Their employment has rules of its own. Blank: written down, without a limit.",
                        max_digits=8,
                        null=True,
                        verbose_name="Employed physicians: at most a year, $",
                    ),
                ),
                (
                    "staff_per_occasion",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Also nurse practitioners and physician assistants. Blank: without a limit.",
                        max_digits=8,
                        null=True,
                        verbose_name="Office staff: at most per person and occasion, $",
                    ),
                ),
                (
                    "approve_days",
                    models.PositiveSmallIntegerField(
                        default=14,
                        validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)],
                        verbose_name="Days to approve what is over a limit",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "spend policies",
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="spend_policy_once")],
            },
        ),
        migrations.CreateModel(
            name="SpendShare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("physician", "Physician"),
                            ("employed", "Employed physician"),
                            ("family", "Family of a physician"),
                            ("staff", "Office staff"),
                            ("ours", "Our own people"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("limit", "Yearly limit"),
                            ("employed", "Policy for employed physicians"),
                            ("staff", "Policy for office staff"),
                            ("none", "Counts for nothing"),
                        ],
                        max_length=10,
                    ),
                ),
                ("people", models.PositiveSmallIntegerField(default=1)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=9)),
                ("counted", models.DecimalField(decimal_places=2, max_digits=9)),
                (
                    "entry",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="shares", to="compliance.spendentry"),
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
                        blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="contacts.staff"
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "indexes": [models.Index(fields=["provider", "rule"], name="spend_share_provider")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0), ("counted__gte", 0), ("people__gte", 1)), name="spend_share_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("rule__in", ["limit", "employed"]), _negated=True), ("provider__isnull", False), _connector="OR"
                        ),
                        name="spend_share_of_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SpendTask",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.PositiveSmallIntegerField()),
                ("kind", models.CharField(choices=[("repay", "Repayment"), ("approve", "Approval")], max_length=8)),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("limit", "Over the yearly limit"),
                            ("no limit", "The year has no limit"),
                            ("employed", "Over the policy for employed physicians"),
                            ("staff", "Over the policy for office staff"),
                            ("cash", "Cash or the like"),
                            ("solicited", "They asked for it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=9, verbose_name="amount, $")),
                ("received_on", models.DateField()),
                ("due_on", models.DateField()),
                ("why", models.CharField(help_text="a sentence", max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("done", "Done"), ("withdrawn", "No longer needed")], default="open", max_length=9
                    ),
                ),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("done_on", models.DateField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "done_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        help_text="with which it came about",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tasks",
                        to="compliance.spendentry",
                    ),
                ),
                (
                    "payer",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contacts.organization"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contacts.provider"
                    ),
                ),
            ],
            options={
                "ordering": ("due_on", "pk"),
                "indexes": [models.Index(fields=["provider", "year"], name="spend_task_provider")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("entry", "provider", "cause"),
                        name="spend_task_open_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("done_by__isnull", False), ("done_on__isnull", False), ("state", "done")),
                            models.Q(models.Q(("state", "done"), _negated=True), ("done_by", None), ("done_on", None)),
                            _connector="OR",
                        ),
                        name="spend_task_done_by_somebody",
                    ),
                ],
            },
        ),
        migrations.RunPython(offer_limits, migrations.RunPython.noop),
    ]
