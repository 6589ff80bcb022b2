from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class BulkConfig(AppConfig):
    name = "bulk"
    verbose_name = "Many rows at once"

    def ready(self) -> None:
        import_module("bulk.tasks")  # the command line runs jobs too, without Celery's discovery
        autodiscover_modules("bulk")  # each app's own lists, and what can be done with their rows
