"""`write_metrics`: docs/metrics.md from the measures' docstrings; a test fails when it is stale."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from reports.measures import describe


class Command(BaseCommand):
    help = "Write docs/metrics.md from the definitions in reports/measures/."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "metrics.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(describe(), encoding="utf-8")
        self.stdout.write("Wrote docs/metrics.md.")
