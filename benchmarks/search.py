"""Promise 8: search as you type over a registry of millions, beside one big trigram index, and one-letter slips.

The field holds one provider in a hundred, at practices in towns; the rest are entries of the registry. Names follow long tails, as real
ones do. Ours is the whole call, from the letters to lines with places; the reference is one query on one text column with a trigram GIN.
Both are asked the same: names forward and backward, cut short, a number, a specialty with a town, a name with a town.
"""

import io
import random
from bisect import bisect
from itertools import accumulate

from django.db import connection

from accounts.models import User
from accounts.roles import Role
from benchmarks.measuring import Ratio, Stopwatch
from common.names import fold

SYLLABLES = "al an ar bel ber bra cal car chen cor da del den do el en er fer fin ga gar ger han har hen ja jo ka kel ker kim la lan le li lo ma mar mer mi mo na nel ner ni no o pa par pe per ra ram ri ro sa san sen sha shi sil so ta tan ter to tor va van ver vi wa wel wil ya yan za".split()  # fmt: skip # noqa: E501
KNOWN = 100  # one provider in so many works at a practice of the field
SPECIALTIES = 120
ASKED = 240
_REFERENCE = """SELECT id FROM bench_search WHERE words %%> %(q)s ORDER BY words <->> %(q)s LIMIT 10"""


class _Names:
    """Words with a long tail: the commonest is borne by one in sixty, most by few."""

    def __init__(self, chance: random.Random, count: int, syllables: tuple[int, int]) -> None:
        words: dict[str, None] = {}
        while len(words) < count:
            words["".join(chance.choice(SYLLABLES) for _ in range(chance.randint(*syllables))).capitalize()] = None
        self.words = list(words)
        self._sums = list(accumulate(1 / (rank + 12) for rank in range(count)))
        self._chance = chance

    def pick(self) -> str:
        return self.words[bisect(self._sums, self._chance.random() * self._sums[-1])]


def measure(*, rows: int, rounds: int, seed: int) -> list[Ratio]:
    from contacts.finding import search  # noqa: PLC0415 - after django.setup()

    chance = random.Random(seed)
    user = _make(rows, chance)
    watch = Stopwatch()
    questions = _questions(chance)
    for done in range(rounds):
        for question in chance.sample(questions, len(questions)):
            with watch("ours"):
                search(user, question, what="provider")
        if done < 3:  # the reference takes hundreds of times as long
            for question in chance.sample(questions, len(questions) // 12):
                with watch("one trigram index"), connection.cursor() as cursor:
                    cursor.execute(_REFERENCE, {"q": question.lower()})
                    cursor.fetchall()
        print(f"\rround {done + 1} of {rounds}", end="\n" if done + 1 == rounds else "", flush=True)
    ours, theirs = _p95(watch.rounds["ours"]), _p95(watch.rounds["one trigram index"])
    print(f"p95 of ours {1000 * ours:.1f} ms, of one trigram index {1000 * theirs:.0f} ms")
    slips = list(_slips(chance))
    hits = 0
    for typed, last, given in slips:
        with watch("a slip"):
            found = search(user, typed, what="provider")
        hits += any(fold(hit.label).startswith(fold(f"{given} {last}")) for hit in found)
    told = {"ours, p95": [ours], "one trigram index, p95": [theirs], "with a slip, p95": [_p95(watch.rounds["a slip"])]}
    return [
        Ratio("8 · search p95 ÷ one trigram index", 0.02, False, ours / theirs, told),
        Ratio("8 · one-letter slips found in the top ten", 0.95, True, hits / len(slips)),
    ]


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.95 * len(seconds))]


def _make(rows: int, chance: random.Random) -> User:
    """The registry, the field, and somebody who sees all of it."""
    from contacts.finding.words import learn_all_words  # noqa: PLC0415

    print(f"Making {rows:,} providers …", flush=True)
    last, first = _Names(chance, max(2000, rows // 8), (2, 4)), _Names(chance, max(500, rows // 80), (2, 3))
    towns = _Names(chance, 400, (2, 3)).words
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_name (id bigint, last text, first text, middle text)")
        for start in range(1, rows + 1, 100_000):
            lines = (
                f"{number}\t{last.pick()}\t{first.pick()}\t{chance.choice('ABCDEJLMRS')}\n"
                for number in range(start, min(start + 100_000, rows + 1))
            )
            cursor.copy_expert("COPY bench_name FROM STDIN", io.StringIO("".join(lines)))
        cursor.execute(
            f"""INSERT INTO contacts_specialty (id, code, name, stays_off_lists)
                SELECT n, 'BENCH' || n, 'Field' || chr(65 + n % 26) || ' practice ' || n, false FROM generate_series(1, {SPECIALTIES}) n"""
        )
        cursor.execute(
            """INSERT INTO contacts_provider (id, npi, first_name, middle_name, last_name, folded_name, folded_last, folded_given,
                   credential, kind, specialty_id, phone, email, preferences, do_not_visit, is_stale)
               SELECT id, (1000000000 + id * 7)::text, first, middle, last, lower(last || first), lower(last), lower(first || middle), 'MD',
                   'physician', 1 + id %% %s, '', '', '', false, false FROM bench_name""",
            [SPECIALTIES],
        )
        cursor.execute(
            """INSERT INTO contacts_practice (id, name, folded_name, npi, address, city, state, zip, county, phone, fax, visiting_rules,
                   do_not_visit, placed_by, tier, lunch_rule)
               SELECT n, town || ' Office ' || n, lower(town) || 'office' || n, '', n || ' Elm St', town, 'CT',
                   lpad((n %% 99999)::text, 5, '0'), '', '', '', '', false, 'nobody', '', '' FROM (
                   SELECT n, (%s::text[])[1 + n %% 400] AS town FROM generate_series(1, greatest(%s / 400, 50)) n) office""",
            [towns, rows],
        )
        cursor.execute(
            """INSERT INTO contacts_affiliation (provider_id, practice_id, is_primary)
               SELECT id, 1 + (id / %s) %% greatest(%s / 400, 50), true FROM bench_name WHERE id %% %s = 0""",
            [KNOWN, rows, KNOWN],
        )
        cursor.execute(
            """CREATE TABLE bench_search AS SELECT p.id, lower(concat_ws(' ', p.last_name, p.first_name, p.npi, s.name, o.city)) AS words
               FROM contacts_provider p JOIN contacts_specialty s ON s.id = p.specialty_id
               LEFT JOIN contacts_affiliation a ON a.provider_id = p.id LEFT JOIN contacts_practice o ON o.id = a.practice_id"""
        )
        cursor.execute("CREATE INDEX ON bench_search USING gin (words gin_trgm_ops)")
        learn_all_words()
        for table in ("contacts_provider", "contacts_practice", "contacts_affiliation", "contacts_nameword", "bench_search"):
            cursor.execute(f"VACUUM ANALYZE {table}")
    return User.objects.create_user("search@example.org", None, full_name="Search", role=Role.ADMIN)


def _questions(chance: random.Random) -> list[str]:
    """What people type: of whom they know and of whom they do not."""
    with connection.cursor() as cursor:
        cursor.execute(
            """(SELECT p.last_name, p.first_name, p.npi, s.name, o.city FROM contacts_provider p
                JOIN contacts_specialty s ON s.id = p.specialty_id JOIN contacts_affiliation a ON a.provider_id = p.id
                JOIN contacts_practice o ON o.id = a.practice_id
                ORDER BY hashint8(p.id) LIMIT %s)
               UNION ALL (SELECT p.last_name, p.first_name, p.npi, s.name, '' FROM contacts_provider p
                JOIN contacts_specialty s ON s.id = p.specialty_id ORDER BY hashint8(p.id + 1) LIMIT %s)""",
            [ASKED // 2, ASKED // 2],
        )
        rows = cursor.fetchall()
    questions = []
    for last, first, npi, specialty, town in rows:
        ways = [f"{last} {first}", f"{first} {last}", f"{last} {first[:2]}", f"{first[:3]} {last[:4]}", last, last[:4], npi[:7], npi]
        if town:
            field = specialty.split()[0]
            ways += [f"{field} {town}", f"{town} {field}", f"{last} {town}", f"{first} {last} {town[:4]}"]
        questions.append(chance.choice(ways))
    return questions


def _slips(chance: random.Random) -> list[tuple[str, str, str]]:
    """(typed, last name, given name): one letter wrong, missing, too many, or two swapped, in one word of a whole name."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT last_name, first_name FROM contacts_provider WHERE length(last_name) >= 4 AND length(first_name) >= 4
               ORDER BY hashint8(id + 2) LIMIT 400"""
        )
        rows = cursor.fetchall()
    found = []
    for last, first in rows:
        words = [last.lower(), first.lower()]
        which = chance.randrange(2)
        words[which] = _slip(words[which], chance)
        found.append((" ".join(words if chance.random() < 0.5 else words[::-1]), last, first))
    return found


def _slip(word: str, chance: random.Random) -> str:
    while True:
        at, letter = chance.randrange(len(word)), chance.choice("abcdefghijklmnopqrstuvwxyz")
        wrong = chance.choice(
            (
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
            )
        )
        if wrong != word:
            return wrong
