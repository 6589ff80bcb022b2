"""Figures by county against a plain recount; shapes and places of the map; who sees what on it."""

import csv
import datetime as dt
from collections import Counter
from io import StringIO

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from common.places import counties_by_state, zips_of
from referrals.models import CountingRules, Referral
from reports.charts.counties import CLASSES, breaks, shade
from reports.geography import STATES, project, shape_of, shapes_of, zip_point
from reports.periods import Window
from reports.queries.places import counties, offices
from territories.scope import scope_of
from tests.factories import make_practice, make_visit
from tests.factories.reports import add_months, add_referrals, monthly
from tests.reports.conftest import FIRST
from tests.reports.test_links import may_see

MAP = "/reports/map/"
WINDOW = Window(dt.date(2025, 10, 1), dt.date(2026, 10, 1))


@pytest.fixture
def field(history):
    """North lies in Cuyahoga, south in Summit; one more of the south in Portage; a practice without a ZIP; two visits."""
    w = history
    for practice, county in (
        (w.north_practice, "OH/Cuyahoga"),
        (w.south_practice, "OH/Summit"),
        (w.unowned_practice, "AK/Anchorage Borough"),
    ):
        practice.county = county
        practice.save()
    w.portage = make_practice("Portage Office", territory=w.south, zip="44240", county="OH/Portage", alignment="employed")
    w.nowhere = make_practice("Nowhere Office", territory=w.south, zip="", alignment="independent")
    add_referrals(
        *monthly(w.portage, FIRST, [3] * 26, flow="internal", destination=w.ours),
        *monthly(w.portage, FIRST, [2] * 26, flow="outbound", destination=w.theirs),
        *monthly(w.portage, FIRST, [5] * 26, flow="undetermined"),
        *monthly(w.nowhere, FIRST, [1] * 26),
    )
    for practice, owner in ((w.south_practice, w.sol), (w.south_practice, w.sol), (w.portage, w.sol), (w.north_practice, w.nora)):
        make_visit(practice, owner, visited_at=dt.datetime(2026, 3, 2, 15, tzinfo=dt.UTC))
    make_visit(w.portage, w.sol, visited_at=dt.datetime(2024, 3, 2, 15, tzinfo=dt.UTC))
    return w


def rows_of(client, query=""):
    found = client.get(f"{MAP}{query}")
    assert found.status_code == 200
    return {row.name: {figure.measure: figure.text for figure in row.figures} for row in found.context["rows"]}


class TestFigures:
    @pytest.mark.parametrize("who", ["nora", "sol", "over", "dana", "ivan"])
    def test_counties_are_a_recount_of_what_the_person_sees(self, field, who):
        scope, person = scope_of(field.cast[who]), field.cast[who]
        places = offices(user=person, window=WINDOW, where={}, scope=scope)
        found = {county.name: county for county in counties(places, user=person, window=WINDOW, territories=None)}
        counted: Counter = Counter()
        for row in Referral.objects.select_related("practice"):
            if row.is_counted and row.practice and WINDOW.start <= row.anchor_on < WINDOW.end and may_see(scope, row):
                counted[row.practice.county, row.flow] += 1
        told = Counter(
            {
                (name, flow): n
                for name, county in found.items()
                for flow in ("inbound", "internal", "outbound", "undetermined", "outside")
                if (n := getattr(county.cell, flow))
            }
        )
        assert told == counted
        assert sum(county.practices for county in found.values()) == {"nora": 1, "sol": 3, "over": 3, "dana": 4, "ivan": 5}[who]
        assert sum(county.visits for county in found.values()) == {"nora": 1, "sol": 3, "over": 3, "dana": 4, "ivan": 4}[who]

    def test_filters(self, field, as_):
        client = as_("ivan")
        assert set(rows_of(client, f"?territory={field.north.pk}")) == {"Cuyahoga, OH"}
        assert rows_of(client, f"?service_line={field.other_line.pk}")["Summit, OH"]["inbound"] == "0"
        assert rows_of(client, "?period=3")["Summit, OH"]["inbound"] == "15"
        assert client.get(f"{MAP}?show=moon").status_code == 404
        assert client.get(f"{MAP}?county=OH/Nowhere").status_code == 404

    def test_leakage_is_hidden_where_it_cannot_be_said(self, field, as_):
        rows = rows_of(as_("ivan"))
        assert rows["Cuyahoga, OH"]["leakage"] == "37.5%"
        assert rows["Portage, OH"]["leakage"] == "–"  # noqa: RUF001 - half of them name no destination
        assert rows["Summit, OH"]["leakage"] == "–"  # noqa: RUF001 - none of ours
        drawn = {county.name: county for county in as_("ivan").get(f"{MAP}?show=leakage").context["map"].counties if county.name}
        assert drawn["Portage, OH"].css == "is-unknown"
        assert "more than 25% name no destination" in drawn["Portage, OH"].text
        CountingRules.objects.create(pk=1, counted_kinds=["consult"], range_leads_above=60)
        assert rows_of(as_("ivan"))["Portage, OH"]["leakage"] == "40.0%"
        assert rows_of(as_("ivan"), "?start=2026-09-01&end=2026-10-01")["Portage, OH"]["leakage"] == "–"  # noqa: RUF001 - five

    def test_no_county_is_open_unless_it_was_asked_for(self, field, as_):
        make_practice("Nowhere", territory=field.north, zip="")
        shown = as_("dana").get(MAP)
        assert "County unknown" in shown.text
        assert shown.context["chosen"] is None

    def test_titles_are_findings(self, field, as_):
        def title(show, query=""):
            return as_("dana").get(f"{MAP}?show={show}{query}").context["map"].title

        assert title("inbound") == "Summit, OH sends 94% of inbound referrals"
        assert title("visits") == "Summit, OH gets most: 2 of 4 visits made, too few to say more"
        assert title("leakage") == "No county stands out: leakage is 38.1% overall, 37.5% in Cuyahoga, OH"
        assert title("practices").endswith("too few to say more")
        assert title("territory") == "3 practices lie in 2 territories"
        assert title("inbound", f"&service_line={field.other_line.pk}") == "No inbound referrals in this selection"

    def test_nobodys_county_and_the_split_are_said(self, field, as_):
        field.unowned_practice.county = "OH/Ashtabula"
        field.unowned_practice.save()
        make_practice("Border Office", territory=field.north, zip="44241", county="OH/Portage")
        found = as_("ivan").get(f"{MAP}?show=territory")
        assert "Ashtabula, OH belongs to nobody" in found.context["map"].title
        assert "Portage, OH is split: North 1, South 1." in found.context["map"].notes
        assert {point.title for point in found.context["map"].points} >= {"ZIP 44240: 1 practice of South, approximate place"}
        assert "approximate" in found.text or "only about where they are" in found.text

    def test_what_is_not_on_the_map_is_told(self, field, as_):
        found = as_("ivan").get(MAP)
        assert found.context["map"].off_map == ["County unknown"]
        assert "Not on the map: County unknown" in found.text
        make_practice("Lost", territory=field.north, zip="00000", county="")
        assert as_("nora").get(MAP).status_code == 200

    def test_a_county_opens_its_practices(self, field, as_):
        query = "?county=OH/Summit"
        assert "South Medical Group" in as_("dana").get(f"{MAP}{query}").text
        executive = as_("elle").get(f"{MAP}{query}").text
        assert "South Medical Group" not in executive
        assert "Your role sees totals" in executive
        assert as_("nora").get(f"{MAP}{query}").status_code == 404

    def test_who_opens_it(self, field, as_):
        for who in ("nora", "sol", "over", "dana", "ada", "ivan", "elle"):
            assert as_(who).get(MAP).status_code == 200, who
        assert "No territory is yours yet" in as_("past").get(MAP).text
        assert as_(None).get(MAP).status_code == 302
        assert set(rows_of(as_("nora"))) == {"Cuyahoga, OH"}

    def test_before_any_data(self, as_):
        assert "Import the first file" in as_("ada").get(MAP).text

    def test_flat(self, field, as_, assert_flat_queries):
        as_("dana")

        def add(number):
            for place in range(number):
                practice = make_practice(territory=field.north, county=sorted(counties_by_state()["OH"])[place], zip="44101")
                add_months(practice, dt.date(2026, 1, 1), [2] * 9)

        assert_flat_queries(MAP, add, few=2, many=8)


def test_files(field, as_):
    def read(who):
        found = as_(who).get(reverse("reports:map-file", args=["csv"]))
        return list(csv.reader(StringIO(b"".join(found.streaming_content).decode("utf-8-sig"))))

    rows = {row[0]: row for row in read("dana")[1:]}
    assert rows["Summit, OH"][1] == "195"
    assert rows["Cuyahoga, OH"][4:8] == ["120", "72", "24", "0.375"]
    assert rows["Summit, OH"][11] == "<11"
    assert as_("nora").get(reverse("reports:map-file", args=["csv"])).status_code == 403
    assert as_("dana").get(reverse("reports:map-file", args=["pdf"])).status_code == 404


def test_a_territorys_own_map(field, as_):
    url = reverse("reports:territory-map", args=[field.south.pk])
    found = as_("sol").get(url)
    assert {county.name for county in found.context["map"].counties if county.name} == {"Summit, OH", "Portage, OH"}
    assert as_("nora").get(url).status_code == 404
    assert as_("elle").get(url).status_code == 403
    assert f'hx-get="{url}"' in as_("sol").get(field.south.get_absolute_url()).text


class TestShapes:
    def test_nearly_every_county_has_its_shape(self):
        wanted = [county for state, names in counties_by_state().items() if state in STATES for county in names]
        missing = [county for county in wanted if shape_of(county) is None]
        assert len(wanted) > 3100
        assert len(missing) <= 15, missing
        assert len({shape_of(county).fips for county in wanted if shape_of(county)}) > 3100
        assert shape_of("PR/Adjuntas") is None
        assert shapes_of("PR") == {}

    @pytest.mark.parametrize(
        ("county", "fips"),
        [
            ("OH/Cuyahoga", "39035"), ("VA/Fairfax", "51059"), ("VA/Fairfax City", "51600"), ("MD/Baltimore", "24005"),
            ("MD/Baltimore City", "24510"), ("MO/St. Louis", "29189"), ("MO/St. Louis City", "29510"), ("LA/Orleans Parish", "22071"),
            ("NM/Dona Ana", "35013"), ("IN/La Porte", "18091"), ("AK/Juneau City and Borough", "02110"),
            ("DC/District of Columbia", "11001"),
        ],
    )  # fmt: skip
    def test_names_of_two_tables_meet(self, county, fips):
        assert shape_of(county).fips == fips

    def test_zip_codes_lie_in_their_counties(self):
        """Two independent tables, ours projected by ourselves and us-atlas', agree on where a place is."""
        inside = total = 0
        for county in (
            "OH/Cuyahoga",
            "CA/San Diego",
            "TX/Harris",
            "ME/Aroostook",
            "FL/Monroe",
            "WA/King",
            "HI/Honolulu",
            "AK/Bethel Census Area",
        ):
            shape = shape_of(county)
            left, top, right, bottom = shape.box
            for zip_ in zips_of(county):
                if point := zip_point(zip_):
                    total += 1
                    inside += left - 20 <= point[0] <= right + 20 and top - 20 <= point[1] <= bottom + 20
        assert total > 300
        assert inside / total > 0.98
        assert zip_point("00000") is None
        assert zip_point("x") is None

    @pytest.mark.parametrize(
        ("longitude", "latitude", "state", "there"),
        [
            (-122.4194, 37.7749, "CA", (107.4, 214.1)),
            (-74.0059, 40.7128, "NY", (794.6, 176.5)),
            (-95.9928, 36.1540, "OK", (488.8, 298.0)),
            (-149.9003, 61.2181, "AK", (171.2, 446.9)),
            (-157.8583, 21.3069, "HI", (298.5, 451.0)),
        ],
    )
    def test_the_projection_is_that_of_d3(self, longitude, latitude, state, there):
        """What the tests of d3-geo say of geoAlbersUsa at its own scale, 1070 around (480, 250)."""
        x, y = project(longitude, latitude, state)
        found = ((x / 20 - 487.5) * 1070 / 1300 + 480, (y / 20 - 305) * 1070 / 1300 + 250)
        assert found == pytest.approx(there, abs=0.1)

    def test_far_views_are_small_and_borders_still_meet(self):
        shape = shape_of("AK/Bethel Census Area")
        near, far, farthest = (shape.path(0, 0, step) for step in (1, 40, 120))
        assert len(farthest) < len(far) / 2 < len(near) / 3
        assert far.startswith("M")
        assert shape_of("VA/Fairfax City").path(0, 0, 400) == ""


@hypothesis_settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, 400), min_size=1, max_size=60))
def test_classes_are_of_about_as_many_and_hold_every_value(values):
    tops = breaks(values)
    assert len(tops) <= CLASSES
    assert tops == sorted(set(tops))
    assert max(values) == tops[-1]
    shades = [shade(value, tops) for value in sorted(values)]
    assert shades == sorted(shades)
    assert shade(max(values), tops) == f"shade-{CLASSES}"
