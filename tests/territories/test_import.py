"""import_territories: any order, twice, bad rows told."""

import json
import random

import pytest
from django.core.management.base import CommandError

from contacts.models import Practice
from territories.models import Territory, TerritoryRule
from tests import factories

ROWS = [
    ("Hartford", "Connecticut", "06103", ""),
    ("Hartford", "Connecticut", "6105", ""),
    ("Middlesex", "Connecticut", "06401-1234", ""),
    ("Providence", "Rhode Island", "02903", "RI/Providence County"),
    ("Connecticut", "New England", "", ""),
    ("Rhode Island", "New England", "", ""),
]


@pytest.fixture
def load(tmp_path, manage):
    def run(rows, *, header="territory,parent,zip,county"):
        path = tmp_path / "territories.csv"
        path.write_text("\ufeff" + "\n".join([header, *(",".join(row) for row in rows)]), encoding="utf-8")
        return json.loads(manage("import_territories", str(path), "--json").splitlines()[-1])

    return run


def picture() -> set[tuple]:
    tree = {(territory.name, str(territory.parent or "")) for territory in Territory.objects.select_related("parent")}
    return tree | {(rule.territory.name, rule.kind, rule.value) for rule in TerritoryRule.objects.select_related("territory")}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(5))
def test_any_order_makes_the_same_tree_and_twice_changes_nothing(load, seed):
    rows = random.Random(seed).sample(ROWS, len(ROWS))

    first = load(rows)

    assert first == {
        "rows": 6,
        "new": 6,
        "changed": 0,
        "unchanged": 0,
        "rules": {"new": 5, "moved": 0, "unchanged": 0},
        "rejected": {},
    }
    assert picture() == {
        ("Organization", ""),
        ("New England", "Organization"),
        ("Connecticut", "New England"),
        ("Rhode Island", "New England"),
        ("Hartford", "Connecticut"),
        ("Middlesex", "Connecticut"),
        ("Providence", "Rhode Island"),
        ("Hartford", "zip", "06103"),
        ("Hartford", "zip", "06105"),
        ("Middlesex", "zip", "06401"),
        ("Providence", "zip", "02903"),
        ("Providence", "county", "RI/Providence"),
    }
    before = picture()
    again = load(random.Random(seed + 1).sample(ROWS, len(ROWS)))
    assert (again["new"], again["changed"], again["unchanged"], again["rules"]) == (0, 0, 6, {"new": 0, "moved": 0, "unchanged": 5})
    assert picture() == before


@pytest.mark.django_db
def test_practices_are_placed_when_the_command_returns(load):
    practice = factories.make_practice(zip="06103")

    load(ROWS)

    assert Practice.objects.get(pk=practice.pk).territory == Territory.objects.get(name="Hartford")


@pytest.mark.django_db
def test_bad_rows_are_told_and_stop_nothing(load):
    counts = load(
        [
            *ROWS,
            ("", "Connecticut", "06106", ""),
            ("Hartford", "Rhode Island", "", ""),
            ("New England", "Hartford", "", ""),
            ("Hartford", "", "0610x", ""),
            ("Hartford", "", "", "CT/Nowhere"),
            ("Middlesex", "", "06103", ""),
            ("x" * 81, "", "", ""),
        ]
    )
    assert counts["rejected"] == {
        "bad zip": 1,
        "below itself": 1,
        "in two territories": 1,
        "name too long": 1,
        "no territory": 1,
        "second parent": 1,
        "unknown county": 1,
    }
    assert counts["new"] == 6


@pytest.mark.django_db
def test_a_file_moves_what_it_names_and_leaves_the_rest(load):
    load(ROWS)

    counts = load([("Middlesex", "", "06103"), ("Hartford", "New England", "")], header="Territory,Parent,ZIP")

    assert (counts["changed"], counts["rules"]) == (1, {"new": 0, "moved": 1, "unchanged": 0})
    assert ("Middlesex", "zip", "06103") in picture()
    assert ("Hartford", "zip", "06105") in picture()
    assert ("Hartford", "New England") in picture()


@pytest.mark.django_db
def test_what_the_tree_forbids_is_told(load):
    load(ROWS)

    counts = load([("Downtown", "Hartford", "06106", ""), ("Connecticut", "", "06107", "")])

    assert counts["new"] == 0
    assert [reason.split()[0] for reason in counts["rejected"]] == ["Connecticut", "Hartford"]


@pytest.mark.django_db
def test_words_for_people(tmp_path, manage):
    path = tmp_path / "t.csv"
    path.write_text("territory,zip\nNorth,44101\nNorth,bad\n")

    assert manage("import_territories", str(path)).splitlines() == [
        "2 rows. Territories: 1 new, 0 changed, 0 as before.",
        "ZIP codes and counties: 1 new, 0 moved, 0 as before.",
        "1 left out: bad zip",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "sentence"), [(b"name\nNorth\n", "needs a column"), (b"", "needs a column"), (b"territory\n\xff", "UTF-8")]
)
def test_a_file_that_cannot_be_used(tmp_path, manage, content, sentence):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        manage("import_territories", str(path))


def test_a_file_that_is_not_there(tmp_path, manage):
    with pytest.raises(CommandError, match="cannot be read"):
        manage("import_territories", str(tmp_path / "none.csv"))
