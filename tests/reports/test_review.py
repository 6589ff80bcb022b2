"""The Monday review (PRODUCT.md, M 1-8) and the page of a practice: what they say, to whom, and that it is what the rows hold."""

import csv
import datetime as dt
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from contacts.models import Cadence, Practice
from referrals.models import Referral
from reports import actions
from reports.kinds import KINDS
from reports.models import Alert, AlertPart, AlertRun, ReportRun
from reports.numbers import Baseline
from reports.one_practice import Month, destinations_of, expectation, months_of, referrers
from reports.periods import Window, add_months
from reports.predicting import forecast
from reports.presenters import review as presenter
from reports.queries.freshness import freshness
from reports.queries.review import Feed, feeds, newcomers
from reports.words import against_baseline, usual_range
from territories.scope import Scope, scope_of
from tests import factories
from tests.factories.concerns import make_category, make_concern, make_department
from tests.factories.market import load_market, market_row
from tests.factories.reports import add_referrals, make_source, monthly, new_referral
from tests.reports.conftest import END, FIRST
from visits.models import FollowUp

WHOLE = Scope(whole=True)


@pytest.fixture(autouse=True)
def october(monkeypatch):
    """Today is Friday the 16th of October 2026."""
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 10, 16, 12, tzinfo=ZoneInfo("America/New_York")))


def text_of(answer) -> str:
    return answer.content.decode()


@pytest.fixture
def monday(history):
    """Everything that the review speaks of, in both territories."""
    world = history
    late = make_category("Scheduling", days=7, department=make_department("Access center"))
    other = make_category("Reports", days=7, department=make_department("Records"))
    for days in (30, 20, 3):
        make_concern(world.south_practice, world.sol, days_ago=days, category=late)
    make_concern(world.north_practice, world.nora, days_ago=10, category=other)
    make_concern(world.north_practice, world.nora, days_ago=10, category=other, state="resolved", resolved_at=timezone.now())
    Cadence.objects.create(tier="A", every_days=30)
    Practice.objects.filter(pk__in=[world.south_practice.pk, world.north_practice.pk]).update(tier="A")
    factories.make_visit(world.north_practice, world.nora, visited_at=timezone.localtime() - dt.timedelta(days=5), note="They are glad.")
    newcomer = factories.make_provider("Fresh", at=world.south_practice)
    back = factories.make_provider("Again", at=world.south_practice)
    add_referrals(
        new_referral(on=dt.date(2026, 9, 8), practice=world.south_practice, provider=newcomer, service_line=world.line),
        new_referral(on=dt.date(2026, 9, 9), practice=world.south_practice, provider=newcomer, service_line=world.line),
        new_referral(on=dt.date(2025, 8, 9), practice=world.south_practice, provider=back, service_line=world.line),
        new_referral(on=dt.date(2026, 9, 9), practice=world.south_practice, provider=back, service_line=world.line),
    )
    actions.save_goal(measure="received", period="quarter", start_on=END, target=500, territory=world.south, by=world.ada)
    actions.save_goal(measure="visits", period="month", start_on=END, target=9, liaison=world.nora, by=world.ada)
    return world


def test_the_managers_monday(as_, monday):
    page = as_("dana").get("/reports/review/")
    text, context = text_of(page), page.context
    # 2: the dates of the data come before any other figure
    assert text.index("orders") < text.index("fewer referrals than its own baseline")
    assert context["feeds"][0].through == dt.date(2026, 10, 15)
    # 3: falling sources with last visit, concerns, owner and the next step; 18 came and 60 were expected
    (fall,) = context["falls"]
    assert (fall.name, fall.observed, fall.expected, fall.missing) == ("South Medical Group", 18, 60, 42)
    assert (fall.concerns, fall.owner, fall.last_visit_on) == (3, "Sol", None)
    assert context["falls_finding"] == "One practice sent 42 fewer referrals than its own baseline"
    for url in (fall.url, fall.plan_url, fall.concerns_url, fall.rows_url):
        assert as_("dana").get(url).status_code == 200
    # 4: who is new, who is back
    assert context["newcomers_finding"] == "1 new and 1 returning source sent 3 inbound referrals"
    assert [(row.name, row.referrals, row.is_returning) for row in context["newcomers"].shown] == [
        ("Pat Fresh", 2, False),
        ("Pat Again", 1, True),
    ]
    # 5: coverage
    assert context["coverage_finding"] == "1 of 2 practices waits longer than its tier was promised"
    # 6: concerns past their deadline by department
    assert [(row.name, row.late, row.open) for row in context["departments"]] == [("Access center", 2, 3), ("Records", 1, 1)]
    assert context["concerns_finding"] == "3 concerns are past their deadline, 2 of them at Access center"
    assert "1 solved: tell the practice" in text
    # 7: leakage by service line, down to practices and rows
    (line,) = context["leaks"]
    assert (line.name, line.left) == ("Cardiology", 72)
    assert "by=practice" in line.practices_url
    assert as_("dana").get(line.practices_url).status_code == 200
    rows = as_("dana").get(line.rows_url)
    assert rows.status_code == 200
    # 8: goals and their pace
    assert [row.pill for row in context["goals"]] == ["Behind pace", "Behind pace"]
    assert "2 goals of 2 behind pace" in text


def test_everybody_sees_their_own(as_, monday):
    nora = as_("nora").get("/reports/review/")
    assert nora.context["falls"] == []
    assert "South Medical Group" not in text_of(nora)
    assert [row.goal.subject for row in nora.context["goals"]] == ["Nora"]
    assert [row.name for row in nora.context["departments"]] == ["Records"]
    sol = as_("sol").get("/reports/review/")
    assert [row.name for row in sol.context["falls"]] == ["South Medical Group"]
    assert sol.context["falls"][0].rows_url == "", "single referrals are not a liaison's"
    elle = as_("elle").get("/reports/review/")
    assert elle.status_code == 200
    for name in ("South Medical Group", "Pat Fresh", "Access center"):
        assert name not in text_of(elle), "aggregates only"
    assert "practice" in elle.context["falls_finding"]
    assert as_("past").get("/reports/review/").status_code == 200
    assert as_(None).get("/reports/review/").status_code == 302


def test_one_territory(as_, monday):
    page = as_("dana").get(f"/reports/review/?territory={monday.north.pk}")
    assert page.context["falls"] == []
    assert page.context["goals"] == []
    assert [row.name for row in page.context["departments"]] == ["Records"]
    assert as_("nora").get(f"/reports/review/?territory={monday.south.pk}").status_code == 404


def test_before_any_data_and_without_anything_to_say(as_, world):
    assert "import" in text_of(as_("ada").get("/reports/review/")).lower()
    add_referrals(*monthly(world.north_practice, FIRST, [6] * 27, flow="internal", provider=world.north_provider, destination=world.ours))
    page = as_("dana").get("/reports/review/")
    for words in (
        "No practice is clearly below its own baseline",
        "No new or returning source",
        "No tier has a cadence yet",
        "No concern is past its deadline",
        "No goal is running",
    ):
        assert words in text_of(page)


def test_alerts_stand_before_shortfalls_with_what_the_person_may_know_of_them(as_, monday):
    world = monday
    run = AlertRun.objects.create(data_version=1, basis="x", q=0.1, mature_share=0.95, through_month=dt.date(2026, 9, 1))
    alert = Alert.objects.create(
        provider=world.south_provider, practice=world.south_practice, direction="down", first_run=run, last_run=run, expected=60,
        observed=15, difference=-45, low=0.1, high=0.5, q=0.01, before=240, sentence="15 referrals, 60 expected.", months=[],
    )  # fmt: skip
    AlertPart.objects.create(alert=alert, practice=world.south_practice, before=240, observed=15)
    page = as_("sol").get("/reports/review/")
    assert text_of(page).index("15 referrals, 60 expected.") < text_of(page).index("18 of 60")
    assert page.context["alerts"][0].url == alert.get_absolute_url()
    assert as_("nora").get("/reports/review/").context["alerts"] == []
    assert as_("dana").get(f"/reports/review/?territory={world.north.pk}").context["alerts"] == []
    AlertPart.objects.filter(practice=world.south_practice).update(before=200, observed=11)
    AlertPart.objects.create(alert=alert, practice=world.north_practice, before=40, observed=4)
    (line,) = as_("sol").get("/reports/review/").context["alerts"]
    assert line.sentence.startswith("11 referrals from your practices"), "what lies elsewhere cannot be subtracted"
    assert as_("dana").get("/reports/review/").context["alerts"][0].sentence == "15 referrals, 60 expected."


def test_the_review_is_flat(client, monday, assert_flat_queries):
    world = monday
    client.force_login(world.dana)

    def add(count: int) -> None:
        rows = []
        for _ in range(count):
            practice = factories.make_practice(territory=world.south, tier="A")
            make_concern(practice, world.sol, days_ago=30)
            provider = factories.make_provider(at=practice)
            rows += monthly(practice, FIRST, [6] * 23 + [1] * 3, provider=provider, service_line=world.line, destination=world.ours)
            actions.save_goal(
                measure="received",
                period="quarter",
                start_on=END,
                target=5,
                by=world.ada,
                territory=factories.make_territory(parent=world.south),
            )
        add_referrals(*rows)

    assert_flat_queries("/reports/review/", add, many=5)


def test_feeds_that_fell_silent_are_named(history):
    add_referrals(*[new_referral(on=dt.date(2026, 9, 20), practice=history.north_practice, source=make_source("fax")) for _ in range(2)])
    found = feeds(0)
    assert [(feed.name, feed.through, feed.days, feed.is_late) for feed in found] == [
        ("fax", dt.date(2026, 9, 20), 26, True),
        ("orders", dt.date(2026, 10, 15), 1, False),
    ]
    assert presenter.feeds_finding(found) == "fax is late"
    assert presenter.feeds_finding([*found, Feed("b", dt.date(2026, 1, 1), 99)]) == "fax and b are late"
    assert presenter.feeds_finding([Feed(name, dt.date(2026, 1, 1), 99) for name in "abc"]) == "3 feeds are late"
    assert presenter.feeds_finding(found[1:]) == "The feed is up to date"
    assert presenter.feeds_finding([]) == "No feed has sent anything yet"


def test_newcomers_equal_a_plain_recount(monday):
    window = Window(dt.date(2026, 9, 1), END)
    found = newcomers(window=window, where={}, scope=WHOLE, first_month=FIRST, practices=Practice.objects.all(), with_names=True)
    inbound = [row for row in Referral.objects.counted() if row.flow == "inbound" and row.provider_id]
    now = {row.provider_id for row in inbound if window.start <= row.anchor_on < window.end}
    year = {row.provider_id for row in inbound if dt.date(2025, 9, 1) <= row.anchor_on < window.start}
    earlier = {row.provider_id for row in inbound if row.anchor_on < dt.date(2025, 9, 1)}
    assert (found.new, found.returning) == (len(now - year - earlier), len((now - year) & earlier))
    young = newcomers(
        window=window, where={}, scope=WHOLE, first_month=dt.date(2026, 1, 1), practices=Practice.objects.all(), with_names=True
    )
    assert presenter.newcomers_finding(young) == "New sources need 12 months of history"
    assert (
        newcomers(window=window, where={}, scope=Scope(), first_month=FIRST, practices=Practice.objects.none(), with_names=True).new is None
    )


# The page of a practice


@pytest.mark.parametrize(("who", "status"), [("nora", 404), ("sol", 200), ("over", 200), ("dana", 200), ("elle", 403), ("past", 404)])
def test_who_opens_the_page_of_a_practice(as_, history, who, status):
    assert as_(who).get(reverse("reports:practice", args=[history.south_practice.pk])).status_code == status


def test_the_practice_page_sets_what_was_done_beside_what_came(as_, monday):
    world = monday
    visit = factories.make_visit(
        world.south_practice, world.sol, visited_at=timezone.localtime() - dt.timedelta(days=60), note="Asked about wait."
    )
    common = {"practice": world.south_practice, "due_on": dt.date(2026, 10, 1), "owner": world.sol, "created_by": world.sol}
    FollowUp.objects.create(**common, text="Send the list.", visit=visit)
    FollowUp.objects.create(**common, text="Done.", done_at=timezone.now(), done_by=world.sol)
    page = as_("sol").get(reverse("reports:practice", args=[world.south_practice.pk]))
    text = text_of(page)
    chart = page.context["chart"]
    assert chart.title == "42 fewer than expected in the last three months: 18 against 60"
    assert "chance alone hardly explains it" in chart.sub
    assert "proves no cause" in chart.note
    spec = chart.spec
    at = {label: place for place, label in enumerate(spec["labels"])}
    assert spec["received"][at["Sep 2026"]] == 8
    assert spec["expected"][at["Sep 2026"]] == spec["expected"][at["Jul 2025"]] == pytest.approx(20.1, abs=0.1)
    assert spec["expected"][at["Jun 2025"]] is None
    assert spec["immature_from"] == at["Oct 2026"]
    rows = {row["name"]: row["values"] for row in spec["rows"]}
    assert rows["Visits"][at["Aug 2026"]] == 1
    assert rows["Follow-ups done"][at["Oct 2026"]] == 1
    assert sum(rows["Concerns raised"]) == 3
    for words in ("Send the list.", "Asked about wait.", "We see only what they send us", "Nobody answers the phone."):
        assert words in text
    assert page.context["referrers"][0]["change"] == "\N{MINUS SIGN}45"
    assert "ROI" not in text
    assert "$" not in text, "no page shows spend beside volume"


def test_ours_show_where_they_refer(as_, history):
    page = as_("nora").get(reverse("reports:practice", args=[history.north_practice.pk]))
    assert page.context["leakage"].startswith("37.5% of its referrals leave our network: 72 of 192 (known share 89%")
    assert [(row["name"], row["referrals"], row["is_ours"]) for row in page.context["destinations"]] == [
        ("Riverbend Cardiology", 120, True),
        ("Summit Cardiology", 72, False),
    ]
    assert page.context["chart"].title == "As many as expected in the last three months: 30"


def test_share_of_care_where_the_market_is_known(as_, history):
    months = [add_months(dt.date(2025, 9, 1), n) for n in range(12)]
    load_market(*(market_row(history.south_provider.npi, 3, 10, month=f"{month:%Y-%m}", through="2026-08-31") for month in months))
    page = text_of(as_("sol").get(reverse("reports:practice", args=[history.south_practice.pk])))
    assert "30% of its referrals come to us: 36 of 120" in page
    assert "(interval 23% to 39%)" in page
    assert "We see only" not in page


def test_the_months_of_a_practice_as_a_file(as_, monday):
    """What the picture shows, for those who may take it away."""
    practice = monday.south_practice
    url = reverse("reports:practice-file", args=[practice.pk, "csv"])
    client = as_("dana")
    page = client.get(reverse("reports:practice", args=[practice.pk]))
    assert f'href="{url}"' in page.text
    rows = list(csv.reader(StringIO(b"".join(client.get(url)).decode("utf-8-sig"))))
    assert rows[0] == ["Month", "Received", "Expected", "Visits", "Follow-ups done", "Concerns raised", "Complete"]
    spec = page.context["chart"].spec
    done = {row["name"]: row["values"] for row in spec["rows"]}
    assert [dt.date.fromisoformat(row[0]).strftime("%b %Y") for row in rows[1:]] == spec["labels"]
    for place, row in enumerate(rows[1:]):
        received, expected = spec["received"][place], spec["expected"][place]
        assert row[1] == ("" if received is None else "<11" if 0 < received < 11 else str(received)), row
        assert row[2] == ("" if expected is None else str(expected)), row
        assert row[3:6] == [str(done[name][place]) for name in ("Visits", "Follow-ups done", "Concerns raised")]
        assert row[6] == ("no" if place >= spec.get("immature_from", len(rows)) else "yes")
    assert client.get(reverse("reports:practice-file", args=[practice.pk, "xlsx"])).status_code == 200
    assert client.get(f"/reports/practice/{practice.pk}/activity.pdf").status_code == 404
    assert AuditEvent.objects.filter(event="report.exported", details__table="activity").count() == 2
    elsewhere = reverse("reports:practice-file", args=[monday.unowned_practice.pk, "csv"])
    assert client.get(elsewhere).status_code == 404
    assert as_("elle").get(url).status_code == 403
    assert as_("sol").get(url).status_code == 403
    assert f'href="{url}"' not in as_("sol").get(reverse("reports:practice", args=[practice.pk])).text


def test_an_unknown_practice_says_so(as_, history):
    practice = factories.make_practice("Quiet Office", territory=history.north)
    page = text_of(as_("nora").get(reverse("reports:practice", args=[practice.pk])))
    for words in ("No referral of this practice is known", "Nothing is open here", "Nobody has written a note", "never visited"):
        assert words in page


def test_the_panel_of_a_practice_leads_here(as_, history):
    url = reverse("reports:practice", args=[history.north_practice.pk])
    assert url in text_of(as_("nora").get(reverse("reports:practice-panel", args=[history.north_practice.pk])))


@pytest.mark.parametrize("who", ["ada", "sol", "over"])
def test_months_and_expectation_equal_a_plain_recount(history, who):
    user, practice = history.cast[who], history.south_practice
    add_referrals(*[new_referral(on=dt.date(2026, 9, 3), practice=practice, service_line=history.other_line) for _ in range(4)])
    fresh, scope = freshness(), scope_of(user)
    months = months_of(practice, scope=scope, fresh=fresh, user=user)
    rows = [
        row
        for row in Referral.objects.all()
        if row.is_counted and row.practice_id == practice.pk and row.flow in {"inbound", "internal"}
        and (who != "over" or row.service_line_id == history.line.pk)
    ]  # fmt: skip
    for month in months:
        assert month.received == sum(row.month == month.month for row in rows), month.month
    assert months[0].month == add_months(END, -24)
    found = expectation(months, fresh)
    observed = sum(dt.date(2026, 7, 1) <= row.month < END for row in rows)
    before = sum(dt.date(2025, 7, 1) <= row.month < dt.date(2026, 7, 1) for row in rows)
    assert (found.observed, found.before, found.expected) == (observed, before, before / 4)
    assert found.usual == forecast(seen=before, exposure=12.0, further=3.0)
    assert found.baseline == Baseline.of(END, FIRST)
    (first, *_) = referrers(practice, scope=scope, fresh=fresh)
    own = [row for row in rows if row.provider_id == first.provider_id]
    assert first.year == sum(add_months(END, -12) <= row.month < END for row in own)
    assert first.observed == sum(dt.date(2026, 7, 1) <= row.month < END for row in own)


def test_too_little_history_is_said(world):
    add_referrals(*monthly(world.north_practice, dt.date(2026, 8, 1), [4, 4, 1], provider=world.north_provider))
    fresh = freshness()
    months = months_of(world.north_practice, scope=WHOLE, fresh=fresh, user=world.ada)
    assert expectation(months, fresh) is None
    assert against_baseline(None) == "Too little history for an expectation of its own"
    assert "six full months" in usual_range(None)
    assert destinations_of(world.north_practice, scope=WHOLE, fresh=fresh) is None


@pytest.mark.parametrize(
    ("before", "recent", "said"),
    [
        (172, 31, "12 fewer than expected in the last three months: 31 against 43"),
        (120, 45, "15 more than expected in the last three months: 45 against 30"),
        (120, 30, "As many as expected in the last three months: 30"),
        (12, 1, "Too few to say: 1 in the last three months, 3 expected"),
    ],
)
def test_sentences(history, before, recent, said):
    fresh = freshness()
    start = dt.date(2025, 7, 1)
    months = [Month(add_months(start, n), 0, 0, 0, 0) for n in range(15)]
    months[0] = Month(start, before, 0, 0, 0)
    months[14] = Month(dt.date(2026, 9, 1), recent, 0, 0, 0)
    found = expectation(months, fresh)
    assert against_baseline(found) == said
    assert f"between {found.usual.low} and {found.usual.high}" in usual_range(found)
    assert ("hardly explains" in usual_range(found)) is not found.is_usual


# The review as a finished report


@pytest.mark.parametrize("who", ["dana", "sol"])
def test_the_review_as_files(as_, monday, run_jobs, who):
    """A worker makes it of the person's own field; what the page says, the PDF, the workbook and the CSV say."""
    person, kind = monday.cast[who], KINDS["review"]
    actions.ask_for_run(kind="review", parameters={}, territory=None, by=person, basis=kind.basis_now())
    run_jobs()
    run = ReportRun.objects.get(kind="review")
    page = as_(who).get("/reports/review/")
    told = run.result
    assert told["falls"][0][:5] == ["South Medical Group", 42, 18, 60, "Sol"]
    assert told["falls_finding"] == page.context["falls_finding"]
    assert told["new_finding"] == page.context["newcomers_finding"]
    assert told["coverage_finding"] == page.context["coverage_finding"]
    assert told["concerns_finding"] == page.context["concerns_finding"]
    assert [row[0] for row in told["leaks"]] == [row.name for row in page.context["leaks"]]
    assert [row[0] for row in told["concerns"]] == [row.name for row in page.context["departments"]]
    document = kind.document(run, person)
    assert document.title == "Monday review"
    assert document.main_table().rows[0][0] == "South Medical Group"
    assert as_(who).get(run.get_absolute_url()).status_code == 200
    assert as_("nora").get(run.get_absolute_url()).status_code == 404
    assert as_("elle").get(run.get_absolute_url()).status_code == 404


def test_the_same_review_is_answered_from_the_first_until_something_is_told(monday):
    kind = KINDS["review"]
    before = kind.basis_now()
    assert kind.basis_now() == before
    actions.save_goal(measure="visits", period="year", start_on=END, target=90, by=monday.ada)
    assert kind.basis_now() != before


def test_a_review_before_any_data_says_so(world, run_jobs):
    assert KINDS["review"].compute({}, WHOLE, lambda done, total, word: None) == {}
