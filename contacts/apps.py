from importlib import import_module

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"

    def ready(self) -> None:
        import_module("contacts.tasks")  # the command line runs jobs too, without Celery's discovery
