"""Drawn orders: random, recorded, immutable, followed by plans, and held against what was done."""

import datetime as dt
import hashlib

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from tests import factories
from visits import actions
from visits.actions import Wanted
from visits.drawing import AS_DRAWN, EARLY, LATE, NOT_VISITED, TO_COME, Compliance, month_after, outcome, shuffled, spread
from visits.models import Draw, DrawnPractice, Visit
from visits.queries import drawn_for, followed, not_drawable

APR = dt.date(2026, 4, 1)


@pytest.fixture
def month():
    return timezone.localdate().replace(day=1)


@pytest.fixture
def offices(world):
    return [factories.make_practice(f"Office {place}", territory=world.north) for place in range(6)]


def draw(world, offices, month, **given):
    asked = {"by": world.nora, "name": "Spring", "practices": offices, "first_month_on": month, "months": 3, **given}
    return actions.draw_order(**asked)


def made_at(draw, practice, owner, when):
    return factories.make_visit(practice, owner, visited_at=when)


PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines that do other work meanwhile


@PATIENT
@given(st.sets(st.integers(1, 10**9), min_size=2, max_size=40), st.text("0123456789abcdef", min_size=1, max_size=32))
def test_the_order_is_that_of_the_hashes_and_anybody_can_make_it_again(ids, seed):
    order = shuffled(ids, seed)
    assert sorted(order) == sorted(ids)
    hashes = [hashlib.sha256(f"{seed}:{pk}".encode()).hexdigest() for pk in order]
    assert hashes == sorted(hashes)


def test_every_order_is_as_likely_as_any_other():
    """Of 3 practices 6 orders: with 6,000 seeds each comes about 1,000 times (chi-square with 5 degrees of freedom, 0.999 at 20.5)."""
    counts: dict[tuple[int, ...], int] = {}
    for seed in range(6000):
        order = tuple(shuffled([11, 12, 13], f"s{seed}"))
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    assert sum((n - 1000) ** 2 / 1000 for n in counts.values()) < 20.5


@PATIENT
@given(st.integers(1, 60), st.integers(1, 24))
def test_months_are_filled_evenly_and_in_order(count, months):
    planned = spread(count, first=dt.date(2026, 11, 1), months=months)
    assert planned == sorted(planned)
    assert planned[0] == dt.date(2026, 11, 1)
    assert planned[-1] <= month_after(dt.date(2026, 11, 1), months - 1)
    sizes = [planned.count(day) for day in set(planned)]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    ("visited", "today", "became"),
    [
        ("2026-03-31", "2026-03-31", EARLY),
        ("2026-04-01", "2026-04-01", AS_DRAWN),
        ("2026-05-31", "2026-05-31", AS_DRAWN),
        ("2026-06-01", "2026-06-01", LATE),
        ("", "2026-05-31", TO_COME),
        ("", "2026-06-01", NOT_VISITED),
    ],
)
def test_a_place_is_as_drawn_in_its_month_and_the_one_after(visited, today, became):
    first = dt.date.fromisoformat(visited) if visited else None
    assert outcome(APR, first, dt.date.fromisoformat(today)) == became


def test_compliance_is_of_those_due():
    found = Compliance.of([AS_DRAWN] * 4 + [LATE] + [TO_COME] * 9)
    assert (found.due, found.as_drawn, found.share, found.is_random) == (5, 4, 0.8, True)
    assert not Compliance.of([AS_DRAWN] * 3 + [NOT_VISITED]).is_random
    assert Compliance.of([TO_COME]).share is None
    assert not Compliance.of([TO_COME]).is_random


def test_a_draw_is_recorded_whole(world, offices, month):
    made = draw(world, offices, month, seed="0badcafe", note=" all alike ")
    rows = list(made.drawn.all())
    assert [row.practice_id for row in rows] == shuffled([office.pk for office in offices], "0badcafe")
    assert [row.place for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.planned_month_on for row in rows] == [month_after(month, n) for n in (0, 0, 1, 1, 2, 2)]
    assert (made.drawn_by, made.note) == (world.nora, "all alike")
    event = AuditEvent.objects.get(event="order.drawn")
    assert event.details["seed"] == "0badcafe"
    assert event.details["practices"] == [row.practice_id for row in rows]
    assert len(draw(world, [factories.make_practice(territory=world.north) for _ in range(3)], month).seed) == 32


@pytest.mark.parametrize("spoil", ["update", "row", "delete", "row delete"])
def test_the_database_refuses_to_change_what_was_drawn(world, offices, month, spoil):
    made = draw(world, offices, month)
    change = {
        "update": lambda: Draw.objects.filter(pk=made.pk).update(seed="1"),
        "row": lambda: DrawnPractice.objects.filter(draw=made).update(planned_month_on=APR),
        "delete": lambda: Draw.objects.filter(pk=made.pk)._raw_delete("default"),
        "row delete": lambda: made.drawn.all()._raw_delete("default"),
    }[spoil]
    with pytest.raises(DatabaseError, match="drawn order cannot be changed"), transaction.atomic():
        change()


def test_what_the_draw_would_not_decide_is_refused_with_the_reason(world, offices, month):
    visited, planned, shunned, taken = offices[:4]
    factories.make_visit(visited, world.nora, visited_at=timezone.localtime() - dt.timedelta(days=150))
    factories.make_visit(planned, world.nora, state="planned")
    shunned.do_not_visit = True
    shunned.save()
    other = draw(world, [taken, factories.make_practice(territory=world.north)], month, name="Earlier", months=2)
    old = offices[4]
    factories.make_visit(old, world.nora, visited_at=timezone.localtime() - dt.timedelta(days=240))
    gone = factories.make_visit(offices[5], world.nora)
    gone.deleted_at = timezone.now()
    gone.save()
    found = not_drawable([office.pk for office in offices], today=timezone.localdate())
    assert found == {
        visited.pk: "visited in the last 6 months",
        planned.pk: "a visit is planned already",
        shunned.pk: "not to be visited",
        taken.pk: f"in the drawn order {other.name}",
    }
    with pytest.raises(PolicyViolation, match=r"Office 0 \(visited in the last 6 months\).*Leave them out"):
        draw(world, offices, month)
    assert draw(world, offices[4:], month, months=2).drawn.count() == 2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": " "}, "a name"),
        ({"practices": []}, "Choose 2 to 500 practices; 0"),
        ({"months": 7}, "over 1 to 6 months"),
        ({"months": 0}, "over 1 to 6 months"),
        ({"first_month_on": dt.date(2020, 1, 1)}, "first month is over"),
    ],
)
def test_impossible_draws_are_refused(world, offices, month, given, words):
    with pytest.raises(PolicyViolation, match=words):
        draw(world, offices, month, **given)
    assert not Draw.objects.exists()


def test_nobody_draws_for_a_field_that_is_not_theirs(world, offices, month):
    with pytest.raises(PolicyViolation, match="6 of the practices are not in your field"):
        draw(world, offices, month, by=world.sol)
    with pytest.raises(PolicyViolation, match="Only those who plan visits"):
        draw(world, offices, month, by=world.ivan)


def test_an_order_is_shown_whole_or_not_at_all(as_, world, offices, month):
    north = draw(world, offices, month)
    south = [factories.make_practice(territory=world.south) for _ in range(2)]
    both = draw(world, [*south, factories.make_practice(territory=world.north)], month, by=world.dana, name="Both")
    expected = {"nora": {north}, "sol": set(), "dana": {north, both}, "ada": {north, both}, "ivan": {north, both}, "past": set()}
    for who, seen in expected.items():
        assert set(Draw.objects.visible_to(world.cast[who])) == seen, who
        for made in (north, both):
            assert as_(who).get(made.get_absolute_url()).status_code == (200 if made in seen else 404), (who, made)


def test_visits_are_held_against_the_order(world, offices, month):
    made = draw(world, offices, month, months=1)
    first, second, third = (row.practice for row in made.drawn.select_related("practice")[:3])
    factories.make_visit(first, world.nora, visited_at=timezone.now())
    factories.make_visit(second, world.nora, visited_at=made.drawn_at - dt.timedelta(hours=1))  # before the draw: not the draw's
    factories.make_visit(third, world.nora, state="missed", visited_at=timezone.now())
    [order] = followed([made], today=timezone.localdate())
    assert [place.outcome for place in order.places] == [AS_DRAWN, *[TO_COME] * 5]
    [later] = followed([made], today=month_after(month, 2))
    assert [place.outcome for place in later.places] == [AS_DRAWN, *[NOT_VISITED] * 5]
    assert later.compliance.share == pytest.approx(1 / 6)


def test_visits_are_planned_from_the_order(world, offices, month):
    made = draw(world, offices, month_after(month), months=2)
    rows = list(made.drawn.select_related("practice"))
    factories.make_visit(rows[0].practice, world.nora, visited_at=timezone.now())
    planned = actions.plan_drawn(by=world.nora, draw=made, month_on=month_after(month), owner=world.nora)
    assert [visit.practice for visit in planned] == [row.practice for row in rows[1:3]], "the visited one needs no plan; the order stays"
    days = [timezone.localdate(visit.planned_at) for visit in planned]
    assert days == sorted(days)
    assert all(day.replace(day=1) == month_after(month) and day.weekday() < 5 for day in days)
    with pytest.raises(PolicyViolation, match="is planned or visited"):
        actions.plan_drawn(by=world.nora, draw=made, month_on=month_after(month), owner=world.nora)
    with pytest.raises(PolicyViolation, match="Only a manager"):
        actions.plan_drawn(by=world.nora, draw=made, month_on=month_after(month, 2), owner=world.sol)
    assert Visit.objects.filter(state="planned").count() == 2


def test_a_plan_that_leaves_the_order_is_said(as_, world, offices, month):
    made = draw(world, offices, month_after(month, 4), months=2)
    place = made.drawn.first()
    assert drawn_for(place.practice, today=timezone.localdate()) == place
    sent = {"practice": place.practice_id, "day": (timezone.localdate() + dt.timedelta(days=1)).isoformat(), "time": "10:00"}
    page = as_("nora").post(reverse("visits:plan"), sent, follow=True).content.decode()
    assert "A visit at another time weakens what it proves" in page
    other = factories.make_practice(territory=world.north)
    page = as_("nora").post(reverse("visits:plan"), {**sent, "practice": other.pk}, follow=True).content.decode()
    assert "weakens" not in page
    factories.make_visit(place.practice, world.nora, visited_at=timezone.now())
    assert drawn_for(place.practice, today=timezone.localdate()) is None


def test_pages(as_, world, offices, month):
    client = as_("nora")
    assert "No order drawn yet" in client.get(reverse("visits:draws")).content.decode()
    factories.make_visit(offices[0], world.nora)
    page = client.get(reverse("visits:draw-new"), {"q": "office"}).content.decode()
    assert "5 practices can be drawn" in page
    assert "1 visited in the last 6 months" in page
    assert "South Medical Group" not in page
    sent = {"name": "Spring", "first_month_on": month.isoformat(), "months": "2", "practices": [office.pk for office in offices[1:5]]}
    refused = client.post(reverse("visits:draw-new"), {**sent, "months": "9"})
    assert refused.status_code == 422
    assert "Spread them over 1 to 4 months" in refused.content.decode()
    assert client.post(reverse("visits:draw-new"), {**sent, "practices": [world.south_practice.pk]}).status_code == 422
    answer = client.post(reverse("visits:draw-new"), sent)
    made = Draw.objects.get()
    assert answer["Location"] == made.get_absolute_url()
    page = client.get(made.get_absolute_url()).content.decode()
    assert made.seed in page
    assert "No practice was due yet." in page
    later = month_after(month)
    planned = client.post(reverse("visits:draw-plan", args=[made.pk, f"{later:%Y-%m}"]), follow=True).content.decode()
    assert f"2 visits planned in {later:%B %Y}" in planned
    assert (
        "is planned or visited" in client.post(reverse("visits:draw-plan", args=[made.pk, f"{later:%Y-%m}"]), follow=True).content.decode()
    )
    assert client.post(reverse("visits:draw-plan", args=[made.pk, "soon"])).status_code == 404
    factories.make_visit(made.drawn.first().practice, world.nora, visited_at=timezone.now())
    page = client.get(made.get_absolute_url()).content.decode()
    assert "1 of 1 practices due so far were visited as drawn (100%)" in page
    assert client.get(reverse("visits:draw-export", args=[made.pk, "csv"])).status_code == 403
    answer = as_("dana").get(reverse("visits:draw-export", args=[made.pk, "csv"]))
    lines = b"".join(answer).decode("utf-8-sig").splitlines()
    assert len(lines) == 5
    assert made.seed in lines[1]
    assert as_("dana").get(reverse("visits:draw-export", args=[made.pk, "xlsx"])).status_code == 200
    assert as_("dana").get(f"/visits/draws/{made.pk}/order.pdf").status_code == 404
    page = as_("dana").get(made.get_absolute_url()).content.decode()
    assert f'<option value="{world.nora.pk}">' in page, "a manager chooses who goes"
    assert as_("dana").post(reverse("visits:draw-plan", args=[made.pk, f"{month:%Y-%m}"]), {"owner": "x"}, follow=True).status_code == 200
    assert as_("elle").get(reverse("visits:draws")).status_code == 403


def test_the_list_is_flat(as_, world, month, assert_flat_queries):
    as_("dana")

    def add(count):
        for _ in range(count):
            draw(world, [factories.make_practice(territory=world.north) for _ in range(3)], month)

    assert_flat_queries(reverse("visits:draws"), add)


class TestFromATargetList:
    @pytest.fixture
    def hips(self, world, offices):
        """Four of the offices, one of them dropped, and one in the south that nora does not see."""
        made = actions.save_target_list(by=world.dana, name="Hips", starts_on=timezone.localdate())
        wanted = [Wanted(practice=office, reason="Near.") for office in [*offices[:4], world.south_practice]]
        actions.add_targets(by=world.dana, target_list=made, wanted=wanted)
        actions.hand_over(by=world.dana, target_list=made, to=world.nora)
        actions.drop_target(entry=made.entries.get(practice=offices[3]), why="Moved away", by=world.dana)
        return made

    def test_the_lists_page_leads_to_a_form_with_its_practices(self, as_, world, hips, offices, month):
        client = as_("nora")
        url = f"{reverse('visits:draw-new')}?list={hips.pk}"
        assert f'href="{url}"' in client.get(hips.get_absolute_url()).text
        page = client.get(url)
        assert [practice.pk for practice in page.context["free"]] == [office.pk for office in offices[:3]]
        assert page.context["chosen"] == {str(office.pk) for office in offices[:3]}
        assert 'value="Hips"' in page.text
        assert f'<input type="hidden" name="list" value="{hips.pk}">' in page.text
        narrower = client.get(url, {"list": hips.pk, "q": "Office 1"})
        assert [practice.pk for practice in narrower.context["free"]] == [offices[1].pk]
        assert narrower.context["clear_url"] == url
        sent = {"name": "Hips", "first_month_on": month.isoformat(), "months": "3", "practices": [office.pk for office in offices[:3]]}
        answer = client.post(url, sent)
        made = Draw.objects.get()
        assert answer["Location"] == made.get_absolute_url()
        assert made.target_list == hips
        assert AuditEvent.objects.get(event="order.drawn").details["target_list"] == hips.pk
        assert f'from the list <a href="{hips.get_absolute_url()}">Hips</a>' in client.get(made.get_absolute_url()).text
        assert f'Drawn from it: <a href="{made.get_absolute_url()}">Hips</a>' in client.get(hips.get_absolute_url()).text
        assert "from the list Hips" in client.get(reverse("visits:draws")).text

    def test_the_order_is_that_of_its_seed_and_every_practice_has_equal_priority(self, world, hips, offices, month):
        """The list's own order, most valuable first, decides nothing."""
        made = draw(world, offices[:3], month, target_list=hips, seed="f00d")
        order = list(made.drawn.values_list("practice", flat=True))
        assert order == shuffled([office.pk for office in offices[:3]], "f00d")

    def test_only_practices_of_the_list(self, world, hips, offices, month):
        for elsewhere in (offices[3], offices[4]):  # dropped; never on it
            with pytest.raises(PolicyViolation, match="1 of the practices are not on the list Hips"):
                draw(world, [*offices[:2], elsewhere], month, target_list=hips)
        assert not Draw.objects.exists()

    def test_a_list_in_work_that_one_sees(self, as_, world, hips, offices, month):
        url = reverse("visits:draw-new")
        assert as_("sol").get(url, {"list": hips.pk}).status_code == 404
        assert as_("nora").get(url, {"list": "hips"}).status_code == 404
        own = factories.make_practice("Own", territory=world.south)
        with pytest.raises(PolicyViolation, match="That list is not yours"):
            draw(world, [own, world.south_practice], month, months=2, by=world.sol, target_list=hips)
        actions.set_list_closed(target_list=hips, closed=True, by=world.dana)
        assert as_("nora").get(url, {"list": hips.pk}).status_code == 404
        assert "Draw the order" not in as_("nora").get(hips.get_absolute_url()).text
        hips.refresh_from_db()
        with pytest.raises(PolicyViolation, match="The list is closed"):
            draw(world, offices[:2], month, months=2, target_list=hips)

    def test_who_sees_the_order_but_not_the_list_is_not_told_its_name(self, as_, world, hips, offices, month):
        made = draw(world, offices[:3], month, target_list=hips, name="Spring")
        factories.assign(world.sol, world.north, primary=False)
        page = as_("sol").get(made.get_absolute_url()).text
        assert "from a target list" in page
        assert "Hips" not in page
        assert "Hips" not in as_("sol").get(reverse("visits:draws")).text

    def test_nothing_left_to_draw(self, as_, world, hips, offices):
        for office in offices[:3]:
            factories.make_visit(office, world.nora)
        page = as_("nora").get(reverse("visits:draw-new"), {"list": hips.pk}).text
        assert "No practice of this list can be drawn" in page
        assert "3 visited in the last 6 months" in page
        assert f'href="{hips.get_absolute_url()}"' in page
