"""Emergency physicians, hospitalists, residents and locums stay off lists of decliners and targets."""

from django.db import migrations, models
from django.db.models import Q

CODES = ("207P", "208M", "390200000X")  # as contacts.importing.specialties had them when this was written


def mark(apps, schema_editor):
    known = Q()
    for code in CODES:
        known |= Q(code__startswith=code)
    apps.get_model("contacts", "Specialty").objects.filter(known).update(stays_off_lists=True)


class Migration(migrations.Migration):
    dependencies = [("contacts", "0003_registry")]

    operations = [
        migrations.AddField(
            model_name="specialty",
            name="stays_off_lists",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="does not choose where patients go",
                verbose_name="stays off lists of decliners and targets",
            ),
        ),
        migrations.AddField(
            model_name="provider",
            name="stays_off_lists",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="a resident, a locum, somebody retiring",
                verbose_name="stays off lists of decliners and targets",
            ),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
