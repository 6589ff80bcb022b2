from importlib import import_module

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "compliance"

    def ready(self) -> None:
        import_module("compliance.digests")
        import_module("compliance.tasks")  # the command line runs jobs too, without Celery's discovery
