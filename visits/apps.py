from importlib import import_module

from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "visits"

    def ready(self) -> None:
        import_module("visits.agenda")  # what visits add to calendars
        import_module("visits.digests")
        import_module("visits.tasks")  # the command line runs jobs too, without Celery's discovery
