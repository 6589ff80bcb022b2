"""The ledger's actions: what is kept, what is refused, what is asked for; planned against happened; merges; visits."""

import datetime as dt
import threading
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

import visits.actions
from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from compliance import actions, policies
from compliance.models import Cause, Role, Rule, SpendEntry, SpendPolicy, SpendState, SpendTask, TaskKind, TaskState
from compliance.queries import allowance_of, allowances_of, year_sums
from compliance.rules import repay_by
from contacts.actions import merge_providers, unmerge
from tests import factories
from tests.factories.contacts import align
from tests.factories.spend import make_draft, make_limit, spend
from visits.models import Material, VisitSpend

TODAY = timezone.localdate


@pytest.fixture
def limit(world):
    return make_limit(non_monetary="500")


@pytest.fixture
def doctor(world):
    """Independent, in the north."""
    align(world.north_provider, "independent")
    return world.north_provider


def test_a_meal_divides_by_everyone_present(world, limit, doctor):
    friend = factories.make_provider("Friend", at=world.north_practice)
    align(friend, "independent")
    desk = factories.make_staff(world.north_practice)
    entry = spend(world.nora, "100.00", providers=[doctor, friend], staff=[desk], staff_count=3, ours=1, practice=world.north_practice)
    shares = list(entry.shares.all())
    assert sum(share.amount for share in shares) == Decimal("100.00")
    assert [(s.role, s.rule, s.people, s.amount, s.counted) for s in shares] == [
        (Role.PHYSICIAN, Rule.LIMIT, 1, Decimal("14.29"), Decimal("14.29")),
        (Role.PHYSICIAN, Rule.LIMIT, 1, Decimal("14.29"), Decimal("14.29")),
        (Role.STAFF, Rule.STAFF, 1, Decimal("14.29"), Decimal("14.29")),
        (Role.STAFF, Rule.STAFF, 3, Decimal("42.85"), Decimal("42.85")),
        (Role.OURS, Rule.NONE, 1, Decimal("14.28"), Decimal("0.00")),
    ]
    event = AuditEvent.objects.get(event="spend.recorded")
    assert event.details["amount"] == "100.00"
    assert "orthopedics" not in str(event.details)


def test_an_indivisible_gift_counts_whole_for_each_physician_unless_the_setting_says_otherwise(world, limit, doctor):
    friend = factories.make_provider("Friend", at=world.north_practice)
    align(friend, "independent")
    entry = spend(world.nora, "80.00", kind="gift", providers=[doctor, friend], staff_count=2, practice=world.north_practice)
    counted = dict(entry.shares.filter(rule=Rule.LIMIT).values_list("provider", "counted"))
    assert counted == {doctor.pk: Decimal("80.00"), friend.pk: Decimal("80.00")}
    assert sum(entry.shares.values_list("amount", flat=True)) == Decimal("80.00")
    actions.save_policy(gift_counts_whole=False, by=world.ada)
    entry = spend(world.nora, "80.00", kind="gift", providers=[doctor, friend], staff_count=2, practice=world.north_practice)
    assert set(entry.shares.filter(rule=Rule.LIMIT).values_list("counted", flat=True)) == {Decimal("20.00")}


def test_family_counts_to_its_physician_and_a_gift_once(world, limit, doctor):
    spend(world.nora, "90.00", providers=[doctor], family=[doctor, doctor], practice=world.north_practice)
    assert allowance_of(doctor, year=TODAY().year).happened == Decimal("90.00")
    spend(world.nora, "50.00", kind="gift", providers=[doctor], family=[doctor], practice=world.north_practice)
    assert allowance_of(doctor, year=TODAY().year).happened == Decimal("140.00")
    assert SpendEntry.objects.first().shares.filter(role=Role.FAMILY).get().counted == 0


def test_employed_physicians_and_staff_follow_the_other_policy(world, limit, doctor):
    align(employed := factories.make_provider("Employed", at=world.north_practice), "employed")
    nurse = factories.make_provider("Nurse", at=world.north_practice, kind="np")
    entry = spend(world.nora, "90.00", providers=[employed, nurse, doctor], practice=world.north_practice)
    assert dict(entry.shares.values_list("provider", "rule")) == {doctor.pk: "limit", employed.pk: "employed", nurse.pk: "staff"}
    assert SpendTask.objects.count() == 0
    actions.save_policy(employed_yearly=Decimal("20"), staff_per_occasion=Decimal("25"), by=world.ada)
    actions.settle_year(year=TODAY().year)
    tasks = {task.cause: task for task in SpendTask.objects.open()}
    assert set(tasks) == {Cause.EMPLOYED, Cause.STAFF}
    assert (tasks[Cause.EMPLOYED].amount, tasks[Cause.EMPLOYED].provider) == (Decimal("10.00"), employed)
    assert "$30.00 each; the policy allows $25.00" in tasks[Cause.STAFF].why
    with pytest.raises(policies.OverLimit, match="Office staff would have"):
        spend(world.nora, "90.00", state="planned", providers=[nurse], practice=world.north_practice)


@pytest.mark.parametrize("kind", ["cash", "gift card"])
def test_cash_like_is_refused_and_what_was_given_goes_to_compliance(world, limit, doctor, kind):
    for fields in ({}, {"state": "planned"}, {"state": "planned", "is_reported": True, "override_reason": "please"}):
        with pytest.raises(PolicyViolation, match="can never be given"):
            spend(world.dana, "20.00", kind=kind, providers=[doctor], practice=world.north_practice, **fields)
    entry = spend(world.nora, "20.00", kind=kind, is_reported=True, providers=[doctor], practice=world.north_practice)
    task = SpendTask.objects.get(entry=entry)
    assert (task.kind, task.cause, task.amount) == (TaskKind.APPROVE, Cause.CASH, Decimal("20.00"))
    assert task.due_on == TODAY() + dt.timedelta(days=14)
    assert allowance_of(doctor, year=TODAY().year).happened == Decimal("20.00")


def test_solicited_gifts_are_refused(world, limit, doctor):
    with pytest.raises(PolicyViolation, match="asks for cannot be given"):
        spend(world.nora, is_solicited=True, providers=[doctor], practice=world.north_practice)
    entry = spend(world.nora, is_solicited=True, is_reported=True, providers=[doctor], practice=world.north_practice)
    assert SpendTask.objects.get(entry=entry).cause == Cause.SOLICITED


def test_the_yearly_medical_staff_event_is_exempt_once(world, limit, doctor):
    first = spend(world.dana, "4000.00", kind="staff event", providers=[doctor], practice=world.north_practice)
    second = spend(world.dana, "100.00", kind="staff event", providers=[doctor], practice=world.north_practice)
    assert [entry.shares.get().counted for entry in (first, second)] == [0, Decimal("100.00")]
    assert allowance_of(doctor, year=TODAY().year).happened == Decimal("100.00")


def test_incidental_items_are_apart_below_the_limit_for_one(world, doctor):
    make_limit(non_monetary="500", incidental="44")
    apart = spend(world.nora, "131.97", kind="incidental", quantity=3, providers=[doctor], practice=world.north_practice)
    counts = spend(world.nora, "132.00", kind="incidental", quantity=3, providers=[doctor], practice=world.north_practice)
    assert [entry.shares.get().counted for entry in (apart, counts)] == [0, Decimal("132.00")]


def test_where_the_incidental_limit_is_not_known_every_item_counts(world, doctor):
    make_limit(non_monetary="535", incidental=None)
    assert spend(world.nora, "3.00", kind="incidental", providers=[doctor], practice=world.north_practice).shares.get().counted == 3


def test_planned_spend_over_the_limit_is_blocked_unless_a_manager_says_why(world, limit, doctor):
    spend(world.nora, "300.00", providers=[doctor], practice=world.north_practice)
    plan = {"state": "planned", "providers": [doctor], "practice": world.north_practice}
    assert spend(world.nora, "200.00", **plan).state == SpendState.PLANNED  # exactly at the limit
    with pytest.raises(policies.OverLimit, match=r"would be at \$500.01 of \$500.00 .*: \$0.01 over"):
        spend(world.nora, "0.01", **plan)
    with pytest.raises(PolicyViolation, match="Only a manager"):
        spend(world.nora, "0.01", override_reason="It is only a cent", **plan)
    entry = spend(world.dana, "0.01", override_reason="Agreed with counsel", **plan)
    assert (entry.override_reason, entry.overridden_by) == ("Agreed with counsel", world.dana)
    assert SpendTask.objects.count() == 0  # nothing has happened yet
    assert AuditEvent.objects.filter(event="spend.overridden").get().by_label == str(world.dana)


def test_a_year_without_a_limit_is_refused_for_plans_and_kept_for_what_happened(world, doctor):
    make_limit(non_monetary=None, incidental=None)
    with pytest.raises(policies.OverLimit, match="No limit is set for"):
        spend(world.dana, "1.00", state="planned", providers=[doctor], practice=world.north_practice, override_reason="because")
    entry = spend(world.nora, "12.00", providers=[doctor], practice=world.north_practice)
    task = SpendTask.objects.get()
    assert (task.entry, task.cause, task.kind, task.amount) == (entry, Cause.NO_LIMIT, TaskKind.APPROVE, Decimal("12.00"))


def test_the_limit_typed_later_takes_the_task_back(world, doctor, run_jobs):
    entry = spend(world.nora, "12.00", providers=[doctor], practice=world.north_practice)
    assert SpendTask.objects.get().state == TaskState.OPEN
    actions.save_limit(year=entry.year, non_monetary=Decimal("535"), incidental=None, source="CMS", by=world.ada)
    run_jobs()
    assert SpendTask.objects.get().state == TaskState.WITHDRAWN


def test_what_happened_is_kept_and_a_small_excess_is_to_be_repaid(world, limit, doctor):
    spend(world.nora, "450.00", providers=[doctor], practice=world.north_practice)
    entry = spend(world.nora, "300.00", providers=[doctor], practice=world.north_practice)  # 250 over: exactly half
    task = SpendTask.objects.get()
    assert (task.kind, task.amount, task.entry, task.received_on) == (TaskKind.REPAY, Decimal("250.00"), entry, entry.spent_on)
    assert task.due_on == min(dt.date(entry.year, 12, 31), entry.spent_on + dt.timedelta(days=180)) == repay_by(entry.spent_on)
    spend(world.nora, "0.01", providers=[doctor], practice=world.north_practice)
    task.refresh_from_db()
    assert (task.kind, task.amount) == (TaskKind.APPROVE, Decimal("250.01"))
    assert "More than half" in task.why


def test_an_entry_of_another_day_moves_the_day_of_the_excess(world, limit, doctor):
    first = TODAY().replace(month=3, day=1) if TODAY().month > 3 else TODAY()
    late = spend(world.nora, "450.00", providers=[doctor], practice=world.north_practice)
    early = spend(world.nora, "100.00", spent_on=first, providers=[doctor], practice=world.north_practice)
    task = SpendTask.objects.get()
    assert (task.entry, task.received_on) == (max((early, late), key=lambda entry: (entry.spent_on, entry.pk)), late.spent_on)
    actions.cancel_spend(entry=early, reason="Typed twice", by=world.nora)
    task.refresh_from_db()
    assert task.state == TaskState.WITHDRAWN


def test_repaying_heals_once_in_three_years(world, doctor):
    year = TODAY().year
    for back in range(4):
        make_limit(year - back, "500")
    for back, kind in ((3, TaskKind.REPAY), (1, TaskKind.APPROVE)):
        day = dt.date(year - back, 6, 1)
        entry = spend(world.nora, "510.00", spent_on=day, providers=[doctor], practice=world.north_practice)
        task = SpendTask.objects.get(entry=entry)
        assert (task.kind, task.amount) == (kind, Decimal("10.00"))
    assert "once in three years" in task.why


def test_what_is_settled_is_not_asked_for_again(world, limit, doctor):
    spend(world.nora, "510.00", providers=[doctor], practice=world.north_practice)
    task = SpendTask.objects.get()
    with pytest.raises(PolicyViolation, match="Only a manager"):
        actions.finish_task(task=task, by=world.nora)
    actions.finish_task(task=task, note="Check 881", by=world.dana)
    with pytest.raises(PolicyViolation, match="done already"):
        actions.finish_task(task=task, by=world.dana)
    actions.settle_provider(provider_id=doctor.pk)
    assert not SpendTask.objects.open().exists()
    spend(world.nora, "5.00", providers=[doctor], practice=world.north_practice)
    again = SpendTask.objects.open().get()
    assert (again.kind, again.amount) == (TaskKind.APPROVE, Decimal("5.00"))  # the year's repayment is used


def test_repaid_after_its_day_goes_to_compliance(world, limit, doctor):
    spend(world.nora, "510.00", providers=[doctor], practice=world.north_practice)
    SpendTask.objects.update(due_on=TODAY() - dt.timedelta(days=2))
    task = actions.finish_task(task=SpendTask.objects.get(), by=world.dana)
    assert task.was_late
    assert "does not heal" in SpendTask.objects.open().get().why


def test_nobody_approves_their_own(world, doctor):
    spend(world.dana, "12.00", providers=[doctor], practice=world.north_practice)
    task = SpendTask.objects.get()
    with pytest.raises(PolicyViolation, match="somebody else has to approve"):
        actions.finish_task(task=task, note="fine", by=world.dana)
    with pytest.raises(PolicyViolation, match="Say why"):
        actions.finish_task(task=task, by=world.ada)
    assert actions.finish_task(task=task, note="The limit was published since", by=world.ada).state == TaskState.DONE


def test_a_change_follows_through_and_is_in_the_history(world, limit, doctor):
    entry = spend(world.nora, "600.00", providers=[doctor], practice=world.north_practice)
    assert SpendTask.objects.get().amount == Decimal("100.00")
    actions.change_spend(
        entry=entry, draft=make_draft("500.00", providers=[doctor], practice=world.north_practice, purpose="Other words"), by=world.nora
    )
    assert SpendTask.objects.get().state == TaskState.WITHDRAWN
    event = AuditEvent.objects.get(event="spend.changed")
    assert event.details["changed"] == ["amount", "purpose"]
    assert "Other words" not in str(event.details)
    with pytest.raises(PolicyViolation, match="or a manager"):
        actions.change_spend(entry=entry, draft=make_draft("1.00", providers=[doctor]), by=world.sol)
    actions.cancel_spend(entry=entry, reason="Did not take place", by=world.dana)
    with pytest.raises(PolicyViolation, match="cancelled already"):
        actions.cancel_spend(entry=entry, reason="again", by=world.dana)
    assert allowance_of(doctor, year=TODAY().year).used == 0


def test_a_plan_that_happens_is_kept_whatever_it_costs(world, limit, doctor):
    entry = spend(world.nora, "400.00", state="planned", providers=[doctor], practice=world.north_practice)
    now = allowance_of(doctor, year=TODAY().year)
    assert (now.happened, now.planned, now.percent, now.is_near) == (0, Decimal("400.00"), 80, True)
    actions.change_spend(entry=entry, draft=make_draft("520.00", providers=[doctor], practice=world.north_practice), by=world.nora)
    assert SpendTask.objects.get().amount == Decimal("20.00")


def test_merging_physicians_carries_spend_and_unmerging_gives_it_back(world, limit, doctor, run_jobs):
    twin = factories.make_provider("Northrup", at=world.north_practice, npi="")
    align(twin, "independent")
    for one in (doctor, twin):
        spend(world.nora, "300.00", providers=[one], practice=world.north_practice)
    assert not SpendTask.objects.exists()
    merge = merge_providers(survivor=doctor, merged=twin, by=world.ada)
    run_jobs()
    assert allowance_of(doctor, year=TODAY().year).happened == Decimal("600.00")
    assert [year.allowance.happened for year in allowances_of([doctor], on=TODAY())] == [Decimal("600.00")]
    task = SpendTask.objects.open().get()
    assert (task.provider, task.amount) == (doctor, Decimal("100.00"))
    unmerge(merge=merge, by=world.ada)
    run_jobs()
    assert not SpendTask.objects.open().exists()
    assert [allowance_of(one, year=TODAY().year).happened for one in (doctor, twin)] == [Decimal("300.00")] * 2


def test_an_entity_may_have_limits_of_its_own(world, limit, doctor):
    make_limit(non_monetary="100", entity=world.ours)
    spend(world.nora, "150.00", payer=world.ours, providers=[doctor], practice=world.north_practice)
    spend(world.nora, "450.00", providers=[doctor], practice=world.north_practice)
    task = SpendTask.objects.get()
    assert (task.payer, task.amount) == (world.ours, Decimal("50.00"))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"amount": "0"}, "above zero"),
        ({"amount": "1.005"}, "whole cents"),
        ({"amount": "NaN"}, "above zero"),
        ({"purpose": " "}, "business purpose"),
        ({"purpose": "Lunch about pt Miller"}, "patient"),
        ({"providers": []}, "who had part"),
        ({"quantity": 0}, "how many items"),
        ({"spent_on": dt.date(2031, 1, 1)}, "lies ahead"),
        ({"spent_on": dt.date(2020, 1, 1), "state": "planned"}, "is over"),
    ],
)
def test_what_no_entry_can_be(world, limit, doctor, fields, sentence):
    given = {"amount": "10.00", "providers": [doctor], "practice": world.north_practice} | fields
    with pytest.raises(PolicyViolation, match=sentence):
        spend(world.nora, **given)


def test_people_and_practices_out_of_scope_are_refused(world, limit, doctor):
    with pytest.raises(PolicyViolation, match="not in your territories"):
        spend(world.sol, providers=[doctor])
    with pytest.raises(PolicyViolation, match="in your territories only"):
        spend(world.sol, providers=[world.south_provider], practice=world.north_practice)
    with pytest.raises(PolicyViolation, match="Your role"):
        spend(world.ivan, providers=[doctor])


def test_a_visit_brings_its_spend_and_materials_along(world, limit, doctor):
    card, pdf = Material.objects.create(name="Referral card", reorder_at=5), Material.objects.create(name="Guide", kind="digital")
    visits.actions.receive_stock(material=card, pieces=10, by=world.nora)
    visit = visits.actions.log_visit(
        by=world.nora,
        practice=world.north_practice,
        visited_at=timezone.now(),
        outcome="met provider",
        providers=[doctor],
        staff=[factories.make_staff(world.north_practice)],
        materials=[(card, 4), (pdf, 1), (card, 3)],
        spend=[make_draft("30.00", spent_on=None)],
    )
    entry = VisitSpend.objects.get(visit=visit).entry
    assert (entry.practice, entry.spent_on, entry.shares.count()) == (visit.practice, timezone.localdate(visit.visited_at), 2)
    assert {row.material: row.quantity for row in visit.materials.all()} == {card: 7, pdf: 1}
    card.refresh_from_db()
    assert (card.stock, card.is_low) == (3, True)
    visits.actions.delete_visit(by=world.nora, visit=visit)
    card.refresh_from_db()
    assert card.stock == 10
    assert SpendEntry.objects.standing().count() == 1  # the ledger stays true
    visits.actions.restore_visit(by=world.nora, visit=visit)
    card.refresh_from_db()
    assert card.stock == 3 == sum(card.moves.values_list("pieces", flat=True))


def test_a_visit_whose_spend_is_refused_is_not_stored(world, limit, doctor):
    with pytest.raises(PolicyViolation, match="Gift cards"):
        visits.actions.log_visit(
            by=world.nora,
            practice=world.north_practice,
            visited_at=timezone.now(),
            providers=[doctor],
            spend=[make_draft(kind="gift card")],
        )
    assert not world.north_practice.visits.exists()


@pytest.mark.django_db(transaction=True)
def test_two_plans_at_once_do_not_both_fit_into_one_rest(world, limit, doctor):
    """The second waits for the first, then sees it."""
    said: list[str] = []
    plan = {"state": "planned", "providers": [doctor], "practice": world.north_practice}

    def second() -> None:
        try:
            spend(world.nora, "300.00", **plan)
        except policies.OverLimit as refusal:
            said.append(str(refusal))
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        spend(world.nora, "300.00", **plan)
        thread.start()
        thread.join(1)
        assert thread.is_alive()
    thread.join(20)
    assert "$600.00 of $500.00" in said[0]
    assert SpendEntry.objects.count() == 1


def test_sums_by_year_name_nobody(world, limit, doctor):
    spend(world.nora, "30.00", providers=[doctor], practice=world.north_practice)
    spend(world.nora, "12.50", kind="item", staff_count=5, practice=world.north_practice)
    spend(world.nora, "99.00", state="planned", providers=[doctor], practice=world.north_practice)
    (year,) = year_sums()
    assert (year.amount, year.entries, year.physicians) == (Decimal("42.50"), 2, 1)
    assert SpendPolicy.current().pk == 1
