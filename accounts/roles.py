"""Roles as sets of permissions. Kept in code: a change of rights is a reviewed change."""

from django.db import models

from accounts.permissions import Permission as P


class Role(models.TextChoices):
    LIAISON = "liaison", "Liaison"
    MANAGER = "manager", "Manager"
    ADMIN = "admin", "Admin"
    ANALYST = "analyst", "Analyst"
    EXECUTIVE = "executive", "Executive"


# The return on visits is an average over the program. Liaisons do not see it by default: the few of them would read it as a verdict on
# their own work, which it cannot be. Executives, managers, analysts and admins decide on the program with it.
# Spend: whoever visits writes it down, managers approve; analysts, who reckon with referrals, see none of it, executives sums by year.
# Who meets a practice writes down what it says and tells it what was done; analysts only read concerns.
_READER = frozenset({P.DASHBOARD_VIEW, P.PROVIDER_VIEW, P.VISIT_VIEW, P.EVENT_VIEW, P.CONCERN_VIEW, P.TERRITORY_VIEW})
_FIELD = frozenset({P.VISIT_LOG, P.EVENT_EDIT, P.CONCERN_EDIT, P.CONTACT_EDIT, P.REFERRAL_LOOKUP, P.SPEND_VIEW, P.SPEND_EDIT})

PERMISSIONS: dict[str, frozenset[P]] = {
    Role.LIAISON: _READER | _FIELD,
    Role.MANAGER: _READER
    | _FIELD
    | {P.DIRECTORY_EDIT, P.EXPORT, P.GOAL_EDIT, P.HANDOVER_APPROVE, P.ROI_VIEW, P.SPEND_APPROVE, P.SPEND_TOTALS},
    Role.ANALYST: _READER | {P.CONTACT_EDIT, P.REFERRAL_LOOKUP, P.EXPORT, P.IMPORT_RUN, P.ROI_VIEW},
    Role.ADMIN: frozenset(P) - {P.REFERRAL_ROWS},
    Role.EXECUTIVE: frozenset({P.DASHBOARD_VIEW, P.ROI_VIEW, P.SPEND_TOTALS}),
}

# Patient-linked rows are granted person by person, and only within these roles.
PATIENT_ROWS_ROLES = frozenset({Role.MANAGER, Role.ANALYST, Role.ADMIN})


def permissions_of(*, role: str, patient_rows: bool) -> frozenset[P]:
    """Every permission of a person with this role and, if granted, with patient-linked rows."""
    granted = PERMISSIONS.get(role, frozenset())
    return granted | {P.REFERRAL_ROWS} if patient_rows and role in PATIENT_ROWS_ROLES else granted
