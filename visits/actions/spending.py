"""What a visit gives to the spend ledger. Only here do visits and the ledger meet: nothing of an amount comes back."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from django.utils import timezone

import compliance.actions
from accounts.models import User
from compliance.drafts import SpendDraft
from contacts.models import Provider, Staff
from visits.models import Visit, VisitSpend


def write_down_spend(
    visit: Visit, drafts: Sequence[SpendDraft], providers: Collection[Provider], staff: Collection[Staff], *, by: User
) -> None:
    """Each draft becomes an entry of the visit's day and practice; one that names nobody is shared by whom the visit met."""
    assert visit.visited_at is not None  # noqa: S101 - a visit that took place
    for draft in drafts:
        named = draft.providers or draft.family or draft.staff or draft.staff_count
        own = replace(draft, spent_on=draft.spent_on or timezone.localdate(visit.visited_at), practice=visit.practice)
        if not named:
            own = replace(own, providers=tuple(providers), staff=tuple(staff))
        entry = compliance.actions.record_spend(draft=own, by=by, of_visit=True)
        VisitSpend.objects.create(visit=visit, entry=entry)
