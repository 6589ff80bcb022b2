"""The list, one alert, panels, files and holidays: who sees what, and what it says."""

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from contacts.models import Affiliation
from reports import actions
from reports.models import Alert, AlertPart, ClosingDay
from reports.presenters.holidays import year_of
from tests import factories
from tests.factories.alerts import bring, falls, look, only, sends, steady
from tests.factories.reports import monthly

LIST = "/reports/alerts/"


@pytest.fixture
def fallen(world):
    """A fall in the south, a rise in the north, one where nobody owns the practice."""
    bring(
        *steady(world.south_practice),
        *sends(world.south_practice, falls(), provider=world.south_provider),
        *sends(world.north_practice, [5] * 19 + [25] * 3, provider=world.north_provider),
        *sends(world.unowned_practice, falls(to=0, a_month=30), provider=world.unowned_provider),
    )
    look()
    return world


@pytest.fixture
def two_offices(world):
    """A provider of the south who works in the north as well, and falls in both: 20 to 4 there, 10 to 2 here."""
    Affiliation.objects.create(provider=world.south_provider, practice=world.north_practice, is_primary=False)
    bring(
        *steady(world.south_practice),
        *sends(world.south_practice, falls(), provider=world.south_provider),
        *sends(world.north_practice, falls(to=2, a_month=10), provider=world.south_provider),
    )
    look()
    return world


def text(client, address=LIST, **query):
    return client.get(address, query).content.decode()


def named(page, world):
    return {name for name in ("Northrop", "Southwell", "Farrow") if "<h3>" in page and name in page.split("data-alerts")[1]}


@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("nora", {"Northrop"}),
        ("sol", {"Southwell"}),
        ("past", set()),
        ("over", set()),  # these referrals name no line
        ("dana", {"Northrop", "Southwell"}),
        ("ada", {"Northrop", "Southwell", "Farrow"}),
        ("ivan", {"Northrop", "Southwell", "Farrow"}),
    ],
)
def test_whose_alerts_a_person_sees(as_, fallen, who, names):
    client = as_(who)
    assert named(text(client), fallen) == names
    assert {alert["provider_name"].split()[-1] for alert in client.get("/api/v1/alerts/").json()["results"]} == names
    for alert in Alert.objects.all():
        status = 200 if alert.provider.last_name in names else 404
        assert client.get(alert.get_absolute_url()).status_code == status
        assert client.get(f"/api/v1/alerts/{alert.pk}/").status_code == status


def test_executives_are_told_numbers(as_, fallen):
    page = text(as_("elle"))
    assert "Falls to look at" in page
    assert "Southwell" not in page
    assert as_("elle").get("/api/v1/alerts/").status_code == 403
    assert as_("elle").get(only_fall().get_absolute_url()).status_code == 403
    assert "2 falls to look at" in text(as_("elle"), reverse("reports:alerts-count"))


def only_fall():
    return Alert.objects.get(provider__last_name="Southwell")


def test_falls_first_the_largest_first_in_referrals(as_, fallen):
    page = text(as_("ada"))
    assert page.index("Farrow") < page.index("Southwell") < page.index("Northrop")
    assert [a["provider_name"].split()[-1] for a in as_("ada").get("/api/v1/alerts/").json()["results"]] == [
        "Farrow",
        "Southwell",
        "Northrop",
    ]
    assert "2 falls and 1 rise to look at" in page
    assert "12 referrals in Aug 2026 to Oct 2026" in page
    assert "q is the false-discovery rate" in page
    assert "at most 10% are expected to be chance" in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"direction": "up"}, {"Northrop"}),
        ({"direction": "down"}, {"Southwell", "Farrow"}),
        ({"state": "closed"}, set()),
        ({"state": "new"}, {"Northrop", "Southwell", "Farrow"}),
        ({"state": "look", "direction": "down"}, {"Southwell", "Farrow"}),
        ({"state": "faded"}, set()),
    ],
)
def test_filters_live_in_the_address(as_, fallen, query, names):
    page = text(as_("ada"), **query)
    assert named(page, fallen) == names
    assert bool(names) is not ("No alert fits" in page)


def test_a_territory_means_all_below_it(as_, fallen):
    assert named(text(as_("ada"), territory=fallen.region.pk), fallen) == {"Northrop", "Southwell"}
    assert named(text(as_("ada"), territory=fallen.south.pk), fallen) == {"Southwell"}


def test_mine_are_those_of_my_territory_or_in_my_hands(as_, fallen):
    assert named(text(as_("sol"), mine="on"), fallen) == {"Southwell"}
    assert named(text(as_("dana"), mine="on"), fallen) == set()  # she leads the region; the territories are theirs
    actions.assign_alerts(alerts=[only_fall()], to=fallen.dana, by=fallen.dana)
    assert named(text(as_("dana"), mine="on"), fallen) == {"Southwell"}


# What comes from other offices


def test_nobody_is_told_counts_from_outside_their_practices(as_, two_offices):
    alert = only()
    assert (alert.observed, alert.before) == (18, 360)
    assert sorted((part.before, part.observed) for part in alert.parts.all()) == [(120, 6), (240, 12)]
    page = text(as_("nora"))
    assert "6 referrals from your practices in Aug 2026 to Oct 2026" in page
    assert "This provider refers from other offices as well" in page
    for hidden in ("18 referrals", "18 of", "12 referrals", "360"):
        assert hidden not in page
    detail = as_("nora").get(alert.get_absolute_url())
    assert "from your practices" in detail.content.decode()
    assert "18 referrals" not in detail.content.decode(), "nor in what the run found"
    assert "18 referrals" in as_("dana").get(alert.get_absolute_url()).content.decode()
    chart = detail.context["chart"]
    assert chart.spec["values"][:19] == [10] * 19
    assert sum(value for value in chart.spec["expected"] if value) == pytest.approx((360 + alert.expected) / 3, rel=0.02)
    told = as_("nora").get(f"/api/v1/alerts/{alert.pk}/").json()
    assert (told["observed"], told["only_own_practices"]) == (6, True)
    assert told["expected"] == pytest.approx(alert.expected / 3)
    assert told["difference"] == pytest.approx(6 - alert.expected / 3)
    whole = as_("dana").get(f"/api/v1/alerts/{alert.pk}/").json()
    assert (whole["observed"], whole["only_own_practices"]) == (18, False)


def test_who_works_here_but_sends_from_elsewhere_only_is_no_alert_of_ours(as_, two_offices):
    AlertPart.objects.filter(practice=two_offices.north_practice).delete()
    assert named(text(as_("nora")), two_offices) == set()


def test_a_practice_that_came_into_the_territory_brings_its_alerts(as_, fallen):
    assert named(text(as_("nora")), fallen) == {"Northrop"}
    fallen.south_practice.territory = fallen.north
    fallen.south_practice.save()
    assert named(text(as_("nora")), fallen) == {"Northrop", "Southwell"}


# What an overlay sees


@pytest.fixture
def two_lines(world):
    """Southwell's cardiology fell and so did the rest; Farwell falls too, but in orthopedics only; both refer from the south."""
    farwell = factories.make_provider("Farwell", at=world.south_practice)
    bring(
        *steady(world.south_practice),
        *sends(world.south_practice, falls(to=2, a_month=10), provider=world.south_provider, service_line=world.line),
        *sends(world.south_practice, falls(to=1, a_month=6), provider=world.south_provider, service_line=world.other_line),
        *sends(world.south_practice, [4] * 22, provider=world.south_provider),
        *sends(world.south_practice, falls(), provider=farwell, service_line=world.other_line),
    )
    look()
    return world


def test_an_overlay_sees_the_alerts_of_its_lines_providers(as_, two_lines):
    client = as_("over")
    alert = Alert.objects.get(provider=two_lines.south_provider)
    assert Alert.objects.count() == 2
    parts = {part.service_line: (part.before, part.observed) for part in alert.parts.all()}
    assert parts == {two_lines.line: (120, 6), two_lines.other_line: (72, 3), None: (48, 12)}
    page = text(client)
    assert "Southwell" in page
    assert "Farwell" not in page
    assert "6 referrals for your service line in Aug 2026 to Oct 2026" in page
    told = client.get("/api/v1/alerts/").json()["results"]
    assert [(row["id"], row["observed"], row["only_own_practices"]) for row in told] == [(alert.pk, 6, True)]
    assert told[0]["expected"] == pytest.approx(alert.expected * 120 / alert.before)


def test_an_overlay_is_told_nothing_of_other_lines(as_, two_lines):
    alert = Alert.objects.get(provider=two_lines.south_provider)
    detail = as_("over").get(alert.get_absolute_url())
    assert detail.context["chart"].spec["values"][:19] == [10] * 19
    assert "for your service line" in detail.text
    for hidden in ("21 referrals", "21 of", "240"):
        assert hidden not in detail.text
    other = Alert.objects.exclude(pk=alert.pk).get()
    assert as_("over").get(other.get_absolute_url()).status_code == 404
    assert as_("over").get(f"/api/v1/alerts/{other.pk}/").status_code == 404
    assert len(as_("sol").get("/api/v1/alerts/").json()["results"]) == 2
    assert as_("sol").get(f"/api/v1/alerts/{alert.pk}/").json()["observed"] == alert.observed == 21
    two_lines.over.assignments.update(territory=two_lines.north)
    assert not as_("over").get("/api/v1/alerts/").json()["results"]


# Around the list


def test_before_a_run_and_before_any_data(as_, world):
    assert "Import the first file" in text(as_("ada"))
    assert "No referral data yet" in text(as_("nora"))
    assert "No alerts yet" in text(as_("elle"))
    bring(*sends(world.south_practice, [20] * 3, first=dt.date(2026, 8, 1)))
    assert "A worker is looking" in text(as_("ada"))
    look()
    assert "Nothing out of the ordinary" in text(as_("ada"))


def test_what_was_not_tested_and_why(as_, fallen):
    fallen.north_provider.stays_off_lists = True
    fallen.north_provider.save()
    bring(
        *monthly(fallen.south_practice, dt.date(2026, 9, 1), [5, 5], provider=factories.make_provider("Newcomb", at=fallen.south_practice))
    )
    run = look()
    assert run.not_tested == {"off lists": 1, "short history": 1}
    page = text(as_("ada"))
    assert "Emergency, hospital medicine, residents, locums" in page
    untested = reverse("reports:alerts-untested")
    assert "Northrop" in text(as_("ada"), untested, reason="off lists")
    assert "Newcomb" in text(as_("sol"), untested, reason="short history")
    assert "Newcomb" not in text(as_("nora"), untested, reason="short history")
    assert "Whole through Oct 2026." in text(as_("ada"), untested)


def test_who_was_not_tested_as_a_file_and_by_api(as_, fallen):
    fallen.north_provider.stays_off_lists = True
    fallen.north_provider.save()
    newcomb = factories.make_provider("Newcomb", at=fallen.south_practice)
    bring(*monthly(fallen.south_practice, dt.date(2026, 9, 1), [5, 5], provider=newcomb))
    look()
    client = as_("dana")
    page = text(client, reverse("reports:alerts-untested"))
    for kind in ("csv", "xlsx"):
        url = reverse("reports:alerts-untested-export", args=[kind])
        assert f'href="{url}"' in page
        assert client.get(url).status_code == 200
    file = reverse("reports:alerts-untested-export", args=["csv"])
    rows = list(csv.reader(io.StringIO(b"".join(client.get(file).streaming_content).decode("utf-8-sig"))))
    assert rows[0][:5] == ["Provider", "NPI", "Specialty", "Why", "What that means"]
    assert {(row[1], row[3]) for row in rows[1:]} == {(fallen.north_provider.npi, "Off lists"), (newcomb.npi, "Too short a history")}
    assert all(row[4] for row in rows[1:])
    short = list(csv.reader(io.StringIO(b"".join(client.get(file, {"reason": "off lists"}).streaming_content).decode("utf-8-sig"))))
    assert [row[1] for row in short[1:]] == [fallen.north_provider.npi]
    assert AuditEvent.objects.filter(event="report.exported", details__table="untested").count() == 4
    assert client.get("/reports/alerts/files/untested.pdf").status_code == 404
    assert as_("sol").get(file).status_code == 403
    assert as_("elle").get(file).status_code == 403
    assert 'href="/reports/alerts/files/untested.csv"' not in text(as_("sol"), reverse("reports:alerts-untested"))
    told = as_("sol").get("/api/v1/alerts/untested/").json()["results"]
    assert [(row["npi"], row["reason"]) for row in told] == [(newcomb.npi, "short history")]
    assert len(as_("ada").get("/api/v1/alerts/untested/").json()["results"]) == 2
    assert as_("ada").get("/api/v1/alerts/untested/", {"reason": "moon"}).status_code == 400
    assert as_("elle").get("/api/v1/alerts/untested/").status_code == 403


def test_panels_on_the_pages_of_contacts(as_, fallen):
    provider = reverse("reports:provider-alerts", args=[fallen.south_provider.pk])
    practice = reverse("reports:practice-alerts", args=[fallen.south_practice.pk])
    assert "12 referrals in Aug 2026" in text(as_("sol"), provider)
    assert "Southwell" in text(as_("sol"), practice)
    assert as_("nora").get(provider).status_code == 404
    assert as_("past").get(provider).status_code == 404
    assert as_("elle").get(provider).status_code == 403
    assert provider in text(as_("sol"), fallen.south_provider.get_absolute_url())
    assert practice in text(as_("sol"), fallen.south_practice.get_absolute_url())


@pytest.mark.parametrize(
    ("who", "words"), [("sol", "1 fall to look at"), ("nora", "1 rise to look at"), ("ada", "2 falls to look at"), ("past", "")]
)
def test_the_dashboard_counts_them(as_, fallen, who, words):
    panel = text(as_(who), reverse("reports:alerts-count"))
    assert words in panel
    assert bool(words) is bool(panel.strip())
    assert reverse("reports:alerts-count") in text(as_("sol"), reverse("reports:dashboard"))


def test_files_hide_small_counts_and_say_whose_figures(as_, fallen):
    answer = as_("ada").get(reverse("reports:alerts-export", args=["csv"]))
    rows = list(
        csv.DictReader(
            io.StringIO(answer.content.decode("utf-8-sig") if hasattr(answer, "content") else b"".join(answer).decode("utf-8-sig"))
        )
    )
    assert [row["Provider"].split()[-1] for row in rows] == ["Farrow", "Southwell", "Northrop"]
    assert (rows[1]["Came"], rows[1]["Difference"] != "", rows[1]["q"]) == ("12", True, "0.0001")
    assert (rows[0]["Came"], rows[0]["NPI"]) == ("0", fallen.unowned_provider.npi)
    Alert.objects.filter(provider=fallen.south_provider).update(observed=5)
    rows = list(csv.DictReader(io.StringIO(b"".join(as_("ada").get(reverse("reports:alerts-export", args=["csv"]))).decode("utf-8-sig"))))
    assert (rows[1]["Came"], rows[1]["Difference"], rows[1]["95% from"]) == ("<11", "", "")
    assert as_("ada").get(reverse("reports:alerts-export", args=["xlsx"])).status_code == 200
    assert as_("nora").get(reverse("reports:alerts-export", args=["csv"])).status_code == 403
    assert as_("ada").get(reverse("reports:alerts-export", args=["pdf"])).status_code == 404


def test_the_list_is_flat(as_, world, assert_flat_queries):
    as_("ada")
    bring(*steady(world.south_practice))
    run = look()

    def add(count):
        for _ in range(count):
            practice = factories.make_practice(territory=world.south)
            provider = factories.make_provider(at=practice)
            alert = Alert.objects.create(
                provider=provider, practice=practice, direction="down", first_run=run, last_run=run, expected=9, observed=1, difference=-8,
                low=0, high=1, q=0.01, before=36, sentence="Fell", months=[["2026-09-01", 3.0], ["2026-10-01", 3.0]],
            )  # fmt: skip
            AlertPart.objects.create(alert=alert, practice=practice, before=36, observed=1)

    assert_flat_queries(LIST, add)
    as_("sol")
    assert_flat_queries(LIST, add)
    assert_flat_queries("/api/v1/alerts/", add)


def test_one_alert_shows_its_months(as_, fallen):
    detail = as_("sol").get(only_fall().get_absolute_url())
    chart = detail.context["chart"]
    assert chart.title.endswith("expected in Aug 2026 to Oct 2026")
    assert (chart.spec["kind"], chart.spec["values"][-3:]) == ("xmr", [4, 4, 4])
    assert len(chart.spec["expected"]) == len(chart.spec["labels"]) == 22
    assert chart.spec["expected"][:7] == [None] * 7
    assert [column["label"] for column in chart.table["columns"]][:3] == ["Month", "Inbound referrals", "Expected"]
    assert as_("sol").get("/reports/alerts/999999/").status_code == 404


# Holidays


def test_holidays_can_be_entered_opened_and_taken_out(as_, world):
    client, address = as_("ada"), reverse("reports:holidays")
    assert "Thanksgiving Day" in text(client, address, year=2026)
    client.post(address, {"first": "2026-12-24", "last": "2026-12-26", "name": "Christmas closing"})
    assert ClosingDay.objects.count() == 3
    client.post(f"{address}?year=2026", {"open": "2026-10-12"})
    assert ClosingDay.objects.get(falls_on="2026-10-12").is_open
    page = text(client, address, year=2026)
    assert "We work" in page
    assert "Christmas closing" in page
    client.post(reverse("reports:holiday-remove", args=[ClosingDay.objects.get(falls_on="2026-12-24").pk]))
    assert ClosingDay.objects.count() == 3
    assert client.post(address, {"first": ""}).status_code == 422
    assert client.post(address, {"first": "2026-12-24", "last": "2026-12-20"}).status_code == 422
    client.post(f"{address}?year=2026", {"open": "2026-10-13"})
    client.post(f"{address}?year=2026", {"open": "soon"})
    assert ClosingDay.objects.filter(is_open=True).count() == 1
    assert as_("dana").get(address).status_code == 403


@pytest.mark.parametrize("year", range(2020, 2031))
def test_every_federal_holiday_has_its_name(year):
    names = [day.name for day in year_of(year, [])]
    assert "Federal holiday" not in names
    assert len(names) in {10, 11, 12}
