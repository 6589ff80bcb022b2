"""What a person decides about words that wait."""

from django.db import transaction

from accounts.models import User
from contacts.actions import save_alias
from contacts.matching import Words
from contacts.models import Alias, Organization, Practice, Provider
from referrals import matching


@transaction.atomic
def decide(*, words: Words, target: Provider | Practice | Organization | None, by: User | None) -> Alias:
    """These words mean `target`, or nobody we know. It is kept which import said them first: the decision may go with it."""
    return save_alias(words=words, target=target, came_with=matching.came_with(words), by=by)
