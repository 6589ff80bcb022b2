"""Search as you type: what must be found, told by a slow and obvious twin; tiers, slips, scope, and the words it forgives with."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from common.names import fold
from contacts import actions
from contacts.finding import search
from contacts.finding.reading import name_ways, read, splits
from contacts.finding.words import learn_all_words, near, rests_of
from contacts.models import Affiliation, NameWord, Practice, Provider, ProviderName
from tests import factories


def found(user: User, text: str, **asked) -> list[str]:
    return [hit.label for hit in search(user, text, **asked)]


@pytest.fixture
def people(world):
    """Names with everything that makes names hard, in the north; a namesake who is only in the registry."""
    at = world.north_practice
    heart = factories.make_specialty("207RC0000X", "Cardiology", world.line)
    for last, first, middle in [
        ("O'Brien", "Seán", ""), ("Smith-Jones", "Ana", "Q"), ("de la Cruz", "María", ""), ("Núñez", "Zoë", ""),
        ("Rodriguez", "Elena", "Ruth"),
    ]:  # fmt: skip
        factories.make_provider(last, first_name=first, middle_name=middle, at=at, specialty=heart)
    factories.make_provider("Rodriguez", first_name="Elena", npi="1234567893")
    return world


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("obrien", "Seán O'Brien"), ("o'brien sean", "Seán O'Brien"), ("sean o\u2019brien", "Seán O'Brien"), ("O BRIEN", "Seán O'Brien"),
        ("smith jones", "Ana Smith-Jones"), ("ana smith-jones", "Ana Smith-Jones"), ("Smith-Jones, Ana Q.", "Ana Smith-Jones"),
        ("jones", "Ana Smith-Jones"), ("an smi", "Ana Smith-Jones"), ("smi an", "Ana Smith-Jones"),
        ("Dr. Ana Smith, MD", "Ana Smith-Jones"),
        ("cruz", "María de la Cruz"), ("maria de la cruz", "María de la Cruz"), ("de la cruz maria", "María de la Cruz"),
        ("nunez zoe", "Zoë Núñez"), ("NÚÑEZ", "Zoë Núñez"), ("elena r rodriguez", "Elena Rodriguez"),
        ("ruth elena rodriguez", "Elena Rodriguez"),
        ("rodriguez x elena", "Elena Rodriguez"),
        # one slip: missing, too many, wrong, swapped; in the last name, the given name, and beside a cut one
        ("rodrigez", "Elena Rodriguez"), ("rodrigueez", "Elena Rodriguez"), ("rodrikuez", "Elena Rodriguez"),
        ("rodirguez", "Elena Rodriguez"),
        ("elnea rodriguez", "Elena Rodriguez"), ("rodriguz el", "Elena Rodriguez"), ("elna rodrigez", "Elena Rodriguez"),
        ("nortrop pat", "Pat Northrop"),
        # a specialty, a town, a name, in any order
        ("cardio obrien", "Seán O'Brien"), ("brien hartford", None), ("nunez cardiology hartf", "Zoë Núñez"), ("new haven cardio", None),
    ],
)  # fmt: skip
def test_a_few_letters_find_the_person(people, text, label):
    Practice.objects.filter(pk=people.north_practice.pk).update(city="Hartford")
    people.north_provider.specialty = factories.make_specialty("207Q00000X", "Family medicine")
    people.north_provider.save()
    for who in (people.nora, people.ada):
        hits = found(who, text, what="provider")
        assert (label in hits) if label else "Pat Northrop" not in hits, (text, hits)


def test_whom_we_know_comes_before_the_registry(people):
    hits = search(people.ada, "elena rodriguez", what="provider")
    assert [hit.sub for hit in hits] == ["Cardiology · North Family Practice", "NPI 1234567893"]
    assert len(found(people.nora, "elena rodriguez")) == 1, "who works nowhere in the territory is not found there"
    assert found(people.sol, "elena rodriguez") == []
    assert found(people.past, "rodriguez") == []


def test_numbers_begin_an_npi_or_a_zip(people):
    assert found(people.ada, "12345", what="provider") == ["Elena Rodriguez"]
    assert found(people.ada, "123-456 7893") == ["Elena Rodriguez"]
    assert found(people.nora, "12345") == []
    assert found(people.nora, "441") == ["North Family Practice"]


def test_organizations_are_found_known_ones_by_any_word(people):
    factories.make_organization("Heart of the Registry", registry_updated_on="2026-01-01", npi="1999999992")
    assert found(people.nora, "cardiology", what="organization") == ["Riverbend Cardiology", "Summit Cardiology"]
    assert found(people.ada, "heart of", what="organization") == ["Heart of the Registry"]
    assert found(people.ada, "registry heart", what="organization") == [], "of the registry's own only the beginning counts"
    assert found(people.ada, "1999", what="organization") == ["Heart of the Registry"]
    assert "Riverbend Cardiology" in found(people.nora, "riverbend")


def test_another_name_of_theirs(people):
    married = people.north_provider
    ProviderName.objects.create(provider=married, name="Pat Maiden", folded_name="maidenpat")
    assert found(people.nora, "pat maiden") == ["Pat Northrop"]
    assert found(people.ada, "maiden") == ["Pat Northrop"]


def test_a_name_that_changes_is_found_by_the_new_one_at_once(world):
    actions.save_provider(provider=world.north_provider, last_name="Quigley-Zandt", by=world.ada)
    assert found(world.nora, "quigly zandt") == ["Pat Quigley-Zandt"]
    assert found(world.nora, "northrop", what="provider") == []
    before = NameWord.objects.count()
    actions.save_provider(provider=world.north_provider, phone="555-0100", by=world.ada)
    assert NameWord.objects.count() == before, "a word is learned once"


def test_after_a_file_all_words_are_learned_at_once(world):
    NameWord.objects.all().delete()
    assert found(world.ada, "nortrop", what="provider") == []
    learn_all_words()
    assert found(world.ada, "nortrop", what="provider") == ["Pat Northrop"]
    told = set(NameWord.objects.values_list("word", flat=True))
    assert {"northrop", "pat", "southwell", "farrow"} <= told
    assert sorted(NameWord.objects.get(word="pat").shorter) == ["at", "pa", "pt"]


def test_rests():
    assert rests_of("anna") == ["anna", "nna", "ana", "ann"]
    assert near("an") == [], "short words resemble everything"


_LETTERS = st.text("abn", min_size=1, max_size=5)
_NAMES = st.lists(st.tuples(_LETTERS, _LETTERS, st.sampled_from(["", "a", "nab"])), min_size=1, max_size=8, unique=True)


def _must_be_found(person: tuple[str, str, str], words: list[str]) -> bool:
    """Slow and obvious: in some order of the words some cut makes a beginning of the last name and one of first and middle name; or all of
    them, as they were typed, begin one of the two.
    """
    last, given = person[0], person[1] + person[2]
    if last.startswith("".join(words)) or given.startswith("".join(words)):
        return True
    orders = itertools.permutations(words) if len(words) <= 3 else [tuple(words), tuple(words[::-1])]
    for order in orders:
        for cut in range(1, len(order)):
            front, behind = "".join(order[:cut]), "".join(order[cut:])
            if last.startswith(front) and given.startswith(behind):
                return True
    return False


def _one_slip(one: str, other: str) -> bool:
    """Slow and obvious: a letter put in, left out, changed, or two neighbors swapped."""
    if one == other:
        return False
    alphabet = "abn"
    made = {one[:n] + one[n + 1 :] for n in range(len(one))}
    made |= {one[:n] + letter + one[n:] for n in range(len(one) + 1) for letter in alphabet}
    made |= {one[:n] + letter + one[n + 1 :] for n in range(len(one)) for letter in alphabet}
    made |= {one[:n] + one[n + 1] + one[n] + one[n + 2 :] for n in range(len(one) - 1)}
    return other in made


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=_NAMES, words=st.lists(_LETTERS, min_size=1, max_size=3), whole=st.booleans())
def test_the_search_finds_what_the_twin_finds(world, names, words, whole):
    Provider.objects.filter(last_name__startswith="Twin").delete()
    Affiliation.objects.filter(provider__email="twin@example.org").delete()
    Provider.objects.filter(email="twin@example.org").delete()
    NameWord.objects.all().delete()
    for last, first, middle in names:
        factories.make_provider(last, first_name=first, middle_name=middle, email="twin@example.org", at=world.north_practice)
    hits = {hit.pk for hit in search(world.ada if whole else world.nora, " ".join(words), what="provider", limit=60)}
    people = {row.pk: (row.last_name, row.first_name, row.middle_name) for row in Provider.objects.filter(email="twin@example.org")}
    missing = [person for pk, person in people.items() if _must_be_found(person, words) and pk not in hits]
    assert not missing, (words, missing)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    known=st.lists(st.text("abn", min_size=3, max_size=7), min_size=1, max_size=12, unique=True),
    asked=st.text("abn", min_size=4, max_size=7),
)
def test_the_table_of_rests_finds_every_word_one_slip_away(db, known, asked):
    from contacts.finding.words import MOST, learn_words  # noqa: PLC0415

    NameWord.objects.all().delete()
    learn_words(*known)
    wanted = {word for word in known if _one_slip(asked, word)}
    assert set(near(asked)) == wanted or len(wanted) > MOST


def test_reading():
    assert read(" Dr. O\u2019Brien, Seán MD ").words == ("obrien", "sean")
    assert read("md").words == ("md",)
    assert read("123-45").digits == "12345"
    assert read("%' OR 1=1 --").words == ("or", "11")
    assert name_ways(("a", "b"))[:2] == [("a", "b"), ("b", "a")]
    assert name_ways(()) == []
    assert all("".join((*split.name, *split.town, *split.specialty)) for split in splits(("a", "b")))
    assert fold("Smith-Jones") == "smithjones"
