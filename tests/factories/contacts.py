"""Rows of contacts beyond the common ones."""

import datetime as dt

from contacts.models import Affiliation, Alignment, AlignmentKind, Organization, Practice, Provider
from tests import factories


def add_providers(practice: Practice, count: int) -> list[Provider]:
    """Providers with a specialty of their own line, who work at the practice and one each at another."""
    line = factories.make_line("Neurosciences")
    specialty = factories.make_specialty("2084N0400X", "Neurology", line)
    made = []
    for _ in range(count):
        provider = factories.make_provider(at=practice, specialty=specialty)
        Affiliation.objects.create(
            provider=provider, practice=factories.make_practice(territory=practice.territory, zip=practice.zip), is_primary=False
        )
        made.append(provider)
    return made


def align(owner: Provider | Practice | Organization, kind: str = AlignmentKind.EMPLOYED, start: str = "", end: str = "") -> Alignment:
    return Alignment.objects.create(
        **{str(owner._meta.model_name): owner},
        kind=kind,
        started_on=dt.date.fromisoformat(start) if start else None,
        ended_on=dt.date.fromisoformat(end) if end else None,
    )
