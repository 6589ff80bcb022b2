"""Whose our practices are: practice, alignment, from, to (and zip, where a name stands for several offices). Their providers follow."""

from common.names import fold
from common.tables import Table
from contacts.importing.alignments import Said, load_alignments, read_span, without_conflicts
from contacts.importing.cells import Columns, read_zip
from contacts.importing.outcome import Outcome, Progress, RowError
from contacts.models import Practice

NAME = "a roster"


def load(table: Table, outcome: Outcome, progress: Progress | None = None) -> None:
    """Read the table and lay its alignments over ours. A practice that is not known yet is made by its name; its address may come later."""
    columns = Columns(table.headers, required=("practice", "alignment"), kind=NAME)
    by_name: dict[tuple[str, str], list[Said]] = {}
    names: dict[str, str] = {}
    for number, values in outcome.read(table, progress):
        name = columns.get(values, "practice")
        span = read_span(columns, values)
        if not fold(name):
            outcome.reject(number, RowError("no practice", "The practice has no name."))
        elif isinstance(span, RowError):
            outcome.reject(number, span)
        else:
            key = fold(name)[:200]
            names.setdefault(key, name[:200])
            by_name.setdefault((key, read_zip(columns.get(values, "zip"))), []).append(Said(number, span))
    offices = _offices(names, outcome)
    said: dict[int, list[Said]] = {}
    for (key, zip_), lines in sorted(by_name.items()):
        kept = without_conflicts(lines, outcome, names[key])
        here = [practice for practice in offices[key] if zip_ in ("", practice.zip)]
        if not here:
            for one in kept:
                outcome.reject(one.line, RowError("no such office", f"{names[key][:80]} has no office in {zip_}."))
        for practice in here[:1]:
            said.setdefault(practice.pk, []).extend(kept)
        for practice in here[1:]:  # further offices of the name: the same lines, counted once
            outcome.practices |= load_alignments("practice", {practice.pk: kept}, Outcome())
    outcome.practices |= load_alignments("practice", said, outcome)


def _offices(names: dict[str, str], outcome: Outcome) -> dict[str, list[Practice]]:
    found: dict[str, list[Practice]] = {}
    for practice in Practice.objects.filter(folded_name__in=names).order_by("pk"):
        found.setdefault(practice.folded_name, []).append(practice)
    made = Practice.objects.bulk_create(Practice(name=name, folded_name=key) for key, name in names.items() if key not in found)
    if made:
        outcome.findings["practice not known yet"] += len(made)
    outcome.unplaced.update(practice.pk for practice in made)
    return found | {practice.folded_name: [practice] for practice in made}
