"""Settings: the payers that files name, those that margins and capacity are to be told for before any file does, and which are one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.downloads import asked_kind, send_file
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from jobs.models import Job
from referrals import actions, exports
from referrals.forms.payers import IntoForm, PayerForm, RenameForm
from referrals.importing import renaming
from referrals.models import Payer, PayerMerge
from referrals.queries.payers import payer_rows

_WORK = ("referrals.merge_payers", "referrals.part_payer")


def _crumbs(*more: tuple[str, str]) -> list[dict[str, str]]:
    pages = (("Settings", reverse("settings")), ("Payers", reverse("referrals:payers")), *more)
    return [{"label": label, "url": url} for label, url in pages]


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def payers(request: HttpRequest) -> HttpResponseBase:
    """All payers with the referrals that name them, and a field for another one."""
    form = PayerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        payer = actions.save_payer(name=form.cleaned_data["name"], by=request.user)
        messages.success(request, f"{payer} added.")
        return redirect("referrals:payers")
    rows = payer_rows()
    if kind := asked_kind(request):
        return send_file(request, "payers", kind, exports.PAYERS, exports.payer_rows(rows), len(rows))
    job = Job.objects.filter(name__in=_WORK).order_by("-pk").first()
    context = {"form": form, "rows": rows, "job": job if job and not job.is_finished else None}
    return render(request, "referrals/payers.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def payer(request: HttpRequest, pk: int) -> HttpResponse:
    """One payer: its name, its other names, and the question whether it is another one."""
    stored = get_object_or_404(Payer, pk=pk)
    form = RenameForm(request.POST if request.method == "POST" else None, initial={"name": stored.name})
    into = IntoForm(request.GET if "into" in request.GET else None, payer=stored)
    if request.method == "POST" and form.is_valid():
        try:
            renamed = actions.rename_payer(payer=stored, name=form.cleaned_data["name"], by=request.user)
        except PolicyViolation as refusal:
            form.add_error("name", str(refusal))
        else:
            told = f"{stored} is called {renamed} now." if renamed.name != stored.name else "The name is the same."
            messages.success(request, told)
            return redirect(renamed)
    elif into.is_bound and into.is_valid():
        return redirect("referrals:payer-merge", stored.pk, into.cleaned_data["into"].pk)
    merges = {merge.merged_id: merge for merge in PayerMerge.objects.filter(unmerged_at=None).select_related("merged_by")}
    names = [name for name in Payer.every.exclude(merged_into=None) if name.standing == stored]
    context = {
        "payer": stored,
        "form": form,
        "into": into,
        "names": [(name, merges.get(name.pk)) for name in names],
        "crumbs": _crumbs(),
    }
    return render(request, "referrals/payer.html", context, status=422 if form.errors or into.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def merge(request: HttpRequest, pk: int, into: int) -> HttpResponse:
    """What a merge would move, before it does."""
    merged, survivor = get_object_or_404(Payer, pk=pk), get_object_or_404(Payer.objects.exclude(pk=pk), pk=into)
    if request.method == "POST":
        try:
            job = actions.start_payer_merge(survivor=survivor, merged=merged, by=request.user)
        except PolicyViolation as refusal:
            messages.error(request, str(refusal))
            return redirect("referrals:payers")
        messages.success(request, f"{merged} becomes a name of {survivor}. It can be taken back on the page of {survivor}.")
        return redirect("accounts:job", job.pk)
    referrals, moving = renaming.preview(survivor=survivor, merged=merged)
    context = {
        "merged": merged,
        "survivor": survivor,
        "referrals": referrals,
        "moving": moving,
        "swap_url": reverse("referrals:payer-merge", args=[survivor.pk, merged.pk]),
        "crumbs": _crumbs((merged.name, reverse("referrals:payer", args=[merged.pk]))),
    }
    return render(request, "referrals/payer_merge.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def part(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask before a name is a payer of its own again."""
    name = get_object_or_404(Payer.every.exclude(merged_into=None), pk=pk)
    if request.method == "POST":
        job = actions.start_payer_parting(name=name, by=request.user)
        messages.success(request, f"{name} becomes a payer of its own again.")
        return redirect("accounts:job", job.pk)
    context = {"name": name, "payer": name.standing, "crumbs": _crumbs((name.standing.name, name.get_absolute_url()))}
    return render(request, "referrals/payer_part.html", context)
