from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        """Every app's handlers are known in every process: workers, the command line, tests."""
        autodiscover_modules("tasks")
