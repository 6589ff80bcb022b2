"""Whom words of the sources mean, as far as that waits for a person: distinct words, most referrals first."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import CharField, Count, Max, Min, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from accounts.models import User
from contacts.matching import Words
from contacts.models import Alias, Guess, Organization, Practice, Provider, WordsKind
from referrals.importing.resolving import DESTINATION, PERFORMER, REFERRER
from referrals.models import Referral, SentRow

CAP = 5_000  # words of a queue that are looked at; what is rarer waits until those are done


@dataclass(frozen=True)
class Queue:
    """One kind of words: which referrals name somebody, and which of those wait."""

    kind: str
    columns: tuple[str, ...]
    link: str
    named: Q
    title: str

    def words(self, *cells: str) -> Words:
        """The cells of `columns`, as matching is asked."""
        return Words(self.kind, **dict(zip(_PARTS[self.columns], cells, strict=True)))


OFFICE = REFERRER[2:]
_PARTS = {
    REFERRER: ("npi", "name", "office", "zip"),
    OFFICE: ("name", "zip"),
    DESTINATION: ("name",),
    PERFORMER: ("npi", "name"),
}
QUEUES = {
    "providers": Queue(WordsKind.PROVIDER, REFERRER, "provider", Q(referrer_named="provider"), "Referring providers"),
    "practices": Queue(WordsKind.PRACTICE, OFFICE, "named_practice", ~Q(referring_org="") & ~Q(referrer_named="self"), "Practices"),
    "destinations": Queue(WordsKind.ORGANIZATION, DESTINATION, "destination", ~Q(destination_name=""), "Destinations"),
    "receiving": Queue(WordsKind.PROVIDER, PERFORMER, "performer", ~Q(performing_npi="") | ~Q(performing_name=""), "Receiving providers"),
}


@dataclass
class Waiting:
    """Words that wait, in all their spellings: how many referrals, from when to when, of which feeds."""

    words: Words
    referrals: int
    first_on: dt.date
    last_on: dt.date
    feeds: set[str] = field(default_factory=set)
    guess: Guess | None = None


def waiting(queue: Queue, *, user: User) -> list[Waiting]:
    """What leads nowhere and nobody has decided about, most referrals first."""
    rows = Referral.objects.visible_to(user).filter(queue.named, **{f"{queue.link}__isnull": True})
    decided = set(Alias.objects.filter(kind=queue.kind).values_list("key", flat=True))
    found: dict[str, Waiting] = {}
    for one in _grouped(queue, rows):
        if one.words.key not in decided:
            _add(found, one)
    return _most_first(found)


def to_confirm(*, user: User) -> list[Waiting]:
    """What is matched by likeness only, until somebody says yes or no."""
    shown = Guess.objects.visible_to(user).select_related("provider__specialty", "practice", "organization")
    guesses = {_words_of(guess): guess for guess in shown}
    decided = set(Alias.objects.values_list("key", flat=True))
    found: dict[str, Waiting] = {}
    for queue in QUEUES.values():
        names = {words.name for words in guesses if words.kind == queue.kind}
        column = queue.columns[_PARTS[queue.columns].index("name")]
        rows = Referral.objects.visible_to(user).filter(queue.named, **{f"{column}__in": names, f"{queue.link}__isnull": False})
        for one in _grouped(queue, rows) if names else ():
            if (guess := guesses.get(one.words)) and one.words.key not in decided:
                _add(found, one).guess = guess
    return _most_first(found)


def _words_of(guess: Guess) -> Words:
    return Words(guess.kind, guess.npi, guess.name, guess.office, guess.zip)


def _grouped(queue: Queue, rows: QuerySet[Referral]) -> Iterable[Waiting]:
    counted = (
        rows.order_by()
        .values_list(*queue.columns)
        .annotate(
            n=Count("pk"),
            first=Min("anchor_on"),
            last=Max("anchor_on"),
            feeds=ArrayAgg(Coalesce(NullIf("source__title", Value("")), "source__name", output_field=CharField()), distinct=True),
        )
    )
    width = len(queue.columns)
    for row in counted.order_by("-n", *queue.columns)[:CAP]:
        count, first, last, feeds = row[width:]
        yield Waiting(queue.words(*row[:width]), count, first, last, set(feeds))


def _add(found: dict[str, Waiting], one: Waiting) -> Waiting:
    """Other spellings of the same words are one question."""
    known = found.setdefault(one.words.key, one)
    if known is not one:
        known.referrals += one.referrals
        known.first_on, known.last_on = min(known.first_on, one.first_on), max(known.last_on, one.last_on)
        known.feeds |= one.feeds
    return known


def _most_first(found: dict[str, Waiting]) -> list[Waiting]:
    return sorted(found.values(), key=lambda one: (-one.referrals, one.words.key))


def named(queue: Queue, *, user: User) -> int:
    """Referrals that name somebody in the queue's columns: those for which it is known who is meant, and those that wait."""
    return Referral.objects.visible_to(user).filter(queue.named).count()


def came_with(words: Words) -> str:
    """The import that first said these words, if any did: undone, it takes a decision about them along unless others say them too."""
    said = Q(pk__in=[])
    for queue in QUEUES.values():
        cells = [getattr(words, part) for part in _PARTS[queue.columns]]
        if queue.words(*cells) == words:
            said |= Q(**dict(zip(queue.columns, cells, strict=True)))
    batch = SentRow.objects.filter(said).order_by("batch__loaded_at", "batch_id").values_list("batch_id", flat=True).first()
    return str(batch or "")


def target_of(words: Words, number: Any, *, user: User) -> Provider | Practice | Organization | None:
    """The record that a person chose for these words, when they may see it."""
    models: dict[str, Any] = {WordsKind.PROVIDER: Provider, WordsKind.PRACTICE: Practice, WordsKind.ORGANIZATION: Organization}
    found: Provider | Practice | Organization | None = (
        models[words.kind].objects.visible_to(user).filter(pk=number).first() if str(number).isdigit() else None
    )
    return found
