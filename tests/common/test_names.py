import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.names import PersonName, exact_key, fold, split_person_name


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("O'Brien", "obrien"),
        ("O\u2019BRIEN", "obrien"),
        ("St. John", "stjohn"),
        ("Smith-Jones", "smithjones"),
        ("NÚÑEZ", "nunez"),
        ("Müller", "muller"),
        ("Straße", "strasse"),
        ("Sørensen", "sorensen"),
        ("Łukasz", "lukasz"),
        ("  ", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_exact_key_keeps_accents() -> None:
    assert exact_key("  Núñez   FAMILY ") == exact_key("NÚÑEZ family") == "núñez family"
    assert exact_key("Nunez Family") != exact_key("Núñez Family")
    assert exact_key("Nu\u0301n\u0303ez") == exact_key("Núñez")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("GARCIA, IRIS J", PersonName("IRIS", "J", "GARCIA")),
        ("Iris J Garcia", PersonName("Iris", "J", "Garcia")),
        ("Iris Garcia", PersonName("Iris", "", "Garcia")),
        ("O'BRIEN, NOËL B", PersonName("NOËL", "B", "O'BRIEN")),
        ("Zoë St.John", PersonName("Zoë", "", "St.John")),
        ("Mary St. John", PersonName("Mary", "", "St. John")),
        ("ST. JOHN, MARY", PersonName("MARY", "", "ST. JOHN")),
        ("Ana Smith-Jones", PersonName("Ana", "", "Smith-Jones")),
        ("Maria de la Cruz", PersonName("Maria", "", "de la Cruz")),
        ("DE LA CRUZ, MARIA ELENA", PersonName("MARIA", "ELENA", "DE LA CRUZ")),
        ("Smith, John, MD", PersonName("John", "", "Smith")),
        ("John Q. Smith, M.D., Ph.D.", PersonName("John", "Q.", "Smith")),
        ("Dr. John Smith Jr.", PersonName("John", "", "Smith")),
        ("SMITH JR, JOHN MD", PersonName("JOHN", "", "SMITH")),
        ("Rosa Romero PA-C", PersonName("Rosa", "", "Romero")),
        ("Kim Do", PersonName("Kim", "", "Do")),
        ("Kim Do DO", PersonName("Kim", "", "Do")),
        ("DO, KIM", PersonName("KIM", "", "DO")),
        ("GARCIA IRIS J", PersonName("IRIS", "J", "GARCIA")),
        ("Garcia", PersonName("", "", "Garcia")),
        ("Dr. Garcia", PersonName("", "", "Garcia")),
        ("MD", PersonName("", "", "MD")),
        (" , ", PersonName("", "", "")),
        ("", PersonName("", "", "")),
    ],
)
def test_split_person_name(text: str, name: PersonName) -> None:
    assert split_person_name(text) == name


@given(st.text())
def test_any_text_has_some_name(text: str) -> None:
    assert all(isinstance(part, str) for part in split_person_name(text))
