"""What a visit gives to the spend ledger. Only here do visits and the ledger meet: nothing of an amount comes back."""

from collections.abc import Sequence
from dataclasses import replace

from django.utils import timezone

import compliance.actions
from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from common.guarded import check_no_patient
from compliance.drafts import SpendDraft
from visits.models import Visit, VisitSpend


def write_down_spend(visit: Visit, drafts: Sequence[SpendDraft], *, by: User, is_none: bool = False) -> None:
    """Each draft becomes an entry of the visit's day and practice. Whom the visit met shares it where the draft says so, or names nobody.

    Asked when everybody who was met stands on the visit, people who were new among them.
    """
    assert visit.visited_at is not None  # noqa: S101 - a visit that took place
    if drafts and not by.can(Permission.SPEND_EDIT):
        raise PolicyViolation("Your role does not write down spend.")
    people = list(visit.attendees.select_related("provider", "staff")) if drafts else []
    for draft in drafts:
        named = draft.providers or draft.family or draft.staff or draft.staff_count
        on = draft.spent_on or timezone.localdate(visit.visited_at)
        own = replace(draft, spent_on=on, practice=visit.practice, is_none=draft.is_none or is_none)
        check_no_patient(own.purpose, is_none=own.is_none)
        if draft.met or not named:
            providers = {row.provider.pk: row.provider for row in people if row.provider} | {one.pk: one for one in draft.providers}
            staff = {row.staff.pk: row.staff for row in people if row.staff} | {one.pk: one for one in draft.staff}
            own = replace(own, providers=tuple(providers.values()), staff=tuple(staff.values()))
        entry = compliance.actions.record_spend(draft=own, by=by, of_visit=True)
        VisitSpend.objects.create(visit=visit, entry=entry)
