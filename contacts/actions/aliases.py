"""Decisions about words: made, taken back; and what matching only believes, kept until somebody confirms it."""

from collections.abc import Collection, Iterable, Mapping

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from contacts.matching import Match, Words
from contacts.models import Alias, Guess, Organization, Practice, Provider, WordsKind
from jobs.actions import enqueue

_CHUNK = 500


def _rematch_words(words: Iterable[Words], by: User | None) -> None:
    """Only the referrals that have these words are resolved again."""
    parts = [[one.kind, one.npi, one.name, one.office, one.zip] for one in words]
    for start in range(0, len(parts), _CHUNK):
        enqueue("referrals.rematch", "words", parts[start : start + _CHUNK], by=by)


def _words_of(alias: Alias | Guess) -> Words:
    return Words(alias.kind, alias.npi, alias.name, alias.office, alias.zip)


@transaction.atomic
def save_alias(*, words: Words, target: Provider | Practice | Organization | None, came_with: str = "", by: User | None) -> Alias:
    """From now on these words mean `target`; without one, nobody we know. Referrals that have them follow in a worker."""
    if target is not None and target._meta.model_name != words.kind:
        raise PolicyViolation(f"These words name {_A[WordsKind(words.kind)]}. Choose one.")
    if not (words.npi or words.name):
        raise PolicyViolation("There are no words to decide about.")
    meant = {str(kind): target if kind == words.kind else None for kind in WordsKind.values}
    told = {"kind": words.kind, "npi": words.npi, "name": words.name, "office": words.office, "zip": words.zip}
    alias, _ = Alias.objects.update_or_create(
        key=words.key, defaults={**told, **meant, "made_by": by, "made_at": timezone.now(), "came_with": came_with}
    )
    record("alias.saved", by=by, target=alias, words=words.shown, means=str(target or "nobody we know"))
    _rematch_words([words], by)
    return alias


_A = {WordsKind.PROVIDER: "a provider", WordsKind.PRACTICE: "a practice", WordsKind.ORGANIZATION: "an organization"}


@transaction.atomic
def forget_alias(*, alias: Alias, by: User | None) -> None:
    """Take a decision back: its words are matched as if nobody had decided."""
    record("alias.forgotten", by=by, target=alias, words=alias.shown, meant=str(alias.target or "nobody we know"))
    words = _words_of(alias)
    alias.delete()
    _rematch_words([words], by)


@transaction.atomic
def forget_aliases(*, came_with: Collection[str], keep: Collection[str] = (), by: User | None) -> int:
    """Take back what these imports brought, except for the keys in `keep`, which others still use. Returns how many went."""
    gone = [alias for alias in Alias.objects.filter(came_with__in=set(came_with) - {""}) if alias.key not in keep]
    if gone:
        record("alias.forgotten_with_import", by=by, came_with=sorted({alias.came_with for alias in gone}), count=len(gone))
        Alias.objects.filter(pk__in=[alias.pk for alias in gone]).delete()
        _rematch_words([_words_of(alias) for alias in gone], by)
    return len(gone)


def remember_guesses(*, asked: Collection[Words], guesses: Mapping[Words, Match]) -> None:
    """What of these words is matched by likeness only; guesses about other words stay."""
    stored = {_words_of(guess): guess for guess in Guess.objects.all()}
    gone = [guess.pk for words, guess in stored.items() if words in asked and words not in guesses]
    Guess.objects.filter(pk__in=gone).delete()
    changed = [
        Guess(
            kind=words.kind,
            npi=words.npi,
            name=words.name,
            office=words.office,
            zip=words.zip,
            score=match.score,
            **{f"{kind}_id": match.id if kind == words.kind else None for kind in WordsKind.values},
        )
        for words, match in guesses.items()
        if words not in stored or (stored[words].score, _id_of(stored[words])) != (match.score, match.id)
    ]
    Guess.objects.bulk_create(
        changed,
        batch_size=1_000,
        update_conflicts=True,
        unique_fields=["kind", "npi", "name", "office", "zip"],
        update_fields=["score", "provider", "practice", "organization"],
    )


def _id_of(guess: Guess) -> int | None:
    return guess.provider_id or guess.practice_id or guess.organization_id
