"""New physicians: who begins, the plan and its tasks, dates, files and API, and the ramp against the plan equal to a recount."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from common.exceptions import PolicyViolation
from common.guarded import LooksLikePatient
from introductions import actions
from introductions.models import NewPhysician, Target
from reports.queries.freshness import freshness
from reports.ramp import finding, ramp
from territories.scope import Scope, scope_of
from tests import factories
from tests.factories.reports import add_referrals, make_payer, new_referral
from visits.models import FollowUp

START = dt.date(2026, 8, 3)


@pytest.fixture
def october(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 10, 16, 12, tzinfo=ZoneInfo("America/New_York")))


def begin(world, **more) -> NewPhysician:
    fields = {"provider": world.south_provider, "start_on": START, "planned_30": 2, "planned_60": 4, "planned_90": 6, "led_by": world.dana}
    return actions.save_physician(by=world.dana, **{**fields, **more})


def test_managers_begin_and_leaders_change(world, october):
    with pytest.raises(PolicyViolation, match="begun by managers"):
        actions.save_physician(by=world.nora, provider=world.south_provider, start_on=START, led_by=world.nora)
    physician = begin(world, led_by=world.nora)
    actions.save_physician(physician=physician, how_to_refer="Fax 555", by=world.nora)
    with pytest.raises(PolicyViolation):
        actions.save_physician(physician=physician, how_to_refer="x", by=world.sol)
    with pytest.raises(PolicyViolation, match="being introduced already"):
        begin(world)
    with pytest.raises(PolicyViolation, match="A ramp rises"):
        actions.save_physician(physician=physician, planned_90=1, by=world.dana)
    with pytest.raises(PolicyViolation, match="do not work in the field"):
        actions.save_physician(physician=physician, led_by=world.elle, by=world.dana)
    with pytest.raises(LooksLikePatient):
        actions.save_physician(physician=physician, ideal_patient="Like Pt John Miller", by=world.dana)


def test_a_practice_on_the_plan_makes_three_tasks(world, october):
    physician = begin(world, start_on=dt.date(2026, 10, 1))
    target = actions.add_target(physician=physician, practice=world.north_practice, owner=world.nora, by=world.dana)
    tasks = [(step.day, step.follow_up.due_on, step.follow_up.owner) for step in target.steps.all()]
    assert tasks == [(day, dt.date(2026, 10, 1) + dt.timedelta(days=day), world.nora) for day in (30, 60, 90)]
    with pytest.raises(PolicyViolation, match="on the plan already"):
        actions.add_target(physician=physician, practice=world.north_practice, owner=world.nora, by=world.dana)
    with pytest.raises(PolicyViolation, match="does not look after"):
        actions.add_target(physician=physician, practice=world.south_practice, owner=world.nora, by=world.dana)
    with pytest.raises(PolicyViolation, match="your own territories only"):
        actions.add_target(physician=physician, practice=world.south_practice, owner=world.nora, by=world.nora)
    actions.save_physician(physician=physician, start_on=dt.date(2026, 10, 11), by=world.dana)
    assert FollowUp.objects.order_by("due_on").first().due_on == dt.date(2026, 11, 10), "open tasks move with the start"
    actions.drop_target(target=target, by=world.dana)
    assert not Target.objects.exists()
    assert FollowUp.objects.exclude(done_at=None).count() == 3


def test_pages(as_, world, october):
    payer = make_payer()
    client, new = as_("dana"), reverse("introductions:new")
    sent = {
        "npi": world.south_provider.npi, "start_on": "2026-10-01", "planned_30": "1", "planned_60": "2", "planned_90": "3",
        "led_by": world.dana.pk, f"payer_{payer.pk}": "2026-11-01", "ideal_patient": "Chest pain, any age", "how_to_refer": "Call 555",
    }  # fmt: skip
    assert client.post(new, {**sent, "npi": "1"}).status_code == 422
    answer = client.post(new, sent)
    assert answer.status_code == 302, answer.content.decode()
    physician = NewPhysician.objects.get()
    assert [(row.payer, row.effective_on) for row in physician.payers.all()] == [(payer, dt.date(2026, 11, 1))]
    page = client.get(physician.get_absolute_url()).content.decode()
    assert "Chest pain, any age" in page
    assert "No practice is on the plan yet" in page
    client.post(physician.get_absolute_url(), {"practice": world.north_practice.pk, "owner": world.dana.pk})
    assert "0 of 3 tasks done at 1 practice" in client.get(physician.get_absolute_url()).content.decode()
    assert str(world.south_provider) in as_("nora").get(reverse("introductions:list")).content.decode()
    assert world.north_practice.name not in as_("sol").get(physician.get_absolute_url()).content.decode(), "practices stay in their scope"
    assert as_("past").get(physician.get_absolute_url()).status_code == 404
    assert as_("nora").get(reverse("introductions:edit", args=[physician.pk])).status_code == 403
    client = as_("dana")
    panel = reverse("introductions:provider-panel", args=[world.south_provider.pk])
    assert f'hx-get="{panel}"' in client.get(world.south_provider.get_absolute_url()).content.decode()
    assert "New with us" in client.get(panel).content.decode()
    for kind in ("csv", "xlsx"):
        assert client.get(reverse("introductions:export", args=[kind])).status_code == 200
    [row] = client.get("/api/v1/new-physicians/").json()["results"]
    assert (row["npi"], row["tasks"], row["payers"][0]["payer_name"]) == (world.south_provider.npi, 3, payer.name)
    client.post(reverse("introductions:drop", args=[Target.objects.get().pk]))
    client.post(reverse("introductions:end", args=[physician.pk]))
    assert client.get("/api/v1/new-physicians/").json()["count"] == 0
    assert client.get("/api/v1/new-physicians/", {"state": "ended"}).json()["count"] == 1
    client.post(reverse("introductions:end", args=[physician.pk]))
    assert client.get("/api/v1/new-physicians/").json()["count"] == 1


def test_the_ramp_equals_a_recount_and_says_the_finding(as_, world, october):
    physician = begin(world)
    days = [START + dt.timedelta(days=n) for n in (0, 5, 29, 30, 31, 45, 59, 60, 61)]
    performed = {"performer": world.south_provider, "practice": world.north_practice}
    rows = [new_referral(on=day, patient_hash=f"p{place % 4}", **performed) for place, day in enumerate(days)]
    rows += [new_referral(on=START - dt.timedelta(days=9), patient_hash="p0", **performed)]
    rows += [new_referral(on=START, flow="outbound", **performed), new_referral(on=START, is_counted=False, **performed)]
    rows += [new_referral(on=START, practice=world.north_practice), new_referral(on=dt.date(2026, 10, 15), practice=world.north_practice)]
    add_referrals(*rows)
    steps = ramp(physician, scope=Scope(whole=True), fresh=freshness())
    assert [step.referrals for step in steps] == [3, 4, 2]
    assert [step.patients for step in steps] == [2, 1, 0], "p0 came before the start; p1, p2 and p3 are new"
    assert [(step.planned, step.is_whole) for step in steps] == [(2, True), (4, True), (6, False)]
    assert finding(steps, with_plan=True) == "4 referrals in days 31 to 60: the plan of 4 is reached"
    assert finding(steps[:1], with_plan=True) == "3 referrals in days 1 to 30: the plan of 2 is reached"
    assert [step.referrals for step in ramp(physician, scope=scope_of(world.sol), fresh=freshness())] == [0, 0, 0]
    panel = reverse("reports:ramp-panel", args=[physician.pk])
    assert "the plan of 4 is reached" in as_("ada").get(panel).content.decode()
    part = as_("nora").get(panel).content.decode()
    assert "4 referrals in days 31 to 60 from your territories" in part
    assert "Plan" not in part
    physician.start_on = dt.date(2027, 1, 1)
    assert (
        finding(ramp(physician, scope=Scope(whole=True), fresh=freshness()), with_plan=True) == "The data does not reach the first day yet"
    )


def test_the_list_is_flat(as_, world, assert_flat_queries):
    as_("dana")

    def add(count):
        for _ in range(count):
            provider = factories.make_provider(at=world.north_practice)
            NewPhysician.objects.create(provider=provider, start_on=START, led_by=world.dana)

    assert_flat_queries(reverse("introductions:list"), add)
