"""A physician's year: the allowance that is left, the statement as page and PDF; and the sums by year."""

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.models import Logo
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import file_response
from compliance import presenters
from compliance.models import Rule, SpendEntry, SpendKind, SpendShare, SpendState, SpendTask
from compliance.queries import allowances_of, payers, people_of, statement_of, year_sums, years_with_spend
from compliance.rests import LIVE, rest_of
from compliance.statements import as_paper, pdf_bytes
from compliance.views.common import tabs
from contacts.models import Practice, Provider

PAGE = 25
_YEARS = range(2000, 2101)


def _numbers(values: list[str]) -> list[int]:
    return [int(value) for value in values if value.isascii() and value.isdecimal() and len(value) < 19]


@require_GET
@requires(Permission.SPEND_VIEW)
def allowance(request: HttpRequest) -> HttpResponse:
    """What is left for the physicians who are chosen in a form, before it is saved; with an amount also what would be left after it.

    Asked with `providers` or, as visits name people, `people` ("provider-12"); `on`, `kind`, `amount`, `payer`, `practice`, `staff`,
    `staff_count`, `ours`, `family` as the form sends them. Without anybody chosen: everybody at the practice.
    """
    asked = request.GET
    keys = [key.removeprefix("provider-") for key in asked.getlist("people") if key.startswith("provider-")]
    wanted = {*_numbers(asked.getlist("providers")), *_numbers(asked.getlist("family")), *_numbers(keys)}
    chosen = bool(wanted)
    practice = Practice.objects.visible_to(request.user).filter(pk__in=_numbers(asked.getlist("practice"))[:1]).first()
    here = people_of(practice)[0] if practice else Provider.objects.none()
    allowed = Provider.objects.visible_to(request.user).filter(pk__in=wanted) | here.filter(pk__in=wanted)
    providers = list(allowed.distinct() if wanted else here)
    on = parse_date(asked.get("spent_on", "") or asked.get("on", "") or asked.get("visited_at", "")[:10]) or timezone.localdate()
    payer = payers().filter(pk__in=_numbers(asked.getlist("payer"))[:1]).first()
    rest = rest_of(
        providers,
        on=on,
        kind=asked.get("kind", SpendKind.MEAL),
        amount=_amount(asked) if chosen else None,
        people=_people(asked),
        payer_id=payer.pk if payer else None,
        is_planned=asked.get("state") == SpendState.PLANNED,
    )
    answer = render(request, "compliance/_allowance.html", {**rest, "chosen": chosen, "practice": practice, "rest_shown": LIVE})
    answer["PRM-Fragment"] = "allowance"  # the log form takes this for ours, and not what a captive portal answers
    return answer


def _amount(asked: Any) -> Decimal | None:
    """None while what is typed is no amount."""
    try:
        amount = Decimal(asked.get("amount", ""))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 < amount < 10_000_000 or amount != round(amount, 2):
        return None
    return amount


def _people(asked: Any) -> int:
    """By how many it is divided."""
    named = {*asked.getlist("people"), *asked.getlist("providers")}
    people = len(named) + len(asked.getlist("family")) + len(asked.getlist("staff"))
    people += sum(_numbers([asked.get("staff_count", ""), asked.get("ours", "")]))
    return min(people, 10_000)


@require_GET
@requires(Permission.SPEND_VIEW)
def physicians(request: HttpRequest) -> HttpResponse:
    """Whose year has been used so far, most of the limit first. By spend alone: nothing here knows how much anybody refers."""
    year = _year(request.GET.get("year"))
    q = request.GET.get("q", "").strip()[:80]
    touched = SpendShare.objects.of_year(year).exclude(provider=None).values("provider")
    seen = Provider.objects.visible_to(request.user)
    merged = Provider.objects.filter(pk__in=touched).exclude(merged_into=None).values("merged_into")
    found = seen.filter(pk__in=touched) | seen.filter(pk__in=merged)
    if q:
        found = seen.named_like(q)[:PAGE]
    on = timezone.localdate() if year == timezone.localdate().year else dt.date(year, 12, 31)
    rows = [
        presenters.year_row(one, year=year) | {"used": one.allowance.percent or 0}
        for one in allowances_of(list(found), on=on)
        if one.rule != Rule.STAFF
    ]
    rows.sort(key=lambda row: (row["rule"] != Rule.LIMIT, -row["used"], str(row["provider"].last_name)))
    context = {"page": Paginator(rows, PAGE).get_page(request.GET.get("page")), "year": year, "q": q, "tabs": tabs(request, "physicians")}
    return render(request, "compliance/physicians.html", context | {"years": _years(year)})


def _year(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and int(text[:9]) in _YEARS else timezone.localdate().year


def _years(year: int) -> list[int]:
    """Years with spend, this one, and the one that is shown."""
    kept = set(SpendEntry.objects.standing().order_by().values_list("spent_on__year", flat=True))
    return sorted({*kept, timezone.localdate().year, year}, reverse=True)


def _provider(request: HttpRequest, pk: int) -> Provider:
    return get_object_or_404(Provider.objects.visible_to(request.user), pk=pk)


@require_GET
@requires(Permission.SPEND_VIEW)
def physician(request: HttpRequest, pk: int) -> HttpResponse:
    """One physician this year: the meter, what made it up, open tasks, statements of other years."""
    provider, today = _provider(request, pk), timezone.localdate()
    (one,) = allowances_of([provider], on=today)
    everybody = Provider.objects.all_of(provider)
    shares = SpendShare.objects.of_year(today.year).filter(provider__in=everybody).select_related("entry__practice", "entry__payer")
    context = {
        "provider": provider,
        "row": presenters.year_row(one, year=today.year),
        "year": today.year,
        "years": years_with_spend(provider) or [today.year],
        "shares": [
            {"share": share, "counted": presenters.money(share.counted), "amount": presenters.money(share.amount)}
            for share in shares.order_by("-entry__spent_on", "-entry", "pk")
        ],
        "tasks": [presenters.task_row(task) for task in SpendTask.objects.open().filter(provider__in=everybody).for_list()],
        "others": [
            {"payer": payer, "meter": presenters.meter(other.allowance, rule=other.rule, year=today.year)}
            for payer in payers().filter(pk__in=shares.values("entry__payer"))
            for other in allowances_of([provider], on=today, payer_id=payer.pk)
        ],
    }
    return render(request, "compliance/physician.html", context)


@require_GET
@requires(Permission.SPEND_VIEW)
def statement(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """What the physician was given in a calendar year, as it can be handed to them; made for print."""
    if year not in _YEARS:
        raise Http404("No such year.")
    provider = _provider(request, pk)
    paper = as_paper(statement_of(provider, year))
    return render(
        request, "compliance/statement.html", {"provider": provider, "year": year, "paper": paper, "years": years_with_spend(provider)}
    )


@require_GET
@requires(Permission.SPEND_VIEW)
def statement_pdf(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """The statement as PDF; that it was taken is recorded."""
    if year not in _YEARS:
        raise Http404("No such year.")
    provider = _provider(request, pk)
    record("spend.statement_taken", by=request.user, target=provider, year=year)
    name = f"statement-{year}-{provider.last_name}.pdf"
    return file_response(name, pdf_bytes(as_paper(statement_of(provider, year)), logo=Logo.current_png()), "application/pdf")


@require_GET
@requires(Permission.SPEND_TOTALS)
def totals(request: HttpRequest) -> HttpResponse:
    """Sums by year and kind: what an executive may see. No person, no practice, no territory."""
    sums = year_sums()
    kinds = [kind for kind in SpendKind if any(kind in one.kinds for one in sums)]
    rows = [
        {
            "year": one.year,
            "amount": presenters.money(one.amount),
            "entries": one.entries,
            "physicians": one.physicians,
            "kinds": [presenters.money(one.kinds.get(kind)) if kind in one.kinds else "" for kind in kinds],
        }
        for one in sums
    ]
    context = {"rows": rows, "kinds": [kind.label for kind in kinds]}
    return render(
        request, "compliance/totals.html", context | {"tabs": tabs(request, "totals") if request.user.can(Permission.SPEND_VIEW) else []}
    )
