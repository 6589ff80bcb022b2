"""Feeds, and the rules by which their referrals count."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import InputError
from jobs.models import Job, JobState
from referrals import actions, inbox, queries
from referrals.forms import MappingFileForm, RulesForm, SourceForm
from referrals.models import CountingRules, Sees
from referrals.presenters import feeds as shown
from referrals.presenters import mappings

_DERIVING = (JobState.QUEUED, JobState.RUNNING)


@require_GET
@requires(Permission.IMPORT_RUN)
def source_list(request: HttpRequest) -> HttpResponse:
    """Every feed with how fresh it is, and folders that belong to none."""
    today = timezone.localdate()
    found = [shown.feed_row(feed, len(inbox.waiting(feed.source)), today) for feed in queries.feeds(request.user)]
    context = {"feeds": found, "unknown": inbox.unknown_folders(), "trouble": inbox.trouble()}
    return render(request, "referrals/sources.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def source_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One feed: how fresh, what it sees, its folder, and how its files are read."""
    source = queries.feed_or_404(request.user, pk)
    form = SourceForm(request.POST if request.method == "POST" else None, instance=queries.feed_or_404(request.user, pk))
    if request.method == "POST" and form.is_valid():
        saw = source.sees
        actions.edit_source(source=source, **form.cleaned_data, by=request.user)
        again = " Its referrals are counted anew in the background." if form.cleaned_data["sees"] != saw else ""
        messages.success(request, f"Saved.{again}")
        return redirect("referrals:source", source.pk)
    feed = queries.feed(source)
    context = {
        "source": source,
        "tabs": shown.tabs(source, "source"),
        "form": form,
        "feed": feed,
        "due": shown.due(source, shown.last_arrival(feed), timezone.localdate()),
        "blind": shown.BLIND[Sees(source.sees)],
        "mapping": mappings.mapping_summary(source.mapping),
        "versions": mappings.version_rows(queries.mapping_versions(source)),
        "folder": inbox.folder(source),
        "waiting": inbox.waiting(source),
        "refused": inbox.refused(source),
    }
    return render(request, "referrals/source.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def source_mapping_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the feed's files as a mapping file says."""
    source = queries.feed_or_404(request.user, pk)
    form = MappingFileForm(request.POST, request.FILES) if request.method == "POST" else MappingFileForm()
    if form.is_valid():
        actions.save_mapping(source=source, mapping=form.cleaned_data["file"], by=request.user)
        messages.success(request, "Saved. The next file is read so.")
        return redirect("referrals:source", source.pk)
    return render(request, "referrals/mapping_upload.html", {"source": source, "form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def mapping_version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """An earlier mapping, and going back to it."""
    source = queries.feed_or_404(request.user, pk)
    version = get_object_or_404(source.mapping_versions.select_related("saved_by"), number=number)
    if request.method == "POST":
        actions.restore_mapping(version=version, by=request.user)
        messages.success(request, f"Files of {source} are read as in version {number} again.")
        return redirect("referrals:source", source.pk)
    context = {
        "source": source,
        "version": version,
        "mapping": mappings.mapping_summary(version.mapping),
        "differences": mappings.differences(source.mapping, version.mapping) if source.mapping != version.mapping else [],
    }
    return render(request, "referrals/mapping_version.html", context)


@require_GET
@requires(Permission.IMPORT_RUN)
def source_mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """The mapping as the JSON file that `import_referrals --mapping` reads."""
    source = queries.feed_or_404(request.user, pk)
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
