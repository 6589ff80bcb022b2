"""What a person decides about words that wait."""

from django.db import transaction

from accounts.models import User
from audit.actions import record
from contacts.actions import save_alias
from contacts.matching import Words
from contacts.models import Alias, Organization, Practice, Provider
from referrals import matching
from referrals.models import Payer


@transaction.atomic
def save_payer(*, name: str, by: User | None) -> Payer:
    """A payer that no file has named yet, so that its margin or capacity can be told."""
    payer = Payer.objects.create(name=name)
    record("payer.added", by=by, target=payer)
    return payer


@transaction.atomic
def decide(*, words: Words, target: Provider | Practice | Organization | None, by: User | None) -> Alias:
    """These words mean `target`, or nobody we know. It is kept which import said them first: the decision may go with it."""
    return save_alias(words=words, target=target, came_with=matching.came_with(words), by=by)
