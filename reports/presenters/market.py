"""Share of care and avoidable leakage as rows, figures and findings; no ORM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.charts import Chart, table
from common.templatetags.prm import direction, number, percent, signed_points
from reports import words
from reports.intervals import TOO_FEW, standing, wilson
from reports.models import ReportRules
from reports.queries.avoidable import Outcome
from reports.queries.market import Market, Share
from reports.tables import Figure, Row

STANDING_TONES = {"loyal": "good", "splitter": "info", "opportunity": "warn", "too few to say": "neutral"}
SHARE_LABELS = {"service_line": "Service line", "territory": "Territory", "practice": "Practice", "provider": "Provider"}
SHARE_SORTS = ("elsewhere", "to_us", "total", "share")
AVOIDABLE_LABELS = {
    "service_line": "Service line", "destination": "Destination", "reason": "Reason", "practice": "Practice", "territory": "Territory",
    "payer": "Payer",
}  # fmt: skip
AVOIDABLE_SORTS = ("avoidable", "outbound", "open", "decided", "none")


@dataclass(frozen=True)
class Compared:
    """A group's share, and in the window before (None where the vendor tells nothing of it)."""

    key: Any
    now: Share
    before: Share | None


def compared(now: Sequence[Share], before: Sequence[Share] | None) -> list[Compared]:
    """Groups of one dimension, each with its past."""
    past = {share.key[0]: share for share in before or ()}
    return [Compared(share.key[0], share, past.get(share.key[0]) if before is not None else None) for share in now if share.total]


def kind_of(share: Share, rules: ReportRules) -> str:
    """Loyal, splitter, opportunity, or too few to say."""
    return standing(share.to_us, share.total, loyal=rules.loyal_at / 100, splitter=rules.splitter_at / 100)


def sort_shares(rows: list[Compared], by: str, *, down: bool) -> list[Compared]:
    """By a column; ties stay in a fixed order."""
    value = {
        "elsewhere": lambda row: row.now.total - row.now.to_us,
        "to_us": lambda row: row.now.to_us,
        "total": lambda row: row.now.total,
        "share": lambda row: row.now.to_us / row.now.total,
    }[by]
    return sorted(rows, key=lambda row: (-value(row) if down else value(row), str(row.key)))


def spread(share: Share) -> str:
    """36 to 46%: where the share may lie."""
    low, high = wilson(share.to_us, share.total)
    return f"{low * 100:.0f}\N{EN DASH}{high:.0%}"


def is_level(now: Share, before: Share) -> bool:
    """Whether the two shares differ by no more than two standard errors of the difference."""
    if not (now.total and before.total):
        return True
    among = now.total + before.total
    pooled = (now.to_us + before.to_us) / among
    difference = now.to_us / now.total - before.to_us / before.total
    return difference**2 <= 4 * pooled * (1 - pooled) * (1 / now.total + 1 / before.total)


def change_of(now: Share, before: Share | None) -> Figure:
    """In points; what chance explains is said without color."""
    if before is None or not before.total or not now.total or min(now.total, before.total) < TOO_FEW:
        return Figure(signed_points(None))
    points = now.to_us / now.total - before.to_us / before.total
    if is_level(now, before):
        return Figure(signed_points(points), tone="neutral", direction=direction(points))
    return Figure(
        signed_points(points), tone="good" if points > 0 else "bad", direction=direction(points), word="better" if points > 0 else "worse"
    )


SHARE_HEADINGS = [
    ("to_us", "To us"),
    ("elsewhere", "Elsewhere"),
    ("total", "In all"),
    ("share", "Share"),
    ("", "95% interval"),
    ("", "Change"),
]


def share_row(row: Compared, name: str, url: str, rules: ReportRules, *, has_standing: bool) -> dict[str, Any]:
    """One group as a line of the table."""
    now = row.now
    few = now.total < TOO_FEW
    kind = kind_of(now, rules) if has_standing else ""
    figures = [
        Figure(number(now.to_us)),
        Figure(number(now.total - now.to_us)),
        Figure(number(now.total)),
        Figure(percent(None if few else now.to_us / now.total, 0)),
        Figure("too few to say" if few else spread(now)),
        change_of(now, row.before),
    ]
    return {"row": Row(name, url, figures), "standing": kind.capitalize(), "tone": STANDING_TONES.get(kind, "neutral")}


def share_finding(now: Share, before: Share | None, before_words: str) -> str:
    """The whole share, and whether it moved."""
    if not now.total:
        return "No referral is told of in this selection"
    if now.total < TOO_FEW:
        return f"{number(now.to_us)} of {number(now.total)} referrals come to us: too few to say more"
    value = f"{percent(now.to_us / now.total, 0)} of {number(now.total)} referrals come to us"
    if before is None or not before.total:
        return value
    points = now.to_us / now.total - before.to_us / before.total
    if is_level(now, before):
        return f"{value}: about level with the {before_words}"
    return f"{value}: {'up' if points > 0 else 'down'} {abs(points) * 100:.1f} points on the {before_words}"


def share_trend(months: Sequence[Share], title: str, source: Market, csv_url: str) -> Chart:
    """The share by month within its interval."""
    rows = sorted((share for share in months if share.total), key=lambda share: share.key[0])
    labels = [f"{share.key[0]:%b %Y}" for share in rows]
    bounds = [wilson(share.to_us, share.total) for share in rows]
    spec = {
        "kind": "line",
        "unit": "percent",
        "labels": labels,
        "series": [{"name": "Share of care", "values": [share.to_us / share.total for share in rows], "tone": "inbound"}],
        "band": {"low": [low for low, _ in bounds], "high": [high for _, high in bounds], "label": "95% interval"},
    }
    lines = [
        [label, percent(share.to_us / share.total), number(share.to_us), number(share.total), percent(low), percent(high)]
        for label, share, (low, high) in zip(labels, rows, bounds, strict=True)
    ]
    return Chart(
        "share-trend",
        title,
        spec,
        table("Share of care by month", ["Month", "Share", "To us", "In all", "Lowest", "Highest"], lines),
        sub=f"Referrals to us of all that {source.vendor} tells of, by month. Only months that it told to their end.",
        csv_url=csv_url,
        data_through=source.through_on,
    )


def share_by_line(lines: Sequence[tuple[str, Share, str]], source: Market, csv_url: str) -> Chart:
    """Which lines go elsewhere most; lines are (name, share, url)."""
    rows = sorted((row for row in lines if row[1].total), key=lambda row: (row[1].to_us - row[1].total, row[0]))[:12]
    if rows:
        name, most, _ = rows[0]
        elsewhere = most.total - most.to_us
        title = f"{name} goes elsewhere most: {number(elsewhere)} of {number(most.total)}" if elsewhere else "Everything comes to us"
    else:
        title = "No service line in this selection"
    urls = [url for _, _, url in rows]
    spec = {
        "kind": "stacked",
        "unit": "count",
        "horizontal": True,
        "labels": [name for name, _, _ in rows],
        "series": [
            {"name": "To us", "values": [share.to_us for _, share, _ in rows], "tone": "inbound", "urls": urls},
            {"name": "Elsewhere", "values": [share.total - share.to_us for _, share, _ in rows], "tone": "outbound", "urls": urls},
        ],
    }
    told = [[name, percent(share.to_us / share.total), number(share.to_us), number(share.total - share.to_us)] for name, share, _ in rows]
    return Chart(
        "share-lines",
        title,
        spec,
        table("Share of care by service line", ["Service line", "Share", "To us", "Elsewhere"], told),
        sub="Most referrals that go elsewhere first.",
        csv_url=csv_url,
        data_through=source.through_on,
    )


def total_of(outcomes: Sequence[Outcome]) -> Outcome:
    """All groups together."""
    sums = [
        sum(getattr(one, name) for one in outcomes) for name in ("outbound", "avoidable", "open", "decided", "none", "no_zip", "no_payer")
    ]
    return Outcome((), *sums)


def sort_outcomes(rows: list[Outcome], by: str, *, down: bool) -> list[Outcome]:
    return sorted(rows, key=lambda one: (-getattr(one, by) if down else getattr(one, by), str(one.key)))


AVOIDABLE_HEADINGS = [
    ("outbound", "Left"), ("avoidable", "Avoidable"), ("", "Share"), ("open", "Nobody can say"), ("decided", "Decided by others"),
    ("none", "Nothing of ours"),
]  # fmt: skip


def avoidable_row(one: Outcome, name: str, url: str, rows_url: str) -> Row:
    share = percent(one.avoidable / one.outbound, 0) if one.outbound >= TOO_FEW else "too few to say"
    figures = [Figure(number(one.outbound), rows_url), Figure(number(one.avoidable)), Figure(share)]
    return Row(name, url, [*figures, *(Figure(number(count)) for count in (one.open, one.decided, one.none))])


def avoidable_finding(found: Sequence[tuple[str, Outcome]], whole: Outcome, *, has_capacity: bool) -> str:
    """How many could have stayed, and where most of them were."""
    if not whole.outbound:
        return "No referral left in this selection"
    if not has_capacity:
        return f"{number(whole.outbound)} referrals left; without capacity nobody can say how many could have stayed"
    if not whole.avoidable:
        return f"None of {number(whole.outbound)} referrals that left could be shown to have had a place with us"
    sizes = [(name, one.avoidable) for name, one in found]
    lead = words.leaders(sizes)
    each = "" if len(lead) == 1 else " each"
    where = f", most in {words.together(lead)}: {number(max(size for _, size in sizes))}{each}" if len(found) > 1 else ""
    return f"{number(whole.avoidable)} of {number(whole.outbound)} referrals that left could have stayed{where}"


def avoidable_by_line(
    found: Sequence[tuple[str, Outcome, str]], whole: Outcome, *, has_capacity: bool, csv_url: str, through: Any
) -> Chart:
    """What became of each line's outbound referrals when they were judged; lines are (name, outcome, url)."""
    rows = sorted(found, key=lambda row: (-row[1].avoidable, -row[1].outbound, row[0]))[:12]
    urls = [url for _, _, url in rows]
    drawn = (("Avoidable", lambda one: one.avoidable, "bad"), ("Unknown", lambda one: one.open, "undetermined"),
             ("Not avoidable", lambda one: one.decided + one.none, "outside"))  # fmt: skip
    series = [{"name": name, "values": [count(one) for _, one, _ in rows], "tone": tone, "urls": urls} for name, count, tone in drawn]
    parts = ("avoidable", "open", "decided", "none")
    return Chart(
        "avoidable-lines",
        avoidable_finding([(name, one) for name, one, _ in found], whole, has_capacity=has_capacity),
        {"kind": "stacked", "unit": "count", "horizontal": True, "labels": [name for name, _, _ in rows], "series": series},
        table(
            "Outbound referrals, judged",
            ["Service line", "Left", "Avoidable", "Nobody can say", "Decided by others", "Nothing of ours"],
            [[name, number(one.outbound), *(number(getattr(one, part)) for part in parts)] for name, one, _ in rows],
        ),
        sub="Outbound referrals by service line, and whether one of our sites could have taken them on the day.",
        csv_url=csv_url,
        data_through=through,
    )


def avoidable_kpis(whole: Outcome) -> list[Mapping[str, str]]:
    """The whole and its parts."""

    def share(count: int) -> str:
        return percent(count / whole.outbound, 0) if whole.outbound else percent(None)

    highest = whole.avoidable + whole.open
    return [
        {"label": "Left", "value": number(whole.outbound), "note": "outbound referrals"},
        {
            "label": "Avoidable",
            "value": number(whole.avoidable),
            "note": f"{share(whole.avoidable)} of them; at most {share(highest)}, if all that is open could",
        },
        {
            "label": "Nobody can say",
            "value": number(whole.open),
            "note": f"{number(whole.no_zip)} without a ZIP code, {number(whole.no_payer)} without a payer",
        },
        {
            "label": "Decided by others",
            "value": number(whole.decided),
            "note": "patient, insurer or physician chose so",
        },
        {"label": "Nothing of ours", "value": number(whole.none), "note": "no site near enough, soon enough, for the payer"},
    ]
