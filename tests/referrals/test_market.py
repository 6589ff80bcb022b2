"""Market data: read whatever the columns are called, told twice without effect, replaced by what was told later, taken back exactly."""

import datetime as dt
import io
import json

import pytest
from django.conf import settings
from django.core.management.base import CommandError
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from common.csvsafe import xlsx_bytes
from common.exceptions import InputError, PolicyViolation
from common.npi import with_check_digit
from referrals import actions
from referrals.importing.market_rows import read_count, read_month
from referrals.models import DataVersion, MarketFile, MarketFileKind, MarketMonth, MarketVendor
from tests.factories import make_line, make_provider
from tests.factories.market import MARKET, load_market, market_row, text

NPI, OTHER = with_check_digit("200000001"), with_check_digit("200000002")


def current(npi: str = NPI) -> list[tuple[str, int, int]]:
    rows = MarketMonth.objects.filter(npi=npi, is_current=True).order_by("vendor", "month")
    return [(f"{row.month:%Y-%m}", row.to_us, row.total) for row in rows]


@pytest.fixture(autouse=True)
def _lines(db):
    make_line("Cardiology")
    make_line("Women's Health")


class TestCells:
    @pytest.mark.parametrize(
        "written", ["2026-03", "2026-03-01", "2026-03-01 00:00:00", "2026-03-15", "202603", "3/2026", "03-2026", "3/1/2026", "Mar 2026",
                "March 2026", "mar-26"]
    )  # fmt: skip
    def test_a_month_is_read_however_it_is_written(self, written):
        assert read_month(written) == dt.date(2026, 3, 1)

    @pytest.mark.parametrize("written", ["", "2026", "2026-13", "0026-03", "next month", "13/2026", "Foo 2026"])
    def test_what_is_no_month_is_none(self, written):
        assert read_month(written) is None

    def test_counts(self):
        assert [read_count(cell) for cell in ("0", "12", "1,234", "12.0", "1,234,567.00")] == [0, 12, 1234, 12, 1234567]
        assert [read_count(cell) for cell in ("", "-1", "1.5", "12,34", "x", "9" * 20)] == [None] * 6


def test_columns_may_be_called_otherwise_and_stand_anywhere():
    header = (
        "Total referrals",
        "Referrals to us",
        "Referring Provider NPI",
        "SPECIALTY",
        "Service Month",
        "Data Vendor",
        "Data through",
        "Note",
    )
    file = load_market((40, 12, NPI, "womens health", "Mar 2026", "Claims Co", "4/30/2026", "x"), header=header)
    assert (file.state, file.new, file.vendors, file.through_on) == ("loaded", 1, ["Claims Co"], dt.date(2026, 4, 30))
    assert current() == [("2026-03", 12, 40)]


def test_a_column_that_is_missing_is_named_or_said():
    header = tuple(name for name in MARKET if name not in {"vendor", "through"})
    row = (NPI, "Cardiology", "2026-03", 1, 2)
    assert 'it has no column "Vendor" and no column "Through"' in load_market(row, header=header).error
    assert load_market(row, header=header, vendor="Claims Co", through="2026-03-31").state == "loaded"
    with pytest.raises(InputError, match="is no day"):
        load_market(row, header=header, vendor="Claims Co", through="soon")


@pytest.mark.parametrize(
    ("row", "reason", "says"),
    [
        (market_row("1234567890", 1, 2), "not an NPI", "check digit"),
        (market_row(NPI, 1, 2, line="Astrology"), "no such service line", "Settings, Service lines"),
        (market_row(NPI, 1, 2, month="soon"), "no month", "2026-03"),
        (market_row(NPI, "<11", 20), "count hidden", "hides"),
        (market_row(NPI, 1, "*"), "count hidden", "hides"),
        (market_row(NPI, "some", 20), "not a count", "whole number"),
        (market_row(NPI, 3, 2), "more than all", "3 to us are more than the 2"),
        (market_row(NPI, 1, 2, vendor=" "), "no vendor", "no vendor"),
        (market_row(NPI, 1, 2, through="then"), "no through date", "no day"),
        (market_row(NPI, 1, 2, through="2999-01-01"), "future", "future"),
        (market_row(NPI, 1, 2, month="2026-10", through="2026-09-30"), "month not begun", "Oct 2026 had not begun"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_stops_no_other(row, reason, says):
    file = load_market(row, market_row(OTHER, 1, 2))
    assert (file.rows, file.new, file.rejected) == (2, 1, {reason: 1})
    reject = file.rejects.get()
    assert reject.line_number == 2
    assert says in reject.sentence
    assert reject.record[0] == row[0]


def test_rows_of_a_file_that_speak_of_the_same():
    file = load_market(market_row(NPI, 1, 9), market_row(NPI, 1, 9), market_row(NPI, 2, 9), market_row(NPI, 5, 10, through="2026-11-01"))
    assert file.findings == {"row repeated": 1}
    assert file.rejected == {"says otherwise": 1}
    reject = file.rejects.get()
    assert (reject.line_number, reject.sentence) == (4, "Line 2 tells other counts of the same provider, line and month.")
    assert reject.record == [NPI, "Cardiology", "2026-09-01", "2", "9", "Claims Co", "2026-10-31"]
    assert current() == [("2026-09", 5, 10)]
    assert file.rows == file.new + file.changed + file.unchanged + file.rejected_total


def test_the_same_file_twice_changes_nothing():
    rows = [market_row(NPI, 3, 9), market_row(OTHER, 0, 0)]
    first = load_market(*rows)
    before, version = list(MarketMonth.objects.values()), DataVersion.objects.count()
    assert load_market(*rows) == first
    again = load_market(*reversed(rows))  # other bytes, the same rows
    assert (again.new, again.changed, again.unchanged) == (0, 0, 2)
    assert current() == [("2026-09", 3, 9)]
    assert DataVersion.objects.count() == version
    actions.undo_market_file(file=first, by=None, why="test")
    assert current() == [("2026-09", 3, 9)]  # the second told the same, and stays
    actions.undo_market_file(file=again, by=None, why="test")
    assert not MarketMonth.objects.exists()
    assert load_market(*rows).new == len(before) == 2


def test_a_later_through_replaces_and_an_undo_brings_back():
    load_market(market_row(NPI, 3, 9, through="2026-09-30"))
    later = load_market(market_row(NPI, 4, 12, through="2026-10-31"))
    assert (later.new, later.changed) == (0, 1)
    late = load_market(market_row(NPI, 1, 1, through="2026-09-15"))  # an old file that comes late replaces nothing
    assert (late.new, late.changed, late.unchanged) == (0, 0, 1)
    assert current() == [("2026-09", 4, 12)]
    load_market(market_row(NPI, 8, 9, vendor="Other vendor"))
    assert current() == [("2026-09", 4, 12), ("2026-09", 8, 9)]  # vendors are never mixed
    actions.undo_market_file(file=later, by=None, why="wrong extract")
    assert current() == [("2026-09", 3, 9), ("2026-09", 8, 9)]
    later.refresh_from_db()
    assert (later.state, later.undone_why) == ("undone", "wrong extract")
    with pytest.raises(PolicyViolation):
        actions.undo_market_file(file=later, by=None, why="again")
    with pytest.raises(InputError, match="Say why"):
        actions.undo_market_file(file=late, by=None, why=" ")


def test_a_vendor_is_known_whatever_its_case():
    load_market(market_row(NPI, 1, 2, vendor="Claims Co"), market_row(OTHER, 1, 2, vendor="CLAIMS  co"))
    assert MarketVendor.objects.count() == 1


def test_providers_whom_we_do_not_know_are_kept_and_counted():
    known = make_provider(npi=NPI)
    file = load_market(market_row(known.npi, 1, 2), market_row(OTHER, 1, 2), market_row(OTHER, 1, 2, month="2026-08"))
    assert (file.npis, file.unknown_npis) == (2, 1)
    assert len(current(OTHER)) == 2


def test_a_check_keeps_nothing_but_what_it_found():
    version = DataVersion.objects.count()
    file = load_market(market_row(NPI, 1, 2), market_row("x", 1, 2), dry_run=True)
    assert (file.state, file.new, file.rejected_total, file.rejects.count()) == ("checked", 1, 1, 1)
    assert not MarketMonth.objects.exists()
    assert not MarketVendor.objects.exists()
    assert (settings.UPLOADS / file.stored_as).is_file()
    loaded = actions.read_market_file(file=file, by=None, dry_run=False)
    assert (loaded.state, loaded.rejects.count(), MarketMonth.objects.count()) == ("loaded", 1, 1)
    assert DataVersion.objects.count() == version + 1
    with pytest.raises(PolicyViolation):
        actions.read_market_file(file=loaded, by=None, dry_run=False)


def test_a_file_of_which_nothing_can_be_read_fails_and_goes(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        file = load_market(market_row("x", 1, 2))
        stored = actions.take_market_file(kind=MarketFileKind.MARKET, file=io.BytesIO(b"no table"), file_name="x", by=None)
        path = settings.UPLOADS / stored.stored_as
        failed = actions.read_market_file(file=stored, by=None, dry_run=False)
    assert file.state == failed.state == "failed"
    assert "None of the 1 rows could be read" in file.error
    assert not path.exists()
    assert not MarketMonth.objects.exists()


def test_every_step_is_in_the_history():
    file = load_market(market_row(NPI, 1, 2))
    actions.undo_market_file(file=file, by=None, why="test")
    told = list(AuditEvent.objects.filter(target_type="referrals.marketfile").order_by("pk").values_list("event", flat=True))
    assert told == ["market.uploaded", "market.loaded", "market.undone"]


class TestCommand:
    def test_text_and_workbook(self, manage, tmp_path):
        path = tmp_path / "market.csv"
        path.write_bytes(text(MARKET, [market_row(NPI, 3, 9), market_row(OTHER, 3, 9, line="x")]).getvalue())
        said = json.loads(manage("import_market", str(path), "--json"))
        assert (said["rows"], said["new"], said["unknown_npis"], said["rejected"]) == (2, 1, 1, {"no such service line": 1})
        again = json.loads(manage("import_market", str(path), "--json"))
        assert (again["file"], again["new"], again["changed"], again["unchanged"]) == (said["file"], 0, 0, 1)
        book = tmp_path / "market.xlsx"
        book.write_bytes(xlsx_bytes("Market", MARKET, [market_row(NPI, 4, 9, month=dt.date(2026, 9, 1), through=dt.date(2026, 11, 1))]))
        assert "1 changed" in manage("import_market", str(book), "--dry-run")
        assert current() == [("2026-09", 3, 9)]
        assert "1 changed" in manage("import_market", str(book))
        assert current() == [("2026-09", 4, 9)]
        number = MarketFile.objects.latest("pk").pk
        assert "1 rows taken back" in manage("import_market", "--undo", str(number), "--why", "test")
        assert current() == [("2026-09", 3, 9)]

    def test_refusals_are_sentences(self, manage, tmp_path):
        with pytest.raises(CommandError, match="Name the file"):
            manage("import_market")
        with pytest.raises(CommandError, match="There is no file 9"):
            manage("import_market", "--undo", "9")
        with pytest.raises(CommandError, match="cannot be read"):
            manage("import_market", str(tmp_path / "nothing.csv"))
        path = tmp_path / "x.csv"
        path.write_text("a,b\n1,2\n")
        with pytest.raises(CommandError, match="This is not market data"):
            manage("import_market", str(path))


ROW = st.tuples(st.sampled_from([NPI, OTHER]), st.sampled_from(["2026-08", "2026-09"]), st.integers(0, 3), st.integers(3, 5),
                st.sampled_from(["A", "B"]), st.sampled_from(["2026-09-30", "2026-10-31"]))  # fmt: skip


@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(ROW, min_size=1, max_size=6), min_size=1, max_size=4), gone=st.sets(st.integers(0, 3)))
def test_what_is_current_is_what_a_plain_recount_says(files, gone):
    """Any files in any order, any of them undone: of what is left, the latest through date leads, then the later file."""
    MarketFile.objects.all().delete()
    kept: list[tuple[int, list]] = []
    for number, rows in enumerate(files):
        file = load_market(*(market_row(npi, a, b, month=month, vendor=vendor, through=day) for npi, month, a, b, vendor, day in rows))
        if number in gone:
            if file.state == "loaded":
                actions.undo_market_file(file=file, by=None, why="test")
                kept = [entry for entry in kept if entry[0] != file.pk]
        else:
            kept.append((file.pk, rows))
    expected: dict = {}
    for pk, rows in sorted(kept, key=lambda entry: entry[0]):
        first: dict = {}
        for npi, month, a, b, vendor, day in rows:
            first.setdefault((vendor, npi, month, day), (a, b))  # what the same file says otherwise later is refused
        for (vendor, npi, month, day), counts in first.items():
            known = expected.get((vendor, npi, month))
            if known is None or (day, pk) >= known[:2]:
                expected[vendor, npi, month] = (day, pk, counts)
    found = {
        (row.vendor.name, row.npi, f"{row.month:%Y-%m}"): (row.to_us, row.total)
        for row in MarketMonth.objects.filter(is_current=True).select_related("vendor")
    }
    assert found == {key: counts for key, (_, _, counts) in expected.items()}
