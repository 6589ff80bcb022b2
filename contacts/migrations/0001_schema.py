"""Practices, providers and where they work; dated alignment; aliases, merges, the registry; tiers; visiting hours."""

import django.contrib.postgres.constraints
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import territories.models


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("contacts", "0001_initial"),
        ("contacts", "0002_aliases_and_merges"),
        ("contacts", "0003_registry"),
        ("contacts", "0004_who_stays_off_lists"),
        ("contacts", "0005_tiers"),
        ("contacts", "0006_visiting_hours_and_pins"),
    ]

    dependencies = [
        ("territories", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TaxonomyCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=10, unique=True)),
                ("display_name", models.CharField(max_length=120)),
                ("classification", models.CharField(blank=True, max_length=120)),
                ("specialization", models.CharField(blank=True, max_length=120)),
                ("is_retired", models.BooleanField(default=False, help_text="the latest file marks it inactive or does not have it")),
            ],
            options={
                "ordering": ("code",),
            },
        ),
        migrations.CreateModel(
            name="Cadence",
            fields=[
                (
                    "tier",
                    models.CharField(
                        choices=[("A", "A"), ("B", "B"), ("C", "C"), ("D", "D")], max_length=1, primary_key=True, serialize=False
                    ),
                ),
                ("every_days", models.PositiveSmallIntegerField(help_text="days from one visit to the next")),
            ],
            options={
                "ordering": ("tier",),
                "constraints": [models.CheckConstraint(condition=models.Q(("every_days__gte", 1)), name="cadence_has_days")],
            },
        ),
        migrations.CreateModel(
            name="Organization",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("folded_name", models.CharField(editable=False, help_text="common.names.fold(name)", max_length=200)),
                ("npi", models.CharField(blank=True, max_length=10, verbose_name="NPI")),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("city", models.CharField(blank=True, max_length=80)),
                ("state", models.CharField(blank=True, max_length=2)),
                ("registry_updated_on", models.DateField(blank=True, editable=False, help_text="NPPES: Last Update Date", null=True)),
                (
                    "merged_into",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="contacts.organization",
                    ),
                ),
                (
                    "service_line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="organizations",
                        to="territories.serviceline",
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["folded_name"], name="organization_folded", opclasses=["gin_trgm_ops"])
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("folded_name",), name="organization_name_once"),
                    models.UniqueConstraint(condition=models.Q(("npi", ""), _negated=True), fields=("npi",), name="organization_npi_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrganizationMerge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("moved", models.JSONField(default=dict)),
                ("merged_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("unmerged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "merged",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="merges", to="contacts.organization"),
                ),
                (
                    "merged_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("survivor", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contacts.organization")),
                (
                    "unmerged_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("-merged_at", "-pk"),
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("unmerged_at", None)), fields=("merged",), name="organization_merged_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Practice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("folded_name", models.CharField(editable=False, help_text="common.names.fold(name)", max_length=200)),
                ("npi", models.CharField(blank=True, max_length=10, verbose_name="NPI")),
                ("address", models.CharField(blank=True, max_length=200)),
                ("city", models.CharField(blank=True, max_length=80)),
                ("state", models.CharField(blank=True, max_length=2)),
                ("zip", models.CharField(blank=True, max_length=5, verbose_name="ZIP code")),
                ("county", models.CharField(blank=True, editable=False, help_text='of the ZIP code, as "CT/Hartford"', max_length=80)),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("fax", models.CharField(blank=True, max_length=40)),
                ("visiting_rules", models.CharField(blank=True, help_text="days in, lunch, who to ask for", max_length=300)),
                (
                    "visit_minutes",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="how long a visit takes here; blank: as everywhere",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(240)],
                    ),
                ),
                (
                    "lunch_rule",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("closed", "No visitors at lunch"),
                            ("welcome", "Lunch may be brought"),
                            ("booked", "Lunch only when booked before"),
                            ("never", "No lunches"),
                        ],
                        max_length=8,
                    ),
                ),
                ("lunch_begins", models.TimeField(blank=True, null=True)),
                ("lunch_ends", models.TimeField(blank=True, null=True)),
                ("do_not_visit", models.BooleanField(default=False)),
                (
                    "tier",
                    models.CharField(
                        blank=True,
                        choices=[("A", "A"), ("B", "B"), ("C", "C"), ("D", "D")],
                        help_text="how often it is to be visited; blank promises nothing",
                        max_length=1,
                    ),
                ),
                (
                    "placed_by",
                    models.CharField(
                        choices=[("pin", "Pinned by name"), ("zip", "ZIP code"), ("county", "County"), ("nobody", "No rule")],
                        default="nobody",
                        editable=False,
                        max_length=6,
                    ),
                ),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="practices",
                        to="contacts.organization",
                    ),
                ),
                (
                    "territory",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="practices",
                        to="territories.territory",
                    ),
                ),
            ],
            options={
                "ordering": ("name", "pk"),
                "indexes": [
                    models.Index(fields=["territory", "name"], name="practice_territory"),
                    models.Index(fields=["zip"], name="practice_zip"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("folded_name", "zip"), name="practice_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lunch_begins", None), ("lunch_ends", None)),
                            ("lunch_ends__gt", models.F("lunch_begins")),
                            _connector="OR",
                        ),
                        name="practice_lunch_ends_after_begin",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MapPin",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "latitude",
                    models.FloatField(
                        validators=[django.core.validators.MinValueValidator(-90), django.core.validators.MaxValueValidator(90)]
                    ),
                ),
                (
                    "longitude",
                    models.FloatField(
                        validators=[django.core.validators.MinValueValidator(-180), django.core.validators.MaxValueValidator(180)]
                    ),
                ),
                ("dropped_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "dropped_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "practice",
                    models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="map_pin", to="contacts.practice"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("latitude__gte", -90), ("latitude__lte", 90), ("longitude__gte", -180), ("longitude__lte", 180)
                        ),
                        name="map_pin_on_earth",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PracticePin",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("pinned_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "pinned_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("practice", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="pin", to="contacts.practice")),
                (
                    "territory",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="pins", to="territories.territory"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Specialty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=10, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "stays_off_lists",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="does not choose where patients go",
                        verbose_name="stays off lists of decliners and targets",
                    ),
                ),
                (
                    "service_line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="specialties",
                        to="territories.serviceline",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "specialties",
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Provider",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("npi", models.CharField(blank=True, max_length=10, verbose_name="NPI")),
                ("first_name", models.CharField(blank=True, max_length=80)),
                ("middle_name", models.CharField(blank=True, max_length=80)),
                ("last_name", models.CharField(max_length=80)),
                ("folded_name", models.CharField(editable=False, help_text='common.names.fold: "last first"', max_length=200)),
                ("credential", models.CharField(blank=True, max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("physician", "Physician"),
                            ("np", "Nurse practitioner"),
                            ("pa", "Physician assistant"),
                            ("other", "Other clinician"),
                        ],
                        default="physician",
                        max_length=10,
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("preferences", models.CharField(blank=True, help_text="how to reach, when to come, how they refer", max_length=300)),
                ("do_not_visit", models.BooleanField(default=False)),
                (
                    "stays_off_lists",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="a resident, a locum, somebody retiring",
                        verbose_name="stays off lists of decliners and targets",
                    ),
                ),
                ("is_stale", models.BooleanField(default=False, editable=False, help_text="the NPI was deactivated")),
                ("registry_updated_on", models.DateField(blank=True, editable=False, help_text="NPPES: Last Update Date", null=True)),
                ("deactivated_on", models.DateField(blank=True, editable=False, null=True)),
                (
                    "merged_into",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="contacts.provider",
                    ),
                ),
                (
                    "specialty",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="providers",
                        to="contacts.specialty",
                    ),
                ),
            ],
            options={
                "ordering": ("last_name", "first_name", "pk"),
                "indexes": [
                    models.Index(fields=["last_name", "first_name"], name="provider_name"),
                    django.contrib.postgres.indexes.GinIndex(fields=["folded_name"], name="provider_folded", opclasses=["gin_trgm_ops"]),
                ],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("npi", ""), _negated=True), fields=("npi",), name="provider_npi_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="KeptApart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("said_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "said_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "first_organization",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.organization"),
                ),
                (
                    "second_organization",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.organization"),
                ),
                (
                    "first_provider",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.provider"),
                ),
                (
                    "second_provider",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.provider"),
                ),
            ],
            options={
                "verbose_name_plural": "kept apart",
                "ordering": ("-said_at", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("first_organization", None),
                                ("first_provider__lt", models.F("second_provider")),
                                ("second_organization", None),
                            ),
                            models.Q(
                                ("first_organization__lt", models.F("second_organization")),
                                ("first_provider", None),
                                ("second_provider", None),
                            ),
                            _connector="OR",
                        ),
                        name="kept_apart_in_order",
                    ),
                    models.UniqueConstraint(fields=("first_provider", "second_provider"), name="providers_kept_apart_once"),
                    models.UniqueConstraint(fields=("first_organization", "second_organization"), name="organizations_kept_apart_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Guess",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("provider", "Provider"), ("practice", "Practice"), ("organization", "Organization")], max_length=12
                    ),
                ),
                ("npi", models.CharField(blank=True, max_length=10, verbose_name="NPI")),
                ("name", models.CharField(blank=True, max_length=200)),
                ("office", models.CharField(blank=True, max_length=200)),
                ("zip", models.CharField(blank=True, max_length=5, verbose_name="ZIP code")),
                ("score", models.FloatField(default=0)),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.organization"
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.practice"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.provider"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "guesses",
                "ordering": ("score", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "npi", "name", "office", "zip"), name="guess_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "provider"),
                                ("organization__isnull", True),
                                ("practice__isnull", True),
                                ("provider__isnull", False),
                            ),
                            models.Q(
                                ("kind", "practice"),
                                ("organization__isnull", True),
                                ("practice__isnull", False),
                                ("provider__isnull", True),
                            ),
                            models.Q(
                                ("kind", "organization"),
                                ("organization__isnull", False),
                                ("practice__isnull", True),
                                ("provider__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="guess_of_its_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Alignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("employed", "Employed"),
                            ("affiliated", "Affiliated"),
                            ("independent", "Independent"),
                            ("competitor", "Competitor"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=12,
                    ),
                ),
                ("started_on", models.DateField(blank=True, null=True)),
                ("ended_on", models.DateField(blank=True, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alignments",
                        to="contacts.organization",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alignments",
                        to="contacts.practice",
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alignments",
                        to="contacts.provider",
                    ),
                ),
            ],
            options={
                "ordering": (models.OrderBy(models.F("started_on"), nulls_first=True), "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("organization", None), ("practice", None), ("provider__isnull", False)),
                            models.Q(("organization", None), ("practice__isnull", False), ("provider", None)),
                            models.Q(("organization__isnull", False), ("practice", None), ("provider", None)),
                            _connector="OR",
                        ),
                        name="alignment_of_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_on", None), ("started_on", None), ("ended_on__gt", models.F("started_on")), _connector="OR"
                        ),
                        name="alignment_ends_after_start",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("provider__isnull", False)),
                        expressions=[("provider", "="), (territories.models.DateRange("started_on", "ended_on"), "&&")],
                        name="alignment_provider_once",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("practice__isnull", False)),
                        expressions=[("practice", "="), (territories.models.DateRange("started_on", "ended_on"), "&&")],
                        name="alignment_practice_once",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("organization__isnull", False)),
                        expressions=[("organization", "="), (territories.models.DateRange("started_on", "ended_on"), "&&")],
                        name="alignment_organization_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Alias",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("provider", "Provider"), ("practice", "Practice"), ("organization", "Organization")], max_length=12
                    ),
                ),
                ("npi", models.CharField(blank=True, max_length=10, verbose_name="NPI")),
                ("name", models.CharField(blank=True, max_length=200)),
                ("office", models.CharField(blank=True, max_length=200)),
                ("zip", models.CharField(blank=True, max_length=5, verbose_name="ZIP code")),
                ("key", models.CharField(editable=False, help_text="contacts.matching.Words.key", max_length=700, unique=True)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("came_with", models.CharField(blank=True, help_text="the import that first said the words, if any did", max_length=20)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.organization"
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.practice"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contacts.provider"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "aliases",
                "ordering": ("-made_at", "-pk"),
                "indexes": [
                    models.Index(condition=models.Q(("came_with", ""), _negated=True), fields=["came_with"], name="alias_came_with")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "provider"), ("organization__isnull", True), ("practice__isnull", True)),
                            models.Q(("kind", "practice"), ("organization__isnull", True), ("provider__isnull", True)),
                            models.Q(("kind", "organization"), ("practice__isnull", True), ("provider__isnull", True)),
                            _connector="OR",
                        ),
                        name="alias_of_its_kind",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Affiliation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_primary", models.BooleanField(default=True)),
                ("started_on", models.DateField(blank=True, null=True)),
                ("ended_on", models.DateField(blank=True, null=True)),
                (
                    "practice",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="affiliations", to="contacts.practice"),
                ),
                (
                    "provider",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="affiliations", to="contacts.provider"),
                ),
            ],
            options={
                "ordering": ("-is_primary", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_on", None)), fields=("provider", "practice"), name="affiliation_open_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_on", None), ("is_primary", True)), fields=("provider",), name="affiliation_one_primary"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_on", None), ("started_on", None), ("ended_on__gt", models.F("started_on")), _connector="OR"
                        ),
                        name="affiliation_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProviderLocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(max_length=200)),
                ("folded_address", models.CharField(editable=False, help_text="common.names.fold(address)", max_length=200)),
                ("city", models.CharField(blank=True, max_length=80)),
                ("state", models.CharField(blank=True, max_length=2)),
                ("zip", models.CharField(blank=True, max_length=5, verbose_name="ZIP code")),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("fax", models.CharField(blank=True, max_length=40)),
                (
                    "organization",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="locations", to="contacts.organization"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="locations", to="contacts.provider"
                    ),
                ),
            ],
            options={
                "ordering": ("city", "address", "pk"),
                "indexes": [models.Index(fields=["zip"], name="provider_location_zip")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("organization", None), ("provider__isnull", False)),
                            models.Q(("organization__isnull", False), ("provider", None)),
                            _connector="OR",
                        ),
                        name="provider_location_of_one",
                    ),
                    models.UniqueConstraint(fields=("provider", "folded_address", "zip"), name="provider_location_once"),
                    models.UniqueConstraint(fields=("organization", "folded_address", "zip"), name="organization_location_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProviderMerge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("moved", models.JSONField(default=dict)),
                ("merged_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("unmerged_at", models.DateTimeField(blank=True, null=True)),
                ("merged", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="merges", to="contacts.provider")),
                (
                    "merged_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("survivor", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contacts.provider")),
                (
                    "unmerged_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("-merged_at", "-pk"),
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("unmerged_at", None)), fields=("merged",), name="provider_merged_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ProviderName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("folded_name", models.CharField(editable=False, help_text='common.names.fold; of a person "last first"', max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("former", "Former name"),
                            ("professional", "Professional name"),
                            ("dba", "Doing business as"),
                            ("other", "Other name"),
                        ],
                        default="other",
                        max_length=12,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="other_names", to="contacts.organization"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="other_names", to="contacts.provider"
                    ),
                ),
            ],
            options={
                "ordering": ("name", "pk"),
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["folded_name"], name="other_name_folded", opclasses=["gin_trgm_ops"])
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("organization", None), ("provider__isnull", False)),
                            models.Q(("organization__isnull", False), ("provider", None)),
                            _connector="OR",
                        ),
                        name="provider_name_of_one",
                    ),
                    models.UniqueConstraint(fields=("provider", "folded_name"), name="provider_other_name_once"),
                    models.UniqueConstraint(fields=("organization", "folded_name"), name="organization_other_name_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Staff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=150)),
                ("job", models.CharField(blank=True, max_length=80, verbose_name="role in the office")),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("left_on", models.DateField(blank=True, null=True)),
                ("practice", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="staff", to="contacts.practice")),
            ],
            options={
                "verbose_name_plural": "staff",
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="TierChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tier", models.CharField(blank=True, choices=[("A", "A"), ("B", "B"), ("C", "C"), ("D", "D")], max_length=1)),
                ("before", models.JSONField(help_text="{practice id: its tier before}")),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "changed_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "ordering": ("-changed_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="VisitingHours",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                        ],
                        help_text="blank: every day",
                        null=True,
                    ),
                ),
                ("kind", models.CharField(choices=[("open", "Sees visitors"), ("closed", "No visits")], default="open", max_length=6)),
                ("begins", models.TimeField()),
                ("ends", models.TimeField()),
                (
                    "practice",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="visiting_hours", to="contacts.practice"),
                ),
            ],
            options={
                "verbose_name_plural": "visiting hours",
                "ordering": ("practice", "weekday", "begins"),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("ends__gt", models.F("begins"))), name="visiting_hours_end_after_begin")
                ],
            },
        ),
    ]
