"""Lists of a manager as rows of a file: scheduled reports, and talks with what was agreed."""

from collections.abc import Iterable, Iterator
from typing import Any

from reports.models import OneToOne, ReportSchedule

SCHEDULES = ("Report", "When", "File", "Over", "To", "Set up by", "Set up at", "Next", "Paused since")
ONE_TO_ONES = ("Liaison", "Led by", "Held on", "Notes", "Agreed", "Who", "Until", "Done at")


def schedules(rows: Iterable[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """Rows as the page has them: schedule, title, next."""
    for row in rows:
        schedule: ReportSchedule = row["schedule"]
        yield (
            row["title"], schedule.when, schedule.get_file_display(), str(schedule.territory or "each one's own field"),
            "; ".join(str(person) for person in schedule.recipients.all()), str(schedule.made_by), schedule.made_at, row["next"],
            schedule.paused_at,
        )  # fmt: skip


def one_to_ones(talks: Iterable[OneToOne]) -> Iterator[tuple[Any, ...]]:
    """A row for each thing agreed, and one for a talk without any."""
    for talk in talks:
        told = str(talk.liaison), str(talk.led_by), talk.held_on, talk.notes
        for item in talk.agreements.all():
            yield *told, item.text, str(item.owner), item.due_on, item.done_at
        if not talk.agreements.all():
            yield *told, "", "", None, None
