"""What events add to timelines: who came, who is asked to one that lies ahead, and what was given there, never for how much."""

from collections.abc import Collection
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, Value

from accounts.models import User
from accounts.permissions import Permission
from compliance.models import SpendKind, SpendState
from contacts.models import Practice, Provider
from contacts.timelines import TimelineSource, timeline_source
from events.models import Event, EventSpend, EventState, Guest
from events.querysets import GuestQuerySet

KIND = "event"


def guests_of(practice: Practice | None, provider: Provider | None) -> GuestQuerySet:
    """Who of the practice's people, or the provider under whatever record, came or is asked to what lies ahead."""
    who = Q()
    if practice is not None:
        works = Q(provider__affiliations__practice=practice, provider__affiliations__ended_on=None)
        who &= works | Q(staff__practice=practice)
    if provider is not None:
        who &= Q(provider__in=Provider.objects.all_of(provider))
    return Guest.objects.standing().filter(who)


def _keys(user: User, practice: Practice | None, provider: Provider | None) -> QuerySet[Any, dict[str, Any]]:
    if not user.can(Permission.EVENT_VIEW):
        rows = Event.objects.none()
    else:
        guests = guests_of(practice, provider)
        ahead, came = guests.asked().values("event"), guests.came().values("event")
        seen = Event.objects.visible_to(user).exclude(state=EventState.CANCELLED)
        wanted = Q(pk__in=came) | Q(state=EventState.PLANNED, pk__in=ahead)
        rows = seen.filter(wanted | Q(practice=practice) if practice is not None else wanted)
    keys: Any = rows.order_by().annotate(kind_=Value(KIND, output_field=CharField()), key=F("pk"), at=F("starts_at"))
    found: QuerySet[Any, dict[str, Any]] = keys.values("kind_", "key", "at")
    return found


def _entries(keys: Collection[int], user: User, provider: Provider | None, with_practice: bool) -> dict[int, dict[str, Any]]:
    events = Event.objects.filter(pk__in=keys).for_list()
    given = _given_at(keys, user)
    there = {} if provider is None else _came(keys, provider)
    return {event.pk: _entry(event, given.get(event.pk, []), there.get(event.pk), with_practice) for event in events}


def _came(keys: Collection[int], provider: Provider) -> dict[int, bool]:
    rows = guests_of(None, provider).filter(event__in=keys)
    return {guest.event_id: guest.has_come for guest in rows}


def _given_at(keys: Collection[int], user: User) -> dict[int, list[str]]:
    """What was given, by its kind ("Meal"), for whoever may see spend. The amount is not read: it stays in the ledger."""
    if not user.can(Permission.SPEND_VIEW):
        return {}
    given: dict[int, list[str]] = {}
    links = EventSpend.objects.filter(event__in=keys, entry__state=SpendState.HAPPENED).order_by("pk")
    for event, kind in links.values_list("event", "entry__kind"):
        given.setdefault(event, []).append(SpendKind(kind).label)
    return given


def _entry(event: Event, given: list[str], has_come: bool | None, with_practice: bool) -> dict[str, Any]:
    if has_come:
        said = "attended"
    elif event.state == EventState.HELD:
        said = f"{vars(event)['came']} came"
    else:
        said = "invited" if has_come is not None else "planned"
    where = event.practice.name if event.practice and with_practice else ""
    return {
        "icon": "presentation",
        "tone": "good" if has_come else "info",
        "title": f"{event.get_kind_display()}: {said}",
        "url": event.get_absolute_url(),
        "text": event.title,
        "by": " · ".join(part for part in (str(event.owner), where, event.speaker, *given) if part),
    }


timeline_source(TimelineSource(KIND, _keys, _entries))
