"""A practice for the talk in the car: what comes from it, what we did there, what is open. It prints on one page."""

import datetime as dt
from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.templatetags.prm import direction, number, percent, signed
from contacts.models import Cadence, Practice
from contacts.queries import owners_of, standing_of
from referrals.models import CountingRules
from reports import exports, words
from reports.charts.activity import activity
from reports.exports.activity import activity as activity_table
from reports.measures import Row, leakage_ordered
from reports.one_practice import Ours, Referrer, care_of, destinations_of, expectation, months_of, referrers, share_of_care
from reports.queries.freshness import freshness
from territories.scope import scope_of


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
def practice_page(request: HttpRequest, pk: int) -> HttpResponse:
    practice = get_object_or_404(Practice.objects.visible_to(request.user).select_related("territory", "organization"), pk=pk)
    fresh, scope = freshness(), scope_of(request.user)
    months = months_of(practice, scope=scope, fresh=fresh, user=request.user)
    found = expectation(months, fresh)
    ours = destinations_of(practice, scope=scope, fresh=fresh)
    care = care_of(practice, request.user)
    who = referrers(practice, scope=scope, fresh=fresh)
    context = {
        "practice": practice,
        "owner": owners_of([practice.territory_id]).get(practice.territory_id or 0),
        "standing": standing_of(practice),
        "cadence": Cadence.objects.filter(tier=practice.tier).first(),
        "chart": activity(months, found, fresh, csv_url=_csv_url(request, practice)) if any(month.received for month in months) else None,
        "fresh": fresh,
        "who": _who(who),
        "referrers": [_referrer(row) for row in who],
        "ours": ours,
        "leakage": _leakage(ours),
        "share": _share(share_of_care(practice, scope=scope)),
        "destinations": _destinations(ours),
        "care": care,
        "open": len(care.promises) + len(care.concerns),
        "crumbs": [
            {"url": reverse("contacts:practices"), "label": "Practices"},
            {"url": practice.get_absolute_url(), "label": str(practice)},
        ],
        "has_charts": True,
    }
    return render(request, "reports/practice.html", context)


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW, Permission.EXPORT)
def practice_file(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """The months of the picture as a file: what came, what was expected, what was done there."""
    if kind not in exports.KINDS:
        raise Http404("No such file.")
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=pk)
    fresh = freshness()
    months = months_of(practice, scope=scope_of(request.user), fresh=fresh, user=request.user)
    made = activity_table(months, expectation(months, fresh), fresh, CountingRules.current().small_cell)
    record("report.exported", by=request.user, target=practice, table="activity", kind=kind)
    return exports.response(f"activity-{practice.pk}-{timezone.localdate():%Y-%m-%d}", kind, made)


def _csv_url(request: HttpRequest, practice: Practice) -> str:
    return reverse("reports:practice-file", args=[practice.pk, "csv"]) if request.user.can(Permission.EXPORT) else ""


def _who(found: Sequence[Referrer]) -> str:
    """Who sent most from here; level ones are named together."""
    if not any(row.year for row in found):
        return "Nobody has referred from here"
    lead = words.leaders([(row.name, row.year) for row in found if row.provider_id])
    if not lead:
        return "None of the referrals from here names a provider"
    return f"{words.together(lead)} {'sends' if len(lead) == 1 else 'send'} most"


def _referrer(row: Referrer) -> dict[str, object]:
    """One line of who refers from here; a change is named only where there are enough to say."""
    expected = None if row.expected is None else round(row.expected)
    too_few = expected is None or max(row.observed, expected) < words.TOO_FEW
    return {
        "name": row.name,
        "url": reverse("contacts:provider", args=[row.provider_id]) if row.provider_id else "",
        "points": row.points,
        "year": row.year,
        "recent": number(row.observed),
        "expected": number(expected),
        "has_expected": expected is not None,
        "change": "too few to say" if too_few or expected is None else signed(row.observed - expected),
        "direction": "flat" if too_few or expected is None else direction(row.observed - expected),
    }


def _leakage(ours: Ours | None) -> str:
    """The rate with what is known beside it, or its range where too little is."""
    if ours is None:
        return ""
    ratio, rules = leakage_ordered([ours.sums]), CountingRules.current()
    if ratio.range_leads(rules.range_leads_above):
        return f"{words.spread(ratio)} of its referrals leave our network: too many name no destination ({words.known(ratio)})"
    kept_or_left = ours.sums.internal + ours.sums.outbound
    counts = f"{number(ours.sums.outbound)} of {number(kept_or_left)}"
    return f"{percent(ratio.value)} of its referrals leave our network: {counts} ({words.known(ratio)})"


def _share(row: Row | None) -> str:
    """34% of what the market file counts comes to us: 120 of 353 (interval 29% to 39%)."""
    if row is None:
        return ""
    through = words.day(dt.date.fromisoformat(row.more["through"])) if row.more.get("through") else "an unknown day"
    counts = f"{number(row.numerator)} of {number(row.denominator)} through {through}, {row.more.get('vendor', '')}"
    if row.value is None or row.remark:
        return f"Share of care: too few to say ({counts})"
    return f"{percent(row.value, 0)} of its referrals come to us: {counts} (interval {percent(row.low, 0)} to {percent(row.high, 0)})"


def _destinations(ours: Ours | None) -> list[dict[str, object]]:
    if ours is None:
        return []
    return [
        {"name": cell.labels[0], "referrals": cell.internal + cell.outbound, "is_ours": cell.internal >= cell.outbound}
        for cell in ours.destinations
    ]
