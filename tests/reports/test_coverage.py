"""Promised against done: each figure against a plain recount, visibility, the page, its file."""

import datetime as dt
import random

import pytest
from django.utils import timezone

from contacts.models import Cadence, Practice
from reports.periods import Window
from reports.queries.coverage import coverage
from reports.queries.names import names
from tests import factories
from tests.factories.reports import add_referrals, new_referral
from visits.models import Visit

EVERY = {"A": 30, "B": 60, "D": 200}


@pytest.fixture
def field(world):
    """Practices of all tiers in both territories with visits of all kinds: inside, before and after the period, missed, deleted."""
    dice = random.Random(5)
    for tier, days in EVERY.items():
        Cadence.objects.create(tier=tier, every_days=days)
    today = timezone.localdate()
    now = timezone.now()
    for place in range(40):
        practice = factories.make_practice(
            f"Office {place:02}",
            territory=dice.choice((world.north, world.south, None)),
            tier=dice.choice(("", "A", "A", "B", "B", "C", "D")),
            do_not_visit=dice.random() < 0.1,
            archived_at=now if dice.random() < 0.1 else None,
        )
        for _ in range(dice.randrange(5)):
            state = dice.choice(("done", "done", "done", "missed", "planned"))
            when = now - dt.timedelta(days=dice.randrange(-5 if state == "planned" else 0, 260), hours=dice.randrange(24))
            times = {"planned_at": when} if state == "planned" else {"visited_at": when}
            factories.make_visit(practice, world.nora, state=state, deleted_at=now if dice.random() < 0.15 else None, **times)
    world.window = Window(today - dt.timedelta(days=90), today)
    return world


def recount(user, window: Window, only: set[int] | None = None):
    """In plain Python, practice by practice."""
    tiers, overdue = {}, []
    visible = set(Practice.objects.visible_to(user).values_list("pk", flat=True))
    for practice in Practice.objects.all():
        wanted = practice.pk in visible and not practice.archived_at and not practice.do_not_visit and practice.tier in EVERY
        if not wanted or (only is not None and practice.territory_id not in only):
            continue
        days = [
            timezone.localdate(visit.visited_at)
            for visit in Visit.objects.filter(practice=practice)
            if visit.state == "done" and not visit.deleted_at
        ]
        days = [day for day in days if day < window.end]
        made = sum(window.start <= day for day in days)
        each = (window.end - window.start).days / EVERY[practice.tier]
        row = tiers.setdefault(practice.tier, [0, 0.0, 0, 0.0, 0])
        waits = not days or (window.end - dt.timedelta(days=1) - max(days)).days >= EVERY[practice.tier]
        for at, more in enumerate((1, each, made, min(made, each), waits)):
            row[at] += more
        if waits:
            overdue.append(practice.name)
    return tiers, sorted(overdue)


@pytest.mark.parametrize("who", ["ada", "nora", "sol", "dana", "past"])
def test_each_figure_equals_a_plain_recount(field, who):
    user = field.cast[who]
    found = coverage(practices=Practice.objects.visible_to(user), window=field.window, parents=names().parents)
    tiers, overdue = recount(user, field.window)
    assert {row.tier: [row.practices, row.promised, row.made, row.kept, row.overdue] for row in found.tiers if row.practices} == {
        tier: pytest.approx(row) for tier, row in tiers.items()
    }
    assert sorted(row.name for row in found.overdue) == overdue
    if who == "ada":
        assert found.whole.practices == sum(row[0] for row in tiers.values())
        assert found.untiered == Practice.objects.live().filter(do_not_visit=False).exclude(tier__in=EVERY).count()
        north = coverage(practices=Practice.objects.filter(territory=field.north), window=field.window, parents=names().parents)
        assert sorted(row.name for row in north.overdue) == recount(user, field.window, {field.north.pk})[1]


def test_the_longest_over_comes_first_in_its_tier_and_never_is_one_cadence_over(field):
    found = coverage(practices=Practice.objects.all(), window=field.window, parents=names().parents)
    assert [row.tier for row in found.overdue] == sorted(row.tier for row in found.overdue)
    for tier in EVERY:
        over = [row.over for row in found.overdue if row.tier == tier]
        assert over == sorted(over, reverse=True)
    assert all(row.over == row.every_days for row in found.overdue if row.last_visit_on is None)


def test_a_visit_on_the_last_day_of_the_cadence_is_in_time(world):
    Cadence.objects.create(tier="A", every_days=30)
    Practice.objects.filter(pk=world.north_practice.pk).update(tier="A")
    today = timezone.localdate()
    window = Window(today - dt.timedelta(days=90), today)
    for days, waits in ((30, False), (31, True)):
        Visit.objects.all().delete()
        noon = timezone.make_aware(dt.datetime.combine(today - dt.timedelta(days=days), dt.time(12)))
        factories.make_visit(world.north_practice, world.nora, visited_at=noon)
        assert bool(coverage(practices=Practice.objects.all(), window=window, parents=names().parents).overdue) is waits


def test_pages_and_file(as_, field):
    add_referrals(new_referral(on=timezone.localdate() - dt.timedelta(days=40), practice=field.north_practice))
    client = as_("nora")
    page = client.get("/reports/coverage/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "Plan visit" in text
    shown = {row.name for row in page.context["page"]}
    assert shown == set(recount(field.nora, field.window)[1])
    assert {row.tier for row in client.get("/reports/coverage/?tier=A").context["page"]} <= {"A"}
    assert client.get(f"/reports/coverage/?territory={field.south.pk}").status_code == 404
    assert client.get("/reports/coverage/files/coverage.csv").status_code == 403
    assert as_("elle").get("/reports/coverage/").status_code == 403
    client = as_("dana")
    for kind in ("csv", "xlsx"):
        assert client.get(f"/reports/coverage/files/coverage.{kind}").status_code == 200
    assert client.get("/reports/coverage/files/coverage.pdf").status_code == 404
    Cadence.objects.all().delete()
    assert "No tier has a cadence yet" in client.get("/reports/coverage/").content.decode()


@pytest.mark.parametrize("who", ["nora", "dana", "ivan"])
def test_the_api_tells_what_the_page_tells(as_, field, who):
    add_referrals(new_referral(on=timezone.localdate() - dt.timedelta(days=40), practice=field.north_practice))
    client = as_(who)
    for query in ({}, {"territory": field.north.pk}, {"tier": "A"}):
        page, answer = client.get("/reports/coverage/", query), client.get("/api/v1/coverage/", query).json()
        found = page.context["coverage"]
        assert (answer["start"], answer["end"]) == (str(found.window.start), str(found.window.end))
        assert answer["untiered"] == found.untiered
        assert [(row["name"], row["practice"], row["over"]) for row in answer["overdue"]] == [
            (row.name, row.pk, row.over) for row in found.overdue if not query.get("tier") or row.tier == query["tier"]
        ]
        for told, tier in [*zip(answer["tiers"], found.tiers, strict=True), (answer["whole"], found.whole)]:
            for name in ("tier", "practices", "promised", "made", "kept", "share", "overdue"):
                assert told[name] == getattr(tier, name), (query, name)
    wanted, _ = recount(getattr(field, who), field.window)
    told = {row["tier"]: row for row in client.get("/api/v1/coverage/").json()["tiers"] if row["practices"]}
    assert {tier: [row["practices"], row["made"], row["overdue"]] for tier, row in told.items()} == {
        tier: [row[0], row[2], row[4]] for tier, row in wanted.items()
    }


def test_the_api_is_for_those_who_see_visits(as_, field):
    assert as_("elle").get("/api/v1/coverage/").status_code == 403
    assert as_(None).get("/api/v1/coverage/").status_code in {401, 403}
    assert as_("nora").get("/api/v1/coverage/", {"territory": field.south.pk}).status_code == 404
    assert as_("nora").get("/api/v1/coverage/", {"tier": "Z"}).status_code == 400
    assert not as_("past").get("/api/v1/coverage/").json()["overdue"]
