"""Measures that need to know more than our own referrals: what the market file tells, and what our sites could take (METHODS section 2)."""

from django.db.models import QuerySet

from referrals.behind import Part
from referrals.models import Referral
from reports.measures.definition import Ask, Measure, Row
from reports.queries import market
from reports.queries.avoidable import judged, outcomes
from reports.queries.cuts import CUTS


def share_of_care(ask: Ask) -> list[Row]:
    """Share of care: a provider's referrals to us ÷ all their referrals, in a service line.

    Only with an all-destinations source, the market file, which a vendor of claims tells; without one we see only what they send us, and no
    share is given. Of several vendors one is read, never a sum: the one whose data reaches furthest. Only months that the vendor had told
    to their end are counted.

    Market data name a provider and no practice. A provider's referrals belong to the practice that is their primary one today, and with it
    to its territory; providers whom we do not know belong to none. "To us" is as the vendor counts it: the referrals that we list behind it
    are those that our own feeds told us of, and their number may differ. The interval is Wilson's.
    """
    source = market.market()
    if source is None:
        return [Row(remark=market.NOTHING)] if not ask.by else []
    found = market.shares(source, by=ask.by, start=ask.start, end=ask.end, where=ask.where, scope=ask.scope)
    told = {"vendor": source.vendor, "through": source.through_on.isoformat()}
    rows = [Row.share(share.key, share.to_us, share.total) for share in found] or ([] if ask.by else [Row.share((), 0, 0)])
    return [Row(**{**vars(row), "more": told}) for row in rows]


def leakage_avoidable(ask: Ask) -> list[Row]:
    """Avoidable leakage: outbound while one of ours could have taken it ÷ outbound.

    One of ours could when, on the day of the referral, a site of ours in that service line took new patients and the payer, had its third
    next appointment within 21 days and lay within 25 miles of the referring office (both settings; as the crow flies, between the middles
    of ZIP codes). Taken out of the upper half, never of the lower: the patient's choice, the insurer's decision, and the physician's
    medical judgement.

    It needs the capacity that sites report. What was told holds until it is told anew, and no longer than 45 days (a setting). Payers that
    nobody reported count as unknown, and what is unknown is not avoidable: the bounds say how much more could be. Beside it stands how
    many referrals have no ZIP code.
    """
    found = outcomes(by=ask.by, start=ask.start, end=ask.end, where=ask.where, scope=ask.scope, rules=ask.rules, counting=ask.counting)
    rows = []
    for one in found:
        more = {"decided": one.decided, "nothing_of_ours": one.none, "no_zip": one.no_zip, "no_payer": one.no_payer}
        row = Row.share(one.key, one.avoidable, one.outbound)
        bounds = {"lowest": one.avoidable / one.outbound, "highest": (one.avoidable + one.open) / one.outbound}
        known = {"undetermined": one.open, "known_share": (one.outbound - one.open) / one.outbound}
        rows.append(Row(**{**vars(row), **bounds, **known, "more": more}))
    return rows or ([] if ask.by else [Row.share((), 0, 0)])


def _could_have_stayed(ask: Ask, rows: QuerySet[Referral], part: Part) -> QuerySet[Referral]:
    outbound = rows.filter(flow="outbound")
    if part == Part.DENOMINATOR:
        return outbound
    return judged(outbound, "open" if part == Part.UNDETERMINED else "avoidable", rules=ask.rules, counting=ask.counting)


_CAPACITY = ("affiliated_is_ours", "counted_kinds", "duplicate_days", "avoidable_miles", "avoidable_days", "capacity_old_days")

FAMILY = (
    Measure(
        "share_of_care",
        "Share of care",
        "share",
        share_of_care,
        "Market",
        "up",
        frozenset(market.CUTS),
        flows=(),
        numerator=("inbound", "internal"),
    ),
    Measure(
        "leakage_avoidable",
        "Avoidable leakage",
        "share",
        leakage_avoidable,
        "Leakage",
        "down",
        frozenset(CUTS) - {"flow"},
        settings=_CAPACITY,
        flows=("outbound",),
        behind=_could_have_stayed,
        parts=(Part.NUMERATOR, Part.DENOMINATOR, Part.UNDETERMINED),
    ),
)
