"""Every write of referrals that a person asks for: files on their way in, corrections, and the rules by which we count."""

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from accounts.models import User
from audit.actions import record
from common.exceptions import InputError, PolicyViolation
from common.tables import open_table
from contacts.models import Provider
from jobs.actions import cancel, enqueue
from jobs.models import Job
from referrals import policies
from referrals.deriving import lock_facts_soon, publish, settle, touch
from referrals.importing.dates import parse_date
from referrals.importing.loading import forget_file, upload_path
from referrals.importing.mapping import Mapping, pick_mapping
from referrals.models import BatchState, CountingRules, ImportBatch, Kind, Referral, ReferrerNamed, Source
from referrals.rollups import FACTS

KEPT_SECONDS = 24 * 3600
DERIVING_RULES = ("affiliated_is_ours", "counted_kinds", "duplicate_days")


@transaction.atomic
def source_named(*, name: str, by: User | None) -> Source:
    """The feed of this name, made when it is missing. The name salts its patient hashes and never changes."""
    key = slugify(name)[:60]
    if not key:
        raise InputError("A source needs a name of letters and digits, such as epic-orders.")
    source, made = Source.objects.get_or_create(name=key, defaults={"title": name.strip()[:120] if name.strip() != key else ""})
    if made:
        record("source.created", by=by, target=source)
    return source


def create_batch(*, source: Source, file: IO[bytes], file_name: str, by: User | None, mapping: dict[str, Any] | None = None) -> ImportBatch:
    """Take a file in. Without a mapping: the source's own when it fits, else a shipped one, else none yet."""
    stored_as, sha256, size = _store(file)
    path = Path(settings.UPLOADS) / stored_as
    try:
        with open_table(path) as table:
            headers = list(table.headers)
            _check_names_columns(headers)
            chosen = _mapping_for(headers, source, mapping)
        with transaction.atomic():
            batch = ImportBatch.objects.create(
                source=source,
                file_name=Path(file_name).name[:200],
                stored_as=stored_as,
                sha256=sha256,
                size_bytes=size,
                mapping=chosen,
                headers=headers,
                uploaded_by=by,
            )
            record("import.uploaded", by=by, target=batch, size_bytes=size, sha256=sha256)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return batch


def _check_names_columns(headers: list[str]) -> None:
    """A file without a header has a patient in its first line, which would be shown as names of columns."""
    if any(parse_date(header, "auto") or parse_date(header, "dmy") or len("".join(filter(str.isdigit, header))) > 6 for header in headers):
        raise InputError("The first line holds data, not the names of columns. Export the file with a header line.")


def _mapping_for(headers: list[str], source: Source, given: dict[str, Any] | None) -> dict[str, Any]:
    if given is not None:
        mapping = Mapping.from_json(given)
        _check_fits(mapping, headers)
        return mapping.to_json()
    if source.mapping and (saved := Mapping.from_json(source.mapping)).fits(headers):
        return saved.to_json()
    shipped = pick_mapping(headers)
    return shipped.to_json() if shipped else {}


def _check_fits(mapping: Mapping, headers: list[str]) -> None:
    if missing := mapping.missing(headers):
        raise InputError(f"The file does not fit the mapping: it has no column {' or '.join(repr(name[:80]) for name in missing[:5])}.")


def _store(file: IO[bytes]) -> tuple[str, str, int]:
    """Copy the file to where uploads lie, readable by nobody else; its name, digest and size."""
    name, digest, size = f"{uuid4().hex}.upload", hashlib.sha256(), 0
    folder = Path(settings.UPLOADS)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / name).open("xb") as stored:
        (folder / name).chmod(0o600)
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
            stored.write(chunk)
    return name, digest.hexdigest(), size


@transaction.atomic
def set_batch_mapping(*, batch: ImportBatch, mapping: dict[str, Any], by: User | None) -> ImportBatch:
    """Read this file so. An earlier check speaks of another mapping, so it is to be made again."""
    batch = _locked(batch)
    policies.check_can_map(batch)
    chosen = Mapping.from_json(mapping)
    with open_table(open_upload(batch), delimiter=chosen.delimiter, encoding=chosen.encoding) as table:
        _check_fits(chosen, table.headers)
    batch.mapping, batch.state, batch.error = chosen.to_json(), BatchState.UPLOADED, ""
    batch.save()
    record("import.mapped", by=by, target=batch)
    return batch


@transaction.atomic
def start_dry_run(*, batch: ImportBatch, by: User | None) -> Job:
    """Let a worker find out what loading would do."""
    return _start(batch, "referrals.dry_run", BatchState.CHECKING, by)


@transaction.atomic
def start_load(*, batch: ImportBatch, by: User | None) -> Job:
    """Let a worker load the file."""
    return _start(batch, "referrals.load", BatchState.LOADING, by)


def _start(batch: ImportBatch, name: str, state: str, by: User | None) -> Job:
    locked = _locked(batch)
    policies.check_can_start(locked)
    job = enqueue(name, locked.pk, by=by)
    locked.state, locked.job, locked.error = state, job, ""
    locked.save()
    record("import.check_started" if state == BatchState.CHECKING else "import.load_started", by=by, target=locked)
    batch.refresh_from_db()
    return job


def _locked(batch: ImportBatch) -> ImportBatch:
    return ImportBatch.objects.select_for_update(of=("self",)).select_related("job", "source").get(pk=batch.pk)


@transaction.atomic
def discard_batch(*, batch: ImportBatch, by: User | None) -> None:
    """Not to be loaded: the file is deleted, what the check found is kept as counts."""
    locked = _locked(batch)
    policies.check_can_discard(locked)
    if locked.job is not None and not locked.job.is_finished and by is not None:
        cancel(job=locked.job, by=by)
    forget_file(locked)
    locked.state = BatchState.DISCARDED
    locked.save()
    record("import.discarded", by=by, target=locked)
    batch.refresh_from_db()


def earlier_loads(batch: ImportBatch) -> QuerySet[ImportBatch]:
    """Batches of the same source in which this very file was loaded before."""
    return ImportBatch.objects.filter(source=batch.source, sha256=batch.sha256, state=BatchState.LOADED).exclude(pk=batch.pk)


def open_upload(batch: ImportBatch) -> Path:
    """The uploaded file, while we have it."""
    path = upload_path(batch)
    if not batch.stored_as or not path.is_file():
        raise PolicyViolation("The uploaded file was deleted. Files are kept for 24 hours; upload it again.")
    return path


@transaction.atomic
def forget_uploads(*, by: User | None = None, older_than: float = KEPT_SECONDS) -> int:
    """Delete every upload that is older than a day, also of batches that nobody finished; returns how many files."""
    gone, until = 0, time.time() - older_than
    for path in Path(settings.UPLOADS).rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < until:
                path.unlink()
                gone += 1
    for batch in ImportBatch.objects.exclude(stored_as="").select_related("job"):
        if not upload_path(batch).exists():
            batch.stored_as = ""
            if policies.is_stuck(batch) or batch.state in {BatchState.UPLOADED, BatchState.CHECKED}:
                batch.state, batch.error = BatchState.DISCARDED, "Nobody loaded it within 24 hours, so the file was deleted."
            batch.save()
            record("import.forgotten", by=by, target=batch)
    return gone


@transaction.atomic
def save_mapping(*, source: Source, mapping: dict[str, Any], by: User | None) -> Source:
    """How this feed's files are read from now on. Another answer to what it sees changes flows, so its facts are derived anew."""
    chosen = Mapping.from_json(mapping)
    source = Source.objects.select_for_update().get(pk=source.pk)
    saw, source.mapping, source.sees = source.sees, chosen.to_json(), chosen.sees
    source.save()
    record("source.mapped", by=by, target=source, sees=chosen.sees)
    if saw != chosen.sees:
        enqueue("referrals.derive", "sources", [source.pk], by=by, key=f"referrals.derive.source.{source.pk}")
    return source


@transaction.atomic
def edit_source(*, source: Source, title: str, sees: str, by: User | None) -> Source:
    """How a feed is called, and what it sees; another answer to that changes flows, so its facts are derived anew."""
    source = Source.objects.select_for_update().get(pk=source.pk)
    saw, source.title, source.sees = source.sees, title.strip(), sees
    if source.mapping:
        source.mapping = {**source.mapping, "sees": sees}
    source.full_clean()
    source.save()
    record("source.edited", by=by, target=source, title=source.title, sees=sees)
    if saw != sees:
        enqueue("referrals.derive", "sources", [source.pk], by=by, key=f"referrals.derive.source.{source.pk}")
    return source


# What a person may correct, and the source's words that go with it: matching must come to the same end as the person did.
_WORDS: dict[str, Callable[[Any], dict[str, str]]] = {
    "provider": lambda who: {"referring_name": _full_name(who), "referring_npi": who.npi if who else ""},
    "practice": lambda where: {"referring_org": where.name if where else "", "referring_zip": where.zip if where else ""},
    "destination": lambda where: {"destination_name": where.name if where else ""},
    "performer": lambda who: {"performing_name": _full_name(who), "performing_npi": who.npi if who else ""},
}
_FIELDS = {"practice": "named_practice"}
EDITABLE = frozenset({"service_line", "payer", "kind", "priority", "reason", *_WORDS})


@transaction.atomic
def edit_referral(*, referral: Referral, by: User | None, **fields: Any) -> Referral:
    """Correct a referral. When the source sends the row again with other words, the source is believed."""
    if unknown := fields.keys() - EDITABLE:
        raise TypeError(f"Not editable: {', '.join(sorted(unknown))}")
    with connection.cursor() as cursor:
        lock_facts_soon(cursor)
        touch(cursor, f"SELECT id FROM {FACTS} WHERE id = %s", [referral.pk])  # noqa: S608 - our own table
        referral = Referral.objects.get(pk=referral.pk)
        for name, value in fields.items():
            setattr(referral, _FIELDS.get(name, name), value)
            for word, text in _WORDS[name](value).items() if name in _WORDS else ():
                setattr(referral, word, text)
        if referral.referrer_named != ReferrerNamed.SELF or "provider" in fields:
            referral.referrer_named = _named(referral)
        try:
            referral.clean_fields(exclude=[field.name for field in Referral._meta.fields if field.name not in fields or field.is_relation])
        except ValidationError as error:
            raise InputError(" ".join(error.messages)) from error
        referral.save()
        settle(cursor)
    record("referral.edited", by=by, target=referral, fields=sorted(fields))
    publish(f"referral {referral.pk} edited")
    referral.refresh_from_db()
    return referral


def _full_name(who: Provider | None) -> str:
    return f"{who.first_name} {who.last_name}".strip() if who else ""


def _named(referral: Referral) -> str:
    if referral.referring_name or referral.referring_npi:
        return ReferrerNamed.PROVIDER
    return ReferrerNamed.ORGANIZATION if referral.referring_org else ReferrerNamed.UNKNOWN


@transaction.atomic
def delete_referral(*, referral: Referral, by: User | None, why: str) -> None:
    """Take a referral out, with its history. A later file that holds it brings it back."""
    with connection.cursor() as cursor:
        lock_facts_soon(cursor)
        touch(cursor, f"SELECT id FROM {FACTS} WHERE id = %s", [referral.pk])  # noqa: S608 - our own table
        record("referral.deleted", by=by, target=referral, why=why)
        Referral.objects.filter(pk=referral.pk).delete()
        settle(cursor)
    publish(f"referral {referral.pk} deleted")


@transaction.atomic
def save_counting_rules(*, by: User | None, **fields: Any) -> CountingRules:
    """Change what counts. Rules that change numbers derive every fact anew, in a worker."""
    CountingRules.objects.get_or_create(pk=1, defaults={"counted_kinds": [Kind.CONSULT, Kind.PROCEDURE]})
    rules = CountingRules.objects.select_for_update().get(pk=1)
    before = {name: getattr(rules, name) for name in fields}
    for name, value in fields.items():
        setattr(rules, name, value)
    try:
        rules.full_clean(validate_constraints=False)
    except ValidationError as error:
        raise InputError(" ".join(error.messages)) from error
    changed = {name: [before[name], fields[name]] for name in fields if before[name] != fields[name]}
    if changed:
        rules.save()
        record("counting_rules.changed", by=by, target=rules, **changed)
    if changed.keys() & set(DERIVING_RULES):
        enqueue("referrals.derive", "all", [], by=by, key="referrals.derive.all")
    return rules
