"""Every write of the directory: keyword-only, atomic, audited."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.guarded import check_no_patient
from contacts.models import Organization, Provider
from directory import policies
from directory.models import AcceptedPlan, Entry
from referrals.models import Payer
from territories.models import ServiceLine

_TEXTS = ("criteria", "send_along", "how_to_refer")
_FIELDS = (*_TEXTS, "phone", "fax", "email", "address", "zip", "languages", "tells_plans", "is_listed")


@transaction.atomic
def save_entry(
    *,
    service_line: ServiceLine | None = None,
    organization: Organization | None = None,
    provider: Provider | None = None,
    plans: Mapping[Payer, tuple[dt.date | None, dt.date | None]] | None = None,
    is_none: bool = False,
    by: User | None,
    **fields: Any,
) -> Entry:
    """Write down what the directory says of a line, a site in it or a specialist; `fields` are the model's, `plans` all that are accepted.

    The history keeps which fields were changed. A save that changes nothing leaves no trace.
    """
    policies.check_can_keep(by)
    policies.check_subject(service_line=service_line, organization=organization, provider=provider)
    subject = {"service_line": service_line, "organization": organization, "provider": provider}
    _wait_for_others(provider or service_line)
    entry = Entry.objects.select_for_update(of=("self",)).filter(**subject).first() or Entry(**subject)
    is_new = entry.pk is None
    changes = [name for name in _FIELDS if name in fields and fields[name] != getattr(entry, name)]
    for name in changes:
        setattr(entry, name, fields[name])
    policies.check_zip(entry.zip)
    policies.check_languages(entry.languages)
    policies.check_fits(address=entry.address, zip_=entry.zip, is_listed=entry.is_listed, organization=organization, provider=provider)
    check_no_patient("\n".join(getattr(entry, name) for name in _TEXTS), is_none=is_none)
    if is_new:
        entry.save()
    if plans is None:
        plans = {row.payer: (row.started_on, row.ended_on) for row in entry.plans.select_related("payer")}
    policies.check_plans(plans, tells_plans=entry.tells_plans)
    if _save_plans(entry, plans):
        changes.append("plans")
    if changes or is_new:
        entry.changed_at, entry.changed_by = timezone.now(), by
        entry.save()
        record("directory_entry.added" if is_new else "directory_entry.changed", by=by, target=entry, changes=dict.fromkeys(changes, True))
    return entry


def _wait_for_others(parent: Provider | ServiceLine | None) -> None:
    """Two who write the first word of one subject at the same moment write one entry."""
    if parent is not None:
        type(parent)._base_manager.select_for_update(no_key=True).get(pk=parent.pk)


def _save_plans(entry: Entry, plans: Mapping[Payer, tuple[dt.date | None, dt.date | None]]) -> bool:
    """Exactly these; returns whether anything is different."""
    known = {row.payer_id: (row.started_on, row.ended_on) for row in entry.plans.all()}
    wanted = {payer.pk: span for payer, span in plans.items()}
    if known == wanted:
        return False
    entry.plans.all().delete()
    AcceptedPlan.objects.bulk_create(
        AcceptedPlan(entry=entry, payer_id=payer, started_on=started_on, ended_on=ended_on)
        for payer, (started_on, ended_on) in wanted.items()
    )
    return True
