"""Capacity of our sites: dated statements, from files or by hand; the last one told of a day stands."""

import datetime as dt
import json

import pytest

from common.exceptions import PolicyViolation
from contacts.models import Organization
from referrals import actions
from referrals.models import Capacity, Payer
from tests.factories import make_line, make_organization
from tests.factories.market import CAPACITY, load_capacity, make_capacity, text


@pytest.fixture(autouse=True)
def _site(db):
    make_line("Cardiology")
    make_organization("Riverbend Cardiology", alignment="employed")


def row(**said):
    cells = {"site": "Riverbend Cardiology", "service line": "Cardiology", "as of": "2026-10-01", "accepting new patients": "yes",
             "third next available": 9, "payers": "Medicare; Aetna", "address": "1 Main St", "ZIP": "44101"}  # fmt: skip
    return tuple({**cells, **{name.replace("_", " "): value for name, value in said.items()}}[name] for name in CAPACITY)


def test_a_statement_is_read():
    file = load_capacity(row(site="RIVERBEND  cardiology"))
    told = Capacity.objects.get()
    assert (file.new, file.through_on) == (1, dt.date(2026, 10, 1))
    assert (told.is_accepting, told.third_next_available, told.address, told.zip) == (True, 9, "1 Main St", "44101")
    assert {payer.name for payer in told.payers.all()} == {"Medicare", "Aetna"}


def test_blank_means_that_nobody_knows():
    load_capacity(row(accepting_new_patients="", third_next_available="", payers="", address="", ZIP=""))
    told = Capacity.objects.get()
    assert (told.is_accepting, told.third_next_available, told.zip, told.payers.count()) == (None, None, "", 0)


def test_payers_are_those_that_referrals_name():
    known = Payer.objects.create(name="Medicare")
    load_capacity(row(payers="MEDICARE | Plan, B"))
    assert known in Capacity.objects.get().payers.all()
    assert set(Payer.objects.values_list("name", flat=True)) == {"Medicare", "Plan", "B"}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"site": ""}, "no site"),
        ({"site": "Nowhere"}, "no such site"),
        ({"service_line": "Astrology"}, "no such service line"),
        ({"as_of": "soon"}, "no day"),
        ({"as_of": "2999-01-01"}, "future"),
        ({"accepting_new_patients": "perhaps"}, "not yes or no"),
        ({"third_next_available": "a week"}, "not a number of days"),
        ({"third_next_available": 5000}, "not a number of days"),
        ({"ZIP": "00000"}, "no such ZIP code"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason(said, reason):
    file = load_capacity(row(**said), row())
    assert (file.new, file.rejected) == (1, {reason: 1})
    assert file.rejects.get().sentence


def test_twice_replaced_and_taken_back():
    first = load_capacity(row())
    assert load_capacity(row()) == first
    again = load_capacity(row(payers="Aetna;Medicare"))
    assert (again.new, again.changed, again.unchanged) == (0, 0, 1)
    other = load_capacity(row(third_next_available=30), row(third_next_available=31), row(third_next_available=30), row(as_of="2026-11-01"))
    assert (other.new, other.changed, other.findings, other.rejected) == (1, 1, {"row repeated": 1}, {"says otherwise": 1})
    assert [told.third_next_available for told in Capacity.objects.effective()] == [30, 9]
    assert [told.as_of_on.month for told in Capacity.objects.newest()] == [11]
    assert [told.third_next_available for told in Capacity.objects.newest(dt.date(2026, 10, 20))] == [30]
    actions.undo_market_file(file=other, by=None, why="test")
    assert [(told.as_of_on.month, told.third_next_available) for told in Capacity.objects.effective()] == [(10, 9)]


def test_one_day_for_a_whole_file():
    header = tuple(name for name in CAPACITY if name != "as of")
    cells = tuple(cell for name, cell in zip(CAPACITY, row(), strict=True) if name != "as of")
    assert 'no column "As of"' in load_capacity(cells, header=header).error
    load_capacity(cells, header=header, as_of="2026-09-30")
    assert Capacity.objects.get().as_of_on == dt.date(2026, 9, 30)


def test_a_merged_site_stands_for_the_one_it_became():
    site = Organization.objects.get()
    Organization.objects.filter(pk=make_organization("Old Name").pk).update(merged_into=site)
    load_capacity(row(site="Old Name"))
    assert Capacity.objects.get().organization == site


def test_told_by_hand():
    site, line = Organization.objects.get(), make_line("Cardiology")
    load_capacity(row())
    make_capacity(site, line, as_of=dt.date(2026, 10, 1), wait=2)
    assert [told.third_next_available for told in Capacity.objects.effective()] == [2]
    with pytest.raises(PolicyViolation, match="future"):
        make_capacity(site, line, as_of=dt.date(2999, 1, 1))


def test_command(manage, tmp_path):
    path = tmp_path / "capacity.csv"
    path.write_bytes(text(CAPACITY, [row()]).getvalue())
    assert json.loads(manage("import_capacity", str(path), "--json"))["new"] == 1
    assert json.loads(manage("import_capacity", str(path), "--json"))["unchanged"] == 1
