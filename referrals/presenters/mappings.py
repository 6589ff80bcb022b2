"""A mapping in words, and the page that asks for one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from referrals.importing.mapping import DATE_STYLES, FIELDS
from referrals.importing.mapping import Mapping as FeedMapping
from referrals.models import MappingVersion, State
from referrals.models.facts import Sees


@dataclass(frozen=True)
class MappingSummary:
    """A mapping in words."""

    name: str
    sees: str
    dates: str
    columns: list[tuple[str, str]]
    patient: list[tuple[str, str]]
    status: list[tuple[str, str]]


def mapping_summary(stored: Mapping[str, Any]) -> MappingSummary | None:
    if not stored:
        return None
    mapping = FeedMapping.from_json(dict(stored))
    patient = [(mapping.identifier, "hashed")] if mapping.identifier else []
    patient += [(mapping.enterprise, "hashed, the same in all feeds")] if mapping.enterprise else []
    return MappingSummary(
        mapping.name,
        Sees(mapping.sees).label,
        DATE_STYLES[mapping.dates],
        [(FIELDS[field], mapping.columns[field]) for field in FIELDS if field in mapping.columns],
        patient + [(header, "never kept") for header in mapping.dropped],
        [(word or "(blank)", State(state).label) for word, state in mapping.status.items()],
    )


@dataclass(frozen=True)
class VersionRow:
    """How a feed's files were read from a day on, and what was different before."""

    version: MappingVersion
    changes: list[str]
    is_in_use: bool


def version_rows(versions: Sequence[MappingVersion]) -> list[VersionRow]:
    """Newest first, each with what it changed."""
    return [
        VersionRow(version, differences(old.mapping, version.mapping) if old else [], place == 0)
        for place, (version, old) in enumerate(zip_longest(versions, versions[1:]))
    ]


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What reads otherwise in the second mapping, a phrase each."""
    was, now = FeedMapping.from_json(dict(old)), FeedMapping.from_json(dict(new))
    said = [] if was.sees == now.sees else [f"The feed sees: {Sees(now.sees).label.lower()}, before {Sees(was.sees).label.lower()}"]
    if was.dates != now.dates:
        said.append(f"Dates: {DATE_STYLES[now.dates].lower()}, before {DATE_STYLES[was.dates].lower()}")
    said += _words(was.columns, now.columns, lambda field: FIELDS[field])
    patients = {**_kept_as(was)}, {**_kept_as(now)}
    said += _words(*patients, lambda header: f"Patient column “{header}”")
    for title, part in (("Status", "status"), ("Kind", "kinds"), ("Priority", "priorities"), ("Reason", "reasons")):
        said += _words(getattr(was, part), getattr(now, part), lambda word, title=title: f"{title} “{word or 'blank'}”")  # type: ignore[misc]  # mypy infers no lambda with a default
    if was.sheet != now.sheet:
        said.append(f"Sheet: {now.sheet or 'the one that is open'}")
    return said or ["Only how the file is written: delimiter, encoding or name"]


def _kept_as(mapping: FeedMapping) -> dict[str, str]:
    kept = dict.fromkeys(mapping.dropped, "never kept")
    kept |= {mapping.identifier: "hashed"} if mapping.identifier else {}
    return kept | ({mapping.enterprise: "hashed, the same in all feeds"} if mapping.enterprise else {})


def _words(was: Mapping[str, str], now: Mapping[str, str], name: Callable[[str], str]) -> list[str]:
    said = [f"{name(key)}: {now[key]}" + (f", before {was[key]}" if key in was else "") for key in now if was.get(key) != now[key]]
    return said + [f"{name(key)}: not read any more" for key in was if key not in now]


_KEPT_AS = {"hash": "hashed", "enterprise": "hashed, the same in all feeds", "drop": "never kept"}
_SURE, _LIKELY = 0.85, 0.6


@dataclass(frozen=True)
class ColumnRow:
    """A column of the file on the mapping page, with its question."""

    field: Any
    header: str
    samples: tuple[str, ...]
    shape: str
    patient: str
    sure: str
    why: str
    tone: str


def column_rows(form: Any) -> list[ColumnRow]:
    """Each column of the file: its values or its shape, the question what it is, and why we think so."""
    suggestion = form.preview.suggestion
    by_header = {header: field for field, header in suggestion.mapping.columns.items()}
    rows = []
    for number, column in enumerate(form.preview.columns):
        guess = by_header.get(column.header, "")
        sure, why, tone = "", "", ""
        if column.patient:
            sure, why, tone = "Patient data", f"by {column.patient.why}".replace("by it holds", "it holds"), "warn"
        elif guess:
            score, why = suggestion.confidence.get(guess, 0), suggestion.because.get(guess, "")
            sure, tone = ("Sure", "good") if score >= _SURE else ("Likely", "info") if score >= _LIKELY else ("A guess", "warn")
        patient = (
            {"hash": "hashed", "enterprise": "hashed, the same in all feeds", "drop": "never kept"}[column.patient.action]
            if column.patient
            else ""
        )
        rows.append(ColumnRow(form[f"column-{number}"], column.header, column.samples, column.shape, patient, sure, why, tone))
    return rows


_WORD_TITLES = {"state": "Words of status", "kind": "Words of kind", "priority": "Words of priority", "reason": "Words of reason"}


@dataclass(frozen=True)
class WordGroup:
    """The words of one column, each with its question."""

    title: str
    header: str
    questions: list[tuple[Any, int]]
    open: int


def word_groups(form: Any, field_name: Any) -> list[WordGroup]:
    groups = []
    for field, words in form.words.items():
        questions = [(form[field_name(field, word)], n) for word, n in words.items()]
        if questions:
            unanswered = sum(not question.value() for question, _ in questions)
            groups.append(WordGroup(_WORD_TITLES[field], form._column_of(field).header, questions, unanswered))
    return groups
