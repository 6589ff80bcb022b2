"""Imports: where they are, what a check found."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from jobs.models import Job, JobState
from referrals import policies
from referrals.models import BatchState, ImportBatch, SourceRow

BATCH_TONES = {
    BatchState.UPLOADED: "neutral",
    BatchState.CHECKING: "info",
    BatchState.CHECKED: "warn",
    BatchState.LOADING: "info",
    BatchState.LOADED: "good",
    BatchState.FAILED: "bad",
    BatchState.DISCARDED: "neutral",
}
BATCH_WORDS = {
    BatchState.UPLOADED: "To be checked",
    BatchState.CHECKED: "Checked, not loaded",
}
FINDINGS = {
    "bad npi": "The NPI's check digit is wrong: matched by name and practice",
    "bad appointment date": "The appointment is no date: left blank",
    "bad seen date": "The day seen is no date: left blank",
    "bad report date": "The day of the report is no date: left blank",
    "unknown kind": "The kind is not known: counted as a consult",
    "unknown priority": "The priority is not known: left blank",
    "long text cut": "A text was too long: cut",
    "unknown destination": "The destination is not in our network list: counted as not ours",
    "illegal move": "The status jumped in a way that is not possible: not applied",
}
REJECTIONS = {
    "missing id": "No referral number",
    "bad date": "No date that can be read",
    "unknown status": "A status that the mapping does not know",
    "future date": "A date that is yet to come",
    "too many cells": "More cells than columns: shifted, so nothing in it can be trusted",
}


@dataclass(frozen=True)
class BatchRow:
    """An import in the list."""

    batch: ImportBatch
    state: str
    tone: str


def batch_row(batch: ImportBatch) -> BatchRow:
    if policies.is_stuck(batch):
        return BatchRow(batch, "Stopped by an error", "bad")
    return BatchRow(batch, BATCH_WORDS.get(BatchState(batch.state), batch.get_state_display()), BATCH_TONES[BatchState(batch.state)])


@dataclass(frozen=True)
class Running:
    """The progress of a batch's work."""

    batch: ImportBatch
    state: str
    done: int
    total: int
    text: str
    left: str

    @property
    def id(self) -> str:
        return f"progress-{self.batch.pk}"


def running(batch: ImportBatch) -> Running:
    job: Job | None = batch.job
    what = "Checking the file" if batch.state == BatchState.CHECKING else "Loading the referrals"
    if job is None or job.state == JobState.QUEUED:
        return Running(batch, "queued", 0, 0, f"{what}: waiting for a worker", "")
    note = f": {job.progress_note[:1].lower()}{job.progress_note[1:]}" if job.progress_note else ""
    return Running(batch, "running", job.progress_done, job.progress_total, f"{what}{note}", _left(job))


def _left(job: Job) -> str:
    """How long the rest takes, if it goes on as it went so far."""
    if not job.started_at or not job.progress_done or not job.progress_total:
        return ""
    gone = (timezone.now() - job.started_at).total_seconds()
    seconds = gone * (job.progress_total - job.progress_done) / job.progress_done
    if gone < 3 or seconds < 5:
        return ""
    return f"about {round(seconds / 60)} minutes" if seconds >= 90 else f"about {round(seconds, -1) or 5:.0f} seconds"


@dataclass(frozen=True)
class Reason:
    """How many rows for which reason, in words."""

    key: str
    text: str
    rows: int


def reasons(counts: Mapping[str, int], words: Mapping[str, str]) -> list[Reason]:
    return [Reason(key, words.get(key, key), n) for key, n in sorted(counts.items(), key=lambda pair: -pair[1]) if n]


@dataclass(frozen=True)
class MonthRow:
    """A month of the file beside what is loaded already."""

    month: dt.date
    rows: int
    loaded: int
    share: int
    loaded_share: int


def months(batch: ImportBatch, loaded: Mapping[dt.date, int]) -> list[MonthRow]:
    """Newest first; the shares are percent of the largest month, for the bars."""
    found = {dt.date.fromisoformat(month): n for month, n in batch.by_month.items()}
    top = max([*found.values(), *(loaded.get(month, 0) for month in found), 1])
    return [
        MonthRow(month, n, loaded.get(month, 0), round(100 * n / top), round(100 * loaded.get(month, 0) / top))
        for month, n in sorted(found.items(), reverse=True)
    ]


def words_for(row: SourceRow) -> str:
    """What is wrong with a row: its own sentence, else what its reason means."""
    return row.sentence or FINDINGS.get(row.reason) or REJECTIONS.get(row.reason, row.reason)
