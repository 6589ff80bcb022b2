"""Margins, program costs and weights: dated rows without overlap, kept by an admin, told as missing where none holds."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from audit.models import AuditEvent
from common.exceptions import InputError, PolicyViolation
from reports import actions
from reports.importing.money import read, table_of
from reports.models import AttributionWeight, ContributionMargin, ProgramCost
from reports.queries.money import Margins, cost_of, weight_of
from tests.factories.reports import make_payer

JAN, APR, JUL, NEXT = (dt.date(2026, month, 1) for month in (1, 4, 7, 10))


def margin(world, **given):
    values = {"service_line": world.line, "payer": None, "started_on": JAN, "amount": Decimal(400), **given}
    return actions.save_money(by=world.ada, model=ContributionMargin, values=values)


def cost(world, start, end, amount=9000, **given):
    return actions.save_money(
        by=world.ada, model=ProgramCost, values={"started_on": start, "ended_on": end, "amount": Decimal(amount), **given}
    )


def weight(world, start, end, share):
    return actions.save_money(
        by=world.ada, model=AttributionWeight, values={"started_on": start, "ended_on": end, "weight": Decimal(share)}
    )


def test_a_payers_own_margin_goes_before_the_lines_default(world):
    medicare, other = make_payer("Medicare"), make_payer("Other")
    default, own = margin(world), margin(world, payer=medicare, amount=Decimal(250), ended_on=JUL)
    known = Margins.read()
    look = lambda day, payer, line=world.line: known.on(day, service_line_id=line and line.pk, payer_id=payer and payer.pk)  # noqa: E731
    assert look(APR, medicare) == own
    assert look(JUL, medicare) == default, "the end is not in it"
    assert look(APR, other) == look(APR, None) == default
    assert look(JAN - dt.timedelta(days=1), medicare) is None
    assert look(APR, medicare, world.other_line) is None
    assert look(APR, medicare, None) is None


@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        (APR, None, True),
        (dt.date(2025, 1, 1), dt.date(2025, 6, 1), False),
        (JUL, NEXT, False),
        (dt.date(2025, 1, 1), JAN, False),
        (JAN, APR, True),
    ],
)
def test_no_two_rows_of_the_same_line_and_payer_on_one_day(world, start, end, refused):
    margin(world, ended_on=JUL)
    if refused:
        with pytest.raises(PolicyViolation, match="every other payer has a row from 1 Jan 2026 until 1 Jul 2026 already"):
            margin(world, started_on=start, ended_on=end)
    else:
        margin(world, started_on=start, ended_on=end)
    margin(world, started_on=start, ended_on=end, payer=make_payer())  # another payer is another row
    assert ContributionMargin.objects.count() == (2 if refused else 3)


def test_the_database_refuses_an_overlap_too(world, monkeypatch):
    """Two people at once: the second one's check saw nothing yet."""
    margin(world)
    monkeypatch.setattr("reports.policies.money.check_no_overlap", lambda row: None)
    with pytest.raises(PolicyViolation, match="Somebody else"):
        margin(world, started_on=APR)
    assert ContributionMargin.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ended_on": JAN}, "the earliest end is 2 Jan 2026"),
        ({"started_on": dt.date(1999, 1, 1)}, "before 1 Jan 2000"),
        ({"low": Decimal(300)}, "both the lowest and the highest"),
        ({"low": Decimal(500), "high": Decimal(600)}, r"\$400\.00 does not lie between \$500\.00 and \$600\.00"),
    ],
)
def test_impossible_margins_are_refused_with_a_sentence(world, given, words):
    with pytest.raises(PolicyViolation, match=words):
        margin(world, **given)


def test_impossible_costs_and_weights_are_refused(world):
    with pytest.raises(PolicyViolation, match="of a period"):
        cost(world, JAN, None)
    with pytest.raises(PolicyViolation, match="below zero"):
        cost(world, JAN, APR, -1)
    with pytest.raises(PolicyViolation, match="between 0 and 1"):
        weight(world, JAN, None, "1.2")


def test_cost_is_spread_over_days_and_what_is_missing_is_said(world):
    cost(world, JAN, APR, 9000)
    cost(world, dt.date(2026, 5, 1), JUL, 6100)
    cost(world, JAN, NEXT, 777, territory=world.north)  # a territory's cost is not the program's
    found = cost_of(start=dt.date(2026, 3, 1), end=NEXT)
    assert found.amount == Decimal(9000) * 31 / 90 + 6100
    assert found.missing == ((APR, dt.date(2026, 5, 1)), (JUL, NEXT))
    assert not found.is_whole
    assert cost_of(start=JAN, end=APR).is_whole
    assert cost_of(start=JAN, end=NEXT, territory_id=world.north.pk).amount == 777
    nothing = cost_of(start=JAN, end=APR, territory_id=world.south.pk)
    assert (nothing.amount, nothing.missing) == (0, ((JAN, APR),))


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30), st.integers(0, 5000)), max_size=5), st.integers(0, 80), st.integers(1, 40)
)
def test_cost_of_any_period_is_the_sum_of_its_days(spans, first, length):
    """The slow twin: each day's share, one after the other."""
    from reports.queries import money  # noqa: PLC0415

    rows, reached = [], JAN
    for gap, days, amount in spans:
        start = reached + dt.timedelta(days=gap)
        reached = start + dt.timedelta(days=days)
        rows.append(ProgramCost(started_on=start, ended_on=reached, amount=Decimal(amount)))
    start, end = JAN + dt.timedelta(days=first), JAN + dt.timedelta(days=first + length)
    total, missing = Decimal(0), 0
    for place in range(length):
        today = start + dt.timedelta(days=place)
        held = [row for row in rows if row.started_on <= today < row.ended_on]
        missing += not held
        total += sum(row.amount / (row.ended_on - row.started_on).days for row in held)
    found = money.spread(rows, start=start, end=end)
    assert abs(found.amount - total) < Decimal("0.01")
    assert sum((last - begin).days for begin, last in found.missing) == missing


def test_the_weight_is_one_unless_a_row_says_otherwise(world):
    assert (weight_of(start=JAN, end=JUL).value, weight_of(start=JAN, end=JUL).is_default) == (1, True)
    weight(world, JAN, APR, "0.5")
    assert (weight_of(start=JAN, end=APR).value, weight_of(start=JAN, end=APR).is_default) == (0.5, False)
    assert weight_of(start=JAN, end=JUL).value == pytest.approx((90 * 0.5 + 91) / 181)


def test_every_write_is_in_the_audit_trail(world):
    row = margin(world)
    actions.save_money(
        by=world.ada,
        model=ContributionMargin,
        values={"service_line": world.line, "started_on": JAN, "amount": Decimal(450), "note": " finance "},
        row=row,
    )
    actions.end_money(by=world.ada, row=row, ended_on=JUL)
    with pytest.raises(PolicyViolation, match="ends on 1 Jul 2026 already"):
        actions.end_money(by=world.ada, row=row, ended_on=NEXT)
    with pytest.raises(PolicyViolation, match="earliest end is 2 Jan 2026"):
        actions.end_money(by=world.ada, row=row, ended_on=JAN)
    actions.delete_money(by=world.ada, row=row)
    told = {event.event: event for event in AuditEvent.objects.filter(event__startswith="margin.")}
    assert set(told) == {"margin.added", "margin.changed", "margin.ended", "margin.deleted"}
    assert told["margin.changed"].details["before"]["amount"] == "400"
    assert told["margin.changed"].details["after"]["note"] == "finance"
    assert told["margin.added"].by_label == str(world.ada)


def test_a_file_comes_back_as_it_went(world):
    margin(world, payer=make_payer("Medicare"), low=Decimal(300), high=Decimal(500), note="2026 budget")
    margin(world, amount=Decimal("-12.50"), ended_on=JUL)
    rows = list(ContributionMargin.objects.all())
    header, lines = table_of(ContributionMargin, rows)
    from common.csvsafe import csv_rows  # noqa: PLC0415

    text = "".join(csv_rows(header, lines)).encode()
    before = [actions.MONEY_FIELDS[ContributionMargin], [str(row) for row in rows]]
    ContributionMargin.objects.all().delete()
    found = [(row.line, row.values) for row in read(io.BytesIO(text), ContributionMargin)]
    assert actions.import_money(by=world.ada, model=ContributionMargin, rows=found) == (2, 0)
    assert before == [actions.MONEY_FIELDS[ContributionMargin], [str(row) for row in ContributionMargin.objects.all()]]
    assert ContributionMargin.objects.get(payer=None).amount == Decimal("-12.50")
    assert actions.import_money(by=world.ada, model=ContributionMargin, rows=found) == (0, 2), "the same file again changes nothing"


def test_a_files_bad_lines_are_told_at_once_and_nothing_is_kept(world):
    text = b"service_line,from,amount\nCardiology,2026-01-01,400\nRocketry,soon,much\n,2026-01-01,1\n"
    with pytest.raises(InputError, match=r'Line 3: .*"Rocketry".*Line 4: service line is missing.*Nothing of the file was kept'):
        read(io.BytesIO(text), ContributionMargin)
    with pytest.raises(InputError, match="lacks the column amount"):
        read(io.BytesIO(b"service_line,from\nCardiology,2026-01-01\n"), ContributionMargin)
    twice = [(line, {"service_line": world.line, "started_on": JAN, "amount": Decimal(line)}) for line in (2, 3, 4)]
    with pytest.raises(PolicyViolation, match=r"Line 3: .* Line 4: .*Nothing of the file was kept"):
        actions.import_money(by=world.ada, model=ContributionMargin, rows=twice)
    assert not ContributionMargin.objects.exists()


def test_pages_of_the_admin(as_, world):
    client = as_("ada")
    page = client.get(reverse("reports:margins"))
    assert "Nothing here yet" in page.content.decode()
    sent = {"service_line": world.line.pk, "amount": "400", "started_on": "2026-01-01"}
    assert client.post(reverse("reports:margins"), sent).status_code == 302
    again = client.post(reverse("reports:margins"), sent)
    assert again.status_code == 422
    assert "already. End or change that one first." in again.content.decode()
    row = ContributionMargin.objects.get()
    page = client.get(reverse("reports:margins")).content.decode()
    assert "$400.00" in page
    assert "Cardiology" in page
    assert client.post(reverse("reports:money-row", args=["margins", row.pk]), {**sent, "amount": "401"}).status_code == 302
    refused = client.post(reverse("reports:money-row", args=["margins", row.pk]), {**sent, "ended_on": "2025-01-01"})
    assert refused.status_code == 422
    row.refresh_from_db()
    assert (row.amount, row.ended_on) == (401, None), "a refused change writes nothing"
    assert client.post(reverse("reports:money-end", args=["margins", row.pk]), {"ended_on": "2025-12-01"}).status_code == 422
    assert client.post(reverse("reports:money-end", args=["margins", row.pk]), {"ended_on": "2026-06-01"}).status_code == 302
    files = {"file": SimpleUploadedFile("m.csv", b"service line,payer,from,until,amount\nCardiology,,6/1/2026,,$1,5\n")}
    assert client.post(reverse("reports:money-file", args=["margins"]), files).status_code == 302
    bad = {"file": SimpleUploadedFile("m.csv", b"service line,from,amount\nCardiology,2026-02-01,x\n")}
    assert client.post(reverse("reports:money-file", args=["margins"]), bad).status_code == 422
    answer = client.get(reverse("reports:money-export", args=["margins", "csv"]))
    lines = b"".join(answer).decode("utf-8-sig").splitlines()
    assert lines[0] == "service_line,payer,from,until,amount,low,high,note"
    assert lines[1].startswith("Cardiology,,2026-06-01,,")
    assert client.get(reverse("reports:money-export", args=["margins", "xlsx"])).status_code == 200
    assert client.get("/reports/money/margins/rows.pdf").status_code == 404
    assert client.get("/reports/money/rockets/").status_code == 404
    assert client.post(reverse("reports:money-row", args=["margins", row.pk]), {"delete": "1"}).status_code == 302
    assert ContributionMargin.objects.count() == 1


def test_pages_of_costs_and_weights(as_, world):
    client = as_("ada")
    sent = {"amount": "120000", "started_on": "2026-01-01", "ended_on": "2027-01-01", "territory": world.north.pk, "note": "Budget"}
    assert client.post(reverse("reports:costs"), sent).status_code == 302
    assert client.post(reverse("reports:costs"), {**sent, "ended_on": ""}).status_code == 422
    assert "$120,000.00" in client.get(reverse("reports:costs")).content.decode()
    assert client.post(reverse("reports:weights"), {"weight": "0.8", "started_on": "2026-01-01"}).status_code == 302
    assert "0.800" in client.get(reverse("reports:weights")).content.decode()


def test_only_those_who_change_settings_write_and_only_who_sees_the_return_reads(as_, world):
    margin(world)
    for who, status in (("ada", 200), ("dana", 403), ("ivan", 403), ("elle", 403), ("nora", 403)):
        assert as_(who).get(reverse("reports:margins")).status_code == status, who
    assert {who: ContributionMargin.objects.visible_to(person).count() for who, person in world.cast.items()} == {
        "nora": 0,
        "sol": 0,
        "past": 0,
        "over": 0,
        "dana": 1,
        "ada": 1,
        "ivan": 1,
        "elle": 1,
    }


def test_the_list_is_flat(as_, world, assert_flat_queries):
    as_("ada")

    def add(count):
        for place in range(count):
            margin(world, payer=make_payer(f"P{ContributionMargin.objects.count()}-{place}"))

    assert_flat_queries(reverse("reports:margins"), add)
