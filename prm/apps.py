"""The project itself as an app: it loads the Celery app with Django, so that every process talks to the same broker."""

from django.apps import AppConfig


class PrmConfig(AppConfig):
    name = "prm"
    verbose_name = "PRM"

    def ready(self) -> None:
        from prm import celery  # noqa: F401, PLC0415 - importing it makes it the current app; settings are loaded by now
