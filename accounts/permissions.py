"""What a person may do. A permission says nothing of which records: that is the scope (territories.access)."""

from enum import StrEnum


class Permission(StrEnum):
    DASHBOARD_VIEW = "see dashboards and reports"
    PROVIDER_VIEW = "see providers and practices"
    CONTACT_EDIT = "edit providers, practices and staff"
    VISIT_VIEW = "see visits and follow-ups"
    VISIT_LOG = "plan and log visits"
    CONCERN_VIEW = "see concerns of practices"
    CONCERN_EDIT = "write down and answer concerns of practices"
    SPEND_VIEW = "see what is spent on physicians"
    SPEND_EDIT = "write down what is spent on physicians"
    SPEND_APPROVE = "override, approve and settle spend over a limit"
    SPEND_TOTALS = "see what is spent in a year, as sums"
    REFERRAL_LOOKUP = "look up the state of one referral by its number"
    REFERRAL_ROWS = "see single referrals, which are linked to patients"
    ROI_VIEW = "see the return on visits and the quarter's report"
    GOAL_EDIT = "set goals"
    EXPORT = "download lists"
    IMPORT_RUN = "import files"
    TERRITORY_VIEW = "see territories"
    TERRITORY_EDIT = "draw territories and assign people"
    SETTINGS_EDIT = "change settings"
    USER_MANAGE = "invite people and change roles"
    AUDIT_VIEW = "read the audit trail"
