"""Imports: where they are, and how far."""

from dataclasses import dataclass

from django.utils import timezone

from jobs.models import Job, JobState
from referrals import policies
from referrals.models import ArrivedBy, BatchState, ImportBatch

BATCH_TONES = {
    BatchState.UPLOADED: "neutral",
    BatchState.CHECKING: "info",
    BatchState.CHECKED: "warn",
    BatchState.LOADING: "info",
    BatchState.LOADED: "good",
    BatchState.FAILED: "bad",
    BatchState.DISCARDED: "neutral",
    BatchState.UNDOING: "info",
    BatchState.UNDONE: "neutral",
}
BATCH_WORDS = {
    BatchState.UPLOADED: "To be checked",
    BatchState.CHECKED: "Checked, not loaded",
}
UNDER_WAY = {
    BatchState.CHECKING: "Checking the file",
    BatchState.LOADING: "Loading the referrals",
    BatchState.UNDOING: "Taking the import back",
}


@dataclass(frozen=True)
class BatchRow:
    """An import in the list."""

    batch: ImportBatch
    state: str
    tone: str
    arrived: str

    @property
    def findings(self) -> int:
        return sum(self.batch.findings.values())


def batch_row(batch: ImportBatch) -> BatchRow:
    if policies.has_stopped(batch):
        return BatchRow(batch, "Stopped by an error", "bad", arrived(batch))
    state = BatchState(batch.state)
    return BatchRow(batch, BATCH_WORDS.get(state, batch.get_state_display()), BATCH_TONES[state], arrived(batch))


_ARRIVED = {
    ArrivedBy.UPLOAD: "uploaded by {who}",
    ArrivedBy.API: "sent over the API by {who}",
    ArrivedBy.FOLDER: "taken from the folder",
    ArrivedBy.COMMAND: "loaded from the command line",
}


def arrived(batch: ImportBatch) -> str:
    """How the file came, and by whom."""
    return _ARRIVED[ArrivedBy(batch.arrived_by)].format(who=batch.uploaded_by or "the command line")


def alarms_title(batch: ImportBatch) -> str:
    """The heading above what is odd."""
    n = len(batch.alarms)
    return "One thing is odd in this file" if n == 1 else f"{n} things are odd in this file"


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
    what = UNDER_WAY[BatchState(batch.state)]
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
