"""What several pages of visits share."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from contacts.models import Practice, Provider
from visits.agenda import clashes_of
from visits.forms import PeopleMixin, PracticeMixin, key_of
from visits.models import Visit
from visits.passes import pass_for
from visits.queries import Office, office_of, suggested_practices
from visits.workdays import closed_between


def number(text: str | None) -> int | None:
    """A primary key from the address, None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def uuid_or_none(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


def sent(request: HttpRequest) -> QueryDict | None:
    """What was posted, an empty form included; None when the page is only opened."""
    return request.POST if request.method == "POST" else None


def next_url(request: HttpRequest, default: str) -> str:
    """Where the person came from, if it is a page of this site."""
    wanted = request.POST.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()) else default


def wanted_provider(request: HttpRequest) -> Provider | None:
    """?provider=, if the person sees this provider."""
    pk = number(request.GET.get("provider"))
    return Provider.objects.visible_to(request.user).filter(pk=pk).first() if pk else None


def wanted_practice(request: HttpRequest, provider: Provider | None) -> Practice | None:
    """?practice=, else the primary office of ?provider=, if the person sees it."""
    seen = Practice.objects.visible_to(request.user)
    if pk := number(request.GET.get("practice")):
        return seen.filter(pk=pk).first()
    if provider is None:
        return None
    works = provider.affiliations.open().order_by("-is_primary", "pk").values_list("practice", flat=True)
    offices = seen.in_bulk(list(works))
    return next((offices[pk] for pk in works if pk in offices), None)


def people_choices(office: Office, chosen: list[str], visit: Visit | None = None) -> dict[str, Any]:
    """Chips of the office, and of people from elsewhere who are chosen already."""
    here = [{"key": key_of(person), "name": str(person), "kind": "provider"} for person in office.providers]
    here += [{"key": key_of(person), "name": person.name, "kind": "staff", "job": person.job} for person in office.staff]
    known = {person["key"] for person in here}
    return {"here": here, "chosen": chosen, "elsewhere": _named([key for key in chosen if key not in known])}


def _named(keys: list[str]) -> list[dict[str, str]]:
    """Names for keys that are no chips of the office; what cannot be read stays out."""
    from_key = {key: number(key.partition("-")[2]) for key in keys if key.startswith("provider-")}
    names = Provider.objects.in_bulk([pk for pk in from_key.values() if pk])
    return [{"value": key, "label": str(names[pk])} for key, pk in from_key.items() if pk in names]


def practice_context(request: HttpRequest, form: PracticeMixin, practice: Practice | None) -> dict[str, Any]:
    """What the practice part of a form shows: the practice, whom to tick, whom to suggest."""
    return {
        "practice": practice,
        "practice_chosen": [{"value": practice.pk, "label": practice.name}]
        if practice
        else [{"value": "", "label": form["practice_text"].value() or ""}],
        "practice_error": " ".join(form.errors.get("practice", ())),
        "suggestions": [] if practice and not form.is_bound else suggested_practices(request.user),
        **(office_context(request, form, practice) if isinstance(form, PeopleMixin) else {}),
    }


def office_context(
    request: HttpRequest, form: PeopleMixin | None, practice: Practice | None, chosen: list[str] | None = None
) -> dict[str, Any]:
    if practice is None:
        return {"office": None}
    office = office_of(practice, request.user)
    keys = form.chosen_people() if form is not None else chosen or []
    is_seen = Practice.objects.visible_to(request.user).filter(pk=practice.pk).exists()  # one's own plan outlives a territory
    return {
        "office": office,
        "people": people_choices(office, keys),
        "people_error": " ".join(form.errors.get("people", ())) if form is not None and form.is_bound else "",
        "people_url": reverse("visits:people-options"),
        "field_pass": pass_for(request.user, practice.pk, on=timezone.localdate()) if is_seen else "",
    }


def say_if_closed(request: HttpRequest, visit: Visit) -> None:
    """A plan for a closing day is allowed, and said."""
    on = timezone.localdate(visit.planned_at)
    if name := closed_between(on, on).get(on):
        messages.warning(request, f"{on:%A, %B} {on.day} is a closing day: {name}. Offices may be closed.")


def say_clashes(request: HttpRequest, visit: Visit) -> None:
    """Two appointments at one time are possible, and said."""
    for other in clashes_of(visit):
        at = timezone.localtime(other.planned_at)
        messages.warning(request, f"At the same time as the appointment at {other.practice.name}, {at:%-I:%M %p}.")
