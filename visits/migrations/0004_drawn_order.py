"""Drawn orders, which cannot be changed: the database refuses UPDATE and DELETE, whoever asks."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

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


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0004_who_stays_off_lists"),
        ("visits", "0003_target_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
        migrations.RunSQL(REFUSE, ALLOW),
    ]
