"""Whose the organizations are that referrals go to: organization, alignment, from, to, service_line."""

from common.names import fold
from common.tables import Table
from contacts.importing.alignments import Said, load_alignments, read_span, without_conflicts
from contacts.importing.bulk import write_back
from contacts.importing.cells import Columns
from contacts.importing.outcome import Outcome, Progress, RowError
from contacts.importing.specialties import ensure_service_lines
from contacts.matching.directory import survivors
from contacts.models import Organization

NAME = "a network list"


def load(table: Table, outcome: Outcome, progress: Progress | None = None) -> None:
    """Read the table; make organizations that are new; lay the alignments over ours."""
    columns = Columns(table.headers, required=("organization", "alignment"), kind=NAME)
    by_name: dict[str, list[Said]] = {}
    names: dict[str, str] = {}
    lines: dict[str, str] = {}
    for number, values in outcome.read(table, progress):
        name, line = columns.get(values, "organization"), columns.get(values, "service_line")[:80]
        span = read_span(columns, values)
        if not fold(name):
            outcome.reject(number, RowError("no organization", "The organization has no name."))
        elif isinstance(span, RowError):
            outcome.reject(number, span)
        else:
            key = fold(name)[:200]
            names.setdefault(key, name[:200])
            if line:
                lines.setdefault(key, line)
            by_name.setdefault(key, []).append(Said(number, span))
    organizations = _ensure(names, lines, outcome)
    said = {organizations[key]: without_conflicts(rows, outcome, names[key]) for key, rows in by_name.items()}
    outcome.organizations |= load_alignments("organization", said, outcome)


def _ensure(names: dict[str, str], lines: dict[str, str], outcome: Outcome) -> dict[str, int]:
    known = {organization.folded_name: organization for organization in Organization.objects.filter(folded_name__in=names)}
    line_keys = ensure_service_lines(dict.fromkeys(lines.values()))
    new = [
        Organization(name=name, folded_name=key, service_line_id=line_keys.get(lines.get(key, "")))
        for key, name in names.items()
        if key not in known
    ]
    moved = [known[key] for key, line in lines.items() if key in known and known[key].service_line_id != line_keys[line]]
    for organization in moved:
        organization.service_line_id = line_keys[lines[organization.folded_name]]
    Organization.objects.bulk_create(new, batch_size=2000)
    write_back(moved, ["service_line"])
    if moved:
        outcome.findings["service line changed"] += len(moved)
    outcome.organizations.update(organization.pk for organization in [*new, *moved])
    ids = {organization.folded_name: organization.pk for organization in [*known.values(), *new]}
    into = survivors(Organization.objects.exclude(merged_into=None).values_list("pk", "merged_into"))
    named = set(ids.values())  # what is said of the survivor itself goes before what is said of a name it took in
    return {name: into[pk] if pk in into and into[pk] not in named else pk for name, pk in ids.items()}
