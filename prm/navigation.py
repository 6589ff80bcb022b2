"""What the navigation shows to whom. A page that a person may not open is not offered."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from accounts.models import Logo, User
from accounts.permissions import Permission as P
from notices.models import Notice
from notices.presenters import count_words


@dataclass(frozen=True)
class Item:
    """One entry: where it leads, what it says, its icon, and whether the person is there."""

    url: str
    label: str
    icon: str
    active: bool = False


@dataclass(frozen=True)
class SettingsPage:
    url: str
    title: str
    text: str


# url name, label, icon, permission
_MAIN = (
    ("reports:dashboard", "Dashboard", "chart-bar", P.DASHBOARD_VIEW),
    ("visits:list", "Visits", "map-pin", P.VISIT_VIEW),
    ("visits:today", "Today", "route", P.VISIT_LOG),
    ("contacts:providers", "Providers", "stethoscope", P.PROVIDER_VIEW),
    ("contacts:practices", "Practices", "building-hospital", P.PROVIDER_VIEW),
    ("directory:list", "Directory", "address-book", P.PROVIDER_VIEW),
    ("introductions:list", "New physicians", "user-plus", P.PROVIDER_VIEW),
    ("visits:follow-ups", "Follow-ups", "checklist", P.VISIT_VIEW),
    ("events:list", "Events", "presentation", P.EVENT_VIEW),
    ("concerns:list", "Concerns", "message-report", P.CONCERN_VIEW),
    ("compliance:ledger", "Spend", "gift", P.SPEND_VIEW),
    ("compliance:totals", "Spend by year", "coin", P.SPEND_TOTALS),
    ("referrals:list", "Referrals", "arrows-exchange", P.REFERRAL_ROWS),
    ("referrals:lookup", "Look-up", "search", P.REFERRAL_LOOKUP),
    ("territories:list", "Territories", "map", P.TERRITORY_VIEW),
    ("referrals:batches", "Imports", "file-import", P.IMPORT_RUN),
    ("approvals", "Approvals", "checkbox", P.SPEND_APPROVE),
    ("reports:all", "Reports", "report-analytics", P.DASHBOARD_VIEW),
)
# pages that belong to an entry though their address lies elsewhere
_BELOW = {
    "visits:plan-week": "visits:today",
    "visits:route-today": "visits:today",
    "visits:draws": "visits:today",
    "referrals:sources": "referrals:batches",
    "referrals:matching": "referrals:batches",
    "contacts:imports": "referrals:batches",
    "contacts:duplicates": "referrals:batches",
    "contacts:aliases": "referrals:batches",
}
_LIAISON_FIRST = (
    "visits:today",
    "contacts:practices",
    "visits:follow-ups",
    "visits:list",
    "contacts:providers",
    "directory:list",
    "reports:dashboard",
)

# group, url name, title, text, permission
_SETTINGS = (
    ("Start", "setup:overview", "Set-up", "What is done, what is left, step by step.", P.SETTINGS_EDIT),
    ("Start", "setup:organization", "Organization", "Name, time zone, fiscal year, letterhead.", P.SETTINGS_EDIT),
    ("Start", "setup:mail", "Mail", "Send yourself a test mail; read what was written to files.", P.SETTINGS_EDIT),
    ("Start", "setup:backups", "Backups", "Make one, and prove that it comes back whole.", P.SETTINGS_EDIT),
    ("Start", "setup:sample", "Sample data", "An invented health system, on and off without a trace.", P.USER_MANAGE),
    ("People", "accounts:people", "People and roles", "Invite people, change roles, disable leavers.", P.USER_MANAGE),
    ("People", "accounts:roles", "What roles may do", "Every role and each of its capabilities.", P.USER_MANAGE),
    ("People", "accounts:audit", "Audit trail", "Who did what, and who looked at patient-linked rows.", P.AUDIT_VIEW),
    ("Field", "visits:hours", "Your days in the field", "Your days and hours, how long a visit takes, where you start from.", P.VISIT_LOG),
    ("Field", "territories:list", "Territories", "Draw territories, assign people, see what nobody owns.", P.TERRITORY_EDIT),
    ("Field", "territories:service-lines", "Service lines", "The lines of care that are counted.", P.SETTINGS_EDIT),
    ("Field", "contacts:specialties", "Specialties", "Which specialty belongs to which service line.", P.SETTINGS_EDIT),
    ("Field", "directory:entries", "Directory", "Plans, criteria and contacts of our lines, sites and specialists.", P.DIRECTORY_EDIT),
    ("Field", "contacts:organizations", "Network", "Organizations and whose they are, with dates.", P.SETTINGS_EDIT),
    (
        "Field",
        "contacts:custom-fields",
        "Fields of your own",
        "What you want to know of providers, practices and visits besides.",
        P.SETTINGS_EDIT,
    ),
    (
        "Field",
        "visits:types",
        "Visit types",
        "What visits are for, how long they take, and what the ways of meeting are called.",
        P.SETTINGS_EDIT,
    ),
    ("Field", "visits:topics", "Visit topics", "What visits can be about.", P.SETTINGS_EDIT),
    ("Money", "reports:margins", "Contribution margins", "What a seen referral contributes, by service line and payer.", P.SETTINGS_EDIT),
    ("Money", "reports:costs", "Program cost", "What outreach costs, by month or longer; typed, never read from spend.", P.SETTINGS_EDIT),
    ("Money", "reports:weights", "Attribution weight", "The share of an effect that is credited to visits.", P.SETTINGS_EDIT),
    ("Field", "contacts:cadence", "Tiers and cadence", "How often practices of each tier are to be visited.", P.SETTINGS_EDIT),
    (
        "Money",
        "compliance:limits",
        "Spend limits",
        "What may be given to a physician in a year, and the policies beside it.",
        P.SETTINGS_EDIT,
    ),
    ("Field", "visits:materials", "Materials", "What is left on visits, how much of it is in stock, when to order again.", P.SETTINGS_EDIT),
    ("Money", "visits:mileage-rates", "Mileage rates", "What a mile is paid for, with its days.", P.SETTINGS_EDIT),
    ("Field", "visits:field-rules", "Routes", "How drives are estimated, when lunch may be, how near suggestions are.", P.SETTINGS_EDIT),
    ("Field", "notices:reminders", "Reminders", "Guests of events, follow-ups that are due: who is reminded, and when.", P.SETTINGS_EDIT),
    ("Field", "concerns:categories", "Concern categories", "What concerns can be about, who answers, and by when.", P.SETTINGS_EDIT),
    ("People", "notices:mails", "Mails", "Where mails go; without a mail server, the mails themselves.", P.SETTINGS_EDIT),
    ("Data", "contacts:moves", "Move watch", "What the registry says of people we know and we do not.", P.CONTACT_EDIT),
    ("Data", "referrals:sources", "Feeds", "Systems that send referrals, and how they are read.", P.IMPORT_RUN),
    ("Data", "contacts:imports", "Contact imports", "Providers, practices, roster and network from files.", P.IMPORT_RUN),
    ("Data", "visits:import", "Visits from a file", "The history of visits from the PRM you leave.", P.IMPORT_RUN),
    ("Data", "referrals:market", "Market data and capacity", "Where providers refer in all, and what our sites can take.", P.IMPORT_RUN),
    ("Data", "referrals:matching", "Matching", "Names of files that lead nowhere: whom they mean, and duplicates.", P.IMPORT_RUN),
    ("Data", "referrals:payers", "Payers", "Who pays, as your files name them.", P.SETTINGS_EDIT),
    (
        "Data",
        "planning:outlines",
        "Outlines of ZIP codes",
        "Real borders for the map of territories, from a GeoJSON file.",
        P.TERRITORY_EDIT,
    ),
    ("Data", "reports:holidays", "Holidays", "Days on which offices are closed: alerts count business days.", P.SETTINGS_EDIT),
    ("Data", "referrals:rules", "Counting rules", "What counts as ours, duplicates, kinds, small cells.", P.SETTINGS_EDIT),
    ("Data", "reports:rules", "Report rules", "Days to be seen, who is new or lost, classes, alerts.", P.SETTINGS_EDIT),
)


_DASHBOARD = ("reports:dashboard", "reports:growth", "reports:leakage")


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: `navigation` (most used first for the role), the places of the user menu, and `may` for templates."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": []}
    offered = _offered(user)
    urls = {name: reverse(name) for name, *_ in offered}
    places = {url: name for name, url in urls.items()} | {reverse(page): name for page, name in _BELOW.items() if name in urls}
    here = places.get(max((url for url in places if request.path.startswith(url)), key=len, default=""))  # follow-ups lie below visits
    if here == "reports:dashboard" and request.path not in {reverse(name) for name in _DASHBOARD}:
        here = "reports:all"  # the dashboard's address begins that of every report
    items = [Item(urls[name], label, icon, active=name == here) for name, label, icon, _ in offered]
    unread = cache(lambda: Notice.objects.visible_to(user).unread().count())  # asked where a page shows the bell
    return {
        "navigation": items,
        "unread_notices": unread,
        "unread_words": lambda: count_words(unread()),
        "palette_url": reverse("palette"),
        "profile_url": reverse("accounts:profile"),
        "settings_url": reverse("settings") if any(user.can(entry[4]) for entry in _SETTINGS) else "",
        "role_label": user.get_role_display(),
        "logo_url": Logo.current_url,
        "setup_step": request.session.get("setup_step") if user.can(P.SETTINGS_EDIT) else None,
        "may": {permission.name.lower(): True for permission in user.permissions},
    }


def _offered(user: User) -> list[tuple[str, str, str, P]]:
    """The entries of the navigation that the person may open, most used first for the role."""
    offered = [entry for entry in _MAIN if user.can(entry[3])]
    if user.can(P.SPEND_VIEW):
        offered = [entry for entry in offered if entry[0] != "compliance:totals"]  # a tab of the ledger
    if user.is_liaison:
        offered.sort(key=lambda entry: _LIAISON_FIRST.index(entry[0]) if entry[0] in _LIAISON_FIRST else len(_LIAISON_FIRST))
    return offered


def pages_of(user: User) -> list[Item]:
    """The navigation as a list, for the palette."""
    return [Item(reverse(name), label, icon) for name, label, icon, _ in _offered(user)]


def settings_pages(user: User) -> dict[str, list[SettingsPage]]:
    """The configuration pages a person may open, by group."""
    groups: dict[str, list[SettingsPage]] = {}
    for group, name, title, text, permission in _SETTINGS:
        if user.can(permission):
            groups.setdefault(group, []).append(SettingsPage(reverse(name), title, text))
    return groups
