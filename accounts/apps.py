from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.api import schema  # noqa: F401, PLC0415 - importing it registers the scheme; DRF's settings are loaded by now
