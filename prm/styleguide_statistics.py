"""The statistical charts of the style guide: each kind with dense, sparse and no data, drawn by the same code as the pages."""

import datetime
from collections.abc import Sequence
from random import Random

from common import heat
from common.charts import Chart, table
from common.templatetags.prm import percent
from reports.charts import control, funnel
from reports.periods import add_months

FIRST = datetime.date(2024, 8, 1)
LATE = datetime.date(2026, 9, 1)
GAP = (datetime.date(2025, 12, 1), datetime.date(2026, 1, 1))
LINES = (
    *("Bariatrics", "Cardiology", "Dermatology", "Endocrinology", "Gastroenterology", "General surgery", "Neurology", "Oncology"),
    *("Orthopedics", "Pulmonology", "Urology", "Women's health and maternal-fetal medicine"),
)


def statistics() -> list[Chart]:
    chance = Random(3)  # noqa: S311 - invented figures, the same at every visit
    steady = [round(chance.gauss(46, 5)) for _ in range(18)] + [round(chance.gauss(36, 4)) for _ in range(7)] + [9]
    steady[6] = 74
    return [
        _control("sg-xmr", steady, "Inbound referrals", silent=GAP, late=LATE),
        _control("sg-xmr-sparse", [11, 7, 9, 12, 8, 10, 9], "Inbound referrals of Elm Street Pediatrics"),
        _control("sg-xmr-empty", [], "Inbound referrals"),
        _funnel("sg-funnel", [_unit(chance, at) for at in range(500)]),
        _funnel("sg-funnel-sparse", [_unit(chance, at) for at in range(9)]),
        _funnel("sg-funnel-empty", []),
        _heat("sg-heatmap", chance, LINES, 15, 2),
        _heat("sg-heatmap-sparse", chance, LINES[:2], 3, 0),
        _heat("sg-heatmap-empty", chance, (), 0, 0),
    ]


def _control(
    id: str, values: Sequence[float | None], name: str, *, silent: tuple[datetime.date, ...] = (), late: datetime.date | None = None
) -> Chart:
    months = [add_months(FIRST, at) for at in range(len(values))]
    urls = ["#main"] * len(values)
    return control.chart(control.control(control.Series(name, months, values, silent=silent, immature_from=late, urls=urls)), id=id)


def _unit(chance: Random, at: int) -> funnel.Unit:
    total = round(chance.lognormvariate(4, 0.9))
    share = 0.31 if at % 40 else chance.choice((0.12, 0.55))
    return funnel.Unit(at, f"Practice {at + 1} of Lorain County", sum(chance.random() < share for _ in range(total)), total, "#main")


def _funnel(id: str, units: list[funnel.Unit]) -> Chart:
    return funnel.chart(
        funnel.plot(units),
        id=id,
        words=("practice", "practices"),
        measure="Leakage",
        sizes="Referrals with a known destination",
        cases="Left",
        tone="outbound",
    )


def _heat(id: str, chance: Random, lines: tuple[str, ...], months: int, late: int) -> Chart:
    labels = [f"{add_months(FIRST, at):%b %Y}" for at in range(months)]
    rows = []
    for line in lines:
        base = chance.uniform(0.08, 0.5)
        shares = [min(0.9, max(0.02, chance.gauss(base, 0.04))) for _ in range(months)]
        rows.append(
            heat.HeatRow(
                line, [heat.HeatCell(share, percent(share, 0), f"{line}, {at}", "#main") for share, at in zip(shares, labels, strict=True)]
            )
        )
    if rows:
        rows[0] = heat.HeatRow(rows[0].label, [heat.HeatCell(None, "2 of 5", "too few to say"), *rows[0].cells[1:]])
    return Chart(
        id,
        "Where leakage is darkest, by service line and month" if lines else "No referral in this selection",
        heat.spec(
            rows,
            [(label, "") for label in labels],
            corner="Service line",
            unit="percent",
            tone="outbound",
            immature_from=months - late if late else None,
            scale=("0%", "Most"),
        ),
        table(f"Leakage by service line and month, {len(lines)} lines", [], []),
    )
