"""What became of referrals (METHODS section 2): cohorts by anchor date, outcomes within W days.

Only referrals older than W, counted back from the data-through date, are in a rate; the others are counted apart as immature, since
their outcome may still come. An outcome that is known without its day is undetermined: it widens the bounds and is in neither half.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from referrals.behind import Part
from referrals.models import Referral
from reports.measures.definition import ALL_CUTS, NEEDS_CLAIMS, Ask, Better, Evaluate, Measure, Row
from reports.queries.facts import facts, has_claims, is_ours, members, tally

TOLD = ("inbound", "internal", "outbound", "undetermined")
OURS = ("internal", "outbound", "undetermined")

_MATURE = "c.anchor_on <= %(mature)s"
_SEEN = "c.seen_on <= c.anchor_on + %(within)s"
_SEEN_SOME_DAY = "(c.seen_by <> '' AND c.seen_on IS NULL)"


def conversion_seen(ask: Ask) -> list[Row]:
    """Conversion, referred to seen: seen within 90 days ÷ all referrals.

    Every counted referral is in the denominator, the canceled and rejected too. Seen is what the referral's own status, a linked
    appointment or a claim shows, on the first day that any of them names. Who was seen on an unknown day is undetermined. Cut by flow:
    an inbound referral that is never seen is a matter of conversion, never of leakage.
    """
    return _rates(ask, _COHORTS["conversion_seen"])


def conversion_scheduled(ask: Ask) -> list[Row]:
    """Conversion, referred to scheduled: scheduled within 14 days ÷ all referrals.

    The day of scheduling is when the source's status says so. Many sources tell only the appointment: one within the 14 days was
    scheduled within them, one later may have been. Those are undetermined, in neither half, and the width of the bounds.
    """
    return _rates(ask, _COHORTS["conversion_scheduled"])


def conversion_scheduled_seen(ask: Ask) -> list[Row]:
    """Conversion, scheduled to seen: seen within 90 days ÷ all that were scheduled.

    Of the same cohort, by the day of the referral: scheduled is any referral with an appointment, or seen. Who never got an appointment
    is in the other conversion.
    """
    return _rates(ask, _COHORTS["conversion_scheduled_seen"])


def closed_loop(ask: Ask) -> list[Row]:
    """Closed loop, operational: report received within 120 days ÷ all eligible referrals.

    Every counted referral is eligible, whatever became of it: who was never seen has no report, and that is an open loop. A report that
    was sent on an unknown day is undetermined. The quality measure CMS50 asks other things and stands apart.
    """
    return _rates(ask, _COHORTS["closed_loop"])


def leakage_broad(ask: Ask) -> list[Row]:
    """Leakage, broad: (outbound + never completed) ÷ all of ours.

    All referrals by our own providers are in the denominator: internal, outbound and undetermined. Never completed are those not sent
    elsewhere whose patient was not seen within 90 days. It answers how many of our referrals we lose for whatever reason, and is never
    mixed with leakage as ordered or realised.
    """
    return _rates(ask, _COHORTS["leakage_broad"])


def no_show(ask: Ask) -> list[Row]:
    """No-shows: missed appointments ÷ (missed appointments + patients seen), within 90 days.

    Counted by appointment, each once: a patient who misses one and comes to the next is one missed and one seen. An appointment canceled
    on its own day or later (a setting) is missed, one canceled before that cut-off is in neither half, as is one whose day of
    cancellation nobody told. Missed or seen on an unknown day is undetermined.
    """
    cohort = _COHORTS["no_show"]
    counts = {
        "missed": f"(coalesce(sum(m.missed) FILTER (WHERE {_MATURE}), 0)::int)",
        "seen": f"{_MATURE} AND {_SEEN}",
        "unknown": cohort.condition(Part.UNDETERMINED),
        "immature": cohort.condition(Part.IMMATURE),
    }
    groups = tally(_rows(ask, cohort.flows), ask.by, counts, joins=cohort.joins, params=cohort.params(ask))
    return [
        Row.share(g.key, g.n["missed"], g.n["missed"] + g.n["seen"], undetermined=g.n["unknown"], immature=g.n["immature"]) for g in groups
    ]


def leakage_realised(ask: Ask) -> list[Row]:
    """Leakage, realised: seen outside our network ÷ seen anywhere, within 90 days.

    Of our own providers' referrals, by where the patient was first seen: as a linked claim or appointment says, else as ordered. Whose
    the place is, is asked for the day seen, not the day ordered. Seen on an unknown day, or at a place that nobody names, is
    undetermined. It needs a feed of claims that sees all destinations: without one nobody is known to be seen elsewhere, and it says so.
    """
    if lacks_claims(ask):
        return [] if ask.by else [Row(remark=NEEDS_CLAIMS)]
    return _rates(ask, _COHORTS["leakage_realised"])


def lacks_claims(ask: Ask) -> str:
    """What realised leakage lacks: a feed that sees claims."""
    return "" if has_claims() else NEEDS_CLAIMS


@dataclass(frozen=True)
class Cohort:
    """Which referrals are in which part of a figure: conditions of SQL over the cohort `c` and `joins`.

    `yes` within W of those that are `among` and not `unknown` (blank: the outcome is always known). `rule` is the setting that says W.
    """

    rule: str
    flows: tuple[str, ...]
    yes: str
    among: str = "true"
    unknown: str = ""
    joins: str = ""

    def condition(self, part: Part) -> str:
        if part == Part.IMMATURE:
            return f"NOT {_MATURE}"
        unknown = self.unknown or "false"
        if part == Part.UNDETERMINED:
            return f"{_MATURE} AND {self.among} AND {unknown}"
        return f"{_MATURE} AND {self.among} AND NOT {unknown}" + (f" AND {self.yes}" if part == Part.NUMERATOR else "")

    def params(self, ask: Ask) -> dict[str, object]:
        """W, the last day whose referrals are older than it (before any data nothing is), and the rules that conditions name."""
        within = ask.days(self.rule)
        mature = ask.data_through - dt.timedelta(days=within) if ask.data_through else dt.date.min
        ours = is_ours(ask.counting.affiliated_is_ours)
        return {"within": within, "mature": mature, "late": ask.rules.late_cancel_days, "ours": ours}

    def behind(self, ask: Ask, rows: QuerySet[Referral], part: Part) -> QuerySet[Referral]:
        return members(rows.filter(flow__in=self.flows), self.condition(part), joins=self.joins, params=self.params(ask))


class Appointments(Cohort):
    """Appointments are counted: a referral stands for all of its own, and one with an undated one is still counted for the others."""

    def condition(self, part: Part) -> str:
        if part == Part.NUMERATOR:
            return f"{_MATURE} AND {self.yes}"
        return f"{_MATURE} AND ({self.yes} OR {_SEEN})" if part == Part.DENOMINATOR else super().condition(part)


def _rows(ask: Ask, flows: Sequence[str]) -> QuerySet[Referral]:
    return facts(names=ask.by, start=ask.start, end=ask.end, where=ask.where, scope=ask.scope, flows=flows)


def _rates(ask: Ask, cohort: Cohort) -> list[Row]:
    """The figure of each group."""
    counts = {part.value: cohort.condition(part) for part in Part}
    groups = tally(_rows(ask, cohort.flows), ask.by, counts, joins=cohort.joins, params=cohort.params(ask))
    return [
        Row.share(
            g.key,
            g.n[Part.NUMERATOR],
            g.n[Part.DENOMINATOR],
            undetermined=g.n[Part.UNDETERMINED] if cohort.unknown else None,
            immature=g.n[Part.IMMATURE],
        )
        for g in groups
    ]


# What the history tells of a referral's appointments. `first`: a day by which it was scheduled; `exactly`: the day, where every message
# of scheduling has one. Referrals that nobody has taken up yet have none.
_APPOINTMENTS = """LEFT JOIN LATERAL (
    SELECT min(least(e.happened_on, e.appointment_on)) AS first, true AS is_scheduled,
        CASE WHEN bool_and(e.happened_on IS NOT NULL) FILTER (WHERE e.state = 'scheduled')
             THEN min(e.happened_on) FILTER (WHERE e.state = 'scheduled') END AS exactly
    FROM referrals_statusevent e
    WHERE c.state NOT IN ('received', 'accepted') AND e.referral_id = c.id AND NOT e.is_inferred
      AND e.state IN ('scheduled', 'no-show', 'appointment cancelled', 'seen') HAVING count(*) > 0) a ON true"""
_EVER_SCHEDULED = "(a.is_scheduled IS TRUE OR c.appointment_on IS NOT NULL OR c.seen_by <> '')"
_SCHEDULED = "coalesce(least(a.first, c.appointment_on, c.seen_on) <= c.anchor_on + %(within)s, false)"
_MAYBE_SCHEDULED = f"({_EVER_SCHEDULED} AND NOT {_SCHEDULED} AND a.exactly IS NULL)"

# Appointments that were missed within W, by their day; the one on which the patient was seen after all was not.
_MISSED = """LEFT JOIN LATERAL (
    SELECT count(DISTINCT day) FILTER (WHERE day <= c.anchor_on + %(within)s AND day IS DISTINCT FROM c.seen_on) AS missed,
        bool_or(state = 'no-show' AND day IS NULL) AS undated
    FROM (SELECT e.state, coalesce(e.appointment_on, e.happened_on) AS day FROM referrals_statusevent e
          WHERE c.state NOT IN ('received', 'accepted') AND e.referral_id = c.id AND NOT e.is_inferred AND (e.state = 'no-show'
            OR (e.state = 'appointment cancelled' AND e.appointment_on IS NOT NULL AND e.happened_on > e.appointment_on - %(late)s))
         ) AS kept) m ON true"""


def _aligned(owner: str, column: str, name: str) -> str:
    """The alignment on the day seen, joined; "unknown" is nobody's word."""
    return f"""LEFT JOIN contacts_alignment {name} ON {name}.{owner}_id = {column} AND {name}.kind <> 'unknown'
        AND ({name}.started_on IS NULL OR c.seen_on >= {name}.started_on)
        AND ({name}.ended_on IS NULL OR c.seen_on < {name}.ended_on)"""


# Where the patient was seen first, and whether that was ours on that day; null where nobody names the place. A feed of appointments, or
# of what we received, sees only ours.
_PLACE = f"""LEFT JOIN LATERAL (
    SELECT visit.*, q.sees FROM (
        SELECT 0 AS nth, v.destination_id, v.destination_name, v.performer_id, v.performing_name, v.performing_npi, v.source_id,
            coalesce(v.seen_on, v.anchor_on) AS day, v.source_key
        FROM referrals_referral v WHERE v.linked_to_id = c.id AND v.seen_by <> '' AND c.seen_on IS NOT NULL
        UNION ALL SELECT 1, c.destination_id, c.destination_name, c.performer_id, c.performing_name, c.performing_npi, c.source_id,
            c.seen_on, '' WHERE c.seen_by <> '' AND c.seen_on IS NOT NULL) visit
    JOIN referrals_source q ON q.id = visit.source_id
    WHERE q.sees IN ('appointments', 'received') OR visit.destination_id IS NOT NULL OR visit.destination_name <> ''
        OR visit.performer_id IS NOT NULL OR visit.performing_name <> '' OR visit.performing_npi <> ''
    ORDER BY nth, day, q.sees <> 'claims', q.name, source_key COLLATE "C" LIMIT 1) w ON true
LEFT JOIN LATERAL (
    SELECT a.practice_id FROM contacts_affiliation a WHERE w.destination_id IS NULL AND w.destination_name = ''
      AND a.provider_id = w.performer_id AND a.is_primary
      AND (a.ended_on IS NULL OR (c.seen_on < a.ended_on AND (a.started_on IS NULL OR c.seen_on >= a.started_on)))
    ORDER BY (a.started_on IS NULL OR c.seen_on >= a.started_on) DESC, a.started_on DESC NULLS LAST, a.id LIMIT 1) away ON true
LEFT JOIN contacts_practice desk ON desk.id = away.practice_id
{_aligned("organization", "w.destination_id", "dn")}
{_aligned("provider", "w.performer_id", "dp")}
{_aligned("practice", "away.practice_id", "dq")}
{_aligned("organization", "desk.organization_id", "dg")}
CROSS JOIN LATERAL (
    SELECT CASE WHEN w.destination_id IS NOT NULL OR w.destination_name <> '' THEN coalesce(dn.kind, 'unknown')
                WHEN w.performer_id IS NOT NULL THEN coalesce(dp.kind, dq.kind, dg.kind, 'unknown')
                WHEN w.source_id IS NOT NULL THEN 'unknown' END AS kind) whose
CROSS JOIN LATERAL (
    SELECT whose.kind = ANY(%(ours)s) OR (whose.kind = 'unknown' AND w.sees IN ('appointments', 'received')) AS is_ours) p"""  # noqa: S608 - our own names

_COHORTS = {
    "conversion_seen": Cohort("seen_within", TOLD, _SEEN, unknown=_SEEN_SOME_DAY),
    "conversion_scheduled": Cohort("scheduled_within", TOLD, _SCHEDULED, unknown=_MAYBE_SCHEDULED, joins=_APPOINTMENTS),
    "conversion_scheduled_seen": Cohort("seen_within", TOLD, _SEEN, _EVER_SCHEDULED, _SEEN_SOME_DAY, _APPOINTMENTS),
    "closed_loop": Cohort(
        "report_within", TOLD, "c.report_on <= c.anchor_on + %(within)s", unknown="(c.state = 'report sent' AND c.report_on IS NULL)"
    ),
    "leakage_broad": Cohort("seen_within", OURS, f"(c.flow = 'outbound' OR NOT (coalesce({_SEEN}, false) OR {_SEEN_SOME_DAY}))"),
    "no_show": Appointments("seen_within", TOLD, "m.missed > 0", unknown=f"({_SEEN_SOME_DAY} OR m.undated)", joins=_MISSED),
    "leakage_realised": Cohort(
        "seen_within", OURS, "p.is_ours = false", f"c.seen_by <> '' AND coalesce({_SEEN}, true)",
        "(c.seen_on IS NULL OR p.is_ours IS NULL)", _PLACE,
    ),
}  # fmt: skip


def _measure(name: str, title: str, evaluate: Evaluate, *, family: str = "Conversion", better: Better = "up", **more: Any) -> Measure:
    cohort = _COHORTS[name]
    parts = tuple(part for part in Part if part != Part.UNDETERMINED or cohort.unknown)
    leads = ("range_leads_above",) if cohort.unknown else ()
    return Measure(
        name, title, "share", evaluate, family, better, waits=cohort.rule, flows=cohort.flows, behind=cohort.behind, parts=parts,
        **{"settings": (cohort.rule, *leads, *_RULES), **more},
    )  # fmt: skip


_RULES = ("affiliated_is_ours", "counted_kinds", "duplicate_days")
_AMONG_OURS = ALL_CUTS - {"flow"}

FAMILY = (
    _measure("conversion_scheduled", "Referred to scheduled", conversion_scheduled),
    _measure("conversion_scheduled_seen", "Scheduled to seen", conversion_scheduled_seen),
    _measure("conversion_seen", "Referred to seen", conversion_seen),
    _measure("no_show", "No-shows", no_show, better="down", settings=("seen_within", "late_cancel_days", *_RULES)),
    _measure("closed_loop", "Closed loop, operational", closed_loop),
    _measure(
        "leakage_realised", "Leakage, realised", leakage_realised, family="Leakage", better="down", cuts=_AMONG_OURS, lacks=lacks_claims
    ),
    _measure("leakage_broad", "Leakage, broad", leakage_broad, family="Leakage", better="down"),
)
