"""Feeds: how they are called, what they see, how their files are read."""

from typing import Any

from django.db import transaction
from django.utils.text import slugify

from accounts.models import User
from audit.actions import record
from common.exceptions import InputError
from referrals.importing.learning import source_sees, use_mapping
from referrals.importing.mapping import Mapping
from referrals.models import MappingVersion, Source


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


@transaction.atomic
def save_mapping(*, source: Source, mapping: dict[str, Any], by: User | None) -> Source:
    """How this feed's files are read from now on. Another answer to what it sees changes flows, so its facts are derived anew."""
    chosen = Mapping.from_json(mapping)
    source = Source.objects.select_for_update(no_key=True).get(pk=source.pk)
    use_mapping(source=source, mapping=chosen.to_json(), by=by)
    record("source.mapped", by=by, target=source, sees=chosen.sees)
    return source


@transaction.atomic
def restore_mapping(*, version: MappingVersion, by: User | None) -> Source:
    """Read the feed's files as they were read then: as a new version, so that nothing of the history is lost."""
    source = Source.objects.select_for_update(no_key=True).get(pk=version.source_id)
    use_mapping(source=source, mapping=version.mapping, by=by)
    record("source.mapping_restored", by=by, target=source, version=version.number, sees=version.sees)
    return source


@transaction.atomic
def edit_source(
    *, source: Source, title: str, sees: str, by: User | None, from_folder: str | None = None, due_every_days: int | None = None
) -> Source:
    """How a feed is called, what it sees and how its files come; another answer to what it sees changes flows: facts are derived anew."""
    source = Source.objects.select_for_update(no_key=True).get(pk=source.pk)
    source.title = title.strip()
    if from_folder is not None:
        source.from_folder = from_folder
    if due_every_days is not None:
        source.due_every_days = due_every_days
    saw, source.sees = source.sees, sees
    source.full_clean()
    source.sees = saw
    source.save()
    if source.sees != sees:
        source_sees(source=source, sees=sees, by=by)
    record("source.edited", by=by, target=source, title=source.title, sees=sees, from_folder=source.from_folder)
    return source
