"""The director's quarter as a document of one or two pages."""

import datetime as dt
from typing import Any

from accounts.models import User
from common.templatetags.prm import number, percent
from reports import quarterly
from reports.exports.document import (
    Block,
    ChartBlock,
    Column,
    Definitions,
    Document,
    Figure,
    Figures,
    Heading,
    Meaning,
    TableBlock,
    Text,
    Unit,
)
from reports.exports.frame import document_of
from reports.exports.roi import chance
from reports.forms.quarter import QuarterForm
from reports.measures import MEASURES, Measure
from reports.models import ReportRun

WHOSE = (("assigned", "Assigned practices"), ("unassigned", "Unassigned practices"))
MEANINGS = (
    Meaning(
        "assigned_practices",
        "Practices in a territory with a liaison as its primary on the first day of the quarter",
        ("The same practices are counted in the quarter and in its baseline. Practices that nobody owns are unassigned.",),
    ),
    Meaning(
        "own_baseline",
        "Count of the twelve months before x business days of the quarter ÷ business days of those months",
        ("Fewer months are used while the data is young, and the report says how many. The interval of a ratio is exact for two counts.",),
    ),
    Meaning(
        "new_patients",
        "Patients with an inbound referral in the quarter and none in the twelve months before it",
        ("By the keyed hash of the patient within one feed; referrals without one are not counted.",),
    ),
    Meaning(
        "leakage_recovered",
        "Σ over service lines of (leakage in the baseline - leakage in the quarter) x referrals with a known destination",
        (
            "How many referrals by our own providers stayed in the network that would have left at the rate of the twelve months before. "
            "Below zero, more left. It is a change, not an effect of visits.",
        ),
    ),
    Meaning(
        "regular_referrers",
        "Providers of whom three or more inbound referrals were to be expected in the quarter, by their own twelve months before",
        ("Kept: sent at least one. Lost: sent none. Gained: sent one, and none in the twelve months before.",),
    ),
)


DEFINED: tuple[Meaning | Measure, ...] = (*MEANINGS, MEASURES["time_to_appointment"])


def quarter_document(run: ReportRun, reader: User) -> Document:
    found: dict[str, Any] = run.result or {}
    blocks: list[Block] = [
        Text(found["headline"], of_patients=True),
        Figures(figures(found)),
        Heading("Assigned and unassigned practices"),
        against_chart(found),
        Text(_compared(found)),
        Heading("Referrers, leakage, access"),
        parts_table(found),
        Heading("What it cost and what came of it"),
        *[Text(sentence) for sentence in money_sentences(found)],
        Heading("What cannot be claimed"),
        *[Text(sentence, tone="note" if place == 0 else "") for place, sentence in enumerate(found["cannot"])],
        Definitions(DEFINED),
    ]
    return document_of(run, "The quarter", QuarterForm.words(run.parameters), blocks)


def figures(found: dict[str, Any]) -> list[Figure]:
    seen, patients, recovered, roi = found["seen"]["assigned"], found["patients"], found["recovered"], found["roi"] or {}
    new = patients["assigned"] if patients else None
    return [
        Figure("Program cost", found["cost"]["amount"], Unit.MONEY, note=_missing(found)),
        Figure("Seen referrals, assigned", seen and seen["now"], change=quarterly.against_words(seen), of_patients=True),
        Figure(
            "New patients, assigned",
            new and new["now"],
            change=quarterly.against_words(new) if new else "cannot be told yet",
            of_patients=True,
        ),
        Figure("Leakage recovered", _round(recovered["value"]), change=quarterly.recovered_words(recovered)),
        Figure("Days to access, median", found["wait"]["median"], change=wait_words(found), note=found["wait"].get("remark", "")),
        Figure("Return on visits", roi.get("return"), Unit.SHARE, note=f"Grade {roi['grade']}" if roi.get("grade") else "not told"),
    ]


def _missing(found: dict[str, Any]) -> str:
    return f"not typed {', '.join(found['cost']['missing'])}" if found["cost"]["missing"] else "typed by the admin"


def _round(value: float | None) -> int | None:
    return None if value is None else round(value)


def wait_words(found: dict[str, Any]) -> str:
    before = found["wait_before"]["median"]
    return "no baseline" if before is None else f"{number(before)} before"


def against_rows(found: dict[str, Any]) -> list[list[Any]]:
    """Each count of the quarter beside what was expected of it."""
    rows: list[list[Any]] = []
    for what, group in (("Seen referrals", found["seen"]), ("New patients", found["patients"] or {})):
        for key, label in WHOSE:
            told = group.get(key)
            expected = _round(told["expected"]) if told else None
            bounds = [told[name] - 1 if told and told[name] is not None else None for name in ("ratio", "low", "high")]
            rows.append([f"{what}, {label.split()[0].lower()}", told["now"] if told else None, expected, *bounds])
    return rows


AGAINST_COLUMNS = (
    Column("Inbound"),
    Column("This quarter", Unit.COUNT, of_patients=True),
    Column("Expected", Unit.COUNT, of_patients=True),
    Column("Change", Unit.SHARE, parts=("This quarter", "Expected")),
    Column("Lowest", Unit.SHARE, parts=("This quarter", "Expected")),
    Column("Highest", Unit.SHARE, parts=("This quarter", "Expected")),
)


def against_chart(found: dict[str, Any]) -> ChartBlock:
    rows = against_rows(found)
    spec = {
        "kind": "bar",
        "labels": [row[0] for row in rows],
        "unit": "count",
        "horizontal": True,
        "series": [
            {"name": "This quarter", "values": [row[1] for row in rows], "tone": "inbound"},
            {"name": "Expected", "values": [row[2] for row in rows], "tone": "outside"},
        ],
    }
    table = TableBlock("Against their own baseline", AGAINST_COLUMNS, rows, is_main=True)
    return ChartBlock(
        "against",
        _against_title(found),
        spec,
        table,
        sub=f"Baseline: {found['baseline'] or 'none yet'}; seen within {found['within']} days",
    )


def _against_title(found: dict[str, Any]) -> str:
    seen = found["seen"]["assigned"]
    if not seen or seen["expected"] is None:
        return "Nothing to compare this quarter with yet"
    return f"Assigned practices: {number(seen['now'])} referrals seen, {number(round(seen['expected']))} expected"


def _compared(found: dict[str, Any]) -> str:
    if found["seen_compared"] is None:
        return "Assigned and unassigned practices cannot be compared yet."
    ratio, low, high = found["seen_compared"]
    return (
        f"Assigned practices changed {ratio:.2f} times as much as unassigned ones (95% interval {low:.2f} to {high:.2f}; 1 is alike). "
        "Counts that vary more than chance would make the interval wider."
    )


PARTS_COLUMNS = (Column("What"), Column("This quarter"), Column("Against"))


def parts_rows(found: dict[str, Any]) -> list[list[str]]:
    who, recovered, wait, concerns = found["referrers"], found["recovered"], found["wait"], found["concerns"]
    share = percent(who["kept"] / who["regular"], 0) if who["regular"] else "none regular"
    lost = f"{number(who['lost'])} sent nothing where {found['lost_expected']} or more were expected"
    rates = f"{percent(recovered['rate_now'])} now, {percent(recovered['rate_before'])} before" if recovered["rate_now"] is not None else ""
    return [
        ["Referrers gained", number(who["gained"]), "sent none in the twelve months before"],
        ["Referrers kept", f"{number(who['kept'])} of {number(who['regular'])} ({share})", lost],
        ["Leakage recovered", number(_round(recovered["value"])), ", ".join(filter(None, (quarterly.recovered_words(recovered), rates)))],
        ["Days to access, median", _median(wait), f"{_nine_of_ten(wait)}; {wait_words(found)}"],
        *_concern_rows(concerns),
    ]


def _median(wait: dict[str, Any]) -> str:
    """The figure, or why there is none: "more than 45 days"."""
    return wait.get("remark") or number(None) if wait["median"] is None else number(wait["median"])


def _nine_of_ten(wait: dict[str, Any]) -> str:
    return "nine of ten: not reached yet" if wait["p90"] is None else f"nine of ten within {number(wait['p90'])} days"


def _concern_rows(concerns: dict[str, Any]) -> list[list[str]]:
    if not concerns["raised"] and not concerns["resolved"]:
        return [["Concerns resolved", number(None), "No concerns are recorded."]]
    told = f"{number(concerns['in_time'])} before their deadline, {number(concerns['told'])} told to the practice"
    still = f"{number(concerns['raised'])} raised, {number(concerns['open_at_end'])} open at the end"
    return [["Concerns resolved", number(concerns["resolved"]), f"{told}; {still}"]]


def parts_table(found: dict[str, Any]) -> TableBlock:
    return TableBlock("Referrers, leakage, access and concerns", PARTS_COLUMNS, parts_rows(found))


def _month(text: str) -> str:
    """May 2024, of 2024-05."""
    return f"{dt.date.fromisoformat(f'{text}-01'):%b %Y}"


def money_sentences(found: dict[str, Any]) -> list[str]:
    roi = found["roi"]
    said = [f"Program cost of the quarter: ${number(found['cost']['amount'])}."]
    if roi is None:
        return [*said, "The return on visits was not computed."]
    said.append(f"{roi['headline'].rstrip('.')}.")
    if roi["return"] is None:
        return [*said, *([roi["why"]] if roi["why"] and roi["why"] != roi["headline"] else [])]
    (few, many), (least, most) = roi["extra_ci"], roi["return_ci"]
    return [
        *said,
        f"Extra referrals seen in the year after first visits: {number(roi['extra'])} (95% interval {number(few)} to {number(many)}), over "
        f"{_month(roi['months'][0])} to {_month(roi['months'][1])}, not of this quarter alone.",
        f"Return {percent(roi['return'], 0)} (95% interval {percent(least, 0)} to {percent(most, 0)}); chance that it is above zero "
        f"{chance(roi['chance'])}; grade {roi['grade']}.",
    ]
