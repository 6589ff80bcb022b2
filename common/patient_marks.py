"""Marks by which a patient might be known in free text: a record number, a date of birth, a name after "pt".

Pure, and careful rather than sure: what is found is shown to the writer, who decides. Nothing here keeps or reports the text itself.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from common.npi import is_valid_npi

YOUNG = 3  # years: a whole date further back than this is hardly an appointment
_DATE = (
    r"(?:\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|\d{4}-\d{1,2}-\d{1,2}|\d{1,2} [A-Z][a-z]{2,8}\.? \d{4}|[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4})"
)
_RECORD = re.compile(
    r"\b(?:(?:mrn?|ssn)\b\.?[\s:#-]*(?=[\w-]*\d{3})[\w-]{3,}"
    r"|(?:record|chart|acct|account|encounter|member|policy)\b\.?(?:\s*(?:no|nr|num|number|id)\b\.?)?[\s:#-]*(?=[\w-]*\d{3})[\w-]{5,})",
    re.I,
)
_SOCIAL = re.compile(r"\b\d{3}-\d{2}-\d{4}\b")
_LONG = re.compile(r"(?<![\d$.,#/-])\d{6,10}(?![\d/-]|[.,]\d)")
_PHONE = re.compile(r"[2-9]\d\d[2-9]\d{6}")
_BIRTH = re.compile(rf"\b(?i:d\.?o\.?b\.?|date of birth|birth ?da(?:te|y)|born)[\s:=-]*(?:(?i:on|in)\s+)?(?:{_DATE}|(?:19|20)\d\d\b)")
_WHOLE_DATE = re.compile(rf"\b{_DATE}\b")
_YEAR = re.compile(r"\d{4}")
_PATIENT = re.compile(
    r"\b(?i:pts?|patients?|pat)\b\.?:?\s+(?:(?i:name)\s*(?:(?i:is)\s+|[:=]\s*)?|(?:(?i:named|called)\s+)?)([A-Z][a-z'\u2019-]+|[A-Z]\.?\s?[A-Z]\.)"
)
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss)\b\.?\s+([A-Z][a-z'\u2019-]+)")
# words that follow "patient" with a capital and are no name
_NOT_NAMES = frozenset(
    "access advocate care center clinic education experience financial first flow forms hub info intake journey line navigator navigators "
    "navigation outreach portal referral referrals registration relations safety satisfaction scheduling service services support survey "
    "transfer transport transportation volume volumes wait".split()
)  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """Something that might tell who a patient is: what it looks like, and where in the text it stands."""

    kind: str
    start: int
    end: int


def patient_marks(text: str, *, today: dt.date) -> list[Mark]:
    """What looks like a patient's identifier, in order; overlapping finds count once, as the first of their kind below."""
    found: list[Mark] = []
    for mark in _candidates(text, today):
        if not any(mark.start < other.end and other.start < mark.end for other in found):
            found.append(mark)
    return sorted(found, key=lambda mark: mark.start)


def warning(text: str, *, today: dt.date) -> str:
    """The sentence that is shown before such a text is kept; blank when nothing was found."""
    marks = patient_marks(text, today=today)
    if not marks:
        return ""
    kinds = list(dict.fromkeys(mark.kind for mark in marks))
    listed = f"{', '.join(kinds[:-1])} and {kinds[-1]}" if len(kinds) > 1 else kinds[0]
    quoted = ", ".join(f"\N{LEFT DOUBLE QUOTATION MARK}{text[m.start : m.end].strip()}\N{RIGHT DOUBLE QUOTATION MARK}" for m in marks[:3])
    return f"This looks like {listed}: {quoted}. Patients have no place here; take it out, or say that it is none."


def _candidates(text: str, today: dt.date) -> Iterator[Mark]:
    for pattern, kind in (
        (_BIRTH, "a date of birth"),
        (_RECORD, "a record number"),
        (_SOCIAL, "a social security number"),
    ):
        yield from (Mark(kind, *match.span()) for match in pattern.finditer(text))
    for match in _WHOLE_DATE.finditer(text):
        if _is_old(match[0], today):
            yield Mark("a date of birth", *match.span())
    for match in _LONG.finditer(text):
        if not (is_valid_npi(match[0]) or _PHONE.fullmatch(match[0])):  # a provider's and an office's numbers are no patient's
            yield Mark("a record number", *match.span())
    for pattern, kind in ((_PATIENT, "a patient's name"), (_TITLE, "a person's name")):
        for match in pattern.finditer(text):
            if match[1].casefold() not in _NOT_NAMES:
                yield Mark(kind, *match.span())


def _is_old(date: str, today: dt.date) -> bool:
    """Whether its year lies so far back that somebody was born then; of two digits, those beyond next year are of the last century."""
    if years := _YEAR.findall(date):
        return int(years[-1] if not date[:4].isdigit() else years[0]) < today.year - YOUNG
    year = int(re.split(r"[/.-]", date)[-1])
    return not today.year % 100 - YOUNG <= year <= today.year % 100 + 1
