from importlib import import_module

from django.apps import AppConfig


class ConcernsConfig(AppConfig):
    name = "concerns"

    def ready(self) -> None:
        import_module("concerns.digests")
        import_module("concerns.tasks")  # the command line runs jobs too, without Celery's discovery
