"""Feeds, and the rules by which their referrals count."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import InputError
from jobs.models import Job, JobState
from referrals import actions, queries
from referrals.forms import RulesForm, SourceForm
from referrals.models import CountingRules, Source
from referrals.presenters import mappings

_DERIVING = (JobState.QUEUED, JobState.RUNNING)


@require_GET
@requires(Permission.IMPORT_RUN)
def source_list(request: HttpRequest) -> HttpResponse:
    return render(request, "referrals/sources.html", {"feeds": queries.feeds(request.user)})


def _source(request: HttpRequest, pk: int) -> Source:
    return get_object_or_404(Source.objects.visible_to(request.user), pk=pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def source_detail(request: HttpRequest, pk: int) -> HttpResponse:
    source = _source(request, pk)
    form = SourceForm(request.POST if request.method == "POST" else None, instance=_source(request, pk))
    if request.method == "POST" and form.is_valid():
        saw = source.sees
        actions.edit_source(source=source, **form.cleaned_data, by=request.user)
        again = " Its referrals are counted anew in the background." if form.cleaned_data["sees"] != saw else ""
        messages.success(request, f"Saved.{again}")
        return redirect("referrals:sources")
    context = {"source": source, "form": form, "mapping": mappings.mapping_summary(source.mapping)}
    return render(request, "referrals/source.html", context, status=422 if form.errors else 200)


@require_GET
@requires(Permission.IMPORT_RUN)
def source_mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """The mapping as the JSON file that `import_referrals --mapping` reads."""
    source = _source(request, pk)
    answer = JsonResponse(source.mapping, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="mapping-{source.name}.json"'
    return answer


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def rules(request: HttpRequest) -> HttpResponse:
    """What counts. A change derives every fact anew, in a worker; the page shows how far it is."""
    form = RulesForm(request.POST if request.method == "POST" else None, instance=CountingRules.current())
    if request.method == "POST" and form.is_valid():
        changed = set(form.changed_data)
        try:
            actions.save_counting_rules(**form.cleaned_data, by=request.user)
        except InputError as refusal:
            form.add_error(None, str(refusal))
        else:
            anew = changed & set(actions.DERIVING_RULES)
            messages.success(request, "Saved. Every referral is counted anew; figures change when that is done." if anew else "Saved.")
            return redirect("referrals:rules")
    job = Job.objects.filter(key="referrals.derive.all", state__in=_DERIVING).first()
    return render(request, "referrals/rules.html", {"form": form, "job": job}, status=422 if form.errors else 200)
