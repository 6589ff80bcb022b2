"""Pages of share of care, avoidable leakage, capacity and targets: who sees what, before any data and with some, and the files."""

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from contacts.models import Provider
from referrals.models import Capacity, MarketFile
from reports.models import ContributionMargin
from tests.factories import make_practice, make_provider, make_specialty
from tests.factories.market import load_market, make_capacity, market_row
from tests.factories.reports import add_referrals, make_payer, monthly
from visits.models import TargetEntry, TargetList

CAST = ("nora", "sol", "over", "dana", "ada", "ivan", "elle")
NOTHING = "We see only what they send us"
THROUGH = "2026-09-30"


@pytest.fixture
def told(world):
    """South: six family physicians, of whom five send 30 of 60 and one, Pat Southwell, 3 of 60; our site lies near."""
    family = make_specialty("207Q00000X", "Family medicine")
    Provider.objects.filter(pk=world.south_provider.pk).update(specialty=family)
    world.peers = [make_provider(f"Peer{n}", at=world.south_practice, specialty=family) for n in range(5)]
    rows = [market_row(peer.npi, 30, 60, through=THROUGH) for peer in world.peers]
    load_market(
        *rows, market_row(world.south_provider.npi, 3, 60, through=THROUGH), market_row(world.north_provider.npi, 20, 25, through=THROUGH)
    )
    return world


@pytest.fixture
def valued(told):
    """With capacity near, payers of the territory, and margins: all parts are known."""
    medicare, aetna = make_payer("Medicare"), make_payer("Aetna")
    facts = {"provider": told.south_provider, "service_line": told.line, "destination": told.ours}
    add_referrals(*monthly(told.south_practice, dt.date(2026, 7, 1), [6, 6, 6], payer=medicare, **facts),
                  *monthly(told.south_practice, dt.date(2026, 7, 1), [2, 2, 2], payer=aetna, **facts))  # fmt: skip
    make_capacity(told.ours, told.line, as_of=timezone.localdate(), wait=9, zip_="44303", payers=("Medicare",))
    ContributionMargin.objects.create(service_line=told.line, amount=400, started_on=dt.date(2020, 1, 1))
    return told


class TestWithoutMarketData:
    def test_the_pages_say_so(self, as_):
        for page in ("share", "targets"):
            assert NOTHING in as_("ada").get(reverse(f"reports:{page}")).text
            assert "Import market data" in as_("ada").get(reverse(f"reports:{page}")).text
            assert "Import market data" not in as_("nora").get(reverse(f"reports:{page}")).text

    def test_undone_it_says_so_again(self, told, as_):
        assert NOTHING not in as_("ada").get(reverse("reports:share")).text
        file = MarketFile.objects.get()
        as_("ada").post(reverse("referrals:market-undo", args=[file.pk]), {"why": "wrong"})
        assert NOTHING in as_("ada").get(reverse("reports:share")).text


class TestShare:
    def kpis(self, client, query=""):
        return {card["label"]: card["value"] for card in client.get(f"{reverse('reports:share')}{query}").context["kpis"]}

    def test_everybody_sees_their_own_field(self, told, as_):
        assert self.kpis(as_("ivan"))["Share of care"] == f"{173 / 385:.0%}"
        assert self.kpis(as_("sol"))["Share of care"] == f"{153 / 360:.0%}"
        assert self.kpis(as_("nora"))["Share of care"] == "80%"
        assert as_("past").get(reverse("reports:share")).status_code == 200
        assert self.kpis(as_("over"))["Share of care"] == f"{153 / 360:.0%}"

    def test_classes_are_decided_on_the_bounds(self, told, as_):
        cards = self.kpis(as_("ivan"))
        assert (cards["Loyal"], cards["Splitters"], cards["Opportunities"], cards["Too few to say"]) == ("0", "6", "1", "0")
        rows = as_("ivan").get(f"{reverse('reports:share')}?by=provider&standing=opportunity").context["table"]["rows"]
        assert [(line["row"].name, line["standing"]) for line in rows] == [("Pat Southwell", "Opportunity")]

    def test_a_row_says_its_interval_and_leads_on(self, told, as_):
        (line, _) = as_("ivan").get(f"{reverse('reports:share')}?by=practice").context["table"]["rows"]
        assert [figure.text for figure in line["row"].figures][:5] == ["153", "207", "360", "42%", "37\N{EN DASH}48%"]
        assert {"by=provider", f"practice={told.south_practice.pk}"} <= set(line["row"].url.partition("?")[2].split("&"))

    def test_executives_see_totals(self, told, as_):
        text = as_("elle").get(reverse("reports:share")).text
        assert "South Medical Group" not in text
        for query in ("by=practice", "by=provider", f"practice={told.south_practice.pk}"):
            assert as_("elle").get(f"{reverse('reports:share')}?{query}").status_code == 403

    def test_out_of_scope_is_not_found(self, told, as_):
        assert as_("sol").get(f"{reverse('reports:share')}?territory={told.north.pk}").status_code == 404
        assert as_("sol").get(f"{reverse('reports:share')}?practice={told.north_practice.pk}").status_code == 404
        assert as_("sol").get(f"{reverse('reports:share')}?by=nothing").status_code == 404

    def test_the_file_hides_what_is_few(self, told, as_):
        body = as_("dana").get(f"{reverse('reports:share-export', args=['csv'])}?by=provider").getvalue().decode("utf-8-sig")
        rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(body))}
        assert rows["Pat Southwell"][:5] == ["<11", "57", "", "", ""]
        assert rows["Pat Peer0"][:3] == ["30", "30", "0.5"]
        assert as_("dana").get(f"{reverse('reports:share-export', args=['xlsx'])}?by=month").status_code == 200
        assert as_("sol").get(reverse("reports:share-export", args=["csv"])).status_code == 403
        assert AuditEvent.objects.filter(event="report.exported").count() == 2

    def test_as_many_queries_however_many_rows(self, told, as_, assert_flat_queries):
        as_("dana")

        def add(count):
            people = [make_provider(at=make_practice(territory=told.south)) for _ in range(count)]
            load_market(*(market_row(person.npi, 3, 20, through=THROUGH) for person in people))

        assert_flat_queries(f"{reverse('reports:share')}?by=provider", add)


class TestAvoidable:
    @pytest.fixture
    def left(self, world):
        north = {"provider": world.north_provider, "service_line": world.line, "payer": make_payer(), "destination": world.theirs}
        add_referrals(
            *monthly(world.north_practice, dt.date(2026, 7, 1), [6, 6, 6, 1], flow="outbound", reason="referrer habit", **north),
            *monthly(world.north_practice, dt.date(2026, 7, 1), [1, 1, 1, 0], flow="outbound", reason="patient choice", **north),
        )
        return world

    def test_without_capacity_it_says_so(self, left, as_):
        response = as_("ada").get(reverse("reports:avoidable"))
        assert "No capacity is known" in response.text
        assert "without capacity nobody can say" in response.context["lines"].title

    def test_the_finding_and_the_way_down(self, left, as_):
        for month in (7, 8, 9):
            make_capacity(left.ours, left.line, as_of=dt.date(2026, month, 1), zip_="44107")
        response = as_("dana").get(reverse("reports:avoidable"))
        assert response.context["lines"].title == "18 of 21 referrals that left could have stayed"
        (row,) = response.context["table"]["rows"]
        assert [figure.text for figure in row.figures] == ["21", "18", "86%", "0", "3", "0"]
        assert reverse("referrals:list") in row.figures[0].url
        assert "by=destination" in row.url
        down = as_("dana").get(row.url)
        assert [row.name for row in down.context["table"]["rows"]] == ["Summit Cardiology"]
        reasons = as_("dana").get(f"{reverse('reports:avoidable')}?by=reason").context["table"]["rows"]
        assert [(row.name, row.figures[1].text) for row in reasons] == [("Referrer habit", "18"), ("Patient choice", "0")]
        only = as_("dana").get(f"{reverse('reports:avoidable')}?by=practice&reason=patient+choice")
        assert [row.figures[0].text for row in only.context["table"]["rows"]] == ["3"]
        assert "Patient choice" in only.text

    def test_scope_and_roles(self, left, as_):
        assert as_("sol").get(reverse("reports:avoidable")).context["kpis"][0]["value"] == "0"
        assert as_("nora").get(reverse("reports:avoidable")).context["kpis"][0]["value"] == "21"
        assert reverse("referrals:list") + "?" not in as_("nora").get(reverse("reports:avoidable")).text
        assert as_("elle").get(f"{reverse('reports:avoidable')}?by=practice").status_code == 403
        assert as_("elle").get(reverse("reports:avoidable")).status_code == 200

    def test_the_file(self, left, as_):
        body = as_("dana").get(f"{reverse('reports:avoidable-export', args=['csv'])}?by=reason").getvalue().decode("utf-8-sig")
        rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(body))}
        assert rows["Referrer habit"] == ["18", "0", "0.0", "18", "0", "0"]
        assert rows["Patient choice"][0] == "<11"
        assert as_("dana").get(reverse("reports:avoidable-export", args=["doc"])).status_code == 404


class TestCapacity:
    def test_what_is_old_says_so(self, world, as_):
        make_capacity(world.ours, world.line, as_of=timezone.localdate() - dt.timedelta(days=46))
        text = as_("nora").get(reverse("reports:capacity")).text
        assert "1 of 1 are older than 45 days" in text
        assert "Too old" in text

    def test_a_new_word_by_hand(self, world, as_):
        told = make_capacity(world.ours, world.line, as_of=timezone.localdate() - dt.timedelta(days=46), zip_="44107")
        url = reverse("reports:capacity-edit", args=[told.pk])
        assert as_("nora").get(url).status_code == 403
        payer = make_payer("Aetna")
        data = {"as_of_on": timezone.localdate(), "is_accepting": "no", "third_next_available": "", "payers": [payer.pk], "zip": "44101"}
        assert as_("ivan").get(url).status_code == 200
        assert as_("ivan").post(url, {**data, "zip": "1"}).status_code == 422
        assert as_("ivan").post(url, {**data, "as_of_on": "2999-01-01"}).status_code == 422
        assert as_("ivan").post(url, data).status_code == 302
        newest = Capacity.objects.newest().get()
        assert (newest.is_accepting, newest.third_next_available, newest.zip, newest.told_by) == (False, None, "44101", world.ivan)
        assert list(newest.payers.all()) == [payer]
        assert Capacity.objects.count() == 2

    def test_empty(self, world, as_):
        assert "No capacity is known" in as_("elle").get(reverse("reports:capacity")).text


class TestTargets:
    def test_all_parts_and_the_sentence(self, valued, as_):
        (row,) = as_("sol").get(reverse("reports:targets")).context["rows"]
        one = row["one"]
        assert one.why == (
            "Pat Southwell sends us 3 of 60 cardiology referrals (5%), while 5 peers (family medicine, Region) send 50%: about 324 more a "
            "year could come, and Riverbend Cardiology, 4 miles away, has an appointment within 9 days."
        )  # fmt: skip
        # the vendor tells of one month: 60 a month are 720 a year, of which peers would send 360, and 36 come
        assert one.target.gain == 324
        assert (one.target.margin, one.target.reach.share, one.target.move) == (400, 0.75, 0.15)
        assert one.value == pytest.approx(324 * 400 * 0.75 * 0.15)
        assert [part.name for part in one.parts] == ["Expected", "Now to us", "Could come", "Margin", "Reachable", "P(move)", "Value"]
        assert all(part.source for part in one.parts)

    def test_without_capacity_or_margin_it_says_so(self, told, as_):
        response = as_("ada").get(reverse("reports:targets"))
        assert "No capacity is known" in response.text
        assert "No margin is entered" in response.text
        (row,) = response.context["rows"]
        assert (row["one"].value, row["value"]) == (None, None)
        assert len(row["one"].target.missing) == 2
        assert row["one"].why.endswith("could come; whether we could take them is not known.")

    def test_who_is_seen_by_whom(self, valued, as_):
        assert len(as_("dana").get(reverse("reports:targets")).context["rows"]) == 1
        assert as_("nora").get(reverse("reports:targets")).context["rows"] == []
        assert as_("elle").get(reverse("reports:targets")).status_code == 403
        assert as_("sol").get(f"{reverse('reports:targets')}?standing=loyal").context["rows"] == []
        assert len(as_("sol").get(f"{reverse('reports:targets')}?service_line={valued.line.pk}").context["rows"]) == 1
        assert as_("sol").get(f"{reverse('reports:targets')}?service_line={valued.other_line.pk}").context["rows"] == []

    @pytest.mark.parametrize("field", ["stays_off_lists", "do_not_visit", "is_stale"])
    def test_who_is_no_target(self, valued, as_, field):
        Provider.objects.filter(pk=valued.south_provider.pk).update(**{field: True})
        assert as_("sol").get(reverse("reports:targets")).context["rows"] == []

    def test_the_file_leaves_out_what_gives_few_away(self, valued, as_):
        body = as_("dana").get(reverse("reports:targets-export", args=["csv"])).getvalue().decode("utf-8-sig")
        (_, row) = csv.reader(io.StringIO(body))
        assert row[:8] == ["Pat Southwell", "Family medicine", "South Medical Group", "Cardiology", "opportunity", "<11", "60", "324"]
        assert "3 of 60" not in body

    def test_saved_as_a_list_with_what_is_known_today(self, valued, as_):
        key = f"{valued.south_provider.pk}-{valued.line.pk}"
        url = reverse("reports:targets-save")
        page = as_("dana").get(f"{url}?target={key}")
        assert [one.provider for one in page.context["chosen"]] == [valued.south_provider]
        assert "Nobody is ticked" in as_("dana").get(url).text
        assert as_("dana").post(url, {"target": key, "name": ""}).status_code == 422
        made = as_("dana").post(url, {"target": key, "name": "Hips", "campaign": "Hip center", "starts_on": "2026-11-01"})
        stored, entry = TargetList.objects.get(), TargetEntry.objects.get()
        assert made.url == stored.get_absolute_url()
        assert (stored.owner, stored.campaign, entry.provider, entry.service_line) == (
            valued.dana,
            "Hip center",
            valued.south_provider,
            valued.line,
        )
        assert (entry.value, entry.gain) == (pytest.approx(14580), 324)
        assert entry.reason.startswith("Pat Southwell sends us 3 of 60")
        assert entry.parts["P(move)"].startswith("15%. By class, a setting: opportunity")
        as_("dana").post(url, {"target": key, "list": stored.pk})
        assert TargetEntry.objects.count() == 1
        assert as_("ivan").get(url).status_code == 403

    def test_nobody_writes_down_whom_they_do_not_see(self, valued, as_):
        key = f"{valued.south_provider.pk}-{valued.line.pk}"
        answer = as_("nora").post(reverse("reports:targets-save"), {"target": key, "name": "x", "starts_on": "2026-11-01"})
        assert answer.status_code == 422
        assert not TargetList.objects.exists()


class TestApi:
    def test_market(self, told, as_):
        assert as_("ivan").get("/api/v1/market/").json()["rows"][0]["total"] == 385
        said = as_("sol").get("/api/v1/market/?by=provider").json()
        assert (said["vendor"], said["through"], said["start"], said["end"]) == ("Claims Co", THROUGH, "2026-09-01", "2026-10-01")
        by_name = {row["name"]: row for row in said["rows"]}
        assert (by_name["Pat Southwell"]["standing"], by_name["Pat Southwell"]["share"]) == ("opportunity", 0.05)
        assert "Pat Northrop" not in by_name
        assert as_("elle").get("/api/v1/market/?by=provider").status_code == 403
        assert as_("sol").get(f"/api/v1/market/?territory={told.north.pk}").status_code == 404
        assert as_("sol").get("/api/v1/market/?by=nothing").status_code == 400

    def test_targets(self, valued, as_):
        (row,) = as_("sol").get("/api/v1/targets/").json()["rows"]
        assert (row["npi"], row["gain"], row["margin"], row["reachable"], row["chance_of_moving"]) == (
            valued.south_provider.npi,
            324,
            400,
            0.75,
            0.15,
        )
        assert row["why"].startswith("Pat Southwell sends us 3 of 60")
        assert as_("nora").get("/api/v1/targets/").json()["rows"] == []
        assert as_("elle").get("/api/v1/targets/").status_code == 403

    def test_without_market_data(self, world, as_):
        for path in ("market", "targets"):
            said = as_("ivan").get(f"/api/v1/{path}/").json()
            assert (said["remark"], said["rows"]) == ("we see only what they send us", [])
