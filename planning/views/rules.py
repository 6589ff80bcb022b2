"""Rules of one specialty and exceptions of a territory; where rules overlap, and which of them wins."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

import territories.actions
from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from contacts import previewing
from contacts.models import PracticeException
from planning.forms import RuleForm
from planning.presenters import overlap_rows, rule_words, specialty_names
from planning.queries.change import change
from planning.queries.field import field_of
from territories.models import Territory, TerritoryRule


@require_http_methods(["GET", "POST"])
@requires(Permission.TERRITORY_EDIT)
def more_rules(request: HttpRequest, pk: int) -> HttpResponse:
    """What a territory gets of one specialty only, and what it does not get; sent with `save` it is saved, else previewed."""
    territory = get_object_or_404(Territory.objects.visible_to(request.user), pk=pk)
    form = RuleForm(request.POST or None)
    told = None
    if request.method == "POST" and form.is_valid():
        if "save" in request.POST:
            try:
                job = territories.actions.add_rules(territory=territory, rules=form.rules, take=form.cleaned_data["take"], by=request.user)
            except PolicyViolation as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(
                    request, "Saved. Practices and their referrals follow." if job else "The territory has these rules already."
                )
                return redirect(reverse("planning:rules", args=[pk]) + (f"?move={job.pk}" if job else ""))
        else:
            told = change(field_of(request.user), owners=dict.fromkeys(form.rules, territory), pins={}, asked=form.rules)
    names = specialty_names()
    rows = [row for row in territory.rules.all() if not row.rule.is_plain]
    context = {
        "territory": territory,
        "form": form,
        "change": told,
        "gets": [(row.pk, rule_words(row.rule, names)) for row in rows if not row.excludes],
        "excepts": [(row.pk, rule_words(row.rule, names)) for row in rows if row.excludes],
        "practices": PracticeException.objects.filter(territory=territory).select_related("practice"),
        "move": request.GET.get("move", "") if request.GET.get("move", "").isdigit() else "",
        "crumbs": [
            {"url": reverse("territories:list"), "label": "Territories"},
            {"url": territory.get_absolute_url(), "label": territory.name},
        ],
    }
    return render(request, "planning/rules.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.TERRITORY_EDIT)
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one of these rules away."""
    row = get_object_or_404(TerritoryRule.objects.select_related("territory"), pk=pk)
    get_object_or_404(Territory.objects.visible_to(request.user), pk=row.territory_id)
    job = territories.actions.drop_rule(rule=row, by=request.user)
    messages.success(request, "Taken away. It can be undone on the page of the territory.")
    return redirect(reverse("planning:rules", args=[row.territory_id]) + f"?move={job.pk}")


@require_GET
@requires(Permission.TERRITORY_EDIT)
def overlaps(request: HttpRequest) -> HttpResponse:
    """Where rules of two territories catch the same practices: which wins, and what would also match."""
    return render(request, "planning/overlaps.html", {"rows": overlap_rows(previewing.overlaps(), specialty_names())})
