"""Who is meant: strong evidence first, and no guess between two."""

import pytest

from common.names import fold
from common.npi import is_valid_npi, with_check_digit
from contacts.matching import AMBIGUOUS, MATCHED, UNMATCHED, Directory, Match, Words, candidates_for
from contacts.matching.candidates import near_npis
from contacts.matching.directory import survivors
from contacts.models import ProviderLocation, ProviderName
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


def test_the_directory_is_read_in_a_few_queries(world, django_assert_num_queries) -> None:
    with django_assert_num_queries(10):
        directory = Directory.load()
    practice = directory.practice("north family practice", "44101")
    assert practice == Match(MATCHED, world.north_practice.pk, "name", 100.0)
    assert directory.provider("", "NORTHROP, PAT", practice.id).id == world.north_provider.pk
    assert directory.organization("Riverbend Cardiology").id == world.ours.pk


def test_where_somebody_worked_once_counts(world) -> None:
    provider = factories.make_provider("Formerly", npi="", at=world.north_practice)
    provider.affiliations.update(ended_on="2024-01-01")
    assert Directory.load().provider("", "Pat Formerly", world.north_practice.pk).id == provider.pk


def test_of_the_registry_only_what_is_asked_for_is_read(world) -> None:
    """Millions may be known; those who work nowhere, and organisations of which nothing but an entry is known, are asked for by number."""
    stranger = factories.make_provider("Faraway")
    entry = factories.make_organization("Distant Clinic", registry_updated_on="2026-01-01", npi=STRANGER)
    directory = Directory.load()
    assert directory.provider(stranger.npi, "").outcome == UNMATCHED
    assert directory.organization("Distant Clinic").outcome == UNMATCHED
    directory = Directory.load(npis=[stranger.npi], destinations=["DISTANT CLINIC", " "])
    assert directory.provider(stranger.npi, "").id == stranger.pk
    assert directory.organization("distant clinic").id == entry.pk
    assert Directory.load(destinations=[STRANGER]).organization(STRANGER).id == entry.pk
    entry.practices.add(world.north_practice)
    assert Directory.load().organization("Distant Clinc").id == entry.pk


def test_other_names_and_further_places(world) -> None:
    """A former name, and an office that only the registry knows, in a ZIP code of ours."""
    married = factories.make_provider("Newname", at=world.north_practice)
    ProviderName.objects.create(provider=married, name="Pat Oldname", folded_name="oldnamepat")
    visiting = factories.make_provider("Visiting")
    ProviderLocation.objects.create(provider=visiting, address="1 Elm St", folded_address="1elmst", zip="44101")
    ProviderName.objects.create(organization=world.ours, name="Riverbend Heart", folded_name="riverbendheart")
    for owner in (world.ours, world.theirs):
        ProviderName.objects.create(organization=owner, name="The Heart Center", folded_name="theheartcenter")
    directory = Directory.load()
    assert directory.provider("", "OLDNAME, PAT", world.north_practice.pk).id == married.pk
    assert directory.provider("", "Pat Visiting", None, "44101").id == visiting.pk
    assert directory.provider("", "Pat Visiting", None, "44301").outcome == UNMATCHED
    assert directory.organization("Riverbend Heart").id == world.ours.pk
    assert directory.organization("The Heart Center").outcome == UNMATCHED  # of two


def test_decisions_come_right_after_the_npi(world) -> None:
    said = Words("provider", "", "Dr. Pat N.", "North Office", "44101")
    nobody = Words("organization", name="Walk-in, no destination")
    directory = Directory(
        providers=[(1, NPI, "Pat", "", "Northrop"), (2, "", "Pat", "", "Other")],
        affiliations=[(2, 10)],
        practices=[(10, "northoffice", "44101")],
        organizations=[(20, "walkinnodestination", "")],
        aliases=[(said.key, 1), (nobody.key, None)],
    )
    assert directory.provider("", "dr. pat  n.", 10, "44101", office="NORTH OFFICE") == Match(MATCHED, 1, "alias", 100.0)
    assert directory.provider(NPI, "Dr. Pat N.", 10, "44101", office="North Office").how == "NPI"
    assert directory.provider("", "Dr. Pat N.", 10, "44102", office="North Office").outcome == UNMATCHED  # other words
    decided = directory.organization("WALK-IN NO DESTINATION")
    assert decided.is_nobody
    assert decided.outcome == UNMATCHED


def test_in_a_persons_key_accents_count() -> None:
    assert Words("provider", name="Zoë Baker").key != Words("provider", name="Zoe Baker").key
    assert Words("provider", name="ZOË  baker").key == Words("provider", name="zoë Baker").key
    assert Words("practice", name="St. Mary's").key == Words("practice", name="ST MARYS").key


def test_merged_records_lead_to_the_survivor_by_all_their_names() -> None:
    directory = Directory(
        providers=[(1, NPI, "Pat", "", "Northrop"), (2, "", "Patricia", "", "Northrop"), (3, STRANGER, "Pat", "", "Gone")],
        affiliations=[(1, 10)],
        practices=[(10, "northoffice", "44101")],
        organizations=[(20, "riverbend", ""), (21, "riverbendinc", HOSPITAL)],
        merged=survivors([(3, 2), (2, 1)]),
        merged_organizations={21: 20},
    )
    for name in ("Pat Northrop", "Patricia Northrop", "Pat Gone"):
        assert directory.provider("", name, 10).id == 1, name
    assert directory.provider(STRANGER, "").id == 1
    assert directory.organization("Riverbend, Inc.").id == 20
    assert directory.organization(HOSPITAL).id == 20
    assert directory.organization("Riverbend Incc").id == 20


def test_candidates_say_why(world) -> None:
    near = factories.make_provider("Northrup", at=world.north_practice, npi=NPI)
    factories.make_provider("Zzyzx", at=world.south_practice)
    best, *others = candidates_for(Words("provider", near_npis(NPI)[0], "Northrup, Pat", "North Family Practice", "44101"))
    assert best.target == near
    assert best.score > 90
    assert best.why == ("same name", f"NPI {NPI} is nearly the same", "works there")
    assert [other.target for other in others] == [world.north_provider]
    assert "North Family Practice" in best.where
    in_zip = candidates_for(Words("provider", "", "Northrup, Pat", "Another Office", "44101"))
    assert "works in 44101" in in_zip[0].why
    assert candidates_for(Words("provider", "", "Q. Vvvvv"))[:1] == []


def test_candidates_for_offices_and_destinations(world) -> None:
    [office, *_] = candidates_for(Words("practice", name="North Family Pract", zip="44101"))
    assert (office.target, office.why[-1]) == (world.north_practice, "in 44101")
    near = candidates_for(Words("practice", name="North Family Practice", zip="44199"))
    assert near[0].why == ("same name", "near, in 44101")
    [ours] = candidates_for(Words("organization", name="Cardiology Riverbend"))
    assert ours.target == world.ours
    world.ours.npi = HOSPITAL
    world.ours.save()
    [found] = candidates_for(Words("organization", name=near_npis(HOSPITAL)[0]))
    assert found.why == ("NPI is nearly the same",)


def test_near_npis_are_valid_and_few() -> None:
    near = near_npis(NPI)
    assert NPI not in near
    assert near
    assert all(is_valid_npi(npi) and sum(a != b for a, b in zip(npi, NPI, strict=True)) in (1, 2) for npi in near)
    assert near_npis("12") == []
