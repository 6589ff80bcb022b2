"""The calendar of a person at its secret address, and the part of the profile where it is made and revoked."""

import hashlib

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.access import open_to_strangers, requires
from accounts.clocks import time_zone_of
from accounts.permissions import Permission
from common import calendars
from notices.calendars import entries_of
from visits import actions
from visits.models import CalendarFeed


@require_safe
@open_to_strangers("the address itself is the secret: 256 bits, kept hashed, revocable, dead with the account")
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The person's visits, appointments and promises. A wrong, revoked or old address is 404 and in no log."""
    feed = CalendarFeed.objects.live().select_related("person").filter(token_hash=actions.token_hash(token)).first()
    if feed is None or not feed.person.can(Permission.VISIT_VIEW):
        nothing = HttpResponseNotFound("There is no such calendar.", content_type="text/plain")
        vars(nothing)["_has_been_logged"] = True  # Django would write the address, which is a secret, to its log
        return nothing
    body = calendars.feed(f"PRM: {feed.person}", entries_of(feed.person), time_zone=time_zone_of(feed.person))
    etag = quote_etag(hashlib.sha256(body).hexdigest())
    actions.note_feed_read(feed=feed)
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="prm.ics"'
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache"
    return get_conditional_response(request, etag=etag, response=answer) or answer


@require_GET
@requires(Permission.VISIT_VIEW)
def panel(request: HttpRequest) -> HttpResponse:
    """Part of the profile: whether there is an address, since when, and when it was read last."""
    return render(request, "visits/_calendar.html" if request.htmx else "visits/calendar.html", _context(request))


def _context(request: HttpRequest) -> dict[str, object]:
    return {
        "feed": CalendarFeed.objects.visible_to(request.user).live().first(),
        "crumbs": [{"url": reverse("accounts:profile"), "label": "Profile"}],
    }


@require_POST
@requires(Permission.VISIT_VIEW)
def make(request: HttpRequest) -> HttpResponse:
    """A new address, shown this once."""
    token = actions.make_calendar_feed(by=request.user)
    address = f"{settings.BASE_URL}{reverse('calendar', args=[token])}"
    webcal = f"webcal://{address.partition('://')[2]}"
    return render(request, "visits/calendar.html", {**_context(request), "address": address, "webcal": webcal})


@require_POST
@requires(Permission.VISIT_VIEW)
def revoke(request: HttpRequest) -> HttpResponse:
    if actions.revoke_calendar_feed(by=request.user):
        messages.success(request, "The address leads nowhere from now on.")
    return redirect("visits:calendar")
