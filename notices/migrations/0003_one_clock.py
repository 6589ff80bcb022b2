"""A person has one clock: the zone that they chose for mails becomes that of their profile."""

from django.conf import settings
from django.db import migrations


def to_the_person(apps, schema_editor):
    for chosen in apps.get_model("notices", "MailSettings").objects.exclude(time_zone=settings.TIME_ZONE).select_related("person"):
        chosen.person.time_zone = chosen.time_zone
        chosen.person.save(update_fields=["time_zone"])


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0002_event_notices"),
        ("accounts", "0003_installation"),
    ]

    operations = [
        migrations.RunPython(to_the_person, migrations.RunPython.noop),
        migrations.RemoveField(model_name="mailsettings", name="time_zone"),
    ]
