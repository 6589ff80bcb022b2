"""The way out of mails without a sign-in, and, where no mail server is set, the mails themselves for an admin to look at."""

from typing import Any

from csp.decorators import csp_replace, csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import open_to_strangers, requires
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import file_response
from common.mailfiles import MailFile, newest_names, path_of, read_mail
from notices import actions
from notices.mailing import keeps_files, of_token
from notices.models import MailSettings

SHOWN = 100


@csrf_exempt  # a mail program presses it, which has no cookie of ours; the signature in the address is what counts
@never_cache
@require_http_methods(["GET", "POST"])
@open_to_strangers("the signed address of a mail's end stops mails of that kind, and nothing else")
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """A look changes nothing: mail programs open links by themselves. One press ends the mails (RFC 8058), another brings them back."""
    known = of_token(token)
    if known is None:
        raise Http404("This link is not one of ours.")
    person, kind = known
    if request.method == "POST":
        actions.set_mail(person=person, kind=kind, wanted=request.POST.get("again") == "1", by=person)
        if request.POST.get("List-Unsubscribe") == "One-Click":
            return HttpResponse("Unsubscribed.", content_type="text/plain")
    wants = MailSettings.of(person).wants(kind)
    return render(request, "notices/unsubscribe.html", {"kind": kind, "wants": wants, "pressed": request.method == "POST"})


def _mail(name: str) -> MailFile:
    path = path_of(name)
    if path is None or not keeps_files():
        raise Http404("There is no such mail.")
    return read_mail(path)


@require_GET
@requires(Permission.SETTINGS_EDIT)
def sent_mails(request: HttpRequest) -> HttpResponse:
    """The newest mails, where they are files; else where they go."""
    names = newest_names(SHOWN) if keeps_files() else []
    mails = [read_mail(path) for name in names if (path := path_of(name)) is not None]
    return render(request, "notices/mails.html", {"mails": mails, "keeps_files": keeps_files(), "shown": SHOWN, "crumbs": _crumbs()})


def _crumbs(*more: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"url": reverse("settings"), "label": "Settings"}, *more]


@require_GET
@csp_update({"frame-src": ["'self'"]})
@requires(Permission.SETTINGS_EDIT)
def sent_mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail as its reader sees it. Links in mails open doors (a new password), so who looked is written down."""
    mail = _mail(name)
    record("mail.read", by=request.user, mail=mail.name, to=mail.to)
    crumbs = _crumbs({"url": reverse("notices:mails"), "label": "Mails"})
    return render(request, "notices/mail.html", {"mail": mail, "crumbs": crumbs})


@require_GET
@xframe_options_sameorigin
@csp_replace(
    {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "script-src": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'self'"],
        "sandbox": [],
    }
)
@requires(Permission.SETTINGS_EDIT)
def mail_body(request: HttpRequest, name: str) -> HttpResponse:
    """The mail's HTML for the frame: nothing in it can run, ask for anything, or send anything."""
    return HttpResponse(_mail(name).html, content_type="text/html; charset=utf-8")


@require_GET
@requires(Permission.SETTINGS_EDIT)
def mail_file(request: HttpRequest, name: str) -> HttpResponse:
    """The file itself, to be opened in a mail program."""
    mail, path = _mail(name), path_of(name)
    assert path is not None  # noqa: S101 - read just now
    record("mail.downloaded", by=request.user, mail=mail.name, to=mail.to)
    return file_response(mail.name, path.read_bytes(), "message/rfc822")
