"""Closing the referral loop over a year, as CMS50 counts it where feeds can tell."""

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from reports.exports.closing import closing_document
from reports.forms.runs import YearForm
from reports.kinds.kind import Kind, Progress
from reports.queries.closing import closings
from territories.scope import Scope


def _compute(parameters: Mapping[str, Any], scope: Scope, progress: Progress) -> dict[str, Any]:
    found = closings(year=int(parameters["year"]), scope=scope)
    progress(1, 1, "Writing it down")
    return {"rows": [astuple(row) for row in found]}


CLOSING = Kind(
    name="closing",
    title="Closing the referral loop (CMS50)",
    question="Do the reports of specialists come back within the year?",
    compute=_compute,
    form=YearForm,
    document=closing_document,
    icon="checkbox",
)
