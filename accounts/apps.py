from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.api import schema  # noqa: F401, PLC0415 - importing it registers the scheme; DRF's settings are loaded by now
        from accounts.clocks import organization_clock  # noqa: PLC0415 - models are loaded by now
        from jobs.actions import surroundings  # noqa: PLC0415

        surroundings.append(organization_clock)
