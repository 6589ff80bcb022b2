"""The return on visits from facts and visits in Postgres to the page: a world with a planted effect, margins, costs and a drawn order."""

import datetime as dt
import zlib
from decimal import Decimal

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from contacts.models import Practice
from referrals.models import Referral
from reports import actions, kinds
from reports.models import AttributionWeight, ContributionMargin, ProgramCost, ReportRun
from reports.periods import Window, add_months
from reports.queries.freshness import freshness
from reports.queries.visited import feeds, mix, practice_months
from territories.scope import Scope
from tests.factories.reports import add_referrals, make_payer, make_source, new_referral
from visits.drawing import month_after, shuffled, spread
from visits.models import Draw, DrawnPractice, TargetList, Visit

FIRST = dt.date(2024, 1, 1)
MONTHS = 28
EVER = Scope(whole=True)


def noon(day):
    return timezone.make_aware(dt.datetime.combine(day, dt.time(12)))


def plant(world, *, effect, practices=66, each=3, begin=12, mean=6.0, seed=5):
    """Practices whose referrals are seen after ten days; `each` a month are first visited in random order from month `begin` on, and send
    `effect` times as many from the month after."""
    rng = np.random.default_rng(seed)
    payer = make_payer("Medicare")
    source = make_source()
    offices = Practice.objects.bulk_create(
        Practice(
            name=f"Planted {n}", folded_name=f"planted {n}", territory=(world.north, world.south)[n % 2], placed_by="zip", zip=f"{n:05d}"
        )
        for n in range(practices)
    )
    own = mean * rng.lognormal(-0.1, 0.4, practices)
    order = rng.permutation(practices)
    first = {int(place): begin + rank // each for rank, place in enumerate(order) if begin + rank // each < MONTHS - 5}
    rows = []
    for month in range(MONTHS):
        start = add_months(FIRST, month)
        for place, office in enumerate(offices):
            grown = effect if place in first and month > first[place] else 1
            for k in range(rng.poisson(own[place] * grown)):
                on = start + dt.timedelta(days=int(rng.integers(0, 28)))
                rows.append(
                    new_referral(
                        on=on,
                        source=source,
                        practice=office,
                        service_line=world.line,
                        payer=payer,
                        seen_on=on + dt.timedelta(days=10),
                        patient_hash=f"p{zlib.crc32(f'{place}.{month}.{k}'.encode()):08x}",
                    )
                )
    add_referrals(*rows)
    Visit.objects.bulk_create(
        Visit(
            practice=offices[place],
            owner=(world.nora, world.sol)[place % 2],
            logged_by=world.nora,
            state="done",
            visited_at=noon(add_months(FIRST, month) + dt.timedelta(days=9)),
        )
        for place, month in first.items()
    )
    return offices, first


def pay(world, *, amount=400, cost=60_000):
    for model, values in (
        (ContributionMargin, {"service_line": world.line, "amount": Decimal(amount), "low": Decimal(300), "high": Decimal(500)}),
        (ProgramCost, {"amount": Decimal(cost), "ended_on": add_months(FIRST, 48)}),
    ):
        actions.save_money(by=world.ada, model=model, values={"started_on": FIRST, **values})


def asked(world, run_jobs, *, by=None, territory=None, **given):
    parameters = {"start": FIRST.isoformat(), "end": add_months(FIRST, MONTHS).isoformat(), "control": "not_yet_treated", **given}
    run = actions.ask_for_run(
        kind="roi", parameters=parameters, territory=territory, by=by or world.ada, basis=kinds.KINDS["roi"].basis_now()
    )
    run_jobs()
    run.refresh_from_db()
    assert run.is_finished, run.error
    return run


@pytest.fixture
def planted(world):
    world.offices, world.first = plant(world, effect=1.35)
    return world


def test_from_facts_to_the_page(planted, run_jobs, as_):
    """The planted effect of 1.35 lies in the interval, the money follows from margins and cost, and everybody sees what they may."""
    world = planted
    found = asked(world, run_jobs).result  # nothing is typed yet, and nothing is guessed
    assert found["money"] is None
    assert "cost is not typed from" in found["no_money"]
    pay(world)
    ContributionMargin.objects.all().delete()
    found = asked(world, run_jobs).result
    assert found["no_money"] == "No return is shown: 100% of the visited practices' referrals have no contribution margin."
    assert found["no_money"] in as_("ada").get(reverse("reports:roi")).content.decode().replace("&#x27;", "'")
    ProgramCost.objects.all().delete()
    pay(world)
    north = asked(world, run_jobs, territory=world.north).result  # the north is nora's alone
    assert north["effect"] is None
    assert "those of one liaison" in north["headline"]
    run = asked(world, run_jobs)
    found = run.result
    effect, money = found["effect"], found["money"]
    low, high = effect["simple_ci"]
    error = effect["simple_se"] / effect["simple_att"]
    assert abs(np.log(effect["simple_att"] / 1.35)) < 3.3 * error, "how often the interval covers is proved by 200 programs (test_roi.py)"
    assert 1 < low < high
    assert effect["grade"] in ("B", "C")
    assert effect["n_treated"] >= 20
    assert found["headline"].startswith("Visited practices sent ")
    # the money by hand, from what is stored
    extra = effect["observed"] * (1 - 1 / effect["simple_att"])
    assert money["extra"] == pytest.approx(extra)
    cost = found["purse"]["cost"]
    assert cost == pytest.approx(
        60_000
        * (dt.date.fromisoformat(found["purse"]["end"]) - dt.date.fromisoformat(found["purse"]["start"])).days
        / (add_months(FIRST, 48) - FIRST).days,
        abs=0.02,
    )
    assert money["roi"] == pytest.approx((extra * 400 - cost) / cost)
    assert 0 < money["p_positive"] <= 1
    # what visited practices sent after their visits is what the database says
    after = sum(
        Referral.objects.filter(practice=world.offices[place], month__gt=add_months(FIRST, month), month__lte=add_months(FIRST, month + 12),
                                month__lt=dt.date.fromisoformat(found["purse"]["end"])).count()
        for place, month in world.first.items()
    )  # fmt: skip
    assert sum(row[-1] for row in found["purse"]["margins"]) == after
    assert [point["first"] for point in found["study"]["points"]][:1] == [-9]
    assert sum(row[1] for row in found["dose"]) == len(world.first)
    page = as_("elle").get(reverse("reports:roi")).content.decode()
    for words in (found["headline"], "95% interval", "Grade", "Month by month", "never made for one doctor", "Program cost used"):
        assert words in page, words
    assert as_("nora").get(reverse("reports:roi")).status_code == 403
    assert as_("nora").get(run.get_absolute_url()).status_code == 404
    for name in ("csv", "xlsx"):
        assert as_("ivan").get(reverse("reports:run-file", args=[run.pk, name])).status_code == 200
    # the same question at the same data is answered from the first; a new margin makes it a new one
    assert asked(world, run_jobs) == run
    actions.save_money(by=world.ada, model=AttributionWeight, values={"started_on": FIRST, "weight": Decimal("0.5")})
    half = asked(world, run_jobs)
    assert half != run
    assert half.result["money"]["contribution"] == pytest.approx(money["contribution"] / 2)


def test_too_few_is_not_estimable(world, run_jobs, as_):
    plant(world, effect=1.0, practices=16, each=2)
    run = asked(world, run_jobs)
    assert "Not estimable" in run.result["headline"]
    page = as_("dana").get(reverse("reports:roi"))
    assert page.status_code == 200
    assert "It has not been computed yet" in page.content.decode(), "dana looks after a region, and this run is of the whole"
    page = as_("ivan").get(reverse("reports:roi")).content.decode()
    assert "20 are needed" in page
    assert "No grade" in page


@pytest.mark.slow
def test_a_drawn_order_that_was_followed_is_grade_a(world, run_jobs, as_):
    """Visits follow an order drawn from a target list; the answer is that of the drawn practices, the others stand beside it."""
    offices, first = plant(world, effect=1.35, begin=MONTHS)  # nobody is visited yet
    assert not first
    chosen = offices[:50]
    begin = add_months(FIRST, 12)
    chosen_by = TargetList.objects.create(name="Quiet offices", owner=world.dana)
    drawn_at = noon(begin - dt.timedelta(days=3))
    draw = Draw.objects.create(
        name="Spring", seed="5eed", first_month_on=begin, months=12, drawn_by=world.dana, drawn_at=drawn_at, target_list=chosen_by
    )
    by_pk = {office.pk: office for office in chosen}
    order = shuffled(by_pk, draw.seed)
    months = spread(len(order), first=begin, months=12)
    rows = [
        DrawnPractice(draw=draw, practice_id=pk, place=place, planned_month_on=month)
        for place, (pk, month) in enumerate(zip(order, months, strict=True), 1)
    ]
    DrawnPractice.objects.bulk_create(rows)
    Visit.objects.bulk_create(
        Visit(practice_id=row.practice_id, owner=(world.nora, world.sol)[row.place % 2], logged_by=world.nora, state="done",
              visited_at=noon((row.planned_month_on if row.place % 10 else month_after(row.planned_month_on, 3)) + dt.timedelta(days=5)))
        for row in rows
    )  # fmt: skip
    found = asked(world, run_jobs).result
    assert found["draws"] == [["Spring", 50, pytest.approx(0.9), True]]
    assert found["is_drawn"]
    assert found["effect"]["grade"] == "A"
    assert found["practices"] == 50
    assert found["other"]["grade"] in ("B", "C")
    assert "the order of visits was drawn at random" in " ".join(found["sentences"])
    page = as_("ivan").get(reverse("reports:roi")).content.decode()
    assert "Over all visited practices, drawn or not" in page


@pytest.mark.slow
def test_an_order_that_was_not_followed_is_no_evidence(world, run_jobs):
    offices, first = plant(world, effect=1.2)
    rows = sorted((month, place) for place, month in first.items())
    begin = add_months(FIRST, 12)
    draw = Draw.objects.create(
        name="Spring", seed="5eed", first_month_on=begin, months=12, drawn_by=world.dana, drawn_at=noon(begin - dt.timedelta(days=3))
    )
    DrawnPractice.objects.bulk_create(
        DrawnPractice(draw=draw, practice=offices[place], place=n, planned_month_on=add_months(FIRST, month - 6))
        for n, (month, place) in enumerate(rows, 1)
    )
    found = asked(world, run_jobs).result
    assert found["draws"][0][2:] == [0.0, False]
    assert found["effect"]["grade"] == "B"


def test_facts_are_those_that_could_have_been_seen(world):
    """Immature months, referrals seen too late, other flows and feeds that began later stay out."""
    practice, payer = world.north_practice, make_payer()
    late_feed = make_source("late")
    given = {"practice": practice, "service_line": world.line, "payer": payer}
    add_referrals(
        new_referral(on=dt.date(2026, 1, 10), seen_on=dt.date(2026, 2, 1), **given),
        new_referral(on=dt.date(2026, 1, 11), seen_on=dt.date(2026, 4, 11), flow="internal", **given),  # day 90
        new_referral(on=dt.date(2026, 1, 11), seen_on=dt.date(2026, 4, 12), **given),  # day 91
        new_referral(on=dt.date(2026, 1, 12), **given),
        new_referral(on=dt.date(2026, 1, 12), seen_on=dt.date(2026, 1, 12), flow="outbound", **given),
        new_referral(on=dt.date(2026, 1, 12), seen_on=dt.date(2026, 1, 12), is_counted=False, **given),
        new_referral(on=dt.date(2026, 3, 1), seen_on=dt.date(2026, 3, 2), source=late_feed, **given),
        new_referral(on=dt.date(2026, 6, 29), source=late_feed, **given),
        new_referral(on=dt.date(2026, 6, 29), **given),
    )
    asked_for = Window(dt.date(2026, 1, 1), dt.date(2026, 7, 1))
    found = feeds(asked_for, freshness())
    assert found.later == ("late",)
    assert found.window == Window(dt.date(2026, 1, 1), dt.date(2026, 4, 1)), "April's last days have not had 90 days by 29 June"
    assert practice_months(asked_for, EVER, found) == [(practice.pk, dt.date(2026, 1, 1), 2)]
    assert practice_months(asked_for, Scope(territory_ids=frozenset({world.south.pk})), found) == []
    [part] = mix({practice.pk: dt.date(2025, 12, 1)}, 12, asked_for, EVER, found)
    assert (part.service_line_id, part.payer_id, part.referrals) == (world.line.pk, payer.pk, 2)
    assert mix({practice.pk: dt.date(2026, 1, 1)}, 12, asked_for, EVER, found) == []
    assert mix({}, 12, asked_for, EVER, found) == []


def test_before_any_data(as_, world):
    assert as_("ada").get(reverse("reports:roi")).status_code == 200
    assert as_("ada").get(reverse("reports:quarter")).status_code == 200


def test_it_is_asked_for_by_a_button(planted, run_jobs, as_):
    client = as_("elle")
    assert "Compute it now" in client.get(reverse("reports:roi")).content.decode()
    assert client.post(reverse("reports:roi")).status_code == 302
    assert "It is being computed" in client.get(reverse("reports:roi")).content.decode()
    run_jobs()
    assert "Visited practices sent" in client.get(reverse("reports:roi")).content.decode()
    form = client.get(reverse("reports:run-new-of-kind", args=["roi"])).content.decode()
    assert "Compared with" in form
    assert ReportRun.objects.filter(kind="roi").count() == 1
