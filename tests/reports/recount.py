"""The slow twin of reports/measures: every measure by any cut, in plain Python over rows, written from METHODS sections 1 and 2.

It reads the facts as they stand (that those are right is `tests.referrals.slow`'s to prove), their history, and the dated alignments.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from contacts.models import Practice
from referrals.models import CountingRules, Referral, Source, StatusEvent
from reports.models import ReportRules
from tests.referrals.slow import alignment_of, primary_practice

DAY = dt.timedelta(days=1)
TOLD = {"inbound", "internal", "outbound", "undetermined"}
OURS = {"internal", "outbound", "undetermined"}


class Twin:
    """All that was stored, read once."""

    def __init__(self) -> None:
        self.rules, self.counting = ReportRules.current(), CountingRules.current()
        related = ("source", "practice", "performer__specialty", "destination__service_line")
        self.all = list(Referral.objects.select_related(*related))
        self.events: dict[int, list[StatusEvent]] = defaultdict(list)
        for event in StatusEvent.objects.filter(is_inferred=False):
            self.events[event.referral_id].append(event)
        self.linked: dict[int, list[Referral]] = defaultdict(list)
        for row in self.all:
            if row.linked_to_id:
                self.linked[row.linked_to_id].append(row)
        last = [[r.anchor_on for r in self.all if r.source_id == feed.pk] for feed in Source.objects.all()]
        self.through = min((max(days) for days in last if days), default=None)
        months = [r.month for r in self.all if r.is_counted]
        self.first_month = min(months) if months else None

    # cuts -----------------------------------------------------------------------------------------------------------------------

    def part(self, r: Referral, cut: str) -> Any:
        if cut == "specialty":
            if r.performer and r.performer.specialty:
                return r.performer.specialty.name
            return r.destination.service_line.name if r.destination and r.destination.service_line else None
        if cut in ("group", "organization"):
            organization = r.practice.organization_id if r.practice else None
            return organization if organization or cut == "organization" else (-r.practice_id if r.practice_id else None)
        if cut == "reason":
            return r.reason or None
        column = {"liaison": "credited_to_id", "month": "month", "flow": "flow", "kind": "kind", "state": "state"}.get(cut, f"{cut}_id")
        return getattr(r, column)

    def key(self, r: Referral, by: Iterable[str]) -> tuple[Any, ...]:
        return tuple(self.part(r, cut) for cut in by)

    def rows(self, scope: Any, where: dict[str, Any], flows: set[str] = TOLD) -> list[Referral]:
        def is_seen(r: Referral) -> bool:
            in_scope = scope.whole or r.territory_id in scope.territory_ids or (r.territory_id, r.service_line_id) in scope.overlays
            return in_scope and all(self.part(r, cut) == value for cut, value in where.items())

        return [r for r in self.all if r.is_counted and r.flow in flows and is_seen(r)]

    # outcomes -------------------------------------------------------------------------------------------------------------------

    def is_mature(self, r: Referral, within: int) -> bool:
        return self.through is not None and r.anchor_on + within * DAY <= self.through

    @staticmethod
    def in_time(r: Referral, day: dt.date | None, within: int) -> bool:
        return day is not None and day <= r.anchor_on + within * DAY

    def conversion_seen(self, r: Referral, within: int) -> str:
        if r.seen_by and r.seen_on is None:
            return "unknown"
        return "yes" if self.in_time(r, r.seen_on, within) else "no"

    def conversion_scheduled(self, r: Referral, within: int) -> str:
        told = [e for e in self.events[r.pk] if e.state in ("scheduled", "no-show", "appointment cancelled", "seen")]
        known = [day for e in told for day in (e.happened_on, e.appointment_on) if day]
        known += [day for day in (r.appointment_on, r.seen_on) if day]
        if known and self.in_time(r, min(known), within):
            return "yes"
        if not (told or r.appointment_on or r.seen_by):
            return "no"
        messages = [e.happened_on for e in told if e.state == "scheduled"]
        return "no" if messages and all(messages) else "unknown"

    def conversion_scheduled_seen(self, r: Referral, within: int) -> str:
        told = any(e.state in ("scheduled", "no-show", "appointment cancelled", "seen") for e in self.events[r.pk])
        if not (told or r.appointment_on or r.seen_by):
            return "out"
        return self.conversion_seen(r, within)

    def closed_loop(self, r: Referral, within: int) -> str:
        if r.state == "report sent" and r.report_on is None:
            return "unknown"
        return "yes" if self.in_time(r, r.report_on, within) else "no"

    def leakage_broad(self, r: Referral, within: int) -> str:
        completed = self.in_time(r, r.seen_on, within) or (bool(r.seen_by) and r.seen_on is None)
        return "yes" if r.flow == "outbound" or not completed else "no"

    def leakage_realised(self, r: Referral, within: int) -> str:
        if not r.seen_by:
            return "out"
        if r.seen_on is None:
            return "unknown"
        if not self.in_time(r, r.seen_on, within):
            return "out"
        visits = sorted(
            (v for v in self.linked[r.pk] if v.seen_by),
            key=lambda v: (v.seen_on or v.anchor_on, v.source.sees != "claims", v.source.name, v.source_key),
        )
        for place in (*visits, r):
            ours = self.is_place_ours(place, r.seen_on)
            if ours is not None:
                return "no" if ours else "yes"
        return "unknown"

    def is_place_ours(self, r: Referral, day: dt.date) -> bool | None:
        """Whether the place that a row names is ours on the day; None where it names none and its feed sees more than ours."""
        ours = {"employed", "affiliated"} if self.counting.affiliated_is_ours else {"employed"}
        sees_ours = r.source.sees in ("received", "appointments")
        if r.destination_id or r.destination_name:
            kind = alignment_of(day, organization_id=r.destination_id) or "unknown"
        elif r.performer_id:
            desk = Practice.objects.filter(pk=primary_practice(r.performer_id, day)).first()
            kind = (
                alignment_of(day, provider_id=r.performer_id)
                or alignment_of(day, practice_id=desk and desk.pk)
                or alignment_of(day, organization_id=desk and desk.organization_id)
                or "unknown"
            )
        elif r.performing_name or r.performing_npi or sees_ours:
            kind = "unknown"
        else:
            return None
        return kind in ours or (kind == "unknown" and sees_ours)

    def share(self, name: str, by: Iterable[str], start: dt.date, end: dt.date, where: dict[str, Any], scope: Any) -> dict[Any, Any]:
        """{key: (numerator, denominator, undetermined, immature)}."""
        waits = {"conversion_scheduled": "scheduled_within", "closed_loop": "report_within"}.get(name, "seen_within")
        within = getattr(self.rules, waits)
        decide: Callable[[Referral, int], str] = getattr(self, name)
        sums: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for r in self.rows(scope, where, OURS if name.startswith("leakage") else TOLD):
            if not start <= r.anchor_on < end:
                continue
            cell = sums[self.key(r, by)]
            if not self.is_mature(r, within):
                cell[3] += 1
                continue
            found = decide(r, within)
            cell[0] += found == "yes"
            cell[1] += found in ("yes", "no")
            cell[2] += found == "unknown"
        return {key: tuple(cell) for key, cell in sums.items() if any(cell)}

    def behind(self, name: str, part: str, start: dt.date, end: dt.date, scope: Any) -> set[int]:
        """The referrals in a part of a figure, one by one."""
        of_flow = {
            "volume": TOLD, "received": {"inbound", "internal"}, "leakage_ordered": {"internal", "outbound"},
            "keepage_ordered": {"internal", "outbound"},
        }  # fmt: skip
        rows = [r for r in self.rows(scope, {}) if start <= r.anchor_on < end]
        if name in of_flow or name in TOLD:
            known = of_flow.get(name, {name})
            if "ordered" in name and part == "numerator":
                known = {"outbound"} if name.startswith("leakage") else {"internal"}
            return {r.pk for r in rows if r.flow in ({"undetermined"} if part == "undetermined" else known)}
        if name == "patients":
            return {r.pk for r in rows if bool(r.patient_hash) == (part == "numerator")}
        if name == "time_to_appointment":
            return {r.pk for r in rows if part in self.waiting(r)}
        within = getattr(self.rules, {"conversion_scheduled": "scheduled_within", "closed_loop": "report_within"}.get(name, "seen_within"))
        rows = [r for r in rows if r.flow in (OURS if name.startswith("leakage") else TOLD)]
        if part == "immature":
            return {r.pk for r in rows if not self.is_mature(r, within)}
        rows = [r for r in rows if self.is_mature(r, within)]
        if name == "no_show":
            found = {r.pk: (*self.missed(r, within), self.in_time(r, r.seen_on, within)) for r in rows}
            at = {
                "numerator": lambda n, _, __: n > 0,
                "denominator": lambda n, _, seen: n > 0 or seen,
                "undetermined": lambda _, un, __: un,
            }
            return {pk for pk, said in found.items() if at[part](*said)}
        wanted = {"numerator": ("yes",), "denominator": ("yes", "no"), "undetermined": ("unknown",)}[part]
        return {r.pk for r in rows if getattr(self, name)(r, within) in wanted}

    def missed(self, r: Referral, within: int) -> tuple[int, bool]:
        """How many appointments of a referral were missed within W, and whether some day of it is not known."""
        missed = {e.appointment_on or e.happened_on for e in self.events[r.pk] if e.state == "no-show"}
        undated = None in missed or bool(r.seen_by and r.seen_on is None)
        for e in self.events[r.pk]:
            canceled = e.state == "appointment cancelled" and e.appointment_on and e.happened_on
            if canceled and e.happened_on > e.appointment_on - self.rules.late_cancel_days * DAY:
                missed.add(e.appointment_on)
        return len({day for day in missed - {None, r.seen_on} if self.in_time(r, day, within)}), undated

    def no_show(self, by: Iterable[str], start: dt.date, end: dt.date, where: dict[str, Any], scope: Any) -> dict[Any, Any]:
        within, sums = self.rules.seen_within, defaultdict(lambda: [0, 0, 0, 0])
        for r in self.rows(scope, where):
            if not start <= r.anchor_on < end:
                continue
            cell = sums[self.key(r, by)]
            if not self.is_mature(r, within):
                cell[3] += 1
                continue
            n, undated = self.missed(r, within)
            cell[0] += n
            cell[1] += n + self.in_time(r, r.seen_on, within)
            cell[2] += undated
        return {key: tuple(cell) for key, cell in sums.items() if any(cell)}

    def waits(self, by: Iterable[str], start: dt.date, end: dt.date, where: dict[str, Any], scope: Any) -> dict[Any, Any]:
        """{key: (list of (days, seen), unknown, young)}."""
        found: dict[Any, list[Any]] = defaultdict(lambda: [[], 0, 0])
        for r in self.rows(scope, where):
            if not start <= r.anchor_on < end:
                continue
            cell, parts = found[self.key(r, by)], self.waiting(r)
            if "denominator" in parts:
                until = self.until(r)
                assert until is not None
                cell[0].append(((min(until, self.through) - r.anchor_on).days, "numerator" in parts))
            else:
                cell[1 if "undetermined" in parts else 2] += 1
        return dict(found)

    def until(self, r: Referral) -> dt.date | None:
        """Until when a patient waited; None where the day is not known."""
        if r.seen_by:
            return r.seen_on
        if r.state in ("cancelled", "rejected"):
            days = [e.happened_on for e in self.events[r.pk] if e.state in ("cancelled", "rejected") and e.happened_on]
            return min(days) if days else None
        return self.through

    def waiting(self, r: Referral) -> set[str]:
        """In which parts of the time to the appointment a referral is."""
        until = self.until(r)
        if r.anchor_on > self.through:
            return {"immature"}
        if until is None or until < r.anchor_on:
            return {"undetermined"}
        return {"denominator", "numerator"} if r.seen_by and until <= self.through else {"denominator"}

    @staticmethod
    def days_until(share: float, cases: list[tuple[int, bool]]) -> float | None:
        """Kaplan and Meier by hand: the first day on which no more than 1 - share still wait."""
        left = 1.0
        for day in sorted({days for days, is_seen in cases if is_seen}):
            at_risk = sum(days >= day for days, _ in cases)
            left *= 1 - sum(days == day and is_seen for days, is_seen in cases) / at_risk
            if left <= 1 - share + 1e-9:
                return float(day)
        return None

    # sources --------------------------------------------------------------------------------------------------------------------

    def patients(self, by: Iterable[str], start: dt.date, end: dt.date, where: dict[str, Any], scope: Any) -> dict[Any, Any]:
        seen: dict[Any, set[str]] = defaultdict(set)
        for r in self.rows(scope, where):
            if start <= r.anchor_on < end and r.patient_hash:
                seen[self.key(r, by)].add(r.patient_hash)
        return {key: len(found) for key, found in seen.items()}

    def referrers(self, name: str, by: list[str], start: dt.date, end: dt.date, where: dict[str, Any], scope: Any) -> dict[Any, int]:
        """Of whole months. Without enough history a period is left out."""
        cuts = [cut for cut in by if cut != "month"]
        months = [start]
        while "month" in by and _next(months[-1]) < end:
            months.append(_next(months[-1]))
        counts: dict[Any, int] = defaultdict(int)
        groups: dict[Any, list[Referral]] = defaultdict(list)
        for r in self.rows(scope, where, {"inbound"}):
            if r.provider_id:
                groups[self.key(r, cuts), r.provider_id].append(r)
        for month in months:
            upto = _next(month) if "month" in by else end
            for (group, _), sent in groups.items():
                key = list(group)
                if "month" in by:
                    key.insert(by.index("month"), month)
                counts[tuple(key)] += self.holds(name, sorted(r.anchor_on for r in sent), month, upto)
        return {key: n for key, n in counts.items() if n}

    def holds(self, name: str, days: list[dt.date], start: dt.date, end: dt.date) -> bool:
        if name == "lost_referrers":
            end = min(end, self.through + DAY)
            if start > self.through:
                return False
            silence = end - self.rules.lost_days * DAY
            since = max(_year_before(silence), self.first_month)
            if (silence - since).days < 90:
                return False
            expected = sum(since <= day < silence for day in days) * self.rules.lost_days / (silence - since).days
            return expected >= self.rules.lost_expected and not any(silence <= day < end for day in days)
        since = _year_before(start)
        if self.first_month > since:
            return False
        is_new = any(start <= day < end for day in days) and not any(since <= day < start for day in days)
        return is_new and (name == "new_referrers" or any(day < since for day in days))


def _next(month: dt.date) -> dt.date:
    return (month + 31 * DAY).replace(day=1)


def _year_before(day: dt.date) -> dt.date:
    """The default setting's twelve months."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
