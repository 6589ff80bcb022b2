"""Concerns with their categories and departments; field notes; quality projects."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [("concerns", "0001_initial"), ("concerns", "0003_notes_and_projects")]

    dependencies = [
        ("contacts", "0001_schema"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Department",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "lead",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                ("deadline_days", models.PositiveSmallIntegerField(default=14)),
                ("escalate_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "department",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="categories", to="concerns.department"),
                ),
            ],
            options={
                "verbose_name_plural": "categories",
                "ordering": ("name",),
                "constraints": [models.CheckConstraint(condition=models.Q(("deadline_days__gte", 1)), name="category_has_a_deadline")],
            },
        ),
        migrations.CreateModel(
            name="FieldNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("feedback", "Feedback"), ("gap", "Service gap"), ("competitor", "Competitor")], max_length=10
                    ),
                ),
                ("text", models.TextField()),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, help_text="lower case, each once", size=None
                    ),
                ),
                ("heard_on", models.DateField(default=django.utils.timezone.localdate)),
                ("noted_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "noted_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="field_notes", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "practice",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="field_notes", to="contacts.practice"),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="field_notes",
                        to="contacts.provider",
                    ),
                ),
            ],
            options={
                "ordering": ("-heard_on", "-pk"),
                "indexes": [
                    models.Index(fields=["practice", "-heard_on"], name="field_note_practice"),
                    django.contrib.postgres.indexes.GinIndex(fields=["tags"], name="field_note_tags"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Concern",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "severity",
                    models.CharField(choices=[("high", "High"), ("normal", "Normal"), ("low", "Low")], default="normal", max_length=6),
                ),
                ("text", models.TextField(help_text="what the practice said")),
                ("raised_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("clock_started_on", models.DateField()),
                ("due_on", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("resolved", "Resolved, not told"), ("closed", "Closed")], default="open", max_length=8
                    ),
                ),
                ("resolution", models.TextField(blank=True, help_text="what we did")),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("told_on", models.DateField(blank=True, null=True)),
                (
                    "told_how",
                    models.CharField(
                        blank=True,
                        choices=[("visit", "On a visit"), ("phone", "By phone"), ("email", "By email"), ("letter", "By letter or fax")],
                        max_length=6,
                    ),
                ),
                ("escalated_at", models.DateTimeField(blank=True, null=True)),
                (
                    "category",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="concerns", to="concerns.category"),
                ),
                (
                    "escalated_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="concerns_escalated",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="concerns_owned",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="concerns", to="contacts.practice"),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="concerns", to="contacts.provider"
                    ),
                ),
                (
                    "raised_by",
                    models.ForeignKey(
                        help_text="who wrote it down",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="concerns_raised",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="concerns", to="concerns.department"),
                ),
            ],
            options={
                "ordering": ("due_on", "pk"),
                "indexes": [
                    models.Index(fields=["practice", "state"], name="concern_practice"),
                    models.Index(condition=models.Q(("state", "open")), fields=["due_on"], name="concern_open"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "closed"),
                                ("told_by__isnull", False),
                                ("told_on__isnull", False),
                                models.Q(("told_how", ""), _negated=True),
                            ),
                            models.Q(models.Q(("state", "closed"), _negated=True), ("told_by", None), ("told_how", ""), ("told_on", None)),
                            _connector="OR",
                        ),
                        name="concern_closed_when_told",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolved_at", None), ("state", "open")),
                            models.Q(models.Q(("state", "open"), _negated=True), ("resolved_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="concern_resolved_at",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QualityProject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("goal", models.TextField(help_text="what is to become better, for whom")),
                ("started_on", models.DateField()),
                ("ended_on", models.DateField(blank=True, help_text="the last day of the work; what it changed is counted on", null=True)),
                ("begun_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("begun_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("categories", models.ManyToManyField(help_text="by which it is to show", related_name="projects", to="concerns.category")),
                ("concerns", models.ManyToManyField(blank=True, related_name="projects", to="concerns.concern")),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="quality_projects", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("-started_on", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ended_on", None), ("ended_on__gt", models.F("started_on")), _connector="OR"),
                        name="project_ends_after_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("comment", "Comment"),
                            ("resolved", "Resolved"),
                            ("told", "Practice told"),
                            ("reopened", "Reopened"),
                            ("escalated", "Escalated"),
                        ],
                        default="comment",
                        max_length=9,
                    ),
                ),
                ("text", models.TextField(blank=True)),
                ("written_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "written_by",
                    models.ForeignKey(
                        help_text="blank: by itself, after the deadline",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("concern", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="comments", to="concerns.concern")),
            ],
            options={
                "ordering": ("written_at", "pk"),
            },
        ),
    ]
