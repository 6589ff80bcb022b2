"""The return on visits as a document: what was found, how sure it is, what it rests on, and what it does not say."""

import datetime as dt
from typing import Any

from accounts.models import User
from common.templatetags.prm import number, percent
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
from reports.forms.roi import CONTROLS, RoiForm
from reports.models import ReportRun
from reports.periods import Window

LADDER = (
    ("A", "The order of visits was drawn at random, and visits followed it"),
    ("B", "Compared with practices of the same past, and no difference before the visits"),
    ("C", "Compared with others, but weakly: read the direction, not the size"),
    ("D", "Before and after alone: descriptive, not an effect"),
)
MEANINGS = (
    Meaning(
        "effect_of_visits",
        "Referrals seen after a first visit ÷ what they would have been without it",
        (
            "A practice's month counts the referrals that it sent to us and whose patient was seen within the days that all months have "
            "had. The event is the first visit after six months without one; later visits are dose. The month of the visit itself is left "
            "out. Months are compared only once they are whole and old enough; months in which a feed was silent are left out.",
        ),
    ),
    Meaning(
        "return_on_visits",
        "(extra referrals x contribution margin x weight - program cost) ÷ program cost",
        (
            "Extra referrals are those of the twelve months after each first visit, less what would have come without it. The cost is that "
            "of the whole program from the first of these visits to the end of the data: typed by an admin, never read from the spend "
            "ledger. The interval comes from draws of the effect, of the mix of lines and payers, and of the margins.",
        ),
    ),
)


def roi_document(run: ReportRun, reader: User) -> Document:
    found: dict[str, Any] = run.result or {}
    blocks: list[Block] = [Text(found["headline"])]
    if found["effect"] and found["effect"]["simple_att"] is not None:
        blocks.append(Figures(figures(found)))
    blocks += [Text(sentence) for sentence in found["sentences"][1 if not found["effect"] else 0 :]]
    if chart := study_chart(found):
        blocks += [Heading("Month by month"), chart]
    blocks += [Heading("How good the evidence is"), ladder(found)]
    blocks += [*_draws(found), *_money(found), *_dose(found), *_assumes(found), Definitions(MEANINGS)]
    return document_of(run, "Return on visits", RoiForm.words(run.parameters), blocks)


def figures(found: dict[str, Any]) -> list[Figure]:
    """Four figures: the effect, the extra referrals, the return, how likely it is one."""
    effect, money = found["effect"], found["money"]
    low, high = effect["simple_ci"]
    shown = [
        Figure(
            "Effect of a first visit",
            f"\N{MULTIPLICATION SIGN}{effect['simple_att']:.2f}",
            Unit.TEXT,
            change=f"95% interval {low:.2f} to {high:.2f}",
            note=f"Grade {effect['grade']}",
        ),
        Figure("Visited practices", effect["n_treated"], note=f"compared with {number(effect['n_control'])}"),
    ]
    if money and money["roi"] is not None:
        few, many = money["extra_ci"]
        least, most = money["roi_ci"]
        shown += [
            Figure("Extra referrals seen", round(money["extra"]), change=f"95% interval {number(few)} to {number(many)}"),
            Figure("Return", money["roi"], Unit.SHARE, change=f"95% interval {percent(least, 0)} to {percent(most, 0)}"),
            Figure("Chance that it pays", chance(money["p_positive"]), Unit.TEXT, note="that the return is above zero"),
        ]
    else:
        shown.append(Figure("Return", None, Unit.SHARE, note=found["no_money"]))
    return shown


def chance(p: float) -> str:
    """Never 0% or 100%: draws prove neither."""
    return "over 99%" if p > 0.99 else "under 1%" if p < 0.01 else percent(p, 0)


def _clear_title(clear: int, months: int) -> str:
    """In how many of the months after a visit chance does not explain the gain."""
    if not months:
        return "No month after the visit"
    if not clear:
        return f"In none of {months} months after the visit the gain is clear of chance" if months > 1 else "No clear gain after the visit"
    return f"In {clear} of {months} months after the visit the gain is clear of chance"


def study_chart(found: dict[str, Any]) -> ChartBlock | None:
    """The months around the visit with their intervals, and the line of no effect."""
    study = found["study"]
    if not study or not study["points"]:
        return None
    is_ratio = study["scale"] == "ratio"
    none = 1.0 if is_ratio else 0.0
    rows: list[list[Any]] = []
    crossed = False
    for point in study["points"]:
        if not crossed and point["first"] >= 0:
            rows.append(["visit", None, None, None])
            crossed = True
        values = [point[name] - none for name in ("effect", "low", "high")]
        rows.append([_when(point["first"], point["last"]), *values])
    unit = Unit.SHARE if is_ratio else Unit.DECIMAL
    after = [row for row in rows[1:] if row[1] is not None and not row[0].endswith("before")]
    clear = sum(row[2] > 0 for row in after)
    title = _clear_title(clear, len(after))
    columns = [Column("Months from the visit"), Column("Effect", unit), Column("Lowest", unit), Column("Highest", unit)]
    base = none  # a ratio is drawn as a ratio: the axis of the drawing begins at zero
    spec = {
        "kind": "line",
        "labels": [row[0] for row in rows],
        "unit": "count",
        "series": [{"name": "Effect", "values": [_above(row[1], base) for row in rows], "tone": "accent"}],
        "band": {"low": [_above(row[2], base) for row in rows], "high": [_above(row[3], base) for row in rows], "label": "95% interval"},
        "target": {"value": base, "label": "No effect"},
    }
    sub = (
        "Referrals as a multiple of what they would have been; 1 is no effect"
        if is_ratio
        else "Referrals per practice and month, more or fewer"
    )
    return ChartBlock(
        "event-study", title, spec, TableBlock("Effect by month from the first visit", columns, rows), sub=sub, note=study["note"]
    )


def _above(value: float | None, base: float) -> float | None:
    return None if value is None else round(value + base, 3)


def _when(first: int, last: int) -> str:
    if last < 0:
        return f"{-last} before" if first == last else f"{-first} to {-last} before"
    return f"{first}" if first == last else f"{first} to {last}"


def ladder(found: dict[str, Any]) -> TableBlock:
    grade = (found["effect"] or {}).get("grade")
    rows = [[letter, text, "this report" if letter == grade else ""] for letter, text in LADDER]
    return TableBlock("Four grades of evidence", [Column("Grade"), Column("What it means"), Column("Here")], rows)


def _draws(found: dict[str, Any]) -> list[Block]:
    if not found["draws"]:
        return []
    rows = [[name, size, share, "yes" if is_random else "no"] for name, size, share, is_random in found["draws"]]
    columns = [Column("Drawn order"), Column("Practices", Unit.COUNT), Column("Visited as drawn", Unit.SHARE), Column("Counts as random")]
    note = "From 80% of the practices due on, the order of visits counts as chance."
    blocks: list[Block] = [TableBlock("Drawn orders", columns, rows, note=note)]
    if found["other"] and found["other"]["simple_att"] is not None:
        other = found["other"]
        low, high = other["simple_ci"]
        said = f"{other['simple_att']:.2f} (95% interval {low:.2f} to {high:.2f}, grade {other['grade']})"
        blocks.append(Text(f"Over all visited practices, drawn or not, the effect is {said}."))
    return blocks


def _money(found: dict[str, Any]) -> list[Block]:
    purse = found["purse"]
    if not purse:
        return []
    columns = [
        Column("Service line"),
        Column("Referrals after visits", Unit.COUNT, of_patients=True),
        Column("Without a margin", Unit.COUNT, of_patients=True),
        Column("Mean contribution", Unit.MONEY, parts=("Referrals after visits", "Without a margin")),
    ]
    missing = [(line, payer) for line, payer, amount, *_ in purse["margins"] if amount is None]
    lines = sorted({row[0] for row in purse["margins"]})
    rows = sorted((_line(line, purse["margins"]) for line in lines), key=lambda row: -row[1])
    said = [
        f"Program cost used: ${number(purse['cost'])}, {_days(purse)}.",
        f"Attribution weight used: {number(purse['weight'], 2)} of the effect is credited to visits.",
    ]
    if missing:
        named = ", ".join(f"{line} ({payer})" for line, payer in missing[:6])
        said.append(f"Without a margin: {named}{' and more' if len(missing) > 6 else ''}.")
    return [
        Heading("What the return is reckoned with"),
        *[Text(sentence) for sentence in said],
        TableBlock("Contribution margins used", columns, rows, note="A referral without a margin adds nothing to the return."),
    ]


def _line(name: str, margins: list[list[Any]]) -> list[Any]:
    """A service line: its referrals, those without a margin, and what the others contribute on average."""
    own = [(amount, n) for line, _, amount, _, _, n in margins if line == name]
    known = sum(n for amount, n in own if amount is not None)
    mean = sum(amount * n for amount, n in own if amount is not None) / known if known else None
    return [name, sum(n for _, n in own), sum(n for amount, n in own if amount is None), mean]


def _days(purse: dict[str, Any]) -> str:
    return f"of {Window(*map(dt.date.fromisoformat, (purse['start'], purse['end']))).words}"


def _month(text: str) -> str:
    return f"{dt.date.fromisoformat(f'{text}-01'):%b %Y}"


def _dose(found: dict[str, Any]) -> list[Block]:
    if not found["dose"]:
        return []
    columns = [
        Column("Visits in the first year"),
        Column("Practices", Unit.COUNT),
        Column("Referrals a month before", Unit.DECIMAL),
        Column("Referrals a month after", Unit.DECIMAL),
    ]
    note = "Descriptive: practices that are visited often differ from the others for many reasons. This tells no effect of more visits."
    return [Heading("How often they were visited"), TableBlock("Practices by number of visits", columns, found["dose"], note=note)]


def _assumes(found: dict[str, Any]) -> list[Block]:
    said = [f"Compared with: {CONTROLS[found['control']][0].lower()}{CONTROLS[found['control']][1:]}."]
    if found["months"]:
        said.append(f"Months compared: {' to '.join(map(_month, found['months']))}; a patient was seen within {found['seen_within']} days.")
    if found["later_feeds"]:
        said.append(f"Left out, because they began later and would look like growth: {', '.join(found['later_feeds'])}.")
    if found["silent"]:
        said.append(f"Months left out because a feed was silent: {', '.join(_month(month[:7]) for month in found['silent'])}.")
    return [Heading("What it rests on"), *[Text(sentence) for sentence in said]]
