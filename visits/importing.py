"""Visits from the PRM that somebody leaves: one row a visit, read once, whatever the order of the rows."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actions import ensure_earlier_team
from accounts.models import User
from audit.actions import record
from common.exceptions import InputError
from common.names import fold
from contacts.models import Affiliation, Practice, Provider
from territories.models import Assignment
from visits.models import Attendee, Mode, Topic, Visit, VisitState

EVENT, CHECKED = "visits.imported", "visits.import_checked"
TOLD = 100  # rejected rows that the history keeps
COLUMNS = ("practice", "provider_npi", "date", "mode", "topic")
_MODES = {fold(word): mode for mode in Mode for word in (mode.value, mode.label)}
_DAY_FORMATS = ("%Y-%m-%d", "%m/%d/%Y")
CHUNK = 1000


@dataclass(frozen=True)
class Row:
    """One visit as the file tells it. Equal rows are the same visit."""

    practice: str
    npi: str
    on: dt.date
    mode: str
    topic: str

    @property
    def key(self) -> uuid.UUID:
        return uuid.uuid5(
            uuid.NAMESPACE_OID, "\0".join(("visit", fold(self.practice), self.npi, self.on.isoformat(), self.mode, fold(self.topic)))
        )


@dataclass(frozen=True)
class RowError:
    """Why a row stays out: the reason that is counted, and the sentence for whoever mends the file."""

    reason: str
    sentence: str


@dataclass
class Outcome:
    """What an import did, or with a dry run would do."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    sentences: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("rows", "new", "changed", "unchanged")}
        return plain | {"rejected": dict(self.rejected), "findings": dict(self.findings)}

    def told(self) -> dict[str, Any]:
        """What the history keeps: the counts, and what is wrong with the first rejected rows."""
        return self.as_json() | {"refused": self.sentences[:TOLD]}


def parse(record: dict[str, str], *, today: dt.date) -> Row | RowError:
    """One record of the file. Pure: no database."""
    practice, npi, mode = record.get("practice", "").strip(), record.get("provider_npi", "").strip(), record.get("mode", "").strip()
    if not fold(practice):
        return RowError("missing practice", "The practice is missing.")
    if (on := _day(record.get("date", "").strip())) is None:
        return RowError("bad date", f'"{record.get("date", "")[:40]}" is not a date like 2026-03-31.')
    if on > today:
        return RowError("future date", f"{on:%Y-%m-%d} lies in the future; a visit is imported once it took place.")
    if mode and fold(mode) not in _MODES:
        return RowError("unknown mode", f'"{mode[:40]}" is none of: {", ".join(Mode.values)}.')
    return Row(practice, npi, on, _MODES[fold(mode)] if mode else Mode.IN_PERSON, record.get("topic", "").strip()[:80])


def _day(text: str) -> dt.date | None:
    for style in _DAY_FORMATS:
        try:
            day = dt.datetime.strptime(text, style).date()
        except ValueError:
            continue
        return day if day.year >= 1990 else None
    return None


class _Contacts:
    """Practices by name, providers by NPI, and who looked after a territory when: read once for the whole file."""

    def __init__(self, default_owner: User) -> None:
        self.default_owner = default_owner
        self.practices: dict[str, list[tuple[int, int | None]]] = {}
        for pk, folded, territory in Practice.objects.values_list("pk", "folded_name", "territory").order_by("pk"):
            self.practices.setdefault(folded, []).append((pk, territory))
        self.providers = dict(Provider.objects.exclude(npi="").values_list("npi", "pk"))
        self.offices: dict[int, set[int]] = {}
        for provider, practice in Affiliation.objects.values_list("provider", "practice"):
            self.offices.setdefault(provider, set()).add(practice)
        self.primaries: dict[int, list[tuple[dt.date, dt.date | None, int]]] = {}
        held = Assignment.objects.filter(is_primary=True, service_line=None)
        for territory, start, end, user in held.values_list("territory", "started_on", "ended_on", "user"):
            self.primaries.setdefault(territory, []).append((start, end, user))

    def resolve(self, row: Row) -> tuple[int, int | None, int] | RowError:
        """(practice, provider, owner). Of several practices with one name, the one where the provider works."""
        found = self.practices.get(fold(row.practice), [])
        if not found:
            return RowError("unknown practice", f'"{row.practice}" is no practice here. Import practices first, or mend the name.')
        provider = self.providers.get(row.npi) if row.npi else None
        if row.npi and provider is None:
            return RowError("unknown provider", f"No provider has the NPI {row.npi}. Import providers first, or mend the number.")
        if len(found) > 1:
            works = self.offices.get(provider, set()) if provider else set()
            found = [office for office in found if office[0] in works]
        if len(found) != 1:
            return RowError(
                "ambiguous practice", f'Several practices are called "{row.practice}"; give the NPI of a provider who works at one of them.'
            )
        practice, territory = found[0]
        return practice, provider, self._owner(territory, row.on)

    def _owner(self, territory: int | None, on: dt.date) -> int:
        for start, end, user in self.primaries.get(territory or 0, ()):
            if start <= on and (end is None or on < end):
                return user
        return self.default_owner.pk


def default_owner(email: str = "", *, by: User | None = None) -> User:
    """Who owns visits to practices that nobody looked after: the person named, else the "earlier team"."""
    if not email:
        return ensure_earlier_team(by=by)
    person: User | None = User.objects.filter(email__iexact=email).first()
    if person is None:
        raise InputError(f"Nobody has the address {email}.")
    return person


@transaction.atomic
def import_visits(
    headers: Sequence[str],
    lines: Iterable[tuple[int, Sequence[str]]],
    *,
    owner: User,
    name: str,
    by: User | None = None,
    dry_run: bool = False,
    job_id: int | None = None,
) -> Outcome:
    """Load a table of visits. A row seen before, in this file or an earlier one, changes nothing."""
    missing = [column for column in ("practice", "date") if column not in headers]
    if missing:
        raise InputError(f"The file has no column {' and no column '.join(missing)}. It needs: {', '.join(COLUMNS)}.")
    outcome, contacts = Outcome(), _Contacts(owner)
    chunk: list[tuple[Row, int, int | None, int]] = []
    seen: set[uuid.UUID] = set()
    for row, practice, provider, person in _read(headers, lines, contacts, outcome):
        if row.key in seen:
            outcome.findings["row repeated"] += 1
            outcome.unchanged += 1
            continue
        seen.add(row.key)
        chunk.append((row, practice, provider, person))
        if len(chunk) == CHUNK:
            _store(chunk, outcome, name=name, by=by, dry_run=dry_run)
            chunk = []
    _store(chunk, outcome, name=name, by=by, dry_run=dry_run)
    if not dry_run:
        record(EVENT, by=by, file=name, job=job_id, **outcome.told())
    return outcome


def _read(
    headers: Sequence[str], lines: Iterable[tuple[int, Sequence[str]]], contacts: _Contacts, outcome: Outcome
) -> Iterator[tuple[Row, int, int | None, int]]:
    """The good rows, resolved; the bad ones are counted and told why."""
    today = timezone.localdate()
    for line, values in lines:
        outcome.rows += 1
        row = parse(dict(zip(headers, values, strict=False)), today=today)
        resolved = contacts.resolve(row) if isinstance(row, Row) else row
        if isinstance(row, RowError) or isinstance(resolved, RowError):
            error = row if isinstance(row, RowError) else resolved
            assert isinstance(error, RowError)  # noqa: S101 - for the type checker
            outcome.rejected[error.reason] += 1
            outcome.sentences.append(f"Line {line}: {error.sentence}")
            continue
        yield row, *resolved


def _store(chunk: list[tuple[Row, int, int | None, int]], outcome: Outcome, *, name: str, by: User | None, dry_run: bool) -> None:
    """Write what is not there yet; another import running at the same time makes no second one."""
    keys = [row.key for row, *_ in chunk]
    stored = set(Visit.objects.filter(client_id__in=keys).exclude(imported_from="").values_list("client_id", flat=True))
    fresh = [entry for entry in chunk if entry[0].key not in stored]
    outcome.new += len(fresh)
    outcome.unchanged += len(chunk) - len(fresh)
    if dry_run or not fresh:
        return
    visits = Visit.objects.bulk_create([_visit(row, practice, person, name, by) for row, practice, _, person in fresh])
    topics = {fold(topic.name): topic for topic in Topic.objects.all()}
    links, people = [], []
    for visit, (row, _, provider, _) in zip(visits, fresh, strict=True):
        if provider:
            people.append(Attendee(visit=visit, provider_id=provider))
        if row.topic:
            topic = topics.get(fold(row.topic)) or topics.setdefault(fold(row.topic), Topic.objects.create(name=row.topic))
            links.append(Visit.topics.through(visit_id=visit.pk, topic_id=topic.pk))
    Attendee.objects.bulk_create(people)
    Visit.topics.through.objects.bulk_create(links)


def _visit(row: Row, practice: int, owner: int, name: str, by: User | None) -> Visit:
    noon = timezone.make_aware(dt.datetime.combine(row.on, dt.time(12)))  # the file knows the day only
    return Visit(
        practice_id=practice,
        owner_id=owner,
        state=VisitState.DONE,
        visited_at=noon,
        entered_at=noon,
        mode=row.mode,
        client_id=row.key,
        logged_by=by,
        imported_from=name[:200],
    )
