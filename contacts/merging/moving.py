"""Two records made one: what moves, what stays because it conflicts, and how it all goes back as it was."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contacts.models import Affiliation, Alias, Alignment, Organization, Practice, Provider

Owner = Provider | Organization


@dataclass(frozen=True)
class Preview:
    """What a merge would move, and what would stay with the merged record because the survivor says otherwise."""

    affiliations: list[Affiliation] = field(default_factory=list)
    same_place: list[Affiliation] = field(default_factory=list)
    practices: list[Practice] = field(default_factory=list)
    alignments: list[Alignment] = field(default_factory=list)
    other_alignments: list[Alignment] = field(default_factory=list)
    aliases: int = 0


def preview(*, survivor: Owner, merged: Owner) -> Preview:
    """What `move` would do."""
    moving, staying = _alignments(survivor, merged)
    aliases = Alias.objects.filter(**{str(merged._meta.model_name): merged}).count()
    if isinstance(merged, Organization):
        return Preview(practices=list(merged.practices.all()), alignments=moving, other_alignments=staying, aliases=aliases)
    held = set(Affiliation.objects.open().filter(provider=survivor.pk).values_list("practice", flat=True))
    rows = list(merged.affiliations.select_related("practice").order_by("ended_on", "pk"))
    same = [row for row in rows if row.ended_on is None and row.practice_id in held]
    return Preview(
        affiliations=[row for row in rows if row not in same],
        same_place=same,
        alignments=moving,
        other_alignments=staying,
        aliases=aliases,
    )


def _alignments(survivor: Owner, merged: Owner) -> tuple[list[Alignment], list[Alignment]]:
    """Those of the merged whose days the survivor says nothing about, and the others."""
    theirs = list(survivor.alignments.all())
    moving: list[Alignment] = []
    staying: list[Alignment] = []
    for row in merged.alignments.all():
        (staying if any(_overlap(row, other) for other in theirs) else moving).append(row)
    return moving, staying


def _overlap(one: Alignment, other: Alignment) -> bool:
    starts, ends = dt.date.min, dt.date.max
    return (one.started_on or starts) < (other.ended_on or ends) and (other.started_on or starts) < (one.ended_on or ends)


def move(*, survivor: Owner, merged: Owner) -> dict[str, Any]:
    """Give the survivor what does not conflict; returns it as it was, so that it can go back."""
    found = preview(survivor=survivor, merged=merged)
    owner = str(merged._meta.model_name)
    moved: dict[str, Any] = {
        "alignments": [_told(row) for row in found.alignments],
        "affiliations": [{"id": row.pk, "is_primary": row.is_primary} for row in found.affiliations],
        "practices": [practice.pk for practice in found.practices],
    }
    Alignment.objects.filter(pk__in=[row.pk for row in found.alignments]).update(**{owner: survivor})
    if isinstance(survivor, Organization):
        Practice.objects.filter(pk__in=moved["practices"]).update(organization=survivor)
        return moved
    has_primary = Affiliation.objects.open().filter(provider=survivor, is_primary=True).first()
    moved["primary"] = has_primary.pk if has_primary else None
    for row in found.affiliations:
        row.provider = survivor
        row.is_primary = row.is_primary and (has_primary is None or row.ended_on is not None)
        row.save(update_fields=["provider", "is_primary"])
    return moved


def move_back(*, survivor: Owner, merged: Owner, moved: dict[str, Any]) -> None:
    """Give back what came with the merge and is still there; what the survivor got since stays."""
    holders = [row.pk for row in (survivor, *above(survivor))]
    owner = str(merged._meta.model_name)
    for told in moved.get("alignments", []):
        _alignment_back(told, owner, holders, merged)
    if isinstance(merged, Organization):
        Practice.objects.filter(pk__in=moved.get("practices", []), organization__in=holders).update(organization=merged)
        return
    _affiliations_back(moved, holders, merged)


def without(moved: dict[str, Any], gone: dict[str, Any]) -> dict[str, Any]:
    """What a later merge of the chain still has to give back, when an earlier one was taken back before it."""
    same = ("kind", "started_on", "ended_on")
    ids = {row["id"] for row in gone.get("affiliations", [])}
    told = [{name: row[name] for name in same} for row in gone.get("alignments", [])]
    return {
        **moved,
        "affiliations": [row for row in moved.get("affiliations", []) if row["id"] not in ids],
        "alignments": [row for row in moved.get("alignments", []) if {name: row[name] for name in same} not in told],
        "practices": [pk for pk in moved.get("practices", []) if pk not in gone.get("practices", [])],
    }


def above(owner: Owner) -> list[Owner]:
    """Whom the record was merged into, step by step: what it got may have gone on with it."""
    found: list[Owner] = []
    into = owner.merged_into
    while into is not None:
        found.append(into)
        into = into.merged_into
    return found


def _told(row: Alignment) -> dict[str, Any]:
    dates = {name: str(day) if (day := getattr(row, name)) else None for name in ("started_on", "ended_on")}
    return {"id": row.pk, "kind": row.kind, **dates}


def _alignment_back(told: dict[str, Any], owner: str, holders: Sequence[int], merged: Owner) -> None:
    """The row itself, or, where a later word on alignment wrote the survivor's anew, one that says the same."""
    same = {name: told[name] for name in ("kind", "started_on", "ended_on")}
    rows = Alignment.objects.filter(**{f"{owner}__in": holders})
    row = rows.filter(pk=told["id"]).first() or rows.filter(**same).first()
    if row is None:
        Alignment.objects.create(**{owner: merged}, **same)
    else:
        for name, value in same.items():
            setattr(row, name, value)
        setattr(row, owner, merged)
        row.save()


def _affiliations_back(moved: dict[str, Any], holders: Sequence[int], merged: Provider) -> None:
    was_primary = {row["id"]: row["is_primary"] for row in moved.get("affiliations", [])}
    own = Affiliation.objects.open().filter(provider=merged)  # stayed, or came from a file in the meantime
    held, has_primary = set(own.values_list("practice", flat=True)), own.filter(is_primary=True).exists()
    left: dict[int, Provider] = {}
    for row in Affiliation.objects.filter(pk__in=was_primary, provider__in=holders).select_related("provider"):
        if row.ended_on is None and row.practice_id in held:
            continue
        left[row.provider_id] = row.provider
        row.provider = merged
        if row.ended_on is None:
            row.is_primary = was_primary[row.pk] and not has_primary
        row.save(update_fields=["provider", "is_primary"])
    for provider in (*left.values(), merged):
        _ensure_primary(provider, moved.get("primary"))


def _ensure_primary(provider: Provider, before: int | None) -> None:
    """One that works somewhere has a primary place: the one of before the merge, else the one held longest."""
    rows = Affiliation.objects.open().filter(provider=provider)
    if rows.filter(is_primary=True).exists():
        return
    following = (rows.filter(pk=before).first() if before else None) or rows.order_by("pk").first()
    if following:
        following.is_primary = True
        following.save(update_fields=["is_primary"])
