"""Categories and departments that concerns usually belong to, so that one can be written down on the first day; an admin changes them."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# department: category, days to the deadline
USUAL = {
    "Access center": (("Access and wait", 14), ("Scheduling", 7)),
    "Clinical operations": (("Quality of care", 5), ("Staff conduct", 5)),
    "Finance": (("Authorization and insurance", 14),),
    "Health information": (("Reports back", 10),),
    "Referral office": (("Referral process", 7), ("Other", 14)),
}


def offer_usual_categories(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Only where nobody has chosen any yet."""
    alias = schema_editor.connection.alias
    departments = apps.get_model("concerns", "Department").objects.using(alias)
    categories = apps.get_model("concerns", "Category").objects.using(alias)
    if departments.exists() or categories.exists():
        return
    for name, kinds in USUAL.items():
        department = departments.create(name=name)
        for category, days in kinds:
            categories.create(name=category, department=department, deadline_days=days, escalate_days=7)


class Migration(migrations.Migration):
    dependencies = [("concerns", "0001_schema")]

    operations = [migrations.RunPython(offer_usual_categories, migrations.RunPython.noop)]
