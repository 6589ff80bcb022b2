"""Trends of barriers and quality projects: counts by month, findings that say no more than chance allows, and who sees what of it."""

import datetime as dt
from math import comb

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from common.guarded import LooksLikePatient
from common.rates import chance
from concerns import actions
from concerns.models import Concern, QualityProject
from concerns.trends import MONTHS, effect, month_of, trends
from tests.factories.concerns import make_category, make_concern

TODAY = dt.date(2026, 11, 27)


def raised(world, on: dt.date, count: int = 1, category=None, practice=None, **fields) -> None:
    for _ in range(count):
        at = timezone.make_aware(dt.datetime.combine(on, dt.time(12)))
        by = world.sol if practice == world.south_practice else world.nora
        concern = make_concern(practice or world.north_practice, by, category=category or make_category(), **fields)
        Concern.objects.filter(pk=concern.pk).update(raised_at=at, clock_started_on=on, due_on=on + dt.timedelta(days=7))


def found(user):
    return trends(Concern.objects.visible_to(user), today=TODAY)


# Chance


@pytest.mark.parametrize(("one", "other"), [(0, 5), (1, 9), (3, 9), (9, 3), (10, 10), (0, 1), (40, 60)])
def test_chance_is_the_exact_binomial_test(one, other):
    n = one + other
    share = [comb(n, k) / 2**n for k in range(n + 1)]
    slow = sum(p for p in share if p <= share[one] * (1 + 1e-7))
    assert chance(one, 7, other, 7) == pytest.approx(min(1, slow), rel=1e-9)


def test_chance_weighs_the_spans():
    assert chance(10, 100, 20, 200) == pytest.approx(1)
    assert chance(20, 100, 10, 200) < 0.001
    assert chance(0, 10, 0, 10) == 1
    assert chance(5, 0, 5, 10) == 1


# Trends


def test_counts_by_kind_and_month(world):
    slow, quick = make_category("Access", days=14), make_category("Reports", days=14)
    raised(world, dt.date(2026, 11, 3), 2, slow)
    raised(world, dt.date(2026, 9, 30), 3, slow)
    raised(world, dt.date(2025, 11, 1), 1, slow)  # the first of the thirteen months
    raised(world, dt.date(2025, 10, 31), 5, slow)  # before them
    raised(world, dt.date(2026, 8, 1), 1, quick, state="resolved", resolved_at=timezone.make_aware(dt.datetime(2026, 8, 11, 9)))
    raised(world, dt.date(2026, 8, 1), 1, quick, practice=world.south_practice)
    seen = found(world.nora)
    assert [str(row.category) for row in seen.barriers] == ["Access", "Reports"]
    access, reports = seen.barriers
    assert len(access.counts) == len(seen.months) == MONTHS
    assert dict(zip(seen.months, access.counts, strict=True)) == {
        month: {dt.date(2026, 11, 1): 2, dt.date(2026, 9, 1): 3, dt.date(2025, 11, 1): 1}.get(month, 0) for month in seen.months
    }
    assert (access.open, access.late) == (11, 11)
    assert (reports.raised, reports.days_to_resolve) == (1, 10)
    assert sum(row.raised for row in found(world.dana).barriers) == 8


@pytest.mark.parametrize(
    ("recent", "earlier", "finding"),
    [
        (12, 2, "Scheduling rose: 12 in the last three whole months, 2 in the three before"),
        (4, 2, "Scheduling is raised most: 4 in the last three whole months; no kind rose beyond chance"),
        (0, 3, "Nothing was raised in the last three whole months"),
        (0, 0, "Nothing was raised in these months"),
    ],
)
def test_the_title_says_what_chance_allows(world, recent, earlier, finding):
    make_concern(world.north_practice, world.nora, days_ago=0) if not recent + earlier else None
    raised(world, dt.date(2026, 9, 10), recent)
    raised(world, dt.date(2026, 6, 10), earlier)
    if not recent + earlier:
        Concern.objects.update(raised_at=timezone.make_aware(dt.datetime(2020, 1, 1)))
    assert found(world.nora).finding == finding


def test_the_page_its_cells_and_its_files(as_, world):
    category = make_category("Access")
    today = timezone.localdate()
    month = month_of(today, -1)
    raised(world, month, 3, category)
    raised(world, month, 2, category, practice=world.south_practice)
    client = as_("nora")
    page = client.get(reverse("concerns:trends")).content.decode()
    last = month_of(month, 1) - dt.timedelta(days=1)
    cell = f"category={category.pk}&amp;state=all&amp;start={month}&amp;end={last}"
    assert cell in page
    listed = client.get(f"{reverse('concerns:list')}?{cell.replace('&amp;', '&')}", headers={"HX-Request": "true"}).content.decode()
    assert listed.count("Nobody answers the phone.") == 3
    assert client.get(reverse("concerns:trends-export", args=["csv"])).status_code == 403
    text = b"".join(as_("dana").get(reverse("concerns:trends-export", args=["csv"])).streaming_content).decode("utf-8-sig")
    heads, line = text.splitlines()
    assert dict(zip(heads.split(","), line.split(","), strict=True))[f"{month:%Y-%m}"] == "5"
    assert as_("dana").get(reverse("concerns:trends-export", args=["pdf"])).status_code == 404
    assert as_("dana").get(reverse("concerns:trends-export", args=["xlsx"])).status_code == 200
    assert AuditEvent.objects.filter(event="concern-trends.exported").count() == 2
    narrowed = as_("dana").get(reverse("concerns:trends"), {"territory": world.south.pk}).content.decode()
    assert f"territory={world.south.pk}&amp;category" in narrowed
    assert "No concern fits" in as_("dana").get(reverse("concerns:trends"), {"severity": "high"}).content.decode()


def test_no_concern_is_said(as_, world):
    assert "Nothing to show yet" in as_("nora").get(reverse("concerns:trends")).content.decode()


def test_trends_are_flat(as_, world, assert_flat_queries):
    as_("nora")
    assert_flat_queries(
        reverse("concerns:trends"),
        lambda count: [raised(world, timezone.localdate(), 1, make_category(f"Kind {count} {n}")) for n in range(count)],
    )


# Quality projects


def begin(world, started_on=dt.date(2026, 6, 1), *categories, **fields) -> QualityProject:
    kinds = categories or (make_category(),)
    given = {"name": "A second line", "goal": "Phones are answered within a minute.", "owner": world.dana, "by": world.dana, **fields}
    return actions.save_project(started_on=started_on, categories=kinds, **given)


def said(world, project, who=None):
    return effect(project, Concern.objects.visible_to(who or world.dana), today=TODAY)


def test_before_and_since_are_counted_by_days_in_the_viewers_field(world):
    project = begin(world)
    raised(world, dt.date(2025, 5, 1), 1)  # more than a year before: not counted
    raised(world, dt.date(2026, 5, 31), 4)
    raised(world, dt.date(2026, 6, 1), 2)
    raised(world, dt.date(2026, 10, 1), 1)
    raised(world, dt.date(2026, 3, 1), 1, practice=world.south_practice)
    raised(world, dt.date(2026, 3, 1), 9, make_category("Another kind"))
    raised(world, TODAY, 1)  # a day that is not over
    whole, north = said(world, project), said(world, project, world.nora)
    assert (whole.before, whole.before_days, whole.since, whole.since_days) == (5, 365, 3, 179)
    assert (north.before, north.since) == (4, 3)
    assert sum(before for before, _ in whole.by_month) == 5
    assert dict(zip(whole.months, whole.by_month, strict=True))[dt.date(2026, 6, 1)] == (0, 2)


def test_before_begins_with_the_first_concern_that_was_written_down(world):
    project = begin(world)
    raised(world, dt.date(2026, 4, 2), 3)
    assert said(world, project).before_days == 60


@pytest.mark.parametrize(
    ("before", "since", "finding"),
    [
        (36, 2, "3.0 a month before, 0.3 since: 89% fewer, more than chance explains"),
        (6, 24, "0.5 a month before, 4.1 since: 716% more, more than chance explains"),
        (6, 2, "0.5 a month before, 0.3 since: a difference that chance can explain"),
        (0, 12, "0.0 a month before, 2.0 since: more than chance explains"),
        (0, 0, "No such concern was raised before or since"),
    ],
)
def test_the_finding_says_no_more_than_chance_allows(world, before, since, finding):
    project = begin(world)
    raised(world, dt.date(2024, 1, 1), 1, make_category("Another kind"))
    raised(world, dt.date(2026, 2, 1), before)
    raised(world, dt.date(2026, 8, 1), since)
    assert said(world, project).finding == finding


@pytest.mark.parametrize(
    ("started_on", "finding"),
    [
        (dt.date(2026, 11, 10), "Too early to say"),
        (dt.date(2027, 1, 1), "Too early to say"),
        (dt.date(2026, 6, 1), "Nothing to compare with"),
    ],
)
def test_what_cannot_be_said_yet(world, started_on, finding):
    project = begin(world, started_on)
    raised(world, dt.date(2026, 5, 20), 2)
    assert said(world, project).finding.startswith(finding)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"by": "nora"}, "begun by managers"),
        ({"name": " "}, "Give the project a name"),
        ({"goal": ""}, "what is to become better"),
        ({"ended_on": dt.date(2026, 5, 1)}, "ends before it begins"),
        ({"owner": "elle"}, "cannot see concerns"),
    ],
)
def test_what_a_project_needs(world, fields, error):
    fields = {name: world.cast.get(value, value) if isinstance(value, str) else value for name, value in fields.items()}
    with pytest.raises(PolicyViolation, match=error):
        begin(world, **fields)
    with pytest.raises(PolicyViolation, match="Choose by which kinds"):
        actions.save_project(
            name="X", goal="Y", owner=world.dana, started_on=TODAY, categories=[], by=world.dana,
        )  # fmt: skip
    with pytest.raises(LooksLikePatient):
        begin(world, goal="So that pt Miller waits less")


def test_projects_by_hand(as_, world):
    category = make_category("Access")
    raised(world, timezone.localdate() - dt.timedelta(days=200), 3, category)
    client = as_("dana")
    form = {"name": "A second line", "goal": "Phones.", "categories": [category.pk], "owner": world.dana.pk, "started_on": "2026-01-01"}
    page = client.post(reverse("concerns:project-new"), form, follow=True).content.decode()
    assert "A second line" in page
    project = QualityProject.objects.get()
    assert client.post(reverse("concerns:project-change", args=[project.pk]), {**form, "ended_on": "2025-01-01"}).status_code == 422
    client.post(reverse("concerns:project-change", args=[project.pk]), {**form, "name": "A third line"})
    project.refresh_from_db()
    assert project.name == "A third line"
    concern = Concern.objects.first()
    page = client.post(reverse("concerns:link", args=[concern.pk]), {"project": project.pk}, follow=True).content.decode()
    assert "Linked to A third line" in page
    assert "Take off" in page
    assert "Nobody answers the phone." in client.get(project.get_absolute_url()).content.decode()
    assert "A third line" in as_("nora").get(reverse("concerns:projects")).content.decode()
    assert as_("nora").get(reverse("concerns:project-new"), follow=True).redirect_chain == [(reverse("concerns:projects"), 302)]
    assert as_("nora").get(reverse("concerns:project-change", args=[project.pk])).status_code == 403
    assert as_("sol").post(reverse("concerns:link", args=[concern.pk]), {"project": project.pk}).status_code == 404
    [told] = as_("nora").get("/api/v1/quality-projects/").json()["results"]
    assert told["effect"]["finding"] == said_now(project, world.nora)
    as_("nora").post(reverse("concerns:link", args=[concern.pk]), {"project": project.pk, "do": "unlink"})
    assert not project.concerns.exists()
    assert as_("nora").post(reverse("concerns:link", args=[concern.pk]), {"project": "x"}).status_code == 404


def said_now(project, user):
    return effect(project, Concern.objects.visible_to(user), today=timezone.localdate()).finding


def test_no_project_is_said(as_, world):
    assert "Begin a project" in as_("dana").get(reverse("concerns:projects")).content.decode()
    page = as_("nora").get(reverse("concerns:projects")).content.decode()
    assert "Managers begin them" in page


def test_projects_are_flat(as_, world, assert_flat_queries):
    as_("nora")
    assert_flat_queries(reverse("concerns:projects"), lambda count: [begin(world) for _ in range(count)])
