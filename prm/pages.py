"""Pages that belong to no app: the front door, the list of settings, how to use the API, and the error pages."""

import sys

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import open_to_everybody_inside, open_to_strangers, requires
from accounts.permissions import Permission
from common.middleware import no_error_of_ours
from prm import api_reference
from prm.navigation import settings_pages
from referrals.models import Referral
from setup.queries import is_hidden

MOST = f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 1024**2:.1f} MB"
TOO_LARGE = f"This is larger than the {MOST} that fit in one request. Send less at a time, or files by themselves."


@require_GET
@open_to_everybody_inside("sends each person to their own first page")
def home(request: HttpRequest) -> HttpResponse:
    """A liaison starts with today's stops, an admin of an empty installation with set-up, everybody else with the dashboard."""
    if request.user.can(Permission.SETTINGS_EDIT) and not Referral.objects.exists() and not is_hidden():
        return redirect("setup:overview")
    return redirect("visits:today" if request.user.is_liaison else "reports:dashboard")


# url name of a panel, what it holds, url name of the page that holds it too
_APPROVALS = (
    ("planning:waiting-panel", "hand-overs", "planning:handovers"),
    ("compliance:approvals-panel", "spend over a limit", "compliance:tasks"),
)


@require_GET
@requires(Permission.SPEND_APPROVE)
def approvals(request: HttpRequest) -> HttpResponse:
    """What waits for a manager, of every app: each panel asks for itself, with its own permission."""
    panels = [{"url": reverse(panel), "label": label, "page": reverse(page)} for panel, label, page in _APPROVALS]
    return render(request, "approvals.html", {"panels": panels})


@open_to_strangers("the way to the sign-in page; Django's own form is not used")
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Django's administration sends here whoever may not enter: strangers to sign in, everybody else away."""
    if request.user.is_authenticated:
        raise PermissionDenied("Only admins open Django's administration.")
    return redirect(f"{reverse('account_login')}?{request.GET.urlencode()}")


@require_GET
@open_to_everybody_inside("lists only the settings that the person may open")
def settings_index(request: HttpRequest) -> HttpResponse:
    return render(request, "settings.html", {"groups": settings_pages(request.user)})


@require_GET
@open_to_everybody_inside("describes the API; the API itself checks each call")
def api_docs(request: HttpRequest) -> HttpResponse:
    """The OpenAPI description as a page. Swagger UI and Redoc would need a looser content security policy."""
    return render(request, "api.html", {"groups": api_reference.groups()})


def _error(request: HttpRequest, status: int, template: str, sentence: str = "") -> HttpResponse:
    return render(request, template, {"sentence": sentence}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django refuses before a view sees it; programs are answered as programs read."""
    sentence = TOO_LARGE if isinstance(exception, RequestDataTooBig) else ""
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": sentence or "The request was not understood."}, status=400)
    return _error(request, 400, "400.html", sentence)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 403, "403.html", str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same page for what does not exist and what is out of scope, so that nothing can be inferred."""
    return _error(request, 404, "404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: what broke may be what the page's frame needs."""
    if answer := no_error_of_ours(request, sys.exception()):
        return answer
    return HttpResponse(render_to_string("500.html"), status=500)
