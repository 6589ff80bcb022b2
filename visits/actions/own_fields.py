"""What is written into the organization's own fields of a visit after it was logged."""

from typing import Any

from django.db import transaction

from accounts.models import User
from common.guarded import check_no_patient
from contacts.actions import save_custom_values
from contacts.custom import texts_of
from visits import policies
from visits.models import Visit


@transaction.atomic
def save_own_fields(*, visit: Visit, found: dict[str, Any], is_none: bool = False, by: User) -> Visit:
    """Set these values; what a text seems to tell of a patient is asked about first."""
    visit = Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    policies.check_can_edit(by, visit)
    check_no_patient(texts_of(found), is_none=is_none)
    save_custom_values(row=visit, found=found, by=by)
    return visit
