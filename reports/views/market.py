"""Share of care, avoidable leakage, and the capacity that both need."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

import referrals.actions
from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from common.templatetags.prm import DASH
from contacts.models import Practice
from referrals.models import Capacity, LossReason, Payer
from reports import exports
from reports.exports import market as files
from reports.forms import CapacityForm
from reports.models import ReportRules
from reports.presenters import market as presenters
from reports.queries.avoidable import Outcome, capacity_known, outcomes
from reports.queries.market import NOTHING
from reports.queries.names import words_for
from reports.questions import NONE, Question, ask
from reports.shares import MarketQuestion, ask_market
from reports.views.pages import frame, nothing_yet

PAGE_ROWS = 25
SOURCES = frozenset({"practice", "provider"})


def no_market(request: HttpRequest, title: str) -> HttpResponse:
    """Without an all-destinations source: what that means, and what would mend it."""
    return render(request, "reports/no_market.html", {"title": title, "sentence": f"{NOTHING[:1].upper()}{NOTHING[1:]}"})


def _dimension(request: HttpRequest, labels: dict[str, str]) -> str:
    by = request.GET.get("by") or next(iter(labels))
    if by not in labels:
        raise Http404("No such grouping.")
    if (by in SOURCES or request.GET.get("practice")) and not request.user.can(Permission.PROVIDER_VIEW):
        raise PermissionDenied("Your role sees totals by service line and territory, not by practice or provider.")
    return by


def _order(request: HttpRequest, sorts: tuple[str, ...]) -> tuple[str, bool]:
    """(column, descending) as the address says."""
    chosen = request.GET.get("sort", "")
    return (chosen.lstrip("-"), chosen.startswith("-")) if chosen.lstrip("-") in sorts else (sorts[0], True)


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def share(request: HttpRequest) -> HttpResponse:
    """How much of what providers refer comes to us."""
    by = _dimension(request, presenters.SHARE_LABELS)
    without = ("whose",) if by in SOURCES else ("whose", "standing")
    if (question := ask_market(request, without=without)) is None:
        return no_market(request, "Share of care")
    rules, now = ReportRules.current(), question.whole()
    before = question.whole(before=True) if question.has_history else None
    people = question.ask("provider")
    lines = [
        (
            question.known.lines.get(one.key[0], ""),
            one,
            question.page("share", by="practice" if question.sees_sources else None, service_line=one.key[0]),
        )
        for one in question.ask("service_line")
    ]
    finding = presenters.share_finding(now, before, question.before_words)
    context = {
        "question": question,
        "kpis": _share_kpis(question, now, before, people, rules),
        "trend": presenters.share_trend(question.ask("month"), finding, question.source, question.file("share-export", "csv", by="month")),
        "lines": presenters.share_by_line(lines, question.source, question.file("share-export", "csv", by="service_line")),
        "table": _share_table(request, question, by, rules),
        "tabs": [
            {"url": question.page("share", by=name, standing=None), "label": label, "active": name == by}
            for name, label in presenters.SHARE_LABELS.items()
            if name not in SOURCES or question.sees_sources
        ],
        "rules": rules,
        "kept": {name: request.GET[name] for name in ("by", "practice", "sort") if request.GET.get(name)},
        "clear_url": reverse("reports:share") if question.query() else "",
        "has_charts": True,
    }
    return render(request, "reports/share.html", context)


def _share_kpis(question: MarketQuestion, now: Any, before: Any, people: list[Any], rules: ReportRules) -> list[dict[str, Any]]:
    counts = dict.fromkeys(presenters.STANDING_TONES, 0)
    for one in people:
        counts[presenters.kind_of(one, rules)] += one.key[0] is not None
    change = presenters.change_of(now, before)
    told = f"{presenters.number(now.to_us)} of {presenters.number(now.total)} referrals"
    cards = [
        {
            "label": "Share of care",
            "value": presenters.percent(now.to_us / now.total, 0) if now.total else presenters.percent(None),
            "change": change.text if change.direction else "",
            "direction": change.direction,
            "tone": change.tone,
            "word": change.word,
            "period": f"on the {question.before_words}" if change.direction else "",
            "note": f"{told}, 95% interval {presenters.spread(now)}" if now.total else told,
        }
    ]
    notes = {
        "loyal": f"surely {rules.loyal_at}% or more",
        "splitter": "between, or not sure",
        "opportunity": f"surely below {rules.splitter_at}%",
        "too few to say": f"fewer than {presenters.TOO_FEW} referrals",
    }
    labels = {"loyal": "Loyal", "splitter": "Splitters", "opportunity": "Opportunities", "too few to say": "Too few to say"}
    for kind, note in notes.items():
        url = question.page("share", by="provider", standing=kind) if question.sees_sources else ""
        cards.append({"label": labels[kind], "value": presenters.number(counts[kind]), "url": url, "note": f"providers, {note}"})
    return cards


def _share_rows(request: HttpRequest, question: MarketQuestion, by: str, rules: ReportRules) -> list[presenters.Compared]:
    before = question.ask(by, before=True) if question.has_history else None
    rows = presenters.compared(question.ask(by), before)
    kind = question.form.chosen("standing") if by in SOURCES else ""
    return [row for row in rows if not kind or (row.key is not None and presenters.kind_of(row.now, rules) == kind)]


def _share_names(by: str, rows: list[presenters.Compared], question: MarketQuestion) -> dict[Any, str]:
    words = words_for(by, {row.key for row in rows}, question.known)
    return {
        **words,
        None: {"provider": "Providers we do not know", "practice": "No practice known", "territory": "No territory"}.get(by, DASH),
    }


def _share_table(request: HttpRequest, question: MarketQuestion, by: str, rules: ReportRules) -> dict[str, Any]:
    column, down = _order(request, presenters.SHARE_SORTS)
    rows = presenters.sort_shares(_share_rows(request, question, by, rules), column, down=down)
    page = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    words = _share_names(by, shown, question)
    return {
        "page": page,
        "rows": [
            presenters.share_row(
                row, words.get(row.key, DASH), _share_url(by, row.key, question), rules, has_standing=by in SOURCES and row.key is not None
            )
            for row in shown
        ],
        "headings": presenters.SHARE_HEADINGS,
        "label": presenters.SHARE_LABELS[by],
        "has_standing": by in SOURCES,
        "sort": column,
        "down": down,
        "csv_url": question.file("share-export", "csv", by=by),
        "xlsx_url": question.file("share-export", "xlsx", by=by),
    }


def _share_url(by: str, key: Any, question: MarketQuestion) -> str:
    """A line or territory narrows the page, a practice opens its providers, a provider their own page."""
    if key is None:
        return ""
    if by == "provider":
        return reverse("contacts:provider", args=[key])
    if by == "practice":
        return question.page("share", by="provider", practice=key, standing=None)
    return question.page("share", by="practice" if question.sees_sources else None, **{by: key})


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def share_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The table of the page, or the months, as a file."""
    by = request.GET.get("by") if request.GET.get("by") == "month" else _dimension(request, presenters.SHARE_LABELS)
    question = ask_market(request, without=("whose",))
    if kind not in exports.KINDS or question is None:
        raise Http404("No such file.")
    rules = ReportRules.current()
    if by == "month":
        rows = presenters.compared(sorted(question.ask("month"), key=lambda one: one.key), None)
        words = {row.key: f"{row.key:%Y-%m}" for row in rows}
    else:
        rows = presenters.sort_shares(_share_rows(request, question, by, rules), "elsewhere", down=True)
        words = _share_names(by, rows, question)
    record("report.exported", by=request.user, table=f"share-by-{by}", kind=kind, filter=question.query())
    made = files.share(rows, words, presenters.SHARE_LABELS.get(by, "Month"), rules, has_standing=by in SOURCES)
    return exports.response(f"share-of-care-by-{by}-{question.window.start:%Y-%m}-{question.window.last_day:%Y-%m}", kind, made)


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def avoidable(request: HttpRequest) -> HttpResponse:
    """Which of our referrals that left could have stayed."""
    by = _dimension(request, presenters.AVOIDABLE_LABELS)
    question = _ask_avoidable(request)
    if question is None or question.scope.is_empty:
        return nothing_yet(request)
    rules = ReportRules.current()
    known = capacity_known(rules, timezone.localdate())
    extra = _narrower(request)
    per_line = _judged(question, "service_line", rules, extra)
    lines = words_for("service_line", {one.key[0] for one in per_line}, question.known)
    whole = presenters.total_of(per_line)
    csv = _file(question, "csv", extra, by="service_line")
    drawn = [(lines[one.key[0]], one, _avoidable_url("service_line", one.key[0], question, extra)) for one in per_line]
    found = per_line if by == "service_line" else _judged(question, by, rules, extra)
    column, down = _order(request, presenters.AVOIDABLE_SORTS)
    page = Paginator(presenters.sort_outcomes(found, column, down=down), PAGE_ROWS).get_page(request.GET.get("page"))
    words = words_for(by, {one.key[0] for one in page.object_list}, question.known)
    context = {
        "kpis": presenters.avoidable_kpis(whole),
        "lines": presenters.avoidable_by_line(drawn, whole, has_capacity=bool(known["told"]), csv_url=csv, through=question.data_through),
        "table": {
            "page": page,
            "rows": [
                presenters.avoidable_row(
                    one, words.get(one.key[0], DASH), _avoidable_url(by, one.key[0], question, extra), _rows_url(by, one, question, extra)
                )
                for one in page.object_list
            ],
            "headings": presenters.AVOIDABLE_HEADINGS,
            "label": presenters.AVOIDABLE_LABELS[by],
            "sort": column,
            "down": down,
            "csv_url": _file(question, "csv", extra, by=by),
            "xlsx_url": _file(question, "xlsx", extra, by=by),
        },
        "tabs": [
            {"url": question.page("avoidable", by=name, **extra), "label": label, "active": name == by}
            for name, label in presenters.AVOIDABLE_LABELS.items()
            if name not in SOURCES or question.sees_sources
        ],
        "narrowed": _narrowed(question, extra),
        "capacity": known,
        "rules": rules,
    }
    kept = {name: request.GET[name] for name in ("by", "practice", "destination", "reason", "sort") if request.GET.get(name)}
    return render(request, "reports/avoidable.html", context | frame(question, "avoidable", **kept))


def _ask_avoidable(request: HttpRequest) -> Question | None:
    practice = None
    if wanted := request.GET.get("practice"):
        practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=wanted if wanted.isdecimal() and len(wanted) < 10 else 0)
    destination = request.GET.get("destination", "")
    return ask(
        request,
        practice=practice.pk if practice else None,
        destination=int(destination) if destination.isascii() and destination.isdecimal() and len(destination) < 10 else None,
    )


def _narrower(request: HttpRequest) -> dict[str, str]:
    """What the page adds to the question that is no number: the reason."""
    reason = request.GET.get("reason", "")
    return {"reason": reason} if reason in LossReason.values else {}


def _judged(question: Question, by: str, rules: ReportRules, extra: dict[str, str]) -> list[Outcome]:
    return outcomes(
        by=[by],
        start=question.window.start,
        end=question.window.end,
        where={**question.where, **extra},
        scope=question.scope,
        rules=rules,
        counting=question.rules,
    )


def _avoidable_url(by: str, key: Any, question: Question, extra: dict[str, str]) -> str:
    """A group narrows the page, and is grouped by what lies below it."""
    if key is None:
        return ""
    below = {"service_line": "destination", "territory": "practice", "payer": "service_line", "reason": "service_line",
             "destination": "practice", "practice": "service_line"}[by]  # fmt: skip
    below = "reason" if below in SOURCES and not question.sees_sources else below
    return question.page("avoidable", **{**extra, "by": below, by: key})


def _rows_url(by: str, one: Outcome, question: Question, extra: dict[str, str]) -> str:
    """The list of the referrals that left, for those who may see single ones."""
    return question.rows("outbound", **extra, **{by: NONE if one.key[0] is None else one.key[0]})


def _file(question: Question, kind: str, extra: dict[str, str], *, by: str) -> str:
    if not question.user.can(Permission.EXPORT):
        return ""
    query = question.query(by=by, **extra)
    return f"{reverse('reports:avoidable-export', args=[kind])}?{query}"


def _narrowed(question: Question, extra: dict[str, str]) -> list[dict[str, str]]:
    """What the page is narrowed to beside the filter, each with the way back."""
    found = []
    for name in ("practice", "destination"):
        if name in question.chosen:
            word = words_for(name, {question.chosen[name]}).get(question.chosen[name], "")
            found.append(
                {"label": presenters.AVOIDABLE_LABELS[name], "word": word, "url": question.page("avoidable", **{**extra, name: None})}
            )
    if reason := extra.get("reason"):
        found.append({"label": "Reason", "word": str(LossReason(reason).label), "url": question.page("avoidable")})
    return found


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def avoidable_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The table of the page as a file."""
    by = _dimension(request, presenters.AVOIDABLE_LABELS)
    question = _ask_avoidable(request)
    if kind not in exports.KINDS or question is None:
        raise Http404("No such file.")
    found = presenters.sort_outcomes(_judged(question, by, ReportRules.current(), _narrower(request)), "avoidable", down=True)
    words = words_for(by, {one.key[0] for one in found}, question.known)
    record("report.exported", by=request.user, table=f"avoidable-by-{by}", kind=kind, filter=question.query())
    made = files.avoidable(found, words, presenters.AVOIDABLE_LABELS[by], question.rules.small_cell)
    return exports.response(f"avoidable-by-{by}-{question.window.start:%Y-%m}-{question.window.last_day:%Y-%m}", kind, made)


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def capacity(request: HttpRequest) -> HttpResponse:
    """What each of our sites could take when it last told, and what is too old to go by."""
    today, rules = timezone.localdate(), ReportRules.current()
    newest = Capacity.objects.visible_to(request.user).newest(today).values("pk")
    rows = (
        Capacity.objects.filter(pk__in=newest)
        .select_related("organization", "service_line", "told_by")
        .prefetch_related("payers")
        .order_by("service_line__name", "organization__name")
    )
    line = request.GET.get("service_line", "")
    if line.isascii() and line.isdecimal() and len(line) < 10:
        rows = rows.filter(service_line=int(line))
    shown: list[dict[str, Any]] = [
        {"site": row, "age": (today - row.as_of_on).days, "is_old": (today - row.as_of_on).days > rules.capacity_old_days} for row in rows
    ]
    context = {"rows": shown, "old": sum(row["is_old"] for row in shown), "rules": rules}
    return render(request, "reports/capacity.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def capacity_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A new word on a site: what was told before stays in the history."""
    known = get_object_or_404(Capacity.objects.visible_to(request.user).select_related("organization", "service_line"), pk=pk)
    initial = {
        "as_of_on": timezone.localdate(),
        "is_accepting": {True: "yes", False: "no", None: ""}[known.is_accepting],
        "third_next_available": known.third_next_available,
        "payers": [payer.pk for payer in known.payers.all()],
        "address": known.address,
        "zip": known.zip,
    }
    form = CapacityForm(request.POST if request.method == "POST" else None, payers=Payer.objects.all(), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        try:
            referrals.actions.tell_capacity(
                organization=known.organization, service_line=known.service_line, zip_=data.pop("zip"), by=request.user, **data
            )
        except PolicyViolation as refusal:
            form.add_error("as_of_on", str(refusal))
        else:
            messages.success(request, f"Saved: {known}.")
            return redirect("reports:capacity")
    history = (
        Capacity.objects.filter(organization=known.organization, service_line=known.service_line)
        .select_related("told_by", "file")
        .order_by("-as_of_on", "-pk")[:PAGE_ROWS]
    )
    context = {"form": form, "site": known, "history": history}
    return render(request, "reports/capacity_edit.html", context, status=422 if form.errors else 200)
