from importlib import import_module

from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "events"

    def ready(self) -> None:
        import_module("events.agenda")  # what events add to calendars
        import_module("events.digests")
        import_module("events.happenings")  # what events add to timelines
        import_module("events.tasks")  # the command line runs jobs too, without Celery's discovery
