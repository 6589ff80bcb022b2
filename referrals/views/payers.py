"""Settings: the payers that files name, those that margins and capacity are to be told for before any file does, and which are one."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from jobs.models import Job
from referrals import actions
from referrals.importing import renaming
from referrals.models import LineMonth, Payer, PayerMerge

_WORK = ("referrals.merge_payers", "referrals.part_payer")


class PayerForm(forms.Form):
    name = forms.CharField(label="Name", max_length=80, error_messages={"required": "Name the payer as your files do."})

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if known := Payer.every.filter(name__iexact=name).first():
            raise forms.ValidationError(
                "This payer is on the list already." if known.merged_into is None else f"This is a name of {known.standing}."
            )
        return name


class RenameForm(forms.Form):
    name = forms.CharField(label="Name", max_length=80, help_text="The name it has now stays known: files may go on to use it.")

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class IntoForm(forms.Form):
    into: Any = forms.ModelChoiceField(Payer.objects.none(), label="Is the same as", empty_label="Choose the payer that stays")

    def __init__(self, data: Any, *, payer: Payer) -> None:
        super().__init__(data)
        field: Any = self.fields["into"]
        field.queryset = Payer.objects.exclude(pk=payer.pk)


def _crumbs(*more: tuple[str, str]) -> list[dict[str, str]]:
    pages = (("Settings", reverse("settings")), ("Payers", reverse("referrals:payers")), *more)
    return [{"label": label, "url": url} for label, url in pages]


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def payers(request: HttpRequest) -> HttpResponse:
    """All payers with the referrals that name them, and a field for another one."""
    form = PayerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        payer = actions.save_payer(name=form.cleaned_data["name"], by=request.user)
        messages.success(request, f"{payer} added.")
        return redirect("referrals:payers")
    referrals = sum((Sum(name, default=0) for name in LineMonth.MEASURES[1:]), Sum(LineMonth.MEASURES[0], default=0))
    counts = dict(LineMonth.objects.order_by().values("payer").annotate(referrals=referrals).values_list("payer", "referrals"))
    names: dict[int, list[str]] = {}
    for name in Payer.every.exclude(merged_into=None).select_related("merged_into__merged_into__merged_into"):
        names.setdefault(name.standing.pk, []).append(name.name)
    rows = [(payer, names.get(payer.pk, []), counts.get(payer.pk, 0)) for payer in Payer.objects.all()]
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
