from importlib import import_module

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        import_module("reports.closings")  # those who plan their weeks ask for closing days
        import_module("reports.behind")  # the list of referrals asks what stands behind a figure
