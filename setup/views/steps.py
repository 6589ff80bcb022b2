"""The checklist, its steps as a wizard, and its place on the dashboard."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from setup import actions
from setup.queries import Step, checklist, is_hidden
from setup.queries.checklist import STEPS, WHOLE

WAY_BACK = "setup_step"  # in the session: at which step the wizard is, shown on the pages that it leads to


@require_GET
@requires(Permission.SETTINGS_EDIT)
def overview(request: HttpRequest) -> HttpResponse:
    """All steps, what is done of each, and the next one. Coming here ends the wizard's way back on other pages."""
    request.session.pop(WAY_BACK, None)
    return render(request, "setup/overview.html", {"list": checklist(request.user)})


def _step_or_404(request: HttpRequest, key: str) -> tuple[Step, Step | None, Step | None]:
    found = checklist(request.user)
    step = found.step(key)
    if step is None:
        raise Http404
    return step, found.before(step), found.after(step)


@require_GET
@requires(Permission.SETTINGS_EDIT)
def step(request: HttpRequest, key: str) -> HttpResponse:
    """One step: what it is for, its lines with the pages where they are done, and the way on."""
    found, before, after = _step_or_404(request, key)
    request.session[WAY_BACK] = {"key": found.key, "title": found.title, "number": found.number}
    return render(request, "setup/step.html", {"step": found, "before": before, "after": after, "count": len(STEPS), "setup_step": None})


@require_POST
@requires(Permission.SETTINGS_EDIT)
def put_off(request: HttpRequest, key: str) -> HttpResponse:
    """Leave a step for later and go on with the next one."""
    found, _, after = _step_or_404(request, key)
    actions.put_off(step=found.key, by=request.user)
    messages.success(request, f"“{found.title}” is left for later. It stays on the list.")
    return redirect(after.url if after else "setup:overview")


@require_POST
@requires(Permission.SETTINGS_EDIT)
def take_up(request: HttpRequest, key: str) -> HttpResponse:
    found, *_ = _step_or_404(request, key)
    actions.take_up(step=found.key, by=request.user)
    return redirect(found.url)


@require_POST
@requires(Permission.SETTINGS_EDIT)
def hide(request: HttpRequest) -> HttpResponse:
    """Take the list off the dashboard, or put it there again, by the button pressed."""
    if request.POST.get("hidden") == "yes":
        actions.put_off(step=WHOLE, by=request.user)
        messages.success(request, "The list is off the dashboard. It is under Settings.")
    else:
        actions.take_up(step=WHOLE, by=request.user)
        messages.success(request, "The list is on the dashboard again until everything is done.")
    return redirect("setup:overview")


@require_GET
@requires(Permission.SETTINGS_EDIT)
def panel(request: HttpRequest) -> HttpResponse:
    """What is left, on the dashboard of admins; nothing once all is done or an admin took it off."""
    found = None if is_hidden() else checklist(request.user)
    return render(request, "setup/_panel.html", {"list": found if found and not found.is_finished else None})
