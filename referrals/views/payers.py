"""Settings: the payers that files name, and those that margins and capacity are to be told for before any file does."""

from django import forms
from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from referrals import actions
from referrals.models import LineMonth, Payer


class PayerForm(forms.Form):
    name = forms.CharField(label="Name", max_length=80, error_messages={"required": "Name the payer as your files do."})

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if Payer.objects.filter(name__iexact=name).exists():
            raise forms.ValidationError("This payer is on the list already.")
        return name


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
    rows = [(payer, counts.get(payer.pk, 0)) for payer in Payer.objects.all()]
    return render(request, "referrals/payers.html", {"form": form, "rows": rows}, status=422 if form.errors else 200)
