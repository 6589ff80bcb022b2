"""What is odd about a file beside its feed: each rule fires, and is silent a little below."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from jobs.actions import run
from referrals import actions
from referrals.importing.alarming import Picture, find_alarms, is_holiday
from tests.factories.referrals import load, row, upload

MARCH, APRIL, MAY = (dt.date(2026, month, 1) for month in (3, 4, 5))


def days(*months: dt.date, a_day: int = 10, without: tuple[dt.date, ...] = ()) -> dict[dt.date, int]:
    """So many rows on every weekday."""
    found = {}
    for month in months:
        for n in range(31):
            day = month + dt.timedelta(n)
            if day.month == month.month and day.weekday() < 5 and day not in without:
                found[day] = a_day
    return found


def kinds(file: Picture, before: Picture) -> list[str]:
    return [alarm.kind for alarm in find_alarms(file, before)]


def picture(by_day: dict[dt.date, int], **how: Any) -> Picture:
    return Picture(by_day=by_day, referrals=sum(by_day.values()), **how)


@pytest.mark.parametrize(("a_day", "odd"), [(6, ["volume"]), (7, []), (13, []), (14, ["volume"])])
def test_a_month_a_third_off_what_is_loaded(a_day: int, odd: list[str]) -> None:
    file = picture(days(MARCH, a_day=a_day))
    assert kinds(file, picture(days(MARCH))) == odd


def test_a_new_month_is_held_against_a_usual_one_and_half_a_month_against_none() -> None:
    before = picture(days(dt.date(2026, 1, 1), dt.date(2026, 2, 1), MARCH))
    (alarm,) = find_alarms(picture(days(APRIL, a_day=5)), before)
    assert alarm.sentence == "April 2026 has 110 referrals, 50% fewer than the 220 of a usual month."
    half = {day: n for day, n in days(APRIL, a_day=5).items() if day.day > 10}
    assert kinds(picture(half), before) == []
    assert kinds(picture(days(APRIL, a_day=5)), Picture()) == []


def test_a_small_feed_has_no_usual_month() -> None:
    assert kinds(picture(days(MARCH, a_day=1)), picture({MARCH: 1, MARCH + dt.timedelta(30): 1})) == []


def test_weekdays_without_a_row() -> None:
    gap = (dt.date(2026, 5, 12), dt.date(2026, 5, 13))
    (alarm,) = find_alarms(picture(days(MAY, without=gap)), picture(days(MARCH, APRIL, MAY)))
    assert alarm.sentence == "2 weekdays without a referral, where 10 are usual: 12 May 2026, 13 May 2026."
    assert kinds(picture(days(MAY, a_day=8, without=gap)), Picture()) == ["missing days"]
    assert kinds(picture(days(MAY, a_day=7, without=gap)), Picture()) == []
    assert kinds(picture(days(MAY, without=(dt.date(2026, 5, 25),))), Picture()) == [], "Memorial Day"


def test_mended_rows_are_no_whole_months() -> None:
    before = picture(days(MARCH, APRIL, MAY))
    few = {MARCH: 9, APRIL: 1, MAY + dt.timedelta(28): 10}
    assert kinds(picture(few), before) == ["volume", "volume", "volume", "missing days"]
    assert kinds(picture(few, is_part=True, future=1), before) == ["future dates"]


def test_holidays() -> None:
    there = [
        dt.date(2026, 1, 1),
        dt.date(2026, 5, 25),
        dt.date(2026, 7, 3),
        dt.date(2026, 9, 7),
        dt.date(2026, 11, 26),
        dt.date(2026, 12, 25),
    ]
    found = [day for n in range(365) if is_holiday(day := dt.date(2026, 1, 1) + dt.timedelta(n))]
    assert set(there) <= set(found) <= {*there, dt.date(2026, 7, 4)}


def test_statuses_names_and_unmatched() -> None:
    before = picture(days(MARCH), states=frozenset({"received", "seen"}), words={"payer": {"aetna": 200}}, unmatched=10)
    same = picture(days(MARCH), states=frozenset({"seen"}), words={"payer": {"aetna": 200, "new": 19}}, unmatched=20)
    assert kinds(same, before) == []
    odd = picture(days(MARCH), states=frozenset({"seen", "rejected"}), words={"payer": {"aetna": 100, "new": 40}}, unmatched=60, future=2)
    assert kinds(odd, before) == ["future dates", "new status", "new names", "unmatched"]
    assert kinds(odd, Picture()) == ["future dates"]
    assert "2 rows are dated" in find_alarms(odd, before)[0].sentence


@pytest.mark.django_db
def test_the_dry_run_and_the_load_tell_them(world: Any, settings: Any, tmp_path: Path) -> None:
    settings.UPLOADS = tmp_path / "uploads"
    rows = [row(f"{day}-{n}", ordered=day) for day in days(MARCH) for n in range(8)]
    assert load(*rows).alarms == []
    batch = upload(*(row(cells["id"], ordered=cells["ordered"], state="refused") for cells in rows[:80]), row("x", ordered="2026-03-31"))
    run(actions.start_dry_run(batch=batch, by=None).pk)
    batch.refresh_from_db()
    assert {alarm["kind"] for alarm in batch.alarms} == {"volume", "missing days", "new status"}
    run(actions.start_load(batch=batch, by=None).pk)
    told = batch.alarms
    batch.refresh_from_db()
    assert batch.alarms == told
    assert batch.duplicates == 0
