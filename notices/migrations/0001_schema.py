"""The bell, and what was mailed."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [("notices", "0001_initial"), ("notices", "0002_digests")]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DigestSent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("daily", "Your day"), ("weekly", "From the field")], max_length=10)),
                ("day_on", models.DateField(help_text="the person's day")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("tried_at", models.DateTimeField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("is_empty", models.BooleanField(default=False)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="digests", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "verbose_name_plural": "digests sent",
                "ordering": ("-day_on", "-pk"),
                "constraints": [models.UniqueConstraint(fields=("person", "kind", "day_on"), name="digest_once")],
            },
        ),
        migrations.CreateModel(
            name="MailSettings",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("daily", models.BooleanField(default=True, verbose_name="each day, what is due")),
                ("weekly", models.BooleanField(default=True, verbose_name="each week, what the field heard")),
                ("hour", models.PositiveSmallIntegerField(default=7, help_text="from 0 to 23")),
                ("time_zone", models.CharField(default="America/New_York", max_length=64)),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="mail_settings", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "mail settings",
                "constraints": [models.CheckConstraint(condition=models.Q(("hour__lte", 23)), name="mail_hour_of_a_day")],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("follow-up", "Follow-up"),
                            ("concern", "Concern"),
                            ("alert", "Alert"),
                            ("visit", "Visit"),
                            ("targets", "Target list"),
                            ("spend", "Spend"),
                            ("run", "Report"),
                        ],
                        max_length=10,
                    ),
                ),
                ("text", models.CharField(max_length=300)),
                ("url", models.CharField(help_text="a path of PRM itself", max_length=300)),
                ("key", models.CharField(blank=True, max_length=100)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="blank: PRM itself",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("to", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="notices", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ("-made_at", "-pk"),
                "indexes": [
                    models.Index(fields=["to", "-made_at"], name="notice_to"),
                    models.Index(condition=models.Q(("read_at", None)), fields=["to"], name="notice_unread"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("read_at", None), models.Q(("key", ""), _negated=True)),
                        fields=("to", "key"),
                        name="notice_unread_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("url__startswith", "/"), models.Q(("url__startswith", "//"), _negated=True)),
                        name="notice_leads_inside",
                    ),
                ],
            },
        ),
    ]
