"""Runs of any kind with parameters of their own. What was computed stays: its months become parameters, its field a column."""

import hashlib
import json

import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def carry_over(apps, schema_editor):
    """Each stored run in the new shape; who asked is known where the job still says so. Jobs of the old shape are let go."""
    runs, users = apps.get_model("reports", "ReportRun"), apps.get_model("accounts", "User")
    for run in runs.objects.select_related("job").iterator():
        result = dict(run.result)
        run.field = {name: result.pop(name, default) for name, default in (("whole", False), ("territories", []), ("overlays", []))}
        run.is_standard = not result.pop("asked_by", "")
        run.parameters = {"end": run.end_on.isoformat(), "start": run.start_on.isoformat()}
        asked = [run.kind, run.parameters, run.territory_id, run.liaison_id, run.field, None]
        run.question = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        run.result, run.asked_version, run.asked_at = result, run.data_version, run.computed_at
        run.save()
        if not run.is_standard and run.job and run.job.requested_by_id.isdecimal():
            run.asked_by.set(users.objects.filter(pk=run.job.requested_by_id))
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what was written is checked now: a table with checks pending cannot be altered
    jobs = apps.get_model("jobs", "Job").objects.filter(name__in=["reports.run", "reports.compute"])
    jobs.filter(state__in=["queued", "running"]).update(
        state="cancelled", finished_at=django.utils.timezone.now(), lease_until_at=None, error="Asked for before an update. Ask again."
    )


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0004_report_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="reportrun", name="report_run_once"),
        migrations.RenameField(model_name="reportrun", old_name="name", new_name="kind"),
        migrations.AlterField(model_name="reportrun", name="kind", field=models.CharField(max_length=40)),
        migrations.AddField(model_name="reportrun", name="parameters", field=models.JSONField(default=dict)),
        migrations.AddField(model_name="reportrun", name="field", field=models.JSONField(default=dict)),
        migrations.AddField(
            model_name="reportrun", name="question", field=models.CharField(default="", max_length=64), preserve_default=False
        ),
        migrations.AddField(
            model_name="reportrun", name="asked_version", field=models.PositiveBigIntegerField(default=0), preserve_default=False
        ),
        migrations.AddField(model_name="reportrun", name="asked_at", field=models.DateTimeField(default=django.utils.timezone.now)),
        migrations.AddField(
            model_name="reportrun",
            name="asked_by",
            field=models.ManyToManyField(blank=True, related_name="asked_report_runs", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="reportrun",
            name="is_standard",
            field=models.BooleanField(default=False, help_text="made by itself after each new version of the data"),
        ),
        migrations.AlterField(model_name="reportrun", name="data_version", field=models.PositiveBigIntegerField(null=True)),
        migrations.AlterField(model_name="reportrun", name="result", field=models.JSONField(null=True)),
        migrations.AlterField(model_name="reportrun", name="computed_at", field=models.DateTimeField(null=True)),
        migrations.RunPython(carry_over, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField(model_name="reportrun", name="start_on"),
        migrations.RemoveField(model_name="reportrun", name="end_on"),
        migrations.AlterModelOptions(name="reportrun", options={"ordering": ("-asked_at", "-pk")}),
        migrations.AddConstraint(
            model_name="reportrun", constraint=models.UniqueConstraint(fields=("question", "asked_version"), name="report_run_once")
        ),
        migrations.AddConstraint(
            model_name="reportrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("computed_at", None), ("data_version", None), ("result", None))
                | models.Q(("computed_at__isnull", False), ("data_version__isnull", False), ("result__isnull", False)),
                name="report_run_whole_or_nothing",
            ),
        ),
        migrations.AddIndex(model_name="reportrun", index=models.Index(fields=["question", "data_version"], name="report_run_answers")),
    ]
