"""Report runs as the lines of a list: in words, with what may be done about each."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from reports.forms import RunForm
from reports.models import ReportRun, RunState

_TONES = {RunState.QUEUED: "neutral", RunState.RUNNING: "info", RunState.FINISHED: "good", RunState.FAILED: "bad"}
FILES = ("pdf", "xlsx", "csv")


class Named(Protocol):
    """What a line needs of a kind of report."""

    @property
    def title(self) -> str: ...

    @property
    def form(self) -> type[RunForm]: ...


@dataclass(frozen=True)
class RunLine:
    """A run in words. `files` are (label, address) for those who may download."""

    run: ReportRun
    title: str
    words: str
    state: str
    tone: str
    note: str
    asked_by: str
    files: list[tuple[str, str]]
    may_withdraw: bool


def run_line(run: ReportRun, kind: Named, reader: User) -> RunLine:
    """One run; its people must be loaded with it."""
    askers = list(run.asked_by.all())
    job = run.job
    percent = f"{job.percent}%" if job and job.progress_total and run.state == RunState.RUNNING else ""
    may_export = run.is_finished and reader.can(Permission.EXPORT)
    return RunLine(
        run=run,
        title=kind.title,
        words=kind.form.words(run.parameters),
        state=str(run.state.label),
        tone=_TONES[run.state],
        note=percent,
        asked_by=", ".join(map(str, askers)) or "Standard",
        files=[(name.upper(), reverse("reports:run-file", args=[run.pk, name])) for name in FILES] if may_export else [],
        may_withdraw=may_withdraw(run, reader, askers),
    )


def run_lines(runs: Iterable[ReportRun], kinds: Mapping[str, Named], reader: User) -> list[RunLine]:
    return [run_line(run, kinds[run.kind], reader) for run in runs]


def may_withdraw(run: ReportRun, reader: User, askers: Collection[User]) -> bool:
    """Who asked for it may let it go, and an admin what others asked for; a standard run goes by itself."""
    return reader in askers or (reader.is_admin and bool(askers))
