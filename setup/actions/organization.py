"""The organization's own settings, each kept where its app keeps it."""

from django.db import transaction

import accounts.actions
import reports.actions
import territories.actions
from accounts.models import User
from territories.models import Territory


@transaction.atomic
def save_organization(*, name: str, time_zone: str, letterhead: str, fiscal_starts: int, by: User) -> Territory:
    """Name (the top of the tree of territories), clock, letterhead and fiscal year."""
    root = territories.actions.ensure_root(name=name, by=by)
    if root.name != name:
        root = territories.actions.edit_territory(territory=root, name=name, parent=None, description=root.description, by=by)
    accounts.actions.save_installation(time_zone=time_zone, letterhead=letterhead, by=by)
    reports.actions.save_report_rules(fiscal_starts=fiscal_starts, by=by)
    return root
