"""Dated alignments as files tell them, laid over the ones we know; for practices and organizations alike."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from contacts.importing.cells import Columns, read_day
from contacts.importing.outcome import Outcome, RowError
from contacts.models import Alignment, AlignmentKind
from contacts.spans import Span, joined, overlay

Owner = Literal["practice", "organization"]


@dataclass(frozen=True, slots=True)
class Said:
    """What one line says of its owner."""

    line: int
    span: Span


def read_span(columns: Columns, values: Sequence[str]) -> Span | RowError:
    """The columns alignment, from and to: half-open, a blank is an open end."""
    kind = columns.get(values, "alignment").lower()
    if kind not in AlignmentKind.values:
        return RowError("unknown alignment", f'"{kind[:40]}" is no alignment. Known ones are {", ".join(AlignmentKind.values)}.')
    ends: list[dt.date | None] = []
    for name in ("from", "to"):
        text = columns.get(values, name)
        day = read_day(text) if text else None
        if text and day is None:
            return RowError("bad date", f'"{text[:40]}" is not a date. Write it like 2026-10-31.')
        ends.append(day)
    if ends[0] and ends[1] and ends[1] <= ends[0]:
        return RowError("bad date", f"The alignment would end on {ends[1]}, which is not after its start on {ends[0]}.")
    return Span(kind, ends[0], ends[1])


def without_conflicts(said: Iterable[Said], outcome: Outcome, name: str) -> list[Said]:
    """What a file says of one owner, less the lines that contradict another of its lines."""
    kept: list[Said] = []
    for one in sorted(said, key=lambda one: (one.span.bounds, one.span.kind)):
        if any(one.span.overlaps(other.span) and one.span.kind != other.span.kind for other in kept):
            outcome.reject(one.line, RowError("overlap", f"{name[:80]} is given two alignments for the same days."))
        else:
            kept.append(one)
    return kept


def load_alignments(owner: Owner, said: dict[int, list[Said]], outcome: Outcome) -> set[int]:
    """Lay the spans over what is known of each owner; counts each line; returns the owners that changed."""
    known: dict[int, list[Span]] = {pk: [] for pk in said}
    of = f"{owner}_id"
    for pk, *span in Alignment.objects.filter(**{f"{of}__in": said}).values_list(of, "kind", "started_on", "ended_on"):
        known[pk].append(Span(*span))
    changed: dict[int, list[Span]] = {}
    for pk, lines in said.items():
        before = spans = sorted(known[pk], key=lambda span: span.bounds)
        for one in lines:
            after = overlay(spans, one.span)
            differs = joined(spans) != after
            outcome.count(new=differs and not before, changed=differs)
            outcome.findings["history overwritten"] += differs and one.span.start is None and len(before) > 1
            spans = after if differs else spans
        if spans != before:
            changed[pk] = spans
    outcome.findings = +outcome.findings
    Alignment.objects.filter(**{f"{of}__in": changed}).delete()
    Alignment.objects.bulk_create(
        (
            Alignment(**{of: pk}, kind=span.kind, started_on=span.start, ended_on=span.end)
            for pk, spans in changed.items()
            for span in spans
        ),
        batch_size=2000,
    )
    return set(changed)
