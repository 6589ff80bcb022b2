"""The slow twin of `referrals.deriving` and of the rollups: plain Python over rows, written from METHODS section 1 and not from the SQL."""

import datetime as dt
from collections import Counter
from typing import Any

from contacts.models import Affiliation, Alignment, Practice, Provider
from referrals.models import ROLLUPS, CountingRules, Referral

DERIVED = (
    "month", "practice_id", "practice_assumed", "territory_id", "referrer_alignment", "destination_alignment", "flow",
    "is_own_follow_up", "is_duplicate", "is_counted",
)  # fmt: skip


def holds(row: Any, day: dt.date) -> bool:
    return (row.started_on is None or row.started_on <= day) and (row.ended_on is None or day < row.ended_on)


def alignment_of(day: dt.date, **owner: int | None) -> str:
    (key,) = owner.values()
    if key is None:
        return ""
    return next((a.kind for a in Alignment.objects.filter(**owner) if holds(a, day) and a.kind != "unknown"), "")


def primary_practice(provider_id: int | None, day: dt.date) -> int | None:
    """That of the day; else today's."""
    rows = [a for a in Affiliation.objects.filter(provider_id=provider_id, is_primary=True).order_by("pk")] if provider_id else []
    then = [a for a in rows if holds(a, day)]
    if then:
        return max(then, key=lambda a: (a.started_on or dt.date.min, -a.pk)).practice_id
    return next((a.practice_id for a in rows if a.ended_on is None), None)


def derive_one(r: Referral, rules: CountingRules) -> dict[str, Any]:
    """Everything but duplicates."""
    day, sees = r.anchor_on, r.source.sees
    home = None if r.named_practice_id else primary_practice(r.provider_id, day)
    practice = Practice.objects.filter(pk=r.named_practice_id or home).first()
    away = Practice.objects.filter(pk=primary_practice(r.performer_id, day)).first()
    ours = {"employed", "affiliated"} if rules.affiliated_is_ours else {"employed"}

    sent_by = (
        alignment_of(day, provider_id=r.provider_id)
        or alignment_of(day, practice_id=practice and practice.pk)
        or alignment_of(day, organization_id=practice and practice.organization_id)
        or "unknown"
    )
    if r.destination_id or r.destination_name:
        sent_to = alignment_of(day, organization_id=r.destination_id) or "unknown"
    elif r.performer_id:
        sent_to = (
            alignment_of(day, provider_id=r.performer_id)
            or alignment_of(day, practice_id=away and away.pk)
            or alignment_of(day, organization_id=away and away.organization_id)
            or "unknown"
        )
    else:
        sent_to = "unknown" if r.performing_name or r.performing_npi else ""

    from_us = sent_by in ours or (sent_by == "unknown" and sees == "our_orders")
    to_us = sent_to in ours or (sent_to in ("unknown", "") and sees in ("received", "appointments"))
    flow = {
        (True, True): "internal",
        (True, False): "outbound" if sent_to else "undetermined",
        (False, True): "inbound",
        (False, False): "outside",
    }[from_us, to_us]

    own = False
    if r.provider_id and r.performer_id:
        one, other = Provider.objects.get(pk=r.provider_id), Provider.objects.get(pk=r.performer_id)
        same_desk = practice and away and practice.pk == away.pk and one.specialty_id and one.specialty_id == other.specialty_id
        own = not r.linked_to_id and (one.pk == other.pk or bool(same_desk))
    return {
        "month": day.replace(day=1),
        "practice_id": practice.pk if practice else None,
        "practice_assumed": home is not None,
        "territory_id": practice.territory_id if practice else None,
        "referrer_alignment": sent_by,
        "destination_alignment": sent_to,
        "flow": flow,
        "is_own_follow_up": own,
    }


def derive_all() -> dict[int, dict[str, Any]]:
    """The derived columns of every referral, by id."""
    rules = CountingRules.current()
    rows = list(Referral.objects.select_related("source"))
    derived = {r.pk: derive_one(r, rules) for r in rows}
    for r in rows:
        mine = derived[r.pk]
        requester = ("provider", r.provider_id) if r.provider_id else ("practice", mine["practice_id"])
        mine["is_duplicate"] = bool(not r.linked_to_id and r.patient_hash and r.service_line_id and requester[1]) and any(
            (e.source_id, e.patient_hash, e.service_line_id) == (r.source_id, r.patient_hash, r.service_line_id)
            and (("provider", e.provider_id) if e.provider_id else ("practice", derived[e.pk]["practice_id"])) == requester
            and (e.anchor_on, e.source_key) < (r.anchor_on, r.source_key)
            and r.anchor_on - e.anchor_on <= dt.timedelta(days=rules.duplicate_days)
            and e.state != "rejected"
            and not e.linked_to_id
            and e.kind in rules.counted_kinds
            and not derived[e.pk]["is_own_follow_up"]
            for e in rows
        )
        mine["is_counted"] = (
            not r.linked_to_id and r.kind in rules.counted_kinds and not mine["is_own_follow_up"] and not mine["is_duplicate"]
        )
    return derived


def assert_derived() -> None:
    """The engine left every referral as the twin would."""
    wanted = derive_all()
    for r in Referral.objects.all():
        assert {name: getattr(r, name) for name in DERIVED} == wanted[r.pk], str(r)


def assert_rollups() -> None:
    """Every rollup is what counting the referrals one by one gives, and has no empty cell."""
    rows = list(Referral.objects.filter(is_counted=True))
    for rollup in ROLLUPS:
        counted: Counter[tuple[Any, ...]] = Counter((*(getattr(r, key) for key in rollup.KEYS), r.flow) for r in rows)
        stored: Counter[tuple[Any, ...]] = Counter()
        for cell in rollup._default_manager.all():
            key = tuple(getattr(cell, name) for name in rollup.KEYS)
            assert any(getattr(cell, measure) for measure in rollup.MEASURES), f"empty cell {rollup.__name__} {key}"
            for measure in rollup.MEASURES:
                if number := getattr(cell, measure):
                    stored[(*key, measure.removeprefix("n_"))] += number
        assert stored == counted, rollup.__name__
