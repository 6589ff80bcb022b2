"""Feeds: how they are called, what they see, how their files are read."""

from typing import Any

from django.db import transaction
from django.utils.text import slugify

from accounts.models import User
from audit.actions import record
from common.exceptions import InputError
from jobs.actions import enqueue
from referrals.importing.mapping import Mapping
from referrals.models import Source


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
    source = Source.objects.select_for_update().get(pk=source.pk)
    saw, source.mapping, source.sees = source.sees, chosen.to_json(), chosen.sees
    source.save()
    record("source.mapped", by=by, target=source, sees=chosen.sees)
    if saw != chosen.sees:
        enqueue("referrals.derive", "sources", [source.pk], by=by, key=f"referrals.derive.source.{source.pk}")
    return source


@transaction.atomic
def edit_source(
    *, source: Source, title: str, sees: str, by: User | None, from_folder: str | None = None, due_every_days: int | None = None
) -> Source:
    """How a feed is called, what it sees and how its files come; another answer to what it sees changes flows: facts are derived anew."""
    source = Source.objects.select_for_update().get(pk=source.pk)
    saw, source.title, source.sees = source.sees, title.strip(), sees
    if source.mapping:
        source.mapping = {**source.mapping, "sees": sees}
    if from_folder is not None:
        source.from_folder = from_folder
    if due_every_days is not None:
        source.due_every_days = due_every_days
    source.full_clean()
    source.save()
    record("source.edited", by=by, target=source, title=source.title, sees=sees, from_folder=source.from_folder)
    if saw != sees:
        enqueue("referrals.derive", "sources", [source.pk], by=by, key=f"referrals.derive.source.{source.pk}")
    return source
