"""Mail and backups: tried, with what came of it."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from setup import actions, backups
from setup.models import Backup, MailTest
from setup.queries import kept_mails

SHOWN = 20
CRUMBS = ({"url": "/settings/", "label": "Settings"},)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def mail(request: HttpRequest) -> HttpResponse:
    """Send a mail to oneself; what the server said. Without a server, the mails that were written to files."""
    if request.method == "POST":
        test = actions.send_test_mail(by=request.user)
        if test.refusal:
            messages.error(request, f"The mail server did not take it: {test.refusal}")
        elif settings.EMAIL_BACKEND.startswith("common."):
            messages.success(request, "Written. There is no mail server, so it is a file: open it below.")
        else:
            messages.success(request, f"The mail server took it. Look into the mailbox of {test.sent_to}, and its spam folder.")
        return redirect("setup:mail")
    is_file = settings.EMAIL_BACKEND.startswith("common.")
    context = {
        "tests": MailTest.objects.visible_to(request.user).select_related("sent_by")[:SHOWN],
        "is_file": is_file,
        "kept": kept_mails() if is_file else [],
        "server": "" if is_file else f"{settings.EMAIL_HOST}, port {settings.EMAIL_PORT}",
        "sender": settings.DEFAULT_FROM_EMAIL,
        "folder": settings.EMAIL_FILE_PATH,
    }
    return render(request, "setup/mail.html", context)


@require_GET
@requires(Permission.SETTINGS_EDIT, Permission.USER_MANAGE)
def kept_mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail in its file. It may hold somebody's invitation, which an admin could renew anyway; the look is recorded."""
    found = actions.open_kept_mail(name=name, by=request.user)
    if found is None:
        raise Http404
    return render(request, "setup/kept_mail.html", {"mail": found, "crumbs": [*CRUMBS, {"url": reverse("setup:mail"), "label": "Mail"}]})


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def backup(request: HttpRequest) -> HttpResponse:
    """Ask for a backup, watch it, and see what came of the last ones."""
    if request.method == "POST":
        actions.ask_for_backup(by=request.user)
        return redirect("setup:backups")
    rows = list(Backup.objects.visible_to(request.user).select_related("asked_by", "job")[:SHOWN])
    there = {path.name for path in backups.FOLDER.glob("*.dump")}
    running = next((row.job for row in rows if row.job is not None and not row.job.is_finished), None)
    context = {"rows": [(row, row.file_name in there) for row in rows], "job": running, "folder": backups.FOLDER, "keep": backups.KEPT}
    return render(request, "setup/backups.html", context)
