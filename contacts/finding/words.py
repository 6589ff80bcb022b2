"""The words of people's names: folded for the search, and the table through which it forgives one slip (models.NameWord)."""

from django.db import connection
from rapidfuzz.distance import OSA, JaroWinkler

from common.names import fold
from contacts.models import Provider

SHORTEST, LONGEST = 3, 40  # letters of a word in which a slip is looked for; shorter ones resemble everything
MOST = 20  # words that are taken for what was meant

_REST = "overlay(told.word PLACING '' FROM place FOR 1)"
_LEARN = f"""
    INSERT INTO contacts_nameword (word, shorter)
    SELECT told.word, ARRAY(SELECT DISTINCT {_REST} FROM generate_series(1, length(told.word)) AS place)
    FROM ({{source}}) AS told (word)
    WHERE length(told.word) BETWEEN 3 AND {LONGEST}
      AND NOT EXISTS (SELECT FROM contacts_nameword known WHERE known.word = told.word COLLATE "C")
"""  # noqa: S608 - made of constants; values are parameters
_NEAR = "SELECT DISTINCT word FROM contacts_nameword WHERE shorter && %(rests)s::varchar[] OR word = ANY(%(rests)s::varchar[])"


def fold_names(provider: Provider) -> Provider:
    """Write what the search and matching read, from the names as they are written; not saved yet."""
    provider.folded_name = fold(f"{provider.last_name} {provider.first_name}")[:200]
    provider.folded_last = fold(provider.last_name)[:80]
    provider.folded_given = fold(f"{provider.first_name} {provider.middle_name}")[:160]
    return provider


def learn_name(provider: Provider) -> None:
    """Take up the words of somebody's name, in the transaction that writes it."""
    learn_words(provider.folded_last, provider.folded_given, fold(provider.first_name))


def learn_words(*words: str) -> None:
    """Take up words that nobody had before."""
    with connection.cursor() as cursor:
        cursor.execute(_LEARN.format(source="SELECT DISTINCT unnest(%s::text[])"), [list(words)])


def learn_all_words() -> None:
    """Take up every name that is new, by one statement: after a file of many people."""
    first_name = "split_part(translate(lower(first_name), '.-', '  '), ' ', 1)"
    source = f"""
        SELECT folded_last FROM contacts_provider UNION SELECT folded_given FROM contacts_provider
        UNION SELECT {first_name} FROM contacts_provider WHERE {first_name} ~ '^[a-z]+$'
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(_LEARN.format(source=source))
        cursor.execute("ANALYZE contacts_nameword")


def rests_of(word: str) -> list[str]:
    """The word, and what is left of it when any one letter is left out."""
    return [word, *dict.fromkeys(word[:place] + word[place + 1 :] for place in range(len(word)))]


def near(word: str) -> list[str]:
    """Known words that one slip turns into this one (a letter wrong, missing, too many, or two swapped), likeliest first."""
    if not SHORTEST <= len(word) <= LONGEST:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, {"rests": rests_of(word)})
        found = [known for (known,) in cursor.fetchall() if known != word and OSA.distance(known, word) == 1]
    return sorted(found, key=lambda known: (-JaroWinkler.similarity(known, word), known))[:MOST]
