"""How a feed's files are read, version by version: what an import brought, its undo takes back."""

from typing import Any

from accounts.models import User
from jobs.actions import enqueue
from referrals.importing.mapping import Mapping
from referrals.models import BatchState, ImportBatch, MappingVersion, Referral, Sees, Source


def learn_mapping(batch: ImportBatch) -> None:
    """The source remembers the mapping used last."""
    use_mapping(source=batch.source, mapping=batch.mapping, by=batch.uploaded_by, batch=batch)


def use_mapping(*, source: Source, mapping: dict[str, Any], by: User | None, batch: ImportBatch | None = None) -> MappingVersion | None:
    """Read the feed's files so from now on: its next version. None when it is read so already."""
    sees = Mapping.from_json(mapping).sees
    last = source.mapping_versions.order_by("-number").first()
    if last is not None and (last.mapping, last.sees) == (mapping, sees) == (source.mapping, source.sees):
        return None
    version = MappingVersion.objects.create(
        source=source, number=last.number + 1 if last else 1, mapping=mapping, sees=sees, batch=batch, saved_by=by
    )
    _set(source, mapping, sees, by)
    return version


def source_sees(*, source: Source, sees: str, by: User | None) -> None:
    """What the feed sees, told apart from how its files are read."""
    if source.mapping:
        use_mapping(source=source, mapping={**source.mapping, "sees": sees}, by=by)
    else:
        _set(source, {}, sees, by)


def forget_mapping(batch: ImportBatch) -> None:
    """Take back what an undone import taught. What a later one read in the same way, that one would have taught; later versions stay."""
    source, gone = batch.source, []
    in_use = source.mapping_versions.order_by("-number").first()
    others = source.batches.filter(state=BatchState.LOADED).exclude(pk=batch.pk).order_by("loaded_at", "pk")
    for version in source.mapping_versions.filter(batch=batch):
        version.batch = others.filter(mapping=version.mapping).first()
        if version.batch:
            version.save(update_fields=["batch"])
        else:
            gone.append(version.pk)
    source.mapping_versions.filter(pk__in=gone).delete()
    if in_use is not None and in_use.pk in gone:
        last = source.mapping_versions.order_by("-number").first()
        _set(source, last.mapping if last else {}, last.sees if last else Sees.OUR_ORDERS, None)


def _set(source: Source, mapping: dict[str, Any], sees: str, by: User | None) -> None:
    """Told anew what the feed sees, or whose orders it speaks of, the facts loaded before are linked and derived again."""
    concerns = source.sees != sees or _orders(source.mapping) != _orders(mapping)
    source.mapping, source.sees = mapping, sees
    source.save(update_fields=["mapping", "sees"])
    if concerns and Referral.objects.filter(source=source).exists():
        enqueue("referrals.relink", [source.pk], by=by, key=f"referrals.relink.{source.pk}")


def _orders(mapping: dict[str, Any]) -> Any:
    return mapping.get("feed", {}).get("orders")
