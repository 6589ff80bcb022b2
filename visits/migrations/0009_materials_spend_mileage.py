"""Materials with their stock, links to the spend ledger, mileage; with the IRS's business rates of the years that are known."""

import datetime as dt
from decimal import Decimal

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# year: dollars a mile
RATES = {2023: "0.655", 2024: "0.67", 2025: "0.70"}


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
    dependencies = [
        ("compliance", "0001_ledger"),
        ("visits", "0008_drawn_from_a_list"),
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
        migrations.RunPython(offer_rates, migrations.RunPython.noop),
    ]
