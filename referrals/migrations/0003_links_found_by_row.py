from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("referrals", "0002_what_was_told")]

    operations = [
        migrations.AddIndex(
            model_name="statusevent",
            index=models.Index(condition=models.Q(("via__isnull", False)), fields=["via"], name="status_event_via"),
        ),
    ]
