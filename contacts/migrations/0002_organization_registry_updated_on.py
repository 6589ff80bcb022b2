from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(
            name="alignment",
            options={"ordering": (models.F("started_on").asc(nulls_first=True), "pk")},
        ),
        migrations.AddField(
            model_name="organization",
            name="registry_updated_on",
            field=models.DateField(blank=True, editable=False, help_text="NPPES: Last Update Date", null=True),
        ),
    ]
