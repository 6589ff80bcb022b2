"""The way to anything by a few letters (Ctrl/Cmd-K): people, practices, pages, things to do, and one referral by its number.

Asked by POST: what is typed may be a referral's number, and numbers stay out of addresses and their logs. Patients are never searched.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import cast

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import resolve, reverse
from django.views.decorators.http import require_http_methods

from accounts.access import open_to_everybody_inside
from accounts.models import User
from accounts.permissions import Permission as P
from common.names import fold
from contacts.finding import search
from prm.navigation import pages_of, settings_pages

MOST_LETTERS = 100
FEW = 5  # of each group but the first
_NUMBER = re.compile(r"(?=\S*\d)[\w./-]{4,60}")  # as referrals are numbered: one word with a digit in it
_ICONS = {"provider": "stethoscope", "practice": "building-hospital", "organization": "building"}

# What one does most, by name: url name, what it says, further words for it, icon. Who may is what the page itself requires.
_DO = (
    ("visits:log", "Log a visit", "write down enter", "plus"),
    ("visits:plan", "Plan a visit", "appointment calendar", "calendar-plus"),
    ("visits:plan-week", "Plan my week", "route days", "route"),
    ("directory:list", "Find a specialist of ours", "directory in-network plan language criteria near", "address-book"),
    ("visits:follow-up-add", "Add a follow-up", "promise task", "checklist"),
    ("concerns:new", "Add a concern", "complaint barrier", "message-report"),
    ("compliance:new", "Write down spend", "lunch meal gift", "gift"),
    ("contacts:practice-new", "Add a practice", "new office", "building-hospital"),
    ("contacts:provider-new", "Add a provider", "new physician doctor", "stethoscope"),
    ("contacts:organization-new", "Add an organization", "new hospital group", "building"),
    ("territories:new", "New territory", "add draw", "map"),
    ("accounts:invite", "Invite a person", "new user colleague", "user-plus"),
)


@dataclass(frozen=True)
class Entry:
    """One line: where it leads, and further words that find it (`also`, shown nowhere); with `number`, a referral's number that is sent
    there by POST and looked up, which is recorded.
    """

    group: str
    label: str
    url: str
    icon: str
    sub: str = ""
    number: str = ""
    also: str = ""


@require_http_methods(["GET", "POST"])
@open_to_everybody_inside("offers only what the person may open")
def palette(request: HttpRequest) -> HttpResponse:
    """`q`, by POST: a page, or with Accept: application/json a list of entries. Nothing typed offers the most used pages."""
    text = request.POST.get("q", request.GET.get("q", "")).strip()[:MOST_LETTERS]
    entries = entries_for(cast(User, request.user), text)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse([asdict(entry) for entry in entries], safe=False)
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    return render(request, "palette/page.html", {"q": text, "groups": groups.items()})


def entries_for(user: User, text: str) -> list[Entry]:
    """What the words may mean, by group; without words, what there is to do."""
    words = [word for part in text.replace("-", " ").split() if (word := fold(part))]
    doing = [entry for entry in _doing(user) if _fits(words, entry)]
    pages = [entry for entry in _pages(user) if _fits(words, entry)]
    if not words:
        return [*doing[:FEW], *pages[:FEW]]
    found = [*_people(user, text), *_colleagues(user, text)]
    places = [*pages[:FEW], *doing[:FEW]]
    whole = fold(text)
    leads = [entry for entry in places if fold(entry.label).startswith(whole)]  # a page called so stands before people called alike
    return [*_referral(user, text), *leads, *found, *(entry for entry in places if entry not in leads)]


def _fits(words: list[str], entry: Entry) -> bool:
    """Every word begins a word of the label, of what is said below it, or one that finds it."""
    known = [fold(word) for word in f"{entry.label} {entry.sub} {entry.also}".replace("-", " ").split()]
    return all(any(one.startswith(word) for one in known) for word in words)


def _people(user: User, text: str) -> list[Entry]:
    if not user.can(P.PROVIDER_VIEW):
        return []
    groups = {"provider": "People", "practice": "Practices", "organization": "Organizations"}
    return [Entry(groups[hit.what], hit.label, hit.url, _ICONS[hit.what], hit.sub) for hit in search(user, text)]


def _colleagues(user: User, text: str) -> list[Entry]:
    """Who works here: their own page for those who manage people, their visits for the rest."""
    if not user.can(P.VISIT_VIEW) or len(text) < 2:
        return []
    named = Q()
    for word in text.split():
        named &= Q(full_name__icontains=word)
    people = User.objects.visible_to(user).active().filter(named).order_by("full_name", "pk")[:FEW]
    manages = user.can(P.USER_MANAGE)
    return [
        Entry(
            "Colleagues",
            str(person),
            person.get_absolute_url() if manages else f"{reverse('visits:list')}?owner={person.pk}",
            "user",
            person.get_role_display() if manages else f"{person.get_role_display()}: visits",
        )
        for person in people
    ]


def _referral(user: User, text: str) -> list[Entry]:
    if not (user.can(P.REFERRAL_LOOKUP) and _NUMBER.fullmatch(text)):
        return []
    told = "The look-up is recorded"
    return [Entry("Referrals", f"Look up referral {text}", reverse("referrals:lookup"), "search", told, number=text)]


def _doing(user: User) -> Iterator[Entry]:
    for name, label, more, icon in _DO:
        url = reverse(name)
        if all(user.can(permission) for permission in resolve(url).func.required_permissions):  # type: ignore[attr-defined]  # every view is stamped
            yield Entry("Do", label, url, icon, also=more)


def _pages(user: User) -> Iterator[Entry]:
    for item in pages_of(user):
        yield Entry("Pages", item.label, item.url, item.icon)
    for group, rows in settings_pages(user).items():
        for row in rows:
            yield Entry("Settings", row.title, row.url, "settings", f"{group}: {row.text}")
