"""Pages of measures: what is shown is what the measure says, to those who may, by any cut, and leads to the very referrals."""

import csv
import datetime as dt
from html import unescape
from io import StringIO
from re import findall, search
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from accounts.permissions import Permission
from audit.models import AuditEvent
from referrals.behind import FIGURES
from referrals.models import ROLLUPS, Referral, Sees, Source, StatusEvent
from reports import actions, workload
from reports.measures import MEASURES
from reports.queries.cuts import CUTS
from tests.factories import make_practice, make_provider
from tests.factories.market import make_capacity
from tests.factories.reports import add_months, add_referrals, make_source, new_referral
from tests.reports.conftest import FIRST

pytestmark = pytest.mark.usefixtures("outcomes")
WINDOW = {"start": "2025-10-01", "end": "2026-10-01"}


def page(client, name, **query):
    answer = client.get(reverse("reports:measure", args=[name]), {**WINDOW, **query})
    assert answer.status_code == 200, (name, query)
    return answer.content.decode()


def api(client, name, **query):
    return client.get("/api/v1/measures/", {"name": name, **WINDOW, **query}).json()["rows"]


def test_the_list_shows_every_measure(as_):
    text = as_("dana").get(reverse("reports:measures")).content.decode()
    for name, measure in MEASURES.items():
        assert reverse("reports:measure", args=[name]) in text, name
        assert measure.title in text


@pytest.mark.parametrize("name", MEASURES)
def test_each_measure_has_a_page(as_, name):
    text = page(as_("dana"), name)
    measure = MEASURES[name]
    assert measure.formula in unescape(text)
    if name == "leakage_realised":
        assert "needs claims" in text
    assert "Data through" in text


def test_the_figure_is_the_measures(as_):
    client = as_("dana")
    (row,) = api(client, "conversion_seen")
    text = page(client, "conversion_seen")
    assert f"{row['value']:.1%}" in text
    assert f"{row['numerator']:,} of {row['denominator']:,}" in text
    assert 0 < row["value"] < 1
    assert "Hatched: from" in text


@pytest.mark.parametrize("name", ["volume", "conversion_seen", "time_to_appointment"])
def test_every_cut_and_some_pairs(as_, name):
    client = as_("ivan")
    cuts = [cut for cut in CUTS if cut in MEASURES[name].cuts]
    for cut in cuts:
        assert "measure-table" in page(client, name, by=cut)
    for first, second in zip(cuts[::3], cuts[1::3], strict=False):
        assert "heat-wrap" in page(client, name, by=first, **{"and": second})


def test_a_group_leads_to_the_narrower_figure_and_to_its_referrals(as_, history):
    client = as_("dana")
    text = page(client, "outbound", by="practice")
    narrower = unescape(search(r'<th scope="row"><a href="([^"]+)">North Family Practice', text).group(1))
    assert parse_qs(urlsplit(narrower).query)["practice"] == [str(history.north_practice.pk)]
    assert client.get(narrower).status_code == 200
    rows = unescape(search(r'href="([^"]+)">72<span class="visually-hidden"> referrals', text).group(1))
    listed = client.get(rows)
    assert "72" in listed.content.decode()
    assert listed.context["tally"].total == 72


@pytest.mark.parametrize("cut", [cut for cut in CUTS if cut not in {"month", "flow"}])
def test_the_list_of_referrals_takes_every_cut(as_, cut):
    """What a group of the table counts is what the list behind it lists."""
    client = as_("ivan")
    text = page(client, "volume", by=cut)
    links = findall(r'<td class="num" data-label="Volume"><a href="([^"]+)">([\d,]+)<span', text)
    assert links, cut
    for link, figure in links[:2]:
        listed = client.get(unescape(link))
        assert listed.context["tally"].total == int(figure.replace(",", "")), (cut, link)


def total(client, url):
    """How many the list behind a link has."""
    assert urlsplit(url).path == reverse("referrals:list"), url
    return client.get(url).context["tally"].total


def some_unknown_and_some_missed(history):
    """Seen on a day that nobody told; appointments that were missed; a claim of each referral that went elsewhere; a site that could."""
    told = Referral.objects.filter(flow="internal", anchor_on__lt="2026-03-01", seen_on=None)
    told.update(seen_by="status", state="seen")
    waiting = Referral.objects.filter(flow="internal", seen_by="")
    waiting.update(state="scheduled")  # whose history is read
    StatusEvent.objects.bulk_create(
        StatusEvent(referral=row, state="no-show", appointment_on=row.anchor_on + dt.timedelta(days=9)) for row in waiting
    )
    source = make_source("claims")
    Source.objects.filter(pk=source.pk).update(sees=Sees.CLAIMS)
    add_referrals(
        *(
            new_referral(on=row.anchor_on, flow="outbound", source=source, is_counted=False, linked_to=row, seen_on=row.seen_on,
                         seen_by="claim", state="seen", destination=history.theirs)
            for row in Referral.objects.filter(flow="outbound").exclude(seen_on=None)
        )
    )  # fmt: skip
    make_capacity(history.ours, history.line, as_of=dt.date(2026, 5, 1), wait=10, zip_="44107")


SHARES = [name for name, measure in MEASURES.items() if measure.unit == "share" and name != "share_of_care"]


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("within", [90, 45])
def test_a_share_leads_to_the_rows_of_each_of_its_parts(as_, history, name, within):
    """Of the whole, of each group and of each month: those counted, those that they are counted among, unknown and too young."""
    if waits := MEASURES[name].waits:
        actions.save_report_rules(by=history.ada, **{waits: within})
    some_unknown_and_some_missed(history)
    client = as_("ivan")
    answer = client.get(reverse("reports:measure", args=[name]), WINDOW)
    whole = answer.context["whole"]
    assert 0 < whole.numerator <= whole.denominator
    parts = {part: getattr(whole, part) for part in MEASURES[name].parts if getattr(whole, part)}
    links = answer.context["links"]
    assert [total(client, url) for url, _ in links] == list(parts.values())
    assert all(unescape(answer.content.decode()).count(url) for url, _ in links)
    tabs = client.get(links[0][0]).context["parts"]["tabs"]
    assert [total(client, reverse("referrals:list") + tab["url"]) for tab in tabs] == [getattr(whole, p) or 0 for p in MEASURES[name].parts]
    listed = client.get(f"/api/v1/referrals/?{urlsplit(links[1][0]).query}&page_size=500").json()
    assert len(listed["results"]) == min(whole.denominator, 500)
    rows = {row["practice"]: row for row in api(client, name, by="practice")}
    shown = client.get(reverse("reports:measure", args=[name]), {**WINDOW, "by": "practice"}).context["table"]["lines"]
    assert {line.name for line in shown} >= {"North Family Practice"}
    for line in shown:
        for cell, part in ((0, "numerator"), (2, "denominator"), (3, "undetermined"), (4, "immature")):
            figure = rows[line.name].get(part) or 0
            linked = bool(figure) and part in MEASURES[name].parts
            assert bool(line.cells[cell].url) == linked, (line.name, part)
            if linked:
                assert total(client, line.cells[cell].url) == figure, (line.name, part)
    months = {row["month"]: row for row in api(client, name, by="month")}
    urls = dict(zip(answer.context["trend"].spec["labels"], answer.context["trend"].spec["series"][0]["urls"], strict=True))
    for month in ("2025-12-01", "2026-06-01"):
        assert total(client, urls[f"{dt.date.fromisoformat(month):%b %Y}"]) == months[month]["numerator"], month


@pytest.mark.parametrize("who", ["nora", "past", "dana"])
def test_nobody_lists_beyond_their_field_nor_reads_a_patient(as_, history, who):
    """The list of each part is what a person sees of the whole one; who may not see rows gets neither links nor list."""
    some_unknown_and_some_missed(history)
    Referral.objects.update(patient_hash="c0ffee" + "0" * 26)
    client, user = as_(who), history.cast[who]
    everything, listed = Referral.objects.filter(anchor_on__gte=WINDOW["start"], anchor_on__lt=WINDOW["end"]), 0
    for name, figure in FIGURES.items():
        if not user.can(Permission.REFERRAL_ROWS):
            assert client.get(reverse("referrals:list"), {**WINDOW, "measure": name}).status_code == 403
            page = client.get(reverse("reports:measure", args=[name]), WINDOW)
            assert not any("/referrals/" in url for url, _ in page.context.get("links", ()))
            continue
        for part in figure.parts:
            whole = figure.narrow(everything, part).values_list("pk", flat=True)
            mine = set(Referral.objects.visible_to(user).filter(pk__in=list(whole)).values_list("pk", flat=True))
            answer = client.get(reverse("referrals:list"), {**WINDOW, "measure": name, "part": part})
            assert answer.context["tally"].total == len(mine), (name, part)
            assert {row.referral.pk for row in answer.context["rows"]} <= mine
            assert "c0ffee" not in answer.content.decode()
            listed += len(mine)
    assert bool(listed) == (user.can(Permission.REFERRAL_ROWS) and who != "past")


@pytest.mark.parametrize("name", ["new_referrers", "lost_referrers", "returning_referrers"])
def test_a_count_of_providers_leads_to_the_providers(as_, history, name):
    """The figure, then its providers by name; each leads to the referrals that they sent."""
    new, lost, back = (make_provider(word, at=history.south_practice) for word in ("New", "Lost", "Back"))
    month = dt.date(2026, 3, 1)
    add_months(history.south_practice, FIRST, [3] + [0] * 13 + [3], provider=back)
    add_months(history.south_practice, month, [3], provider=new)
    add_months(history.south_practice, FIRST, [5] * 20, provider=lost)
    client = as_("ivan")
    answer = client.get(reverse("reports:measure", args=[name]), WINDOW)
    value = answer.context["whole"].value
    assert value > 0
    ((url, _),) = answer.context["links"]
    lines = client.get(url).context["table"]["lines"]
    assert len(lines) == value
    assert any({"new_referrers": "New", "lost_referrers": "Lost", "returning_referrers": "Back"}[name] in line.name for line in lines)
    (territory,) = client.get(reverse("reports:measure", args=[name]), {**WINDOW, "by": "territory"}).context["table"]["lines"]
    assert len(client.get(territory.cells[0].url).context["table"]["lines"]) == value
    assert as_("elle").get(reverse("reports:measure", args=[name]), WINDOW).context["links"] == []


def test_the_share_of_care_leads_to_what_came_to_us(as_, history):
    """Its own rows are the vendor's; ours of the same months are those received."""
    text = page(as_("ivan"), "share_of_care")
    assert "we see only what they send us" in text.lower()
    inquiry = as_("ivan").get(reverse("reports:measure", args=["share_of_care"]), WINDOW).context["inquiry"]
    query = parse_qs(urlsplit(inquiry.figure_rows({"practice": history.south_practice.pk})).query)
    assert query["flow"] == ["inbound", "internal"]
    assert query["practice"] == [str(history.south_practice.pk)]
    assert not inquiry.rows({}, *inquiry.measure.flows)


def test_what_is_listed_of_a_measure_is_said_and_checked(as_):
    client = as_("ivan")
    listed = client.get(reverse("referrals:list"), {**WINDOW, "measure": "conversion_seen", "part": "denominator"})
    assert "Referred to seen: counted among" in listed.content.decode()
    assert listed.context["tally"].total > 0
    for wrong in ({"measure": "moon"}, {"measure": "volume", "part": "moon"}, {"measure": "volume", "part": "immature"},
                  {"part": "numerator"}, {"measure": "share_of_care"}):  # fmt: skip
        assert client.get(reverse("referrals:list"), {**WINDOW, **wrong}).context["tally"].total == 0, wrong


def test_who_sees_what(as_, history):
    for who, status in {"nora": 200, "dana": 200, "ivan": 200, "elle": 200, None: 302}.items():
        assert as_(who).get(reverse("reports:measure", args=["volume"])).status_code == status, who
    elle = as_("elle")
    assert elle.get(reverse("reports:measure", args=["volume"]), {"by": "practice"}).status_code == 403
    assert elle.get(reverse("reports:measure", args=["volume"]), {"group": "1"}).status_code == 403
    sol = as_("sol")
    for query in ({"practice": history.north_practice.pk}, {"provider": history.north_provider.pk}, {"group": -history.north_practice.pk},
                  {"territory": history.north.pk}, {"by": "moon"}, {"flow": "up"}, {"month": "May"}):  # fmt: skip
        assert sol.get(reverse("reports:measure", args=["volume"]), query).status_code == 404, query
    assert sol.get(reverse("reports:measure", args=["moon"])).status_code == 404
    assert as_("nora").get(reverse("reports:measure-file", args=["volume", "csv"])).status_code == 403


def test_files_hide_small_cells(as_, history):
    add_months(history.south_practice, dt.date(2026, 8, 1), [4], flow="internal")
    client = as_("dana")
    answer = client.get(reverse("reports:measure-file", args=["internal", "csv"]), {**WINDOW, "by": "practice"})
    rows = list(csv.reader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert rows[0][:2] == ["Practice", "Internal"]
    assert ["South Medical Group", "<11", ""] in rows
    assert ["North Family Practice", "120", ""] in rows
    answer = client.get(reverse("reports:measure-file", args=["conversion_seen", "xlsx"]), {**WINDOW, "by": "month", "and": "flow"})
    assert answer.status_code == 200
    assert AuditEvent.objects.filter(event="report.exported").count() == 2


def test_a_share_that_would_tell_its_small_rest_is_hidden(as_, history):
    practice = make_practice("Nearly All", territory=history.north)
    row = {"flow": "internal", "practice": practice, "source": make_source()}
    seen = {"seen_by": "status", "state": "seen"}
    day = dt.date(2026, 1, 15)
    add_referrals(*(new_referral(on=day, seen_on=day, **seen, **row) for _ in range(40)), *(new_referral(on=day, **row) for _ in range(3)))
    answer = as_("dana").get(reverse("reports:measure-file", args=["conversion_seen", "csv"]), {**WINDOW, "by": "practice"})
    rows = list(csv.reader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    told = next(line for line in rows if line[0] == "Nearly All")
    assert told[1:6] == ["", "43", "", "", ""]


def test_few_are_too_few_to_say(as_, history):
    practice = make_practice("Sparse", territory=history.north)
    add_months(practice, dt.date(2026, 1, 1), [3], flow="outbound")
    text = page(as_("dana"), "leakage_ordered", practice=practice.pk)
    assert "too few to say" in text


def test_pages_are_flat(as_, history, assert_flat_queries):
    as_("dana")

    def add(count):
        practices = [make_practice(territory=history.north) for _ in range(count)]
        add_referrals(*(new_referral(on=dt.date(2026, 3, 3), flow="outbound", practice=p, provider=make_provider(at=p)) for p in practices))

    for query in ("by=practice", "by=provider&and=month", ""):
        assert_flat_queries(f"{reverse('reports:measure', args=['conversion_seen'])}?{query}", add)
    assert_flat_queries(reverse("reports:measures"), add)


def test_what_is_large_goes_to_a_worker_and_says_the_same(as_, monkeypatch, run_jobs):
    client = as_("dana")
    (row,) = api(client, "closed_loop")
    monkeypatch.setattr(workload, "LIVE", 10)
    text = page(client, "closed_loop", by="service_line")
    assert "a worker counts them" in text
    ask = reverse("reports:measure-ask", args=["closed_loop"])
    answer = client.post(f"{ask}?start=2025-10-01&end=2026-10-01&by=service_line")
    assert answer.status_code == 302
    run_jobs()
    told = client.get(answer["Location"]).content.decode()
    assert f"{row['value']:.1%}" in told
    assert "Cardiology" in told
    assert client.post(f"{ask}?start=2025-10-01&end=2026-10-01&by=service_line")["Location"] == answer["Location"]
    assert "a worker counts them" not in page(client, "volume", by="month")


def test_nothing_yet(as_, db):
    Referral.objects.all().delete()
    for rollup in ROLLUPS:
        rollup.objects.all().delete()
    assert "first import" in as_("dana").get(reverse("reports:measures")).content.decode()
    assert as_("past").get(reverse("reports:measure", args=["volume"])).status_code == 200


def test_before_the_first_month_there_is_no_history(as_):
    assert str(FIRST.year) in page(as_("dana"), "new_referrers", start="2024-08-01", end="2024-12-01")
    assert "Needs 12 months of history" in page(as_("dana"), "new_referrers", start="2024-08-01", end="2024-12-01")
