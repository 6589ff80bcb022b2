"""The director's quarter: fiscal quarters, comparisons against own baselines by hand, the page, the files, the slides."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from pptx import Presentation

from concerns.models import Category, Concern, Department
from referrals.models import Referral, StatusEvent
from reports import actions, kinds, quarterly
from reports.cells import Cell
from reports.fiscal import Quarter
from reports.kinds.quarter import parameters_of
from reports.measures import MEASURES
from reports.models import ProgramCost, ReportRules
from reports.periods import Window
from reports.queries.freshness import freshness
from tests.factories.reports import add_referrals, make_payer, make_source, monthly, new_referral, recount

Q3 = Quarter(2026, 3)


@pytest.mark.parametrize(
    ("name", "starts", "first", "short", "words"),
    [
        ("2026Q3", 1, "2026-07-01", "Q3 2026", "Third quarter of 2026 (Jul 2026 to Sep 2026)"),
        ("2026q1", 7, "2025-07-01", "Q1 FY 2026", "First quarter of fiscal 2026 (Jul 2025 to Sep 2025)"),
        ("2026Q4", 10, "2026-07-01", "Q4 FY 2026", "Fourth quarter of fiscal 2026 (Jul 2026 to Sep 2026)"),
    ],
)
def test_quarters_of_the_fiscal_year(name, starts, first, short, words):
    quarter = Quarter.named(name, starts)
    assert quarter is not None
    assert quarter.window.start == dt.date.fromisoformat(first)
    assert (quarter.short, quarter.words) == (short, words)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 12, 31)), st.integers(1, 12))
def test_every_day_lies_in_its_quarter_and_quarters_follow_each_other(day, starts):
    quarter = Quarter.of(day, starts)
    assert quarter.window.start <= day < quarter.window.end
    assert quarter.window.months == 3
    assert quarter.previous.window.end == quarter.window.start
    assert Quarter.named(quarter.name, starts) == quarter


@pytest.mark.parametrize("name", ["", "2026", "2026Q5", "26Q1", "1200Q1"])
def test_what_is_no_quarter(name):
    assert Quarter.named(name) is None


def test_leakage_recovered_by_hand():
    """Line 1: 40% before, 30% of 100 now: 10 stayed. Line 2: 10% before, 20% of 50 now: 5 more left. No baseline: left out."""
    lines = [
        (1, Cell(internal=70, outbound=30), Cell(internal=240, outbound=160)),
        (2, Cell(internal=40, outbound=10), Cell(internal=90, outbound=10)),
        (3, Cell(internal=5, outbound=5), Cell()),
    ]
    found = quarterly.leakage_recovered(lines, 25)
    assert found.value == pytest.approx(5)
    assert found.referrals == 150
    assert (found.rate_now, found.rate_before) == (pytest.approx(40 / 150), pytest.approx(170 / 500))
    p = [(31 / 102, 102, 161 / 402, 402, 100), (11 / 52, 52, 11 / 102, 102, 50)]
    spread = sum(n * n * (a * (1 - a) / m + b * (1 - b) / k) for a, m, b, k, n in p) ** 0.5 * 1.959964
    assert (found.low, found.high) == (pytest.approx(5 - spread), pytest.approx(5 + spread))


def test_leakage_recovered_is_silent_where_destinations_are_unknown():
    lines = [(1, Cell(internal=70, outbound=30, undetermined=80), Cell(internal=240, outbound=160))]
    assert quarterly.leakage_recovered(lines, 25).value == pytest.approx(10), "80 of 580 is under a quarter"
    found = quarterly.leakage_recovered([(1, Cell(internal=7, outbound=3, undetermined=80), Cell(internal=24, outbound=16))], 25)
    assert (found.value, found.range_leads) == (None, True)
    assert quarterly.leakage_recovered([], 25).value is None


def test_the_change_of_two_groups_by_hand():
    ratio, low, high = quarterly.difference_in_change((120, 100), (90, 100))
    assert ratio == pytest.approx(1.2 / 0.9)
    spread = (1 / 120 + 1 / 100 + 1 / 90 + 1 / 100) ** 0.5 * 1.959964
    assert high / ratio == pytest.approx(ratio / low) == pytest.approx(2.718281828**spread)
    assert quarterly.difference_in_change((0, 100), (90, 100)) is None


@pytest.fixture
def told(world):
    """30 months to 31 Oct 2026: assigned practices grow in the third quarter, what nobody owns stays; concerns and a cost."""
    payer, source = make_payer(), make_source()
    first = dt.date(2024, 5, 1)
    common = {"service_line": world.line, "payer": payer, "source": source}
    rows = [
        *monthly(world.north_practice, first, [20] * 26 + [30] * 4, provider=world.north_provider, **common),
        *monthly(world.unowned_practice, first, [12] * 30, provider=world.unowned_provider, **common),
        *monthly(world.north_practice, first, [10] * 30, flow="internal", provider=world.north_provider, **common),
        *monthly(world.north_practice, first, [10] * 26 + [5] * 4, flow="outbound", provider=world.north_provider, **common),
        *monthly(world.south_practice, first, [0] * 27 + [2, 1, 0], provider=world.south_provider, **common),
        new_referral(on=dt.date(2026, 10, 31), practice=world.north_practice, **common),
    ]
    for place, row in enumerate(rows):
        row.patient_hash = f"p{place % 400}"  # they come again
        if row.flow != "outbound" and row.anchor_on < dt.date(2026, 10, 1):
            row.seen_on = row.anchor_on + dt.timedelta(days=12)
    add_referrals(*rows)
    department = Department.objects.create(name="Access center")
    category = Category.objects.create(name="Wait", department=department)
    day = timezone.make_aware(dt.datetime(2026, 8, 3, 9))
    for place in range(3):
        Concern.objects.create(
            practice=world.north_practice, category=category, department=department, text="Waits", raised_by=world.nora, raised_at=day,
            clock_started_on=day.date(), due_on=dt.date(2026, 8, 17), state="resolved" if place else "open",
            resolved_at=timezone.make_aware(dt.datetime(2026, 8, 10 + 10 * (place - 1), 9)) if place else None,
        )  # fmt: skip
    actions.save_money(
        by=world.ada,
        model=ProgramCost,
        values={"started_on": dt.date(2026, 7, 1), "ended_on": dt.date(2026, 10, 1), "amount": Decimal(91_000)},
    )
    return world


def make(world, run_jobs, quarter=Q3, *, by=None):
    run = actions.ask_for_run(
        kind="quarter", parameters=parameters_of(quarter), territory=None, by=by or world.ada, basis=kinds.KINDS["quarter"].basis_now()
    )
    run_jobs()
    run.refresh_from_db()
    assert run.is_finished, run.error
    return run


def test_the_quarter_by_hand(told, run_jobs):
    found = make(told, run_jobs).result
    assert found["within"] == 31, "the quarter ended 31 days before the data does"
    assert found["baseline_months"] == 12
    assigned, others = found["seen"]["assigned"], found["seen"]["unassigned"]
    before = 20 * 12  # July 2025 to June 2026
    assert assigned["now"] == 30 * 3 + 3
    assert others["now"] == 36
    from reports.workdays import business_days  # noqa: PLC0415

    year = Window(dt.date(2025, 7, 1), Q3.window.start)
    days = business_days(list(Q3.window.each_month())).sum() / business_days(list(year.each_month())).sum()
    assert assigned["expected"] == pytest.approx(before * days)
    assert others["expected"] == pytest.approx(144 * days)
    ratio = (93 / before) / (36 / 144)
    assert found["seen_compared"][0] == pytest.approx(ratio)
    assert found["referrers"] == {"gained": 1, "regular": 2, "kept": 2, "lost": 0}
    # leakage: one line, half before (10 of 20), a third now (5 of 15)
    assert found["recovered"]["value"] == pytest.approx((0.5 - 1 / 3) * 45)
    assert found["wait"]["median"] == 12 == found["wait_before"]["median"]
    assert found["cost"] == {"amount": 91_000.0, "missing": []}
    assert found["concerns"] == {"raised": 3, "resolved": 2, "in_time": 1, "told": 0, "open_at_end": 1}
    assert any("31 days" in sentence for sentence in found["cannot"])
    assert any("A return cannot be claimed" in sentence for sentence in found["cannot"])


def test_new_patients_equal_a_slow_recount(told, run_jobs):
    found = make(told, run_jobs).result["patients"]
    from referrals.models import Referral  # noqa: PLC0415

    rows = sorted(Referral.objects.filter(flow="inbound", is_counted=True).values_list("anchor_on", "pk", "patient_hash", "practice_id"))
    last: dict[str, dt.date] = {}
    now = {True: 0, False: 0}
    for on, _, patient, practice in rows:
        is_new = patient not in last or last[patient] < dt.date(on.year - 1, on.month, on.day)
        last[patient] = on
        if is_new and Q3.window.start <= on < Q3.window.end:
            now[practice != told.unowned_practice.pk] += 1
    assert (found["assigned"]["now"], found["unassigned"]["now"]) == (now[True], now[False])


def test_page_files_and_slides(told, run_jobs, as_):
    client = as_("elle")
    page = client.get(reverse("reports:quarter"), {"q": "2026Q3"}).content.decode()
    assert "Compute it now" in page
    run = make(told, run_jobs)
    page = client.get(reverse("reports:quarter"), {"q": "2026Q3"}).content.decode()
    for words in (run.result["headline"], "What cannot be claimed", "$91,000", "1 before their deadline", "Referrers gained"):
        assert words in page, words
    for sentence in run.result["cannot"]:
        assert sentence in page.replace("&#x27;", "'")
    assert client.get(reverse("reports:quarter-slides", args=[run.pk])).status_code == 403, "executives read; they do not download"
    answer = as_("ivan").get(reverse("reports:quarter-slides", args=[run.pk]))
    deck = Presentation(io.BytesIO(answer.content))
    assert 6 <= len(deck.slides) <= 8
    texts = [" ".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame) for slide in deck.slides]
    assert run.result["cannot"][0] in texts[5]
    assert sum(shape.has_chart for slide in deck.slides for shape in slide.shapes) == 1
    assert any(MEASURES["time_to_appointment"].formula in slide.notes_slide.notes_text_frame.text for slide in deck.slides)
    for slide in deck.slides:
        assert "Data through 31 Oct 2026" in slide.notes_slide.notes_text_frame.text
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= deck.slide_width, (slide.shapes.title.text, shape.name)
            assert shape.top + shape.height <= deck.slide_height, (slide.shapes.title.text, shape.name)
    [chart] = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    assert list(chart.plots[0].series[0].values)[:2] == [93, 36]
    answer = as_("ivan").get(reverse("reports:run-file", args=[run.pk, "xlsx"]))
    book = load_workbook(io.BytesIO(answer.content))
    assert "Against their own baseline" in book.sheetnames
    assert as_("ivan").get(reverse("reports:run-file", args=[run.pk, "csv"])).status_code == 200


def test_small_cells_are_hidden_in_slides(world, run_jobs, as_):
    add_referrals(*monthly(world.north_practice, dt.date(2025, 6, 1), [3] * 17, seen_on=dt.date(2025, 6, 20)))
    from referrals.models import Referral  # noqa: PLC0415

    for row in Referral.objects.all():
        Referral.objects.filter(pk=row.pk).update(seen_on=row.anchor_on)
    add_referrals(new_referral(on=dt.date(2026, 12, 31), practice=world.north_practice))
    run = make(world, run_jobs)
    assert run.result["seen"]["assigned"]["now"] == 9
    deck = Presentation(io.BytesIO(as_("ivan").get(reverse("reports:quarter-slides", args=[run.pk])).content))
    [chart] = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    assert chart.plots[0].series[0].values[0] is None
    everything = " ".join(shape.text_frame.text for slide in deck.slides for shape in slide.shapes if shape.has_text_frame)
    assert "<11" in everything
    assert " 9 " not in everything


def test_who_opens_it_and_which_quarters_there_are(told, as_, run_jobs):
    assert as_("nora").get(reverse("reports:quarter")).status_code == 403
    client = as_("ada")
    assert client.get(reverse("reports:quarter"), {"q": "nonsense"}).status_code == 404
    assert "is not over" in client.get(reverse("reports:quarter"), {"q": "2026Q4"}).content.decode()
    assert client.post(f"{reverse('reports:quarter')}?q=2026Q2").status_code == 302
    assert "It is being computed" in client.get(reverse("reports:quarter"), {"q": "2026Q2"}).content.decode()
    run_jobs()
    assert "Second quarter of 2026" in client.get(reverse("reports:quarter"), {"q": "2026Q2"}).content.decode()
    ReportRules.objects.update_or_create(pk=1, defaults={"fiscal_starts": 7})
    assert "Compute it now" in client.get(reverse("reports:quarter"), {"q": "2026Q2"}).content.decode(), "another quarter has this name now"


def test_a_manager_of_a_part_sees_that_part_only(told, run_jobs):
    """dana looks after the region: what nobody owns is not in her numbers."""
    found = make(told, run_jobs, by=told.dana).result
    assert found["seen"]["unassigned"]["now"] == 0
    assert found["seen"]["assigned"]["now"] == 93
    assert found["referrers"]["regular"] == 1
    assert found["cost"]["missing"], "the whole program's cost is not a part's"


def test_the_standard_run_is_of_the_last_quarter_that_is_over(told):
    [parameters] = kinds.KINDS["quarter"].standard(freshness())
    assert parameters["quarter"] == "2026Q3"


def test_without_concerns_that_is_said(history, run_jobs):
    found = make(history, run_jobs, Quarter(2026, 2)).result
    assert "Nothing can be said of concerns: none was recorded." in found["cannot"]


def test_days_to_access_are_the_measures(told, run_jobs, as_):
    """Odd waits, cancellations, outbound and undetermined referrals: the quarter says what the measure's page says, now and before."""
    rows = Referral.objects.filter(month__gte="2025-07-01")
    day = F("anchor_on")
    rows.annotate(part=F("pk") % 5).filter(part=1).update(seen_on=day + dt.timedelta(days=33), seen_by="status", state="seen")
    rows.annotate(part=F("pk") % 5).filter(part=2).update(seen_on=None, seen_by="", state="cancelled")
    rows.annotate(part=F("pk") % 5).filter(part=3).update(seen_on=None, seen_by="", state="received")
    rows.annotate(part=F("pk") % 11).filter(part=0).update(flow="undetermined")
    ended = rows.filter(state="cancelled").values_list("pk", "anchor_on")
    StatusEvent.objects.bulk_create(
        StatusEvent(referral_id=pk, state="cancelled", happened_on=anchor + dt.timedelta(days=4)) for pk, anchor in ended
    )
    recount()
    run = make(told, run_jobs)
    client = as_("ada")
    page = client.get(run.get_absolute_url())
    measure = client.get(page.context["wait_url"])
    whole = measure.context["whole"]
    assert measure.context["question"].window == Q3.window
    said = run.result["wait"]
    assert said == {
        "cases": whole.denominator, "median": whole.value, "low": whole.low, "high": whole.high, "p90": whole.more["p90"],
        "remark": whole.remark,
    }  # fmt: skip
    assert 12 < said["median"] <= 33
    assert Referral.objects.filter(state="cancelled", month="2026-08-01").exists()
    before = client.get(reverse("reports:measure", args=["time_to_appointment"]), {"start": "2025-07-01", "end": "2026-07-01"})
    assert run.result["wait_before"]["median"] == before.context["whole"].value
    assert run.result["wait_before"]["cases"] == before.context["whole"].denominator
    assert measure.context["measure"].formula in page.text
    assert f"{whole.value:g}" in page.text


def test_days_to_access_that_are_not_reached_say_so(told, run_jobs, as_):
    Referral.objects.filter(month__gte="2026-07-01").annotate(part=F("pk") % 3).exclude(part=0).update(
        seen_on=None, seen_by="", state="received"
    )
    recount()
    run = make(told, run_jobs)
    assert run.result["wait"]["median"] is None
    remark = run.result["wait"]["remark"]
    assert remark.startswith("more than ")
    assert remark in as_("ada").get(run.get_absolute_url()).text
