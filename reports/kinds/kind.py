"""What a kind of report says about itself. Everything else (asking, waiting, taking over, files, API) is the same for all kinds."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from accounts.models import User
from accounts.permissions import Permission
from reports.exports.document import Document
from reports.forms.runs import RunForm
from reports.models import ReportRun
from reports.queries.freshness import Freshness
from territories.scope import Scope

Parameters = Mapping[str, Any]
Progress = Callable[[int, int, str], None]  # done, total, a word on what is being done
WHOLE, TERRITORY, OWN = "whole", "territory", "own"


@dataclass(frozen=True)
class Kind:
    """A kind of report.

    `compute(parameters, scope, progress)` runs in a worker, in one read-only snapshot of the database; what it returns is stored as JSON,
    whole, and is all that `document` and `page` may tell: so a run says the same for ever. `form` is its own small form: it turns input
    (of a page or of the API) into canonical parameters and these into words. `document(run, reader)` is the finished run as a neutral
    document, from which PDF, XLSX and CSV are made, and the page too unless `page(request, run)` names a template of its own with its
    context (it extends reports/_run.html). `standard(freshness)`
    names the parameters of the runs that are made by themselves after each new version of the data, for each scope of `over`.
    `answer(run, reader)`: what the API tells of a finished run besides figures and tables, None for nothing.
    `basis()` is JSON of what else an answer rests on (settings, margins): when it changes, the same question is computed anew.
    """

    name: str
    title: str
    question: str
    compute: Callable[[Parameters, Scope, Progress], dict[str, Any]]
    form: type[RunForm]
    document: Callable[[ReportRun, User], Document]
    permissions: tuple[Permission, ...] = ()
    page: Callable[[HttpRequest, ReportRun], tuple[str, dict[str, Any]]] | None = None
    standard: Callable[[Freshness], Sequence[Parameters]] | None = None
    over: Collection[str] = (WHOLE, TERRITORY, OWN)
    basis: Callable[[], Any] | None = None
    answer: Callable[[ReportRun, User], Any] | None = None
    icon: str = "report"

    def may_be_seen_by(self, user: User) -> bool:
        return all(user.can(permission) for permission in self.permissions)

    def basis_now(self) -> Any:
        """What else an answer of today would rest on."""
        return self.basis() if self.basis else None
