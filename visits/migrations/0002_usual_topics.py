"""Topics that visits are usually about, so that the form offers some on the first day; an admin changes the list."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

USUAL = ("New service", "Access and wait", "Scheduling", "Introduction", "Feedback", "Reports back")


def offer_usual_topics(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Only where nobody has chosen any yet."""
    topics = apps.get_model("visits", "Topic").objects.using(schema_editor.connection.alias)
    if not topics.exists():
        topics.bulk_create(topics.model(name=name) for name in USUAL)


class Migration(migrations.Migration):
    dependencies = [("visits", "0001_initial")]

    operations = [migrations.RunPython(offer_usual_topics, migrations.RunPython.noop)]
