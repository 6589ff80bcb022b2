"""Whom to visit: targets by value, each with its sentence and its parts, saved as lists for liaisons."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import InputError, PolicyViolation
from referrals.models import CountingRules
from reports import actions, exports, targeting
from reports.exports import market as files
from reports.forms import SaveTargetsForm
from reports.models import ReportRules
from reports.presenters.market import STANDING_TONES
from reports.queries.cuts import branch
from reports.queries.field import contacts
from reports.shares import MarketQuestion, ask_market
from reports.views.market import no_market
from visits.models import TargetList

PAGE_ROWS = 20


def _find(question: MarketQuestion) -> targeting.Found:
    territory = question.form.chosen("territory")
    return targeting.find(
        question.source,
        scope=question.scope,
        known=question.known,
        territories=branch(territory, question.known.parents) if territory else None,
        service_line=question.form.chosen("service_line"),
        practice=question.practice.pk if question.practice else None,
        whose=question.form.chosen("whose") or targeting.NOT_OURS,
        kind=question.form.chosen("standing") or "",
    )


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
def targets(request: HttpRequest) -> HttpResponse:
    """Who could send more, most valuable first."""
    if (question := ask_market(request, without=("period",))) is None:
        return no_market(request, "Targets")
    found = _find(question)
    page = Paginator(found.listed, PAGE_ROWS).get_page(request.GET.get("page"))
    seen = contacts([one.practice.pk for one in page], user=request.user, parents=question.known.parents)
    context = {
        "question": question,
        "found": found,
        "finding": _finding(found),
        "page": page,
        "rows": [_row(one, seen) for one in page],
        "rules": ReportRules.current(),
        "may_save": request.user.can(Permission.VISIT_LOG) and bool(found.listed),
        "kept": {"practice": question.practice.pk} if question.practice else {},
        "clear_url": reverse("reports:targets") if question.query() else "",
        "csv_url": question.file("targets-export", "csv"),
        "xlsx_url": question.file("targets-export", "xlsx"),
    }
    return render(request, "reports/targets.html", context)


def _finding(found: targeting.Found) -> str:
    """How much is to be won, and with whom."""
    if not found.listed:
        return "Nobody sends clearly less than their peers"
    gain = sum(one.target.gain for one in found.listed)
    known = [one.value for one in found.listed if one.value is not None]
    people = len({one.provider.pk for one in found.listed})
    who = "One provider sends clearly less than its" if people == 1 else f"{people:,} providers send clearly less than their"
    sentence = f"{who} peers: about {gain:,.0f} referrals a year"
    return f"{sentence}, worth ${sum(known):,.0f} at the chance of moving them" if sum(known) > 0 else sentence


def _row(one: targeting.Listed, seen: dict[int, Any]) -> dict[str, Any]:
    contact = seen.get(one.practice.pk)
    return {
        "one": one,
        "standing": one.target.standing.capitalize(),
        "tone": STANDING_TONES[one.target.standing],
        "value": None if one.value is None else f"${one.value:,.0f}",
        "owner": contact.owner if contact else "",
        "last_visit_on": contact.last_visit_on if contact else None,
    }


@require_http_methods(["GET", "POST"])
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW, Permission.VISIT_LOG)
def targets_save(request: HttpRequest) -> HttpResponse:
    """What was ticked goes on a new list, or on one that there is."""
    if (question := ask_market(request, without=("period",))) is None:
        return no_market(request, "Targets")
    sent = request.POST if request.method == "POST" else request.GET
    keys = [key for key in sent.getlist("target") if key.replace("-", "").isdigit()]
    lists = TargetList.objects.visible_to(request.user).open()
    form = SaveTargetsForm(request.POST if request.method == "POST" else None, initial={"starts_on": timezone.localdate()})
    chosen = targeting.find(
        question.source, scope=question.scope, known=question.known, whose=targeting.EVERYBODY, only=set(keys)
    ).listed if keys else []  # fmt: skip
    if request.method == "POST":
        onto = request.POST.get("list", "")
        target_list = get_object_or_404(lists, pk=onto if onto.isdecimal() and len(onto) < 10 else 0) if onto else None
        if target_list is not None or form.is_valid():
            data = {} if target_list is not None else form.cleaned_data
            try:
                made, added = actions.save_targets(
                    by=request.user, source=question.source, known=question.known, keys=keys, target_list=target_list, **data
                )
            except (InputError, PolicyViolation) as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, f"{added} added. Hand the list to whoever goes there.")
                return redirect(made)
    context = {"form": form, "chosen": chosen, "keys": keys, "lists": lists, "back_url": question.page("targets")}
    return render(request, "reports/targets_save.html", context, status=422 if request.method == "POST" else 200)


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW, Permission.EXPORT)
def targets_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """All targets of the page's filter, as a file."""
    question = ask_market(request, without=("period",))
    if kind not in exports.KINDS or question is None:
        raise Http404("No such file.")
    found = _find(question)
    record("report.exported", by=request.user, table="targets", kind=kind, filter=question.query())
    return exports.response(
        f"targets-{timezone.localdate():%Y-%m-%d}", kind, files.targets(found.listed, CountingRules.current().small_cell)
    )
