"""How a new physician of ours fills up, in steps of thirty days from their first: referrals and new patients against the plan."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Min, Q

from common.charts import Chart, table
from common.templatetags.prm import number
from introductions.models import NewPhysician
from referrals.models import Flow, Referral
from reports import words
from reports.queries.freshness import Freshness
from territories.scope import Scope

STEP, STEPS = dt.timedelta(days=30), 12


@dataclass(frozen=True)
class RampStep:
    """Thirty days: what came, how many patients came for the first time (None: the feeds name none), what was planned; `is_whole` once
    the data holds all of them.
    """

    name: str
    referrals: int
    patients: int | None
    planned: int
    is_whole: bool


def ramp(physician: NewPhysician, *, scope: Scope, fresh: Freshness) -> list[RampStep]:
    """The steps that the data has reached, at most a year. Referrals that name the physician as who receives them, sent to us by whomever
    the scope shows.
    """
    if fresh.data_through is None or fresh.data_through < physician.start_on:
        return []
    rows = Referral.objects.filter(performer=physician.provider_id, is_counted=True, flow__in=[Flow.INBOUND, Flow.INTERNAL])
    if not scope.whole:
        seen = Q(territory__in=scope.territory_ids)
        for territory, line in sorted(scope.overlays):
            seen |= Q(territory=territory, service_line=line)
        rows = rows.filter(seen)
    until = fresh.data_through + dt.timedelta(days=1)
    days = list(rows.filter(anchor_on__gte=physician.start_on, anchor_on__lt=until).order_by().values_list("anchor_on", flat=True))
    known = rows.filter(anchor_on__lt=until).exclude(patient_hash="").order_by().values("source", "patient_hash")
    firsts = [day for day in known.annotate(first=Min("anchor_on")).values_list("first", flat=True) if day >= physician.start_on]
    steps = []
    for place in range(STEPS):
        start = physician.start_on + place * STEP
        if start >= until:
            break
        end = start + STEP
        steps.append(
            RampStep(
                f"Days {place * 30 + 1} to {place * 30 + 30}",
                sum(start <= day < end for day in days),
                sum(start <= day < end for day in firsts) if firsts or known.exists() else None,
                physician.planned(place + 1),
                end <= until,
            )
        )
    return steps


def finding(steps: Sequence[RampStep], *, with_plan: bool) -> str:
    """The last whole thirty days against their plan, in words."""
    whole = [step for step in steps if step.is_whole]
    if not steps:
        return "The data does not reach the first day yet"
    if not whole:
        return f"{words.count(steps[0].referrals, 'referral')} so far in the first 30 days"
    last = whole[-1]
    came = f"{words.count(last.referrals, 'referral')} in {last.name.lower()}"
    if not with_plan:
        return f"{came} from your territories"
    if not last.planned:
        return f"{came}; none were planned"
    missing = last.planned - last.referrals
    if missing <= 0:
        return f"{came}: the plan of {number(last.planned)} is reached"
    return f"{came}, {number(missing)} short of the plan of {number(last.planned)}"


def ramp_chart(physician: NewPhysician, steps: Sequence[RampStep], *, with_plan: bool, fresh: Freshness) -> Chart:
    late = next((place for place, step in enumerate(steps) if not step.is_whole), None)
    series = [{"name": "Referrals", "values": [step.referrals for step in steps], "tone": "inbound"}]
    has_patients = any(step.patients is not None for step in steps)
    if has_patients:
        series.append({"name": "New patients", "values": [step.patients for step in steps], "tone": "c4"})
    if with_plan:
        series.append({"name": "Plan", "values": [step.planned for step in steps], "tone": "neutral"})
    spec = {
        "kind": "bar",
        "unit": "count",
        "labels": [step.name.removeprefix("Days ") for step in steps],
        "series": series,
        **({"immature_from": late} if late is not None else {}),
        **({} if steps else {"empty": "Nothing can be said before the first day."}),
    }
    heads = ["Since the start", "Referrals", *(["New patients"] if has_patients else []), *(["Plan"] if with_plan else [])]
    lines = [
        [
            step.name,
            number(step.referrals),
            *([number(step.patients)] if has_patients else []),
            *([number(step.planned)] if with_plan else []),
        ]
        for step in steps
    ]
    note = "Hatched: these thirty days are not over in the data." if late is not None else ""
    return Chart(
        f"ramp-{physician.pk}",
        finding(steps, with_plan=with_plan),
        spec,
        table(f"Ramp of {physician}", heads, lines),
        sub="Referrals that name the physician as who receives them, in steps of 30 days.",
        note=note,
        data_through=fresh.data_through,
    )
