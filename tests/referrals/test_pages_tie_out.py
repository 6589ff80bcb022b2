"""A source's own counts: read as people write them, kept, and held against ours with every part of the difference named."""

import datetime as dt
import random
from collections import Counter

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit.models import AuditEvent
from common.exceptions import InputError
from referrals import actions
from referrals.importing.totals import parse_totals, record_reader
from referrals.models import ControlTotal, ImportBatch, Referral, SourceRow
from referrals.presenters.tie_out import LABELS, chart, tie_out
from referrals.queries.tie_out import Counts, counts
from tests.factories.rows import make_batch, make_referral, make_source

MAY, JUNE = dt.date(2026, 5, 1), dt.date(2026, 6, 1)
MAPPING = {"columns": {"source_key": "Nr", "ordered_on": "On"}}


@pytest.fixture
def ivan(as_):
    return as_("ivan")


@pytest.mark.parametrize(
    "line",
    [
        "2026-05\t1284",
        "2026-05,1284",
        "2026-05;1,284",
        "05/2026 1284",
        "5/1/2026\t1,284",
        "May 2026: 1,284",
        '"May 2026","1,284"',
        "may, 2026 1284",
        "2026-05-01\t1284.0",
        "2026-05-01 00:00:00\t1284",
        "2026/5 = 1'284",
    ],
)
def test_a_month_and_its_count_in_many_hands(line):
    assert parse_totals(["Month,Referrals", "", line]) == ({MAY: 1284}, [])


@pytest.mark.parametrize("line", ["2026-13\t4", "May\t4", "2026-05", "2026-05\tmany", "Mai 2026 5", "2026-05\t9999999999", "12\t3"])
def test_what_is_no_count_is_said_by_its_line(line):
    totals, wrong = parse_totals(["2026-06\t1", line])
    assert totals == {JUNE: 1}
    assert wrong == ["Line 2 is no month and count. Write it like “2026-05” and “1,284” with a tab or comma between."]


def test_one_month_told_twice():
    assert parse_totals(["2026-05 4", "2026-05 4"]) == ({MAY: 4}, [])
    assert parse_totals(["2026-05 4", "2026-05 5"])[1] == ["Line 2 tells May 2026 a second time, with another count."]


def test_counts_are_kept_changed_and_taken_away(world):
    source = make_source()
    assert actions.save_control_totals(source=source, totals={MAY: 10, JUNE.replace(day=9): 20}, by=world.ivan) == 2
    assert actions.save_control_totals(source=source, totals={MAY: 10, JUNE: None, dt.date(2026, 4, 1): None}, by=world.ivan) == 1
    assert list(ControlTotal.objects.values_list("month", "total", "told_by")) == [(MAY, 10, world.ivan.pk)]
    assert AuditEvent.objects.filter(event="source.counts_told").count() == 2
    assert actions.save_control_totals(source=source, totals={MAY: 10}, by=world.ivan) == 0
    with pytest.raises(InputError, match="yet to come"):
        actions.save_control_totals(source=source, totals={dt.date(2099, 1, 1): 3}, by=world.ivan)
    with pytest.raises(InputError, match="whole number"):
        actions.save_control_totals(source=source, totals={MAY: -3}, by=world.ivan)


def test_typed_pasted_and_sent(ivan, world):
    source = make_source()
    url = reverse("referrals:totals", args=[source.pk])
    field = ivan.get(url).context["form"].grid()[1].name
    ivan.post(url, {field: "77", "pasted": "2026-05\t12", "file": SimpleUploadedFile("c.csv", b"Month,Count\n2026-04,9\n2026-05,11\n")})
    kept = dict(ControlTotal.objects.values_list("month", "total"))
    assert (kept[MAY], kept[dt.date(2026, 4, 1)]) == (12, 9), "what is pasted goes before a file"
    assert 77 in kept.values()
    ivan.post(url, {f"month-{month:%Y-%m}": "" for month in kept})
    assert not ControlTotal.objects.exists()
    wrong = ivan.post(url, {field: "-1", "pasted": "no month", "file": SimpleUploadedFile("c.pdf", b"%PDF-1.4 nothing")})
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert "cannot be below 0" in page
    assert "Line 1 is no month and count" not in page, "a first line without digits is a heading"
    assert "This is a PDF" in page
    assert "Line 2 is no month and count" in ivan.post(url, {"pasted": "2026-05 3\nnothing"}).content.decode()
    assert "yet to come" in ivan.post(url, {"pasted": "2099-05 3"}).content.decode()


def test_a_feed_without_counts_says_what_to_do(ivan, world):
    page = ivan.get(reverse("referrals:tie-out", args=[make_source().pk])).content.decode()
    assert "No counts to tie out yet" in page


def rejected(batch, line, key, on="2026-05-07"):
    SourceRow.objects.create(batch=batch, line_number=line, outcome="rejected", reason="unknown status", record={"NR": key, "On": on})


@pytest.fixture
def feed(world):
    """Of 20 in May: 9 count, 2 are of another kind, 1 each a duplicate, an own follow-up, linked, deleted; 3 rejected, 2 nobody knows."""
    source = make_source("orders")
    gone, back = (make_referral(source=source, anchor_on=MAY) for _ in range(2))
    for referral in (gone, back):
        actions.delete_referral(referral=Referral.objects.get(pk=referral.pk), by=world.ivan, why="Test data")
    for _ in range(9):
        make_referral(source=source, anchor_on=MAY)
    make_referral(source=source, anchor_on=dt.date(2026, 6, 30))
    for fields in (
        {"kind": "imaging"},
        {"kind": "dme"},
        {"is_duplicate": True},
        {"is_own_follow_up": True, "kind": "imaging"},
        {"linked_to": Referral.objects.first(), "is_duplicate": True},
    ):
        make_referral(source=source, anchor_on=MAY, is_counted=False, **fields)
    make_referral(source=source, source_key=back.source_key, anchor_on=MAY)  # it came back, so it is one of nine
    Referral.objects.filter(source=source, month=MAY, is_counted=True).last().delete()
    batch = make_batch(source=source, mapping=MAPPING, rejected={"unknown status": 7})
    for line, key in enumerate(["J1", "J2", "J2", ""]):
        rejected(batch, line, key)
    rejected(batch, 8, Referral.objects.filter(source=source).first().source_key)  # mended since
    rejected(batch, 9, "J9", "someday")
    rejected(make_batch(source=source, mapping=MAPPING, rejected={"unknown status": 1}), 1, "J1")
    rejected(make_batch(source=source, mapping=MAPPING, state="undone"), 1, "J77")
    ControlTotal.objects.create(source=source, month=MAY, total=20)
    return source


def test_every_part_of_the_difference(feed):
    (line,) = tie_out(counts(feed, reader=record_reader)).lines
    assert (line.theirs, line.ours, line.difference) == (20, 9, 11)
    assert {key: n for key, n in line.parts.items() if n} == {
        "kind": 2, "duplicate": 1, "own": 1, "linked": 1, "rejected": 3, "deleted": 1, "unexplained": 2,
    }  # fmt: skip


def test_rows_without_a_month_and_beyond_the_bound_are_told_apart(feed, monkeypatch):
    assert tie_out(counts(feed, reader=record_reader)).rejected_sometime == 2, (
        "one without a date, and the seventh of the batch was not kept"
    )
    monkeypatch.setattr("referrals.queries.tie_out.MOST_REJECTED", 2)
    found = counts(feed, reader=record_reader)
    assert sum(found.rejected.values()) <= 2
    assert found.rejected_sometime >= 5


def test_undone_waiting_and_open_months_explain_at_most_the_rest(feed):
    make_batch(source=feed, state="undone", by_month={"2026-05-01": 1})
    (line,) = tie_out(counts(feed, reader=record_reader)).lines
    assert (line.parts["undone"], line.unexplained) == (1, 1)
    waiting = make_batch(source=feed, state="checked", by_month={"2026-05-01": 40})
    (line,) = tie_out(counts(feed, reader=record_reader)).lines
    assert line.unexplained == 1, "all of that file is here already"
    ImportBatch.objects.filter(pk=waiting.pk).update(new=40)
    (line,) = tie_out(counts(feed, reader=record_reader)).lines
    assert (line.parts["undone"], line.parts["waiting"], line.unexplained) == (1, 1, 0)
    ControlTotal.objects.create(source=feed, month=dt.date(2026, 7, 1), total=5)
    newest = tie_out(counts(feed, reader=record_reader)).lines[0]
    assert {key: n for key, n in newest.parts.items() if n} == {"later": 5}


def test_more_here_than_there(feed):
    ControlTotal.objects.update(total=5)
    found = tie_out(counts(feed, reader=record_reader))
    assert found.lines[0].unexplained == -13
    assert chart(found).title == "May 2026 has 13 more here than there that nothing explains"


def test_the_page_shows_the_parts(ivan, feed):
    page = ivan.get(reverse("referrals:tie-out", args=[feed.pk]))
    assert page.status_code == 200
    assert [part.key for part in page.context["found"].parts][-1] == "unexplained"
    text = page.content.decode()
    assert "May 2026 has 2 more there than here that nothing explains" in text
    assert "2 more rejected rows have no date" in text


def test_explained_months_are_said():
    assert chart(tie_out(Counts(theirs={MAY: 3}, ours={"counted": {MAY: 3}}, data_through=JUNE))).title.startswith("The month is explained")
    both = Counts(theirs={MAY: 3, JUNE: 1}, ours={"counted": {MAY: 3, JUNE: 1}}, data_through=JUNE)
    assert chart(tie_out(both)).title == "All 2 months are explained to the last referral"


@pytest.mark.django_db
def test_the_sum_of_the_parts_is_the_difference_whatever_is_there():
    """The slow twin: each referral is looked at by itself, in plain Python."""
    dice, source = random.Random(4), make_source("twin")
    months = [dt.date(2026, month, 1) for month in range(1, 6)]
    order = make_referral(source=source, anchor_on=months[0])
    for _ in range(120):
        kind = dice.choice(["consult", "consult", "imaging"])
        own, again, linked = (dice.random() < 0.2 for _ in range(3))
        make_referral(
            source=source, anchor_on=dice.choice(months), kind=kind, is_own_follow_up=own, is_duplicate=again,
            linked_to=order if linked else None, is_counted=not (linked or own or again) and kind == "consult",
        )  # fmt: skip
    for month in months:
        ControlTotal.objects.create(source=source, month=month, total=dice.randrange(40))
    slow: Counter = Counter()
    for r in Referral.objects.filter(source=source):
        why = "counted" if r.is_counted else "linked" if r.linked_to_id else "own" if r.is_own_follow_up else "kind"
        slow[r.month, "duplicate" if why == "kind" and r.kind == "consult" else why] += 1
    found = tie_out(counts(source, reader=record_reader))
    for line in found.lines:
        assert sum(line.parts.values()) == line.difference
        assert set(line.parts) == set(LABELS)
        assert line.ours == slow[line.month, "counted"]
        for why in ("kind", "duplicate", "own", "linked"):
            assert line.parts[why] == slow[line.month, why]
