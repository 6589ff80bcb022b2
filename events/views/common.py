"""What several views of events share."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from events.models import Event, Guest


def event_or_404(request: HttpRequest, pk: int) -> Event:
    return get_object_or_404(Event.objects.visible_to(request.user).for_list(), pk=pk)


def guest_or_404(request: HttpRequest, event: Event, pk: int) -> Guest:
    return get_object_or_404(event.guests.visible_to(request.user).for_list().select_related("event"), pk=pk)


def crumbs(event: Event | None = None) -> list[dict[str, str]]:
    found = [{"url": reverse("events:list"), "label": "Events"}]
    return [*found, {"url": event.get_absolute_url(), "label": event.title}] if event else found


def number(text: str | None) -> int | None:
    """A key from an address; None for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None
