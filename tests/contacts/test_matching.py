"""Who is meant: strong evidence first, and no guess between two."""

import pytest

from common.names import fold
from common.npi import with_check_digit
from contacts.matching import AMBIGUOUS, MATCHED, UNMATCHED, Directory, Match
from tests import factories

NPI = with_check_digit("290000001")
STRANGER = with_check_digit("290000002")

PEOPLE = {
    1: (NPI, "Iris", "A", "García"),
    2: ("", "Zoe", "B", "Baker"),
    3: ("", "Zoë", "C", "Baker"),
    4: ("", "Ben", "D", "Smith-Jones"),
    5: ("", "Ben", "E", "Smith-Jones"),
    6: ("", "Tara", "F", "O'Brien"),
    7: ("", "Jose", "G", "Kowalski"),
    8: ("", "Rose", "H", "Nguyen"),
    9: ("", "Rosa", "J", "Nguyen"),
}
AT = [(1, 10), (2, 10), (3, 10), (4, 10), (5, 10), (6, 11), (7, 12), (8, 13), (9, 13), (2, 13)]
PLACES = {
    10: ("Baker Medical Group 12", "06103"),
    11: ("Walsh Associates 3", "06103"),
    12: ("Main Street Pediatrics", "06105"),
    13: ("Walsh Associates 4", "06511"),
    14: ("Springfield Clinic", "06105"),
    15: ("Springfield Clinic", "06511"),
    16: ("Nowhere Yet", ""),
}
ORGANIZATIONS = {
    20: "Riverbend Women's Health",
    21: "Summit Oncology",
    22: "Lakeshore Neurosciences",
    23: "St. Mary's Hospital East",
    24: "St. Mary's Hospital West",
}
HOSPITAL = with_check_digit("290000003")


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory(
        providers=[(pk, *words) for pk, words in PEOPLE.items()],
        affiliations=AT,
        practices=[(pk, fold(name), zip_) for pk, (name, zip_) in PLACES.items()],
        organizations=[(pk, fold(name), HOSPITAL if pk == 20 else "") for pk, name in ORGANIZATIONS.items()],
    )


@pytest.mark.parametrize(
    ("npi", "name", "practice", "zip_", "outcome", "who"),
    [
        (NPI, "Somebody Else", None, "", MATCHED, 1),  # the NPI is the identity
        (STRANGER, "GARCÍA, IRIS A", 10, "", MATCHED, 1),  # one that we do not know falls through to the name
        ("", "BAKER, ZOE B", 10, "", MATCHED, 2),
        ("", "BAKER, ZOË C", 10, "", MATCHED, 3),  # another person
        ("", "Zoe Baker", 10, "", MATCHED, 2),
        ("", "Garcia, Iris", 10, "", MATCHED, 1),  # accents are forgiven when nobody fits to the letter
        ("", "SMITH-JONES, BEN E", 10, "", MATCHED, 5),  # the initial decides between namesakes
        ("", "Ben Smith-Jones", 10, "", AMBIGUOUS, None),
        ("", "SMITH-JONES, BEN X", 10, "", AMBIGUOUS, None),
        ("", "OBRIEN, TARA", 11, "", MATCHED, 6),
        ("", "Tara O'Brien", 10, "", MATCHED, 6),  # another office in the same ZIP
        ("", "Tara O'Brien", None, "06103", MATCHED, 6),
        ("", "Tara O'Brien", None, "06511", UNMATCHED, None),
        ("", "Jose Kowalsky", 12, "", MATCHED, 7),  # a letter off
        ("", "J. Kowalski", 12, "", MATCHED, 7),
        ("", "Rose Kowalski", 12, "", UNMATCHED, None),  # another first letter is another person
        ("", "Ros Nguyen", 13, "", AMBIGUOUS, None),  # Rose or Rosa
        ("", "Zoe Baker", 12, "", UNMATCHED, None),
        ("", "", 10, "06103", UNMATCHED, None),
        ("", "Tara O'Brien", None, "", UNMATCHED, None),  # a name alone is nobody
    ],
)
def test_providers(directory: Directory, npi: str, name: str, practice: int | None, zip_: str, outcome: str, who: int | None) -> None:
    match = directory.provider(npi, name, practice, zip_)
    assert (match.outcome, match.id) == (outcome, who), match


@pytest.mark.parametrize(
    ("name", "zip_", "outcome", "where"),
    [
        ("BAKER MEDICAL GROUP 12", "06103", MATCHED, 10),
        ("Baker Medical Group 12", "", MATCHED, 10),
        ("Baker Medical Group 12", "99999", UNMATCHED, None),  # another ZIP contradicts
        ("Bakr Medical Group 12", "06103", MATCHED, 10),
        ("Baker Medical Group 13", "06103", UNMATCHED, None),  # numbers tell offices apart
        ("Bakr Medical Group 12", "", UNMATCHED, None),  # nearly, and anywhere: no evidence
        ("Springfield Clinic", "06511", MATCHED, 15),
        ("Springfield Clinic", "", AMBIGUOUS, None),
        ("Nowhere Yet", "06103", MATCHED, 16),
        (" ", "06103", UNMATCHED, None),
    ],
)
def test_practices(directory: Directory, name: str, zip_: str, outcome: str, where: int | None) -> None:
    match = directory.practice(name, zip_)
    assert (match.outcome, match.id) == (outcome, where), match


@pytest.mark.parametrize(
    ("name", "outcome", "where"),
    [
        ("riverbend womens health", MATCHED, 20),
        ("RIVRBEND WOMEN'S HEALTH  ", MATCHED, 20),
        ("LAKSHORE NEUROSCIENCES", MATCHED, 22),
        ("Summit Cardiology", UNMATCHED, None),
        ("St. Mary's Hospital Est", AMBIGUOUS, None),
        ("St. Mary's Hospital Westside", UNMATCHED, None),
        (HOSPITAL, MATCHED, 20),
        (STRANGER, UNMATCHED, None),
        ("", UNMATCHED, None),
    ],
)
def test_organizations(directory: Directory, name: str, outcome: str, where: int | None) -> None:
    match = directory.organization(name)
    assert (match.outcome, match.id) == (outcome, where), match


def test_the_directory_is_read_in_four_queries(world, django_assert_num_queries) -> None:
    with django_assert_num_queries(4):
        directory = Directory.load()
    practice = directory.practice("north family practice", "44101")
    assert practice == Match(MATCHED, world.north_practice.pk, "name", 100.0)
    assert directory.provider("", "NORTHROP, PAT", practice.id).id == world.north_provider.pk
    assert directory.organization("Riverbend Cardiology").id == world.ours.pk


def test_where_somebody_worked_once_counts(world) -> None:
    provider = factories.make_provider("Formerly", npi="", at=world.north_practice)
    provider.affiliations.update(ended_on="2024-01-01")
    assert Directory.load().provider("", "Pat Formerly", world.north_practice.pk).id == provider.pk
