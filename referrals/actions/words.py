"""What a person decides about words that wait."""

from django.db import transaction

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from contacts.actions import save_alias
from contacts.matching import Words
from contacts.models import Alias, Organization, Practice, Provider
from jobs.actions import enqueue
from jobs.models import Job
from referrals import matching, policies
from referrals.models import Payer


@transaction.atomic
def save_payer(*, name: str, by: User | None) -> Payer:
    """A payer that no file has named yet, so that its margin or capacity can be told."""
    policies.check_payer_is_new(name)
    payer = Payer.objects.create(name=name)
    record("payer.added", by=by, target=payer)
    return payer


@transaction.atomic
def rename_payer(*, payer: Payer, name: str, by: User | None) -> Payer:
    """Call a payer by another name. The one that it had stays a name of it, so that files which go on to use it still mean the same."""
    payer = Payer.every.select_for_update(no_key=True).get(pk=payer.pk)
    old, other = payer.name, Payer.every.filter(name__iexact=name).exclude(pk=payer.pk).first()
    if name == old:
        return payer
    if other is not None and other.standing != payer:
        raise PolicyViolation(f"{other.standing} has this name. If the two are one, merge them.")
    if other is not None:  # an older name of its own: the two change places
        other.name = f"{payer.pk} {other.pk} \u21c4"  # for the length of this statement: names are unique
        other.save(update_fields=["name"])
    payer.name = name
    payer.save(update_fields=["name"])
    if other is not None:
        other.name = old
        other.save(update_fields=["name"])
    elif old.casefold() != name.casefold():
        Payer.every.create(name=old, merged_into=payer)
    record("payer.renamed", by=by, target=payer, before=old)
    return payer


@transaction.atomic
def start_payer_merge(*, survivor: Payer, merged: Payer, by: User | None) -> Job:
    """Queue it: the worker makes the two one, with all referrals and rollups."""
    policies.check_can_merge_payers(survivor=survivor, merged=merged)
    record("payer.merge_asked", by=by, target=survivor, merged=merged.name)
    return enqueue("referrals.merge_payers", survivor.pk, merged.pk, by.pk if by else None, by=by, key=f"referrals.payer.{merged.pk}")


@transaction.atomic
def start_payer_parting(*, name: Payer, by: User | None) -> Job:
    """Queue it: a name of a payer becomes a payer of its own again."""
    if name.merged_into is None:
        raise PolicyViolation(f"{name} is a payer of its own.")
    record("payer.parting_asked", by=by, target=name)
    return enqueue("referrals.part_payer", name.pk, by.pk if by else None, by=by, key=f"referrals.payer.{name.pk}")


@transaction.atomic
def decide(*, words: Words, target: Provider | Practice | Organization | None, by: User | None) -> Alias:
    """These words mean `target`, or nobody we know. It is kept which import said them first: the decision may go with it."""
    return save_alias(words=words, target=target, came_with=matching.came_with(words), by=by)
