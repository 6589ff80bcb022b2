"""Every page of reports, as the list of all reports offers it: under which question, to whom."""

from dataclasses import dataclass

from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission as P


@dataclass(frozen=True)
class Entry:
    """A page: its address, its name, the question it answers."""

    url: str
    title: str
    text: str
    icon: str


# group, url name, title, the question it answers, icon, permissions (all are needed)
_PAGES: tuple[tuple[str, str, str, str, str, tuple[P, ...]], ...] = (
    ("Standard", "reports:dashboard", "Dashboard", "How much comes in, how much leaves, who fell?", "chart-bar", ()),
    ("Standard", "reports:review", "Monday review", "What fell, what is late, where are the goals heading?", "calendar-week", ()),
    ("Standard", "reports:growth", "Inbound growth", "Who sends us more, and who less?", "trending-up", ()),
    ("Standard", "reports:leakage", "Outbound leakage", "Where do our own referrals go?", "arrows-exchange", ()),
    ("Market", "reports:share", "Share of care", "How much of what providers refer comes to us, and who is loyal?", "chart-area-line", ()),
    ("Market", "reports:targets", "Targets", "Who could send us more, what is it worth, and why?", "target-arrow", (P.PROVIDER_VIEW,)),
    ("Market", "reports:avoidable", "Avoidable leakage", "Which of our referrals that left could have stayed?", "git-branch", ()),
    ("Market", "reports:capacity", "Capacity of our sites", "Who takes new patients, how soon, of which payers?", "calendar-stats", ()),
    (
        "Quality",
        "reports:fhir-count",
        "CMS50 from a FHIR file",
        "Do reports of specialists come back, as CMS counts it?",
        "checkbox",
        (P.IMPORT_RUN,),
    ),
    ("Pictures", "reports:network", "Network", "Who sends to whom, how strongly, in which communities?", "affiliate", (P.PROVIDER_VIEW,)),
    ("Pictures", "reports:map", "Map", "Which counties send, leak and are visited?", "map-2", ()),
    ("Pictures", "reports:flow", "Where it goes", "From which territory, for what, to whom do our referrals go?", "chart-sankey", ()),
    ("Pictures", "reports:heat", "By line and month", "Which service line, in which month?", "layout-grid", ()),
    ("Pictures", "reports:control", "Month by month", "Is a change more than chance?", "chart-line", ()),
    (
        "Pictures",
        "reports:funnel",
        "Who differs",
        "Which practice, provider or territory differs by more than chance?",
        "chart-funnel",
        (),
    ),
    ("Standard", "reports:alerts", "Alerts", "Whose falls and rises does chance not explain?", "bell", ()),
    (
        "Field",
        "reports:team",
        "Team",
        "Who has more to do than fits, and what is to be talked about with each?",
        "users",
        (P.PROVIDER_VIEW, P.VISIT_VIEW, P.GOAL_EDIT),
    ),
    ("Standard", "reports:schedules", "Scheduled reports", "Which reports come by themselves, when and to whom?", "calendar-week", ()),
    (
        "Field",
        "reports:coverage",
        "Coverage",
        "Which visits were promised, and who waits?",
        "calendar-stats",
        (P.PROVIDER_VIEW, P.VISIT_VIEW),
    ),
    ("Field", "reports:goals", "Goals", "What is to be reached, and at what pace?", "target", ()),
    ("Worth", "reports:roi", "Return on visits", "Does a first visit bring referrals, and is that worth its cost?", "scale", (P.ROI_VIEW,)),
    ("Worth", "reports:quarter", "The quarter", "What did outreach cost and bring, what cannot be claimed?", "presentation", (P.ROI_VIEW,)),
    ("Made by workers", "reports:runs", "Finished reports", "What was computed, over what, from which data?", "report-analytics", ()),
    ("Measures", "reports:measures", "All measures", "How do we stand on each, by any two cuts?", "adjustments-horizontal", ()),
    ("Definitions", "reports:metrics", "What each number means", "How is it counted, and what is left out?", "notes", ()),
)


def groups(user: User) -> dict[str, list[Entry]]:
    """The pages that the person may open, by group, in the order above."""
    found: dict[str, list[Entry]] = {}
    for group, name, title, text, icon, permissions in _PAGES:
        if all(user.can(permission) for permission in permissions):
            found.setdefault(group, []).append(Entry(reverse(name), title, text, icon))
    return found
