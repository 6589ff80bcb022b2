"""The settings by which reports are made."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from audit.actions import record
from common.exceptions import InputError
from reports.models import ReportRules


@transaction.atomic
def save_report_rules(*, by: User | None, **fields: Any) -> ReportRules:
    """Change the rules of reports. Pages follow at once; runs that are finished stay as they were made."""
    ReportRules.objects.get_or_create(pk=1)
    rules = ReportRules.objects.select_for_update().get(pk=1)
    changed = {name: [getattr(rules, name), value] for name, value in fields.items() if getattr(rules, name) != value}
    for name, value in fields.items():
        setattr(rules, name, value)
    try:
        rules.full_clean()
    except ValidationError as error:
        raise InputError(" ".join(error.messages)) from error
    if changed:
        rules.save()
        record("report_rules.changed", by=by, target=rules, **changed)
    return rules
