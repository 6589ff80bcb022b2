"""Which of our outbound referrals could have stayed: judged by what was known of our own sites on the day (METHODS section 2).

Whether one of our sites could have taken a referral is asked of each site in three values, yes, no and unknown: it was ours that day, of
the line, took new patients, had its third next appointment within Y days, took the payer, and lay within X miles of the referring office.
One "no" settles a site; without one, one "unknown" leaves it open. A referral is avoidable when some site says yes, and open when none does
but some is unknown, or nobody ever told of a site in its line. The patient's choice, the insurer's decision and the physician's medical
judgement are asked first and taken out.

The statement below does this for all referrals at once, over spans of days in which a site's word holds (few) and pairs of ZIP codes that
are near (few); tests hold it against a plain walk over every referral and site.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, NullIf

from common.places import has_center, miles_between
from contacts.models import Alignment, AlignmentKind
from referrals.models import Capacity, CountingRules, LossReason, Referral
from reports.models import ReportRules
from reports.queries.cells import seen
from reports.queries.cuts import CUTS, Where, annotated, matching
from territories.scope import Scope

# The three exceptions: the patient chose, the insurer decided, the physician judged so.
DECIDED = (LossReason.PATIENT_CHOICE, LossReason.PAYER_NETWORK, LossReason.MEDICAL_JUDGEMENT)


@dataclass(frozen=True)
class Outcome:
    """Outbound referrals of one group, and its parts: `avoidable`, `open` (nobody can say), `decided` (patient, insurer, physician) and
    `none` (nothing of ours could). `no_zip` and `no_payer` say why some of the open are open.
    """

    key: tuple[Any, ...]
    outbound: int
    avoidable: int
    open: int
    decided: int
    none: int
    no_zip: int
    no_payer: int


@dataclass(frozen=True)
class Span:
    """From `start` until before `end` a site of ours may have taken referrals of the line: nothing that is known of it says no.

    `is_sure`: it took new patients soon enough. `payers` None: nobody told which. `wait`: days to the third next appointment, as told.
    """

    line_id: int
    zip: str
    start: dt.date
    end: dt.date
    is_sure: bool
    payers: frozenset[int] | None
    organization_id: int
    wait: int | None = None


_FIRST, _LAST = dt.date(1990, 1, 1), dt.date(9999, 1, 1)


def spans(rules: ReportRules, counting: CountingRules) -> list[Span]:
    """Of every site and line of which anybody ever told, the days on which it may have taken referrals."""
    told: dict[tuple[int, int], list[Capacity]] = {}
    for row in Capacity.objects.effective().prefetch_related("payers"):
        told.setdefault((row.organization_id, row.service_line_id), []).append(row)
    ours = _ours({organization for organization, _ in told}, counting)
    return [
        part
        for (organization, _), rows in told.items()
        for span in _of_site(rows, rules)
        for part in _clipped(span, ours.get(organization, ()))
    ]


def _of_site(rows: Sequence[Capacity], rules: ReportRules) -> Iterable[Span]:
    """A statement holds until the next, or until it is too old; before the first, and when too old, nothing but the place is known."""
    first = rows[0]
    yield _unknown(first, _FIRST, first.as_of_on)
    ends = [following.as_of_on for _, following in pairwise(rows)] + [_LAST]
    for row, end in zip(rows, ends, strict=True):
        old = min(end, row.as_of_on + dt.timedelta(days=rules.capacity_old_days + 1))
        wait = row.third_next_available
        if row.is_accepting is not False and (wait is None or wait <= rules.avoidable_days):
            payers = frozenset(payer.pk for payer in row.payers.all()) or None
            sure = row.is_accepting is True and wait is not None
            yield Span(row.service_line_id, row.zip, row.as_of_on, old, sure, payers, row.organization_id, wait)
        if old < end:
            yield _unknown(row, old, end)


def _unknown(row: Capacity, start: dt.date, end: dt.date) -> Span:
    return Span(row.service_line_id, row.zip, start, end, False, None, row.organization_id)


def _clipped(span: Span, ours: Iterable[tuple[dt.date, dt.date]]) -> Iterable[Span]:
    for start, end in ours:
        first, last = max(span.start, start), min(span.end, end)
        if first < last:
            yield replace(span, start=first, end=last)


def _ours(organizations: set[int], counting: CountingRules) -> dict[int, list[tuple[dt.date, dt.date]]]:
    """When each was ours: employed, or affiliated if the rules say so."""
    kinds = [AlignmentKind.EMPLOYED, *([AlignmentKind.AFFILIATED] if counting.affiliated_is_ours else [])]
    found: dict[int, list[tuple[dt.date, dt.date]]] = {}
    rows = Alignment.objects.filter(organization__in=organizations, kind__in=kinds)
    for organization, start, end in rows.values_list("organization_id", "started_on", "ended_on"):
        found.setdefault(organization, []).append((start or _FIRST, end or _LAST))
    return found


def outcomes(
    *,
    by: Sequence[str] = (),
    start: dt.date,
    end: dt.date,
    where: Where | None = None,
    scope: Scope,
    rules: ReportRules,
    counting: CountingRules,
) -> list[Outcome]:
    """Per group of `by`, the outbound referrals of the days from `start` until before `end`, judged."""
    if scope.is_empty:
        return []
    where = where or {}
    rows = annotated(Referral.objects.counted().filter(flow="outbound", anchor_on__gte=start, anchor_on__lt=end), [*by, *where])
    rows = rows.filter(seen(scope) & matching(where))
    groups = {f"by_{name}": F(CUTS[name].place) for name in by}
    sql, params = _judging(rows, groups, rules, counting)
    keys = ", ".join(groups)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{sql} SELECT {f"{keys}, " if keys else ""}count(*),
                count(*) FILTER (WHERE {_IS["avoidable"]}), count(*) FILTER (WHERE {_IS["open"]}), count(*) FILTER (WHERE is_decided),
                count(*) FILTER (WHERE NOT is_decided AND NOT could AND NOT might),
                count(*) FILTER (WHERE {_IS["open"]} AND NOT has_zip), count(*) FILTER (WHERE {_IS["open"]} AND payer_id IS NULL)
            FROM judged {f"GROUP BY {keys}" if keys else "HAVING count(*) > 0"}""",  # noqa: S608 - our own names and the ORM's SQL
            params,
        )
        width = len(groups)
        return [Outcome(tuple(row[:width]), *row[width:]) for row in cursor.fetchall()]


_IS = {"avoidable": "NOT is_decided AND could", "open": "NOT is_decided AND NOT could AND might"}


def judged(rows: QuerySet[Referral], outcome: str, *, rules: ReportRules, counting: CountingRules) -> QuerySet[Referral]:
    """Of these outbound referrals those that were "avoidable", or are "open"."""
    try:
        sql, params = _judging(rows, {}, rules, counting)
    except EmptyResultSet:  # somebody without a territory
        return rows.none()
    return rows.filter(pk__in=RawSQL(f"{sql} SELECT id FROM judged WHERE {_IS[outcome]}", params))  # noqa: S608, S611 - our own conditions


def _judging(
    rows: QuerySet[Referral], groups: Mapping[str, Any], rules: ReportRules, counting: CountingRules
) -> tuple[str, tuple[Any, ...]]:
    """The common table `judged` with its parameters: the rows by their groups, and what is said of each."""
    office = Coalesce(NullIf("referring_zip", Value("")), "practice__zip", Value(""))
    wanted = (
        rows.order_by()
        .annotate(**groups, office_zip=office)
        .values_list(*groups, "id", "office_zip", "anchor_on", "service_line_id", "payer_id", "reason")
    )
    facts, params = wanted.query.sql_with_params()
    names = [*groups, "id", "office_zip", "anchor_on", "line_id", "payer_id", "reason"]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT office_zip FROM ({facts}) AS f ({', '.join(names)})", params)  # noqa: S608 - the ORM's own
        zips = [zip_ for (zip_,) in cursor.fetchall() if has_center(zip_)]
    return _sql(facts, names), (*params, *_parameters(spans(rules, counting), zips, rules.avoidable_miles))


def _parameters(found: Sequence[Span], zips: Sequence[str], miles: int) -> list[Any]:
    sites = {span.zip for span in found if has_center(span.zip)}
    near = [(zip_, site) for zip_ in zips for site in sites if (far := miles_between(zip_, site)) is not None and far <= miles]
    columns: list[list[Any]] = [
        [span.line_id for span in found],
        [span.zip if has_center(span.zip) else "" for span in found],
        [span.start for span in found],
        [span.end for span in found],
        [span.is_sure for span in found],
        [None if span.payers is None else "{" + ",".join(map(str, sorted(span.payers))) + "}" for span in found],
    ]
    told = list(Capacity.objects.order_by().values_list("service_line_id", flat=True).distinct())
    return [*columns, [zip_ for zip_, _ in near], [site for _, site in near], zips, list(DECIDED), told]


def _sql(facts: str, names: Sequence[str]) -> str:
    """Parameters: the facts', then the spans' six columns, near pairs (two), ZIP codes that lie somewhere, the three exceptions,
    lines of which anybody told."""
    return f"""WITH f ({", ".join(names)}) AS ({facts}),
        span (line_id, zip, start_on, end_on, is_sure, payers) AS (
            SELECT line_id, zip, start_on, end_on, is_sure, payers::bigint[]
            FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::date[], %s::bool[], %s::text[])
                AS s (line_id, zip, start_on, end_on, is_sure, payers)),
        near (office_zip, zip) AS (SELECT * FROM unnest(%s::text[], %s::text[])),
        located AS (SELECT f.*, office_zip = ANY(%s::text[]) AS has_zip FROM f),
        judged AS (
            SELECT l.*, reason = ANY(%s::text[]) AS is_decided, EXISTS (
                    SELECT FROM span s JOIN near n ON n.office_zip = l.office_zip AND n.zip = s.zip
                    WHERE s.line_id = l.line_id AND l.anchor_on >= s.start_on AND l.anchor_on < s.end_on
                        AND s.is_sure AND l.payer_id = ANY(s.payers)) AS could,
                l.line_id IS NULL OR l.line_id <> ALL(%s::bigint[]) OR EXISTS (
                    SELECT FROM span s
                    WHERE s.line_id = l.line_id AND l.anchor_on >= s.start_on AND l.anchor_on < s.end_on
                        AND (l.payer_id IS NULL OR s.payers IS NULL OR l.payer_id = ANY(s.payers))
                        AND (NOT l.has_zip OR s.zip = '' OR EXISTS (
                            SELECT FROM near n WHERE n.office_zip = l.office_zip AND n.zip = s.zip))) AS might
            FROM located l)"""  # noqa: S608 - our own names and the ORM's SQL


def capacity_known(rules: ReportRules, today: dt.date) -> Mapping[str, int]:
    """How many sites and lines have told, and of how many the newest word is too old by now."""
    newest = list(Capacity.objects.newest(today).values_list("as_of_on", flat=True))
    return {"told": len(newest), "old": sum((today - day).days > rules.capacity_old_days for day in newest)}
