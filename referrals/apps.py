from importlib import import_module

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"

    def ready(self) -> None:
        import_module("referrals.tasks")  # the command line runs jobs too, without Celery's discovery
