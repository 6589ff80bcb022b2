"""The notice center: what one was told, the bell's number, and marking as read."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import open_to_everybody_inside, requires
from accounts.downloads import asked_kind, send_file
from accounts.permissions import Permission
from notices import actions, exports
from notices.filters import NoticeFilter
from notices.forms import MailSettingsForm, ReminderRulesForm
from notices.models import MailSettings, Notice, NoticeKind, ReminderRules
from notices.presenters import ICONS, count_words

OWN = "visible_to decides: one's own notices"
PAGE = 25


@require_GET
@vary_on_headers("HX-Request")
@open_to_everybody_inside(OWN)
def notice_list(request: HttpRequest) -> HttpResponseBase:
    """The newest first, unread ones marked; `?unread=true` and `?kind=` narrow it."""
    if kind := asked_kind(request):
        found = NoticeFilter(request.GET, Notice.objects.visible_to(request.user).for_list()).qs
        return send_file(request, "notices", kind, exports.HEADER, exports.rows(found), found.count())
    return render(request, "notices/list.html", _context(request))


def _context(request: HttpRequest) -> dict[str, Any]:
    own = Notice.objects.visible_to(request.user)
    wanted = NoticeFilter(request.GET, own.for_list())
    page = Paginator(wanted.qs, PAGE).get_page(request.GET.get("page"))
    kind, only_unread = request.GET.get("kind", ""), request.GET.get("unread") == "true"
    kept = f"&kind={kind}" if kind in NoticeKind.values else ""
    unread = own.unread().count()
    tabs = [
        {"url": f"?{kept.lstrip('&')}", "label": "All", "active": not only_unread},
        {"url": f"?unread=true{kept}", "label": "Unread", "active": only_unread, "count": unread},
    ]
    told = set(own.order_by().values_list("kind", flat=True).distinct())
    kinds = [value for value in NoticeKind if value in told]
    return {
        "page": page,
        "rows": [{"notice": notice, "icon": ICONS[NoticeKind(notice.kind)]} for notice in page],
        "tabs": tabs,
        "filter": wanted,
        "kinds": [{"value": value.value, "label": value.label, "active": value == kind} for value in kinds] if len(kinds) > 1 else [],
        "only_unread": only_unread,
        "kind": kind if kept else "",
        "unread_here": unread,
    }


@require_GET
@open_to_everybody_inside(OWN)
def bell(request: HttpRequest) -> HttpResponse:
    """The bell alone, as the header asks for it from time to time."""
    unread = Notice.objects.visible_to(request.user).unread().count()
    return render(request, "notices/_bell.html", {"unread_notices": unread, "unread_words": count_words(unread)})


@require_GET
@open_to_everybody_inside(OWN)
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Go where the notice leads; so it is read."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    actions.mark_read(notices=Notice.objects.filter(pk=pk), by=request.user)
    return redirect(notice.url)


@require_POST
@open_to_everybody_inside(OWN)
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Read without going there."""
    get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    actions.mark_read(notices=Notice.objects.filter(pk=pk), by=request.user)
    return _again(request)


@require_POST
@open_to_everybody_inside(OWN)
def read_all(request: HttpRequest) -> HttpResponse:
    actions.mark_read(notices=Notice.objects.all(), by=request.user)
    return _again(request)


def _again(request: HttpRequest) -> HttpResponse:
    return redirect("notices:list")


@require_http_methods(["GET", "POST"])
@open_to_everybody_inside("which mails one wants oneself")
def mail_settings(request: HttpRequest) -> HttpResponse:
    chosen = MailSettings.of(request.user)
    form = MailSettingsForm(request.POST if request.method == "POST" else None, chosen=chosen)
    if request.method == "POST" and form.is_valid():
        actions.save_mail_settings(**form.cleaned_data, by=request.user)
        messages.success(request, "Saved.")
        return redirect("accounts:profile")
    return render(
        request,
        "notices/mail_settings.html",
        {"form": form, "crumbs": [{"url": reverse("accounts:profile"), "label": "Profile"}]},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def reminders(request: HttpRequest) -> HttpResponse:
    """Settings: how the organization reminds where nobody chose otherwise."""
    form = ReminderRulesForm(request.POST if request.method == "POST" else None, rules=ReminderRules.current())
    if request.method == "POST" and form.is_valid():
        actions.save_reminder_rules(by=request.user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("notices:reminders")
    crumbs = [{"url": reverse("settings"), "label": "Settings"}]
    return render(request, "notices/reminders.html", {"form": form, "crumbs": crumbs}, status=422 if form.errors else 200)
