"""The pages of pictures: who sees them, what they find with dense, sparse and no data, and the same numbers in files."""

import csv
import datetime as dt
from collections import defaultdict
from io import BytesIO, StringIO
from random import Random

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from scipy.stats import binom

from audit.models import AuditEvent
from referrals.models import CountingRules, Referral
from reports.exports import drawings
from reports.forms import ControlFilter, FunnelFilter, HeatFilter
from reports.measures import MEASURES, Row
from reports.models import AlertRun
from reports.pictures import heat
from tests.factories import make_line, make_practice, make_provider
from tests.factories.reports import add_months, add_referrals, monthly, recount
from tests.reports.conftest import FIRST

CAST = ("nora", "sol", "past", "over", "dana", "ada", "ivan", "elle")
PAGES = ("reports:funnel", "reports:control", "reports:heat", "reports:flow")
SHARES = ("leakage_ordered", "keepage_ordered")
COUNTS = ("inbound", "received", "internal", "outbound", "undetermined", "volume")


def get(client, page, query=""):
    return client.get(f"{reverse(page)}{query}")


def read(client, picture, query="", kind="csv"):
    response = client.get(f"{reverse('reports:picture-export', args=[picture, kind])}{query}")
    assert response.status_code == 200
    if kind == "xlsx":
        return list(load_workbook(BytesIO(response.content)).active.values)
    return list(csv.reader(StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))


class TestWhoSees:
    def test_everybody_inside_and_no_stranger(self, history, as_):
        for page in PAGES:
            for who in CAST:
                assert get(as_(who), page).status_code == 200, (who, page)
            assert get(as_(None), page).status_code == 302

    def test_before_any_data_the_next_step_is_told(self, as_):
        for page in PAGES:
            assert "Import the first file" in get(as_("ada"), page).text
            assert "Import the first file" not in get(as_("elle"), page).text

    def test_without_a_territory_nothing_is_shown(self, history, as_):
        for page in PAGES:
            assert "No territory is yours yet" in get(as_("past"), page).text

    def test_executives_see_no_practice_and_no_provider(self, history, as_):
        client = as_("elle")
        for page in PAGES:
            text = get(client, page).text
            assert "North Family Practice" not in text
            assert "Northrop" not in text
        assert [tab["label"] for tab in get(client, "reports:funnel").context["tabs"]] == ["Territories", "Service lines"]
        for query in ("?by=practice", "?by=provider"):
            assert get(client, "reports:funnel", query).status_code == 403
        for query in (f"?practice={history.north_practice.pk}", f"?provider={history.north_provider.pk}"):
            assert get(client, "reports:control", query).status_code == 403
        assert client.get(reverse("reports:picture-export", args=["heat", "csv"])).status_code == 403

    def test_out_of_the_field_is_not_found(self, history, as_):
        client = as_("sol")
        for page in PAGES:
            assert get(client, page, f"?territory={history.north.pk}").status_code == 404
        assert get(client, "reports:control", f"?practice={history.north_practice.pk}").status_code == 404
        assert get(client, "reports:control", f"?provider={history.north_provider.pk}").status_code == 404
        assert get(client, "reports:control", "?practice=x").status_code == 404
        assert get(client, "reports:funnel", "?by=moon").status_code == get(client, "reports:heat", "?by=moon").status_code == 404
        assert get(as_("dana"), "reports:control", f"?practice={history.south_practice.pk}").status_code == 200

    def test_a_liaison_compares_her_own_practices_only(self, history, as_):
        many(history)
        names = {row.name for row in get(as_("nora"), "reports:funnel").context["table"]["rows"]}
        assert "Practice 00" in names
        assert not any(row.name.startswith("Practice") for row in get(as_("sol"), "reports:funnel").context["table"]["rows"])

    def test_files_need_the_permission_and_are_recorded(self, history, as_):
        assert as_("sol").get(reverse("reports:picture-export", args=["funnel", "csv"])).status_code == 403
        assert get(as_("sol"), "reports:funnel").context["table"]["csv_url"] == ""
        read(as_("dana"), "control", "?measure=received")
        assert AuditEvent.objects.filter(event="report.exported").latest("pk").details["filter"] == "measure=received"
        for args in (["moon", "csv"], ["heat", "pdf"]):
            assert as_("dana").get(reverse("reports:picture-export", args=args)).status_code == 404


def many(world, count=12, *, seed=4, far=True):
    """Practices of the north whose referrals leave by chance at one in four; the first one at three in four."""
    chance = Random(seed)
    rows = []
    for at in range(count):
        practice = make_practice(f"Practice {at:02}", territory=world.north, zip="44101", alignment="employed")
        share = 0.75 if far and at == 0 else 0.25
        for month in range(14, 26):
            left = sum(chance.random() < share for _ in range(6))
            start = dt.date(2024 + (7 + month) // 12, (7 + month) % 12 + 1, 1)
            rows += monthly(practice, start, [6 - left], flow="internal", destination=world.ours, service_line=world.line)
            rows += monthly(practice, start, [left], flow="outbound", destination=world.theirs, service_line=world.line)
    add_referrals(*rows)


class TestFunnel:
    @pytest.fixture(autouse=True)
    def _history(self, history):
        self.world = history

    def test_the_title_is_the_finding_and_the_positions_a_recount(self, as_):
        many(self.world)
        response = get(as_("dana"), "reports:funnel")
        assert response.context["chart"].title == "Leakage, ordered: 1 of 13 practices lies outside what chance explains"
        counts = defaultdict(lambda: [0, 0])
        for practice, flow, day in Referral.objects.values_list("practice__name", "flow", "anchor_on"):
            if flow in {"internal", "outbound"} and dt.date(2025, 10, 1) <= day < dt.date(2026, 10, 1):
                counts[practice][flow == "outbound"] += 1
        assert len(counts) == 13
        center = sum(left for _, left in counts.values()) / sum(sum(pair) for pair in counts.values())
        for row in response.context["table"]["rows"]:
            kept, left = counts[row.name]
            assert (row.cases, row.total, row.share) == (str(left), str(kept + left), f"{left / (kept + left):.1%}")
            wide = [binom.ppf(p, kept + left, center) / (kept + left) for p in (0.001, 0.999)]
            if row.position == "Within the limits":
                assert wide[0] - 0.02 <= left / (kept + left) <= wide[1] + 0.02
        first = response.context["table"]["rows"][0]
        assert (first.name, first.position, first.tone) == ("Practice 00", "Above the 99.8% limits", "warn")
        assert (
            reverse("contacts:practice", args=[response.context["chart"].spec["points"][0]["url"].strip("/").split("/")[-1]]) == first.url
        )

    @pytest.mark.parametrize("measure", SHARES)
    @pytest.mark.parametrize("by", ["practice", "provider", "territory", "service_line"])
    def test_every_measure_by_every_unit(self, as_, measure, by):
        response = get(as_("dana"), "reports:funnel", f"?measure={measure}&by={by}")
        assert response.status_code == 200
        assert "too few to say" in response.context["chart"].title
        assert response.context["table"]["rows"]

    def test_a_count_is_no_share_and_cannot_be_asked_for(self, as_):
        response = get(as_("dana"), "reports:funnel", "?measure=inbound")
        assert response.context["measure"].name == "leakage_ordered"

    def test_a_unit_with_too_many_unknown_destinations_is_not_compared(self, as_):
        many(self.world, far=False)
        murky = make_practice("Murky", territory=self.world.north, alignment="employed")
        add_months(murky, dt.date(2026, 3, 1), [20, 20], flow="outbound", service_line=self.world.line)
        add_months(murky, dt.date(2026, 3, 1), [20, 20], flow="undetermined", service_line=self.world.line)
        response = get(as_("dana"), "reports:funnel")
        row = next(row for row in response.context["table"]["rows"] if row.name == "Murky")
        assert (row.position, row.share) == ("Too many destinations unknown: 50\N{EN DASH}100%", "\N{EN DASH}")
        assert "Murky" not in [point["name"] for point in response.context["chart"].spec["points"]]

    def test_nothing_is_compared_where_the_range_leads_over_all(self, as_):
        many(self.world)
        CountingRules.objects.create(pk=1, counted_kinds=["consult"], range_leads_above=1)
        response = get(as_("dana"), "reports:funnel")
        assert "No practice can be compared" in response.context["chart"].title
        assert {row.tone for row in response.context["table"]["rows"]} == {""}

    def test_few_and_none_say_so(self, as_):
        assert "too few to say" in get(as_("dana"), "reports:funnel").context["chart"].title
        empty = get(as_("dana"), "reports:funnel", f"?service_line={make_line('Urology').pk}")
        assert empty.context["chart"].title == "Leakage, ordered: no practice to compare in this selection"
        assert "Nothing to compare" in empty.text

    def test_files_are_the_pages_numbers_without_small_cells(self, as_):
        many(self.world)
        rows = read(as_("dana"), "funnel")
        assert rows[0][:4] == ["Practice", "Left", "Referrals with a known destination", "Leakage, ordered"]
        assert [row[0] for row in rows[1:]] == [row.name for row in get(as_("dana"), "reports:funnel").context["table"]["rows"]]
        for row in rows[1:]:
            if row[1].startswith("<") or not row[1]:
                assert row[3] == ""
            else:
                assert float(row[3]) == int(row[1]) / int(row[2])
        assert len(read(as_("dana"), "funnel", kind="xlsx")) == len(rows)

    def test_it_is_flat(self, as_, assert_flat_queries):
        as_("dana")

        def add(number):
            for _ in range(number):
                add_months(make_practice(territory=self.world.north), FIRST, [3] * 26, flow="outbound", service_line=self.world.line)

        assert_flat_queries(reverse("reports:funnel"), add)


class TestControl:
    @pytest.fixture(autouse=True)
    def _history(self, history):
        self.world = history

    def test_a_fall_is_the_title(self, as_):
        response = get(as_("dana"), "reports:control", f"?practice={self.world.south_practice.pk}")
        assert response.context["chart"].title == "Inbound, South Medical Group: 5 in Sep 2026, below the usual 17.9 to 18.3" or (
            "Sep 2026, below the usual" in response.context["chart"].title
        )
        assert response.context["signals"]
        newest = response.context["rows"][0]
        assert (newest.month, newest.says) == ("Oct 2026", "Not complete yet: not compared")

    def test_the_unfinished_month_is_never_flagged(self, as_):
        spec = get(as_("dana"), "reports:control").context["chart"].spec
        late = spec["immature_from"]
        assert spec["labels"][late] == "Oct 2026"
        assert all(at < late for flag in spec["flags"] for at in flag["at"])

    def test_months_are_counted_as_a_recount_says(self, as_):
        for measure, flows in (("inbound", {"inbound"}), ("received", {"inbound", "internal"}), ("outbound", {"outbound"})):
            rows = get(as_("ivan"), "reports:control", f"?measure={measure}&period=12").context["rows"]
            counts = defaultdict(int)
            for flow, day in Referral.objects.values_list("flow", "anchor_on"):
                counts[f"{day:%b %Y}"] += flow in flows
            assert len(rows) == 13
            assert {row.month: row.value for row in rows} == {row.month: f"{counts[row.month]:,}" for row in rows}

    @pytest.mark.parametrize("measure", [*COUNTS, *SHARES])
    def test_every_measure_of_every_part(self, as_, measure):
        client = as_("dana")
        for part in (
            *("", f"&territory={self.world.north.pk}", f"&service_line={self.world.line.pk}", f"&practice={self.world.north_practice.pk}"),
            *(f"&provider={self.world.north_provider.pk}", "&period=12", "&period=36", "&start=2026-01-01&end=2026-07-01"),
        ):
            response = get(client, "reports:control", f"?measure={measure}{part}")
            assert response.status_code == 200, part
            assert response.context["rows"], part

    def test_months_open_as_many_rows(self, as_):
        client = as_("dana")
        for row in get(client, "reports:control", f"?practice={self.world.south_practice.pk}").context["rows"][:4]:
            assert client.get(row.url).context["page"].paginator.count == int(row.value), row.month
        assert {row.url for row in get(as_("sol"), "reports:control").context["rows"]} == {""}

    def test_a_share_of_few_and_an_empty_part_say_so(self, as_):
        few = make_practice("Few", territory=self.world.north, alignment="employed")
        add_months(few, FIRST, [1, 2] * 13, flow="outbound")
        title = get(as_("dana"), "reports:control", f"?measure=leakage_ordered&practice={few.pk}").context["chart"].title
        assert title == "Leakage, ordered, Few: too few to say. Below 10 a month, chance moves more than any change"
        quiet = make_practice("Quiet", territory=self.world.north)
        response = get(as_("dana"), "reports:control", f"?practice={quiet.pk}")
        assert response.context["chart"].title == "Inbound, Quiet: none in 24 full months, too few to say more"
        assert "Too few to say what is usual" in response.text
        assert "As usual" not in response.text

    def test_months_in_which_too_much_is_unknown_have_no_share(self, as_):
        add_months(self.world.north_practice, dt.date(2026, 4, 1), [30], flow="undetermined", service_line=self.world.line)
        rows = {row.month: row for row in get(as_("dana"), "reports:control", "?measure=leakage_ordered").context["rows"]}
        assert (rows["Apr 2026"].value, rows["Apr 2026"].says) == ("\N{EN DASH}", "Too many destinations unknown")
        assert rows["May 2026"].value == f"{6 / 16:.1%}"

    def test_files(self, as_):
        rows = read(as_("dana"), "control", f"?practice={self.world.south_practice.pk}")
        assert rows[0] == ["Month", "Inbound", "Mean", "Lower limit", "Upper limit", "What it shows"]
        assert rows[1][:2] == ["2024-10-01", "20"]
        assert rows[-2][1] == "<11"
        shares = read(as_("dana"), "control", "?measure=leakage_ordered", kind="xlsx")
        assert shares[0][:4] == ("Month", "Of these", "Out of", "Leakage, ordered")

    def test_it_is_flat(self, as_, assert_flat_queries):
        as_("dana")

        def add(number):
            for _ in range(number):
                add_months(make_practice(territory=self.world.north), FIRST, [3] * 26, service_line=self.world.line)

        assert_flat_queries(reverse("reports:control"), add)


class TestHeat:
    @pytest.fixture(autouse=True)
    def _history(self, history):
        self.world = history

    def cells(self, response):
        spec = response.context["chart"].spec
        return {
            (row["label"], column["label"]): cell
            for row in spec["rows"]
            for column, cell in zip(spec["columns"], row["cells"], strict=True)
        }

    def test_every_cell_is_a_recount(self, as_):
        found = self.cells(get(as_("ivan"), "reports:heat"))
        counts = defaultdict(int)
        for line, flow, day in Referral.objects.values_list("service_line__name", "flow", "anchor_on"):
            counts[line or "No service line", f"{day:%b %Y}"] += flow == "inbound"
        assert {row for row, _ in found} == {"Cardiology", "Orthopedics", "All together"}
        for (row, month), cell in found.items():
            expected = sum(n for (_, when), n in counts.items() if when == month) if row == "All together" else counts[row, month]
            assert cell["text"] == (str(expected) if expected else ""), (row, month)

    def test_the_unfinished_month_is_hatched_and_has_no_color(self, as_):
        response = get(as_("ivan"), "reports:heat")
        spec = response.context["chart"].spec
        assert spec["columns"][spec["immature_from"]]["label"] == "Oct 2026"
        assert {cell["level"] for (_, month), cell in self.cells(response).items() if month == "Oct 2026"} == {None}
        assert "Oct 2026 is not complete yet" in response.context["chart"].note

    def test_shares_tell_range_few_and_known_share(self, as_):
        self.world.few = make_line("Urology")
        add_months(self.world.north_practice, dt.date(2026, 5, 1), [3], flow="outbound", service_line=self.world.few)
        add_months(self.world.north_practice, dt.date(2026, 6, 1), [40], flow="undetermined", service_line=self.world.line)
        response = get(as_("dana"), "reports:heat", "?measure=leakage_ordered")
        found = self.cells(response)
        assert found["Urology", "May 2026"]["text"] == "3 of 3"
        assert (found["Cardiology", "Jun 2026"]["text"], found["Cardiology", "Jun 2026"]["level"]) == (
            f"{6 / 58:.0%}".rstrip("%") + f"\N{EN DASH}{48 / 58:.0%}",
            None,
        )
        assert found["Cardiology", "May 2026"]["text"] == f"{6 / 16:.0%}"
        assert "Known share" in response.context["chart"].note

    def test_no_share_at_all_where_the_range_leads(self, as_):
        CountingRules.objects.create(pk=1, counted_kinds=["consult"], range_leads_above=1)
        assert "Too much is unknown to compare" in get(as_("dana"), "reports:heat", "?measure=leakage_ordered").context["chart"].title

    def test_a_month_that_stands_out_is_the_title(self, as_):
        add_months(self.world.unowned_practice, dt.date(2026, 3, 1), [60], service_line=self.world.other_line)
        title = get(as_("ivan"), "reports:heat").context["chart"].title
        assert title.startswith("Inbound: Orthopedics in Mar 2026 stands out. 64, where about ")

    def test_a_line_that_stands_apart_is_the_title(self, as_):
        rows = monthly(self.world.north_practice, FIRST, [20] * 26, flow="internal", service_line=self.world.other_line)
        add_referrals(*rows)
        title = get(as_("dana"), "reports:heat", "?measure=leakage_ordered").context["chart"].title
        assert title == f"Leakage, ordered: Orthopedics stands apart with 0%, where {72 / 432:.0%} is usual"

    def test_what_is_unusual_is_rare_by_chance(self):
        """Of 200 grids of one steady process no more than about one in twenty has a month that stands out."""
        chance = Random(1)
        found = 0
        for _ in range(200):
            rates = [chance.uniform(8, 60) for _ in range(8)]
            rows = [[sum(chance.random() < rate / 400 for _ in range(400)) for _ in range(12)] for rate in rates]
            found += heat.unusual(grid(rows), 25) is not None
        assert found <= 16

    @pytest.mark.parametrize("by", ["service_line", "territory", "payer"])
    @pytest.mark.parametrize("measure", [*COUNTS, *SHARES])
    def test_every_measure_by_everything(self, as_, measure, by):
        response = get(as_("dana"), "reports:heat", f"?measure={measure}&by={by}")
        assert response.status_code == 200
        assert response.context["chart"].spec["rows"]

    def test_cells_open_their_referrals_or_the_months_of_their_row(self, as_):
        client = as_("dana")
        cell = self.cells(get(client, "reports:heat"))["Cardiology", "Sep 2026"]
        assert client.get(cell["url"]).context["page"].paginator.count == int(cell["text"])
        url = self.cells(get(as_("elle"), "reports:heat"))["Cardiology", "Sep 2026"]["url"]
        assert url.startswith(reverse("reports:control"))
        assert as_("elle").get(url).status_code == 200

    def test_empty(self, as_):
        response = get(as_("dana"), "reports:heat", f"?service_line={make_line('Urology').pk}")
        assert "nothing to show by service line" in response.context["chart"].title
        assert "Nothing to show in this selection" in response.text

    def test_very_many_rows_are_gathered_and_the_file_has_them_all(self, as_):
        for at in range(30):
            add_months(self.world.south_practice, dt.date(2026, 1, 1), [at + 1], service_line=make_line(f"Line {at:02}"))
        response = get(as_("dana"), "reports:heat")
        labels = [row["label"] for row in response.context["chart"].spec["rows"]]
        assert len(labels) == heat.MOST_ROWS + 2
        assert labels[-2] == "7 service lines more"
        assert len({row[0] for row in read(as_("dana"), "heat")[1:]}) == 31

    def test_files(self, as_):
        rows = read(as_("dana"), "heat")
        assert rows[0] == ["Service line", "Month", "Inbound", "Complete"]
        assert ["Cardiology", "2026-09-01", "<11", "yes"] in rows
        assert ["Cardiology", "2026-06-01", "20", "yes"] in rows
        assert read(as_("dana"), "heat", "?measure=leakage_ordered", kind="xlsx")[0][2:5] == ("Of these", "Out of", "Leakage, ordered")

    def test_it_is_flat(self, as_, assert_flat_queries):
        as_("dana")

        def add(number):
            for _ in range(number):
                add_months(self.world.north_practice, FIRST, [3] * 26, service_line=make_line())

        assert_flat_queries(reverse("reports:heat"), add)


def grid(rows):
    """Counts by row and month, as the page has them."""
    months = [dt.date(2025, month, 1) for month in range(1, 13)]
    groups = [
        heat.GridRow(at, f"Line {at}", [Row.count((), n) for n in counts], Row.count((), sum(counts))) for at, counts in enumerate(rows)
    ]
    columns = [Row.count((), sum(counts[place] for counts in rows)) for place in range(12)]
    overall = heat.GridRow("all", "All", columns, Row.count((), sum(map(sum, rows))))
    return heat.Grid(MEASURES["inbound"], "service_line", months, groups, overall, 12)


class TestEveryMeasure:
    """What the registry of measures offers, the pictures draw: by everything it can be cut by, with a sentence where it cannot."""

    @pytest.mark.parametrize(
        ("page", "form", "cuts"),
        [
            ("reports:funnel", FunnelFilter, ("practice", "provider", "territory", "service_line")),
            ("reports:heat", HeatFilter, ("service_line", "territory", "payer")),
            ("reports:control", ControlFilter, ("",)),
        ],
    )
    def test_it_is_drawn_or_refused_in_words(self, history, as_, page, form, cuts):
        client = as_("dana")
        for name in form.names():
            for cut in cuts:
                response = get(client, page, f"?measure={name}&by={cut}")
                assert response.status_code == 200, (name, cut)
                drawn = response.context["chart"]
                assert response.context["refused"] or drawn.title.startswith(MEASURES[name].title), (name, cut)

    def test_months_whose_outcome_is_waited_for_are_not_complete(self, history, as_):
        spec = get(as_("dana"), "reports:control", "?measure=conversion_seen").context["chart"].spec
        # 90 days after its last day, at the 15th of October, June is over and July is not.
        assert spec["labels"][spec["immature_from"]] == "Jul 2026"

    def test_a_silent_feed_is_a_gap_and_no_signal(self, history, as_):
        before = get(as_("ivan"), "reports:control").context["chart"].spec
        AlertRun.objects.create(
            data_version=1, basis="x", q=0.1, mature_share=0.95,
            feeds=[
                {"name": "fax", "through": "2026-08-01", "silent": ["2026-07-01"], "gaps": []},
                {"name": "ended", "through": "2024-02-01", "silent": [], "gaps": []},
            ],
        )  # fmt: skip
        response = get(as_("ivan"), "reports:control")
        spec = response.context["chart"].spec
        assert spec["labels"][before["immature_from"]] == "Oct 2026"
        assert spec["labels"][spec["immature_from"]] == "Sep 2026"
        assert spec["values"][spec["labels"].index("Jul 2026")] is None
        assert {row.month: row.says for row in response.context["rows"]}["Jul 2026"] == "Import gap: not compared"
        assert "Import gap, Jul 2026" in response.context["chart"].note
        ours = get(as_("ivan"), "reports:control", "?measure=leakage_ordered").context["chart"].spec
        assert ours["gaps"] == []


class TestHeatOfASilentFeed:
    """Rows of July were held back: the month is marked, and neither zero nor in a comparison."""

    @pytest.fixture(autouse=True)
    def _silent(self, history):
        self.world = history
        july = {"month": dt.date(2026, 7, 1), "service_line": history.line}
        Referral.objects.filter(**july, flow="inbound").delete()
        recount()
        AlertRun.objects.create(
            data_version=1,
            basis="x",
            q=0.1,
            mature_share=0.95,
            feeds=[{"name": "fax", "through": "2026-09-01", "silent": ["2026-07-01"], "gaps": []}],
        )

    def test_it_is_hatched_with_a_word_and_no_zero(self, as_):
        response = get(as_("ivan"), "reports:heat")
        chart = response.context["chart"]
        place = [column["label"] for column in chart.spec["columns"]].index("Jul 2026")
        assert [column["silent"] for column in chart.spec["columns"]].count(True) == 1
        rows = {row["label"]: row["cells"] for row in chart.spec["rows"]}
        assert rows["Cardiology"][place] == {"value": 0.0, "text": "silent", "level": None, "says": "", "url": "", "silent": True}
        assert rows["Orthopedics"][place]["text"] == "4", "what another feed told is shown"
        assert rows["Orthopedics"][place]["level"] is None, "without a color"
        assert rows["Cardiology"][place - 1]["text"] == "20"
        text = " ".join(response.text.split())
        assert 'class="heat-late">Jul 2026<span class="sub">silent</span></th>' in text
        assert '<td class="heat-late">silent</td>' in text
        assert "Hatched and silent: of Jul 2026 a feed told nothing, or not all." in chart.note

    def test_it_is_in_no_total_and_no_comparison(self, as_):
        found = get(as_("ivan"), "reports:heat").context["chart"]
        assert "190 of 234" in found.title
        AlertRun.objects.all().delete()
        assert "190 of 238" in get(as_("ivan"), "reports:heat").context["chart"].title, "the 4 of July"

    def test_own_referrals_are_told_by_other_feeds(self, as_):
        spec = get(as_("dana"), "reports:heat", "?measure=leakage_ordered").context["chart"].spec
        assert not any(column["silent"] for column in spec["columns"])

    def test_the_file_says_so(self, as_):
        rows = read(as_("ada"), "heat")
        assert ["Cardiology", "2026-07-01", "", "silent"] in rows
        assert ["Orthopedics", "2026-07-01", "<11", "silent"] in rows
        assert ["Cardiology", "2026-06-01", "20", "yes"] in rows

    def test_on_paper_it_is_hatched(self, as_):
        spec = get(as_("ivan"), "reports:heat").context["chart"].spec
        plain = {**spec, "rows": [{**row, "cells": [{**cell, "silent": False} for cell in row["cells"]]} for row in spec["rows"]]}
        hatched = [drawings.draw(one).count('stroke-opacity="0.5"') for one in (spec, plain)]
        assert hatched[0] > hatched[1]


class TestFlow:
    def test_it_adds_up_by_territory_line_and_end(self, history, as_):
        chart = get(as_("dana"), "reports:flow").context["chart"]
        ends = defaultdict(int)
        for link in chart.spec["links"]:
            ends[link["target"].strip()] += link["value"]
        assert (ends["Kept in our network"], ends["Summit Cardiology"], ends["No destination named"]) == (120, 72, 24)
        assert chart.title == "Of 216 referrals by our providers, 120 stayed, 72 left, 24 name no destination"

    def test_dense_data_is_gathered_never_dropped(self, history, as_):
        rows = []
        for at in range(20):
            rows += monthly(history.north_practice, dt.date(2026, 1, 1), [at + 1], flow="internal", service_line=make_line(f"Line {at:02}"))
        add_referrals(*rows)
        spec = get(as_("dana"), "reports:flow").context["chart"].spec
        assert "Other service lines" in [node["label"] for node in spec["nodes"]]
        assert sum(link["value"] for link in spec["links"] if link["target"] == "Kept in our network") == 120 + 210

    def test_empty(self, history, as_):
        response = get(as_("dana"), "reports:flow", f"?service_line={make_line('Urology').pk}")
        assert response.context["chart"].title == "No referrals by our own providers in this selection"


def test_provider_of_another_field_is_not_named(history, as_):
    make_provider("Elsewhere", at=history.south_practice)
    assert "Elsewhere" not in get(as_("nora"), "reports:funnel", "?by=provider").text
