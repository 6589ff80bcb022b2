"""What a check found, in words: what is refused, what is odd, and what to do about it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from common.charts import Chart, table
from common.templatetags.prm import day
from referrals.importing.mapping import WHY_HEADER
from referrals.models import ImportBatch, SourceRow
from referrals.presenters.charts import month_name, share

# reason: what it means, what to do
FINDINGS = {
    "bad npi": ("The NPI's check digit is wrong: matched by name and practice", "Ask the sender to mend the NPI in the EHR."),
    "bad appointment date": ("The appointment is no date: left blank", "Look at the style of dates in the mapping."),
    "bad seen date": ("The day seen is no date: left blank", "Look at the style of dates in the mapping."),
    "bad report date": ("The day of the report is no date: left blank", "Look at the style of dates in the mapping."),
    "unknown kind": ("The kind is not known: counted as a consult", "Say in the mapping what the word means."),
    "unknown priority": ("The priority is not known: left blank", "Say in the mapping what the word means."),
    "long text cut": ("A text was too long: cut", "Check that the column holds what the mapping says."),
    "unknown destination": (
        "The destination is not in our network list: counted as not ours",
        "What is loaded follows by itself when the name is in the list, or when Matching says whom it means.",
    ),
    "another name of a payer": (
        "A payer is named by another of its names: counted under the one on the payers' page",
        "Nothing to do. If the two are not one, take the name back on the payers' page.",
    ),
    "illegal move": (
        "The status jumped in a way that is not possible: not applied",
        "Look the referral up in the EHR; a later row mends it.",
    ),
    "order not clear": (
        "More than one order has this number: not linked to any",
        "Name in the mapping's “feed” part which feed the orders come from.",
    ),
    "no order found": (
        "No order of this appointment or claim is loaded: counted by itself",
        "Load the orders; the link follows by itself.",
    ),
}
REJECTIONS = {
    "missing id": ("No referral number", "Add the number in the downloaded rows, or leave them out."),
    "bad date": ("No date that can be read", "Mend the date in the downloaded rows, or choose another style of dates in the mapping."),
    "unknown status": ("A status that the mapping does not know", "Say in the mapping what the word means, and check again."),
    "future date": ("A date that is yet to come", "Ask the sender whether day and month are swapped, and mend the date."),
    "too many cells": (
        "More cells than columns: shifted, so nothing in it can be trusted",
        "Ask for an export that quotes its texts; these rows cannot be mended here.",
    ),
    "too few cells": (
        "Fewer cells than columns: shifted, so nothing in it can be trusted",
        "Ask for an export that quotes its texts; these rows cannot be mended here.",
    ),
}
_ALL = {**FINDINGS, **REJECTIONS}
ODD = 0.30  # a month that differs by this share is said first
_ENOUGH = 30
_DRAWN = 24


@dataclass(frozen=True)
class Reason:
    """How many rows for which reason, in words, with one of them and what to do."""

    key: str
    text: str
    rows: int
    example: str
    advice: str


def reasons(counts: Mapping[str, int], examples: Mapping[str, tuple[int, str]]) -> list[Reason]:
    """Most frequent first. What a reader of FHIR or HL7 remarks says itself what it means."""
    found = []
    for key, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        if n:
            text, advice = reason_text(key), _ALL.get(key, ("", ""))[1]
            line, sentence = examples.get(key, (0, ""))
            found.append(Reason(key, text, n, f"Line {line:,}: {sentence}" if sentence else "", advice))
    return found


def reason_text(reason: str) -> str:
    """What a reason means, in words."""
    return _ALL.get(reason, (reason[:1].upper() + reason[1:], ""))[0]


def unchanged(batch: ImportBatch) -> str:
    """What stands below the number of changed referrals."""
    return f"differ from what is loaded; {batch.unchanged:,} more do not"


def linked(batch: ImportBatch) -> str:
    """Of appointments and claims: how many tell what became of an order that is here. Blank for a feed of referrals."""
    if batch.mapping.get("sees") not in ("appointments", "claims"):
        return ""
    kept = batch.new + batch.changed + batch.unchanged
    alone = min(kept, sum(batch.findings.get(reason, 0) for reason in ("no order found", "order not clear")))
    what = "appointments" if batch.mapping["sees"] == "appointments" else "claims"
    return f"{kept - alone:,} of these {what} belong to an order that is here: they tell what became of it and are not counted again. \
{alone:,} are counted by themselves."


def is_part(batch: ImportBatch) -> bool:
    """Mended rows are a part of the file that they were refused in: to hold them against a whole one says nothing."""
    return WHY_HEADER in batch.headers


def words_for(row: SourceRow) -> str:
    """What is wrong with a row: its own sentence, else what its reason means."""
    return row.sentence or _ALL.get(row.reason, (row.reason, ""))[0]


@dataclass(frozen=True)
class Beside:
    """One line of the comparison with the import before."""

    label: str
    now: str
    before: str


def beside(batch: ImportBatch, before: ImportBatch) -> list[Beside]:
    """This import and the feed's last one, side by side."""
    return [Beside(label, now, then) for (label, now), (_, then) in zip(_lines(batch), _lines(before), strict=True)]


def _lines(batch: ImportBatch) -> list[tuple[str, str]]:
    referrals = batch.new + batch.changed + batch.unchanged
    return [
        ("Rows", f"{batch.rows:,}"),
        ("New referrals", f"{batch.new:,}"),
        ("Changed", f"{batch.changed:,}"),
        ("Unchanged", f"{batch.unchanged:,}"),
        ("Duplicates", f"{batch.duplicates:,}"),
        ("Rejected rows", f"{batch.rejected_total:,} ({share(batch.rejected_total, batch.rows)})"),
        ("Unmatched", f"{batch.unmatched:,} ({share(batch.unmatched, referrals)})"),
        ("First date", day(batch.first_on)),
        ("Last date", day(batch.last_on)),
    ]


def months(batch: ImportBatch, *, loaded: Mapping[dt.date, int], before: ImportBatch | None) -> Chart | None:
    """The months of the file beside what is loaded of them already, and beside the import before; the oddest month is the title."""
    found = _by_month(batch)
    if not found:
        return None
    columns = [("In this file", found)]
    if any(loaded.values()):
        columns.append(("Loaded already", dict(loaded)))
    if before is not None and (last := _by_month(before)).keys() & found.keys():
        columns.append(("Previous import", last))
    drawn = sorted(found)[-_DRAWN:]
    tones = ("accent", "neutral", "c3")
    spec = {
        "kind": "bar",
        "labels": [month_name(month) for month in drawn],
        "unit": "count",
        "series": [
            {"name": name, "values": [counts.get(month, 0) for month in drawn], "tone": tone}
            for (name, counts), tone in zip(columns, tones, strict=False)
        ],
    }
    rows = [[month_name(month), *(f"{counts.get(month, 0):,}" for _, counts in columns)] for month in sorted(found, reverse=True)]
    sub = f"Referrals by month, {day(batch.first_on)} to {day(batch.last_on)}"
    note = f"The {_DRAWN} newest of {len(found)} months are drawn; the numbers have all." if len(found) > _DRAWN else ""
    heads = ["Month", *(name for name, _ in columns)]
    return Chart("months", _finding(found, columns[1:]), spec, table("Referrals by month", heads, rows), sub=sub, note=note)


def _by_month(batch: ImportBatch) -> dict[dt.date, int]:
    return {dt.date.fromisoformat(month): n for month, n in batch.by_month.items()}


_OTHERS = {
    "Loaded already": ("are loaded already", "what is loaded already"),
    "Previous import": ("were in the previous import", "the previous import"),
}


def _finding(found: Mapping[dt.date, int], others: list[tuple[str, dict[dt.date, int]]]) -> str:
    if not others:
        top = max(found, key=lambda month: (found[month], month))
        total = sum(found.values())
        if len(found) == 1:
            return f"1 referral, in {month_name(top)}" if total == 1 else f"{total:,} referrals, all in {month_name(top)}"
        return f"{total:,} referrals, most of them in {month_name(top)}"
    name, counts = others[0]
    than, what = _OTHERS[name]
    whole = sorted(found)[1:-1]  # the file may begin and end within a month
    gaps = {month: found[month] / counts[month] - 1 for month in whole if counts.get(month, 0) >= _ENOUGH}
    if not gaps:
        return f"{sum(found.values()):,} referrals, and no whole month to compare with {what}"
    odd = max(gaps, key=lambda month: abs(gaps[month]))
    if abs(gaps[odd]) < ODD:
        return f"No whole month differs by {ODD:.0%} or more from {what}"
    more = "more" if gaps[odd] > 0 else "fewer"
    return f"{month_name(odd)} has {abs(gaps[odd]):,.0%} {more} referrals than {than}"
