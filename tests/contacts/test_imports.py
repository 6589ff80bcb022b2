"""Contact files: each feed, sent twice, in any order, with bad rows, and the registry's real sample."""

import csv
import io
import json
from collections.abc import Iterable, Sequence

import pytest
from django.core.management import CommandError

from audit.models import AuditEvent
from common.exceptions import InputError
from common.npi import with_check_digit
from contacts.importing.outcome import Outcome
from contacts.imports import import_file
from contacts.models import Affiliation, Alignment, Organization, Practice, Provider, ProviderKind, Specialty
from jobs.models import Job
from tests import factories, make_world
from tests.samples import ABSENT, SAMPLES

pytestmark = pytest.mark.django_db
NPPES = (
    "NPI", "Entity Type Code", "Replacement NPI", "Provider Organization Name (Legal Business Name)", "Provider Last Name (Legal Name)",
    "Provider First Name", "Provider Middle Name", "Provider Credential Text", "Provider Business Practice Location Address City Name",
    "Provider Business Practice Location Address Telephone Number", "Last Update Date", "NPI Deactivation Date", "NPI Reactivation Date",
    "Healthcare Provider Taxonomy Code_1", "Healthcare Provider Primary Taxonomy Switch_1",
    "Healthcare Provider Taxonomy Code_2", "Healthcare Provider Primary Taxonomy Switch_2",
)  # fmt: skip
ONE, TWO, THREE = (with_check_digit(f"29000000{n}") for n in (1, 2, 3))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> io.BytesIO:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return io.BytesIO(out.getvalue().encode())


def load(kind: str, header: Sequence[str], rows: Iterable[Sequence[str]], **options: object) -> Outcome:
    return import_file(kind=kind, source=table(header, rows), file_name="given.csv", by=None, **options)


def person(npi: str = ONE, last: str = "O'BRIEN", first: str = "ANA", updated: str = "06/01/2026", **cells: str) -> list[str]:
    given = {"NPI": npi, "Entity Type Code": "1", "Provider Last Name (Legal Name)": last, "Provider First Name": first,
             "Last Update Date": updated, "Healthcare Provider Taxonomy Code_1": "207RC0000X",
             "Healthcare Provider Primary Taxonomy Switch_1": "Y", **cells}  # fmt: skip
    return [given.get(name, "") for name in NPPES]


def body(npi: str, name: str, updated: str = "06/01/2026", city: str = "HARTFORD") -> list[str]:
    return person(npi, "", "", updated, **{"Entity Type Code": "2", NPPES[3]: name, NPPES[8]: city})


def providers(*rows: list[str], **options: object) -> Outcome:
    return load("providers", NPPES, rows, **options)


def practices(*rows: Sequence[str]) -> Outcome:
    return load("practices", ("practice", "address", "zip", "provider_npi"), rows)


def roster(*rows: Sequence[str]) -> Outcome:
    return load("roster", ("practice", "alignment", "from", "to"), rows)


def network(*rows: Sequence[str]) -> Outcome:
    return load("network", ("organization", "alignment", "from", "to", "service_line"), rows)


def spans(**owner: object) -> list[tuple[str, str, str]]:
    return [(a.kind, str(a.started_on or ""), str(a.ended_on or "")) for a in Alignment.objects.filter(**owner)]


def counts(outcome: Outcome) -> tuple[int, int, int]:
    return outcome.new, outcome.changed, outcome.unchanged


@pytest.mark.parametrize(
    ("shouted", "written"),
    [
        ("O'BRIEN", "O'Brien"),
        ("MCDONALD", "McDonald"),
        ("ST.JOHN", "St.John"),
        ("SMITH-JONES", "Smith-Jones"),
        ("NÚÑEZ", "Núñez"),
        ("Diaz", "Diaz"),
    ],
)
def test_a_registry_entry_becomes_a_provider(shouted, written):
    providers(person(last=shouted, **{"Provider Credential Text": "M.D.", NPPES[9]: "2035551234"}))
    provider = Provider.objects.get(npi=ONE)
    assert (provider.last_name, provider.first_name, provider.credential) == (written, "Ana", "MD")
    assert (provider.kind, provider.phone) == (ProviderKind.PHYSICIAN, "203-555-1234")
    assert provider.specialty.service_line.name == "Cardiology"


def test_the_primary_taxonomy_decides_what_somebody_is():
    cells = {"Healthcare Provider Primary Taxonomy Switch_1": "N", "Healthcare Provider Taxonomy Code_2": "363LF0000X",
             "Healthcare Provider Primary Taxonomy Switch_2": "Y"}  # fmt: skip
    providers(person(**cells), person(TWO, **{"Healthcare Provider Taxonomy Code_1": "363A00000X"}),
              person(THREE, **{"Healthcare Provider Taxonomy Code_1": "99ZZ"}))  # fmt: skip
    assert dict(Provider.objects.values_list("npi", "kind")) == {ONE: "np", TWO: "pa", THREE: "other"}
    assert Specialty.objects.get(code="99ZZ").name == "99ZZ"


def test_sent_twice_changes_nothing():
    rows = [person(), person(TWO), body(THREE, "HARTFORD CARE, LLC")]
    assert counts(providers(*rows)) == (3, 0, 0)
    before = list(Provider.objects.values())
    assert counts(providers(*rows)) == (0, 0, 3)
    assert list(Provider.objects.values()) == before
    assert Organization.objects.get().name == "Hartford Care, LLC"


def test_the_last_update_date_decides_whatever_the_order():
    newer, older = person(last="NEW", updated="06/01/2026"), person(last="OLD", updated="01/01/2020")
    providers(newer)
    assert counts(providers(older)) == (0, 0, 1)
    assert Provider.objects.get().last_name == "New"
    assert counts(providers(person(last="NEWEST", updated="07/01/2026"), older)) == (0, 1, 1)
    assert Provider.objects.get().last_name == "Newest"


def test_what_people_found_out_stays():
    providers(person(**{NPPES[9]: "2035551234"}))
    Provider.objects.update(phone="direct 7", email="ana@example.org", preferences="mornings")
    providers(person(updated="07/01/2026", **{NPPES[9]: "2035559999"}))
    provider = Provider.objects.get()
    assert (provider.phone, provider.email, provider.preferences) == ("direct 7", "ana@example.org", "mornings")


def test_deactivated_and_reactivated():
    providers(person(), person(TWO, **{"NPI Deactivation Date": "01/01/2026", "NPI Reactivation Date": "02/01/2026"}))
    assert not Provider.objects.filter(is_stale=True).exists()
    bare = [ONE, *[""] * 10, "08/01/2026", *[""] * 5]
    gone_unknown = [THREE, *bare[1:]]
    outcome = providers(bare, gone_unknown)
    assert counts(outcome) == (0, 1, 1)
    assert outcome.findings["deactivated and not ours"] == 1
    provider = Provider.objects.get(npi=ONE)
    assert provider.is_stale
    assert provider.last_name == "O'Brien"
    assert counts(providers(bare, gone_unknown)) == (0, 0, 2)


def test_a_replaced_number_hands_over():
    providers(person())
    practices(("Elm Practice", "", "06103", ONE))
    replaced = person(updated="07/01/2026", **{"Replacement NPI": TWO})
    assert counts(providers(replaced)) == (0, 1, 0)
    assert Provider.objects.get(npi=ONE).is_stale
    works = Affiliation.objects.get()
    assert (works.provider.npi, works.provider.last_name, works.is_primary) == (TWO, "O'Brien", True)
    assert counts(providers(replaced)) == (0, 0, 1)
    assert counts(providers(person(TWO, last="BRIEN"))) == (0, 1, 0)


def test_bad_rows_are_told_and_stop_nothing():
    outcome = providers(person("1234567890"), person(TWO, last=""), person(THREE, **{"Entity Type Code": "7"}), person())
    assert outcome.rejected == {"bad npi": 1, "no name": 1, "unknown entity type": 1}
    assert [line for line, _ in outcome.refusals] == [2, 3, 4]
    assert "1234567890" in outcome.refusals[0][1].sentence
    assert Provider.objects.get().npi == ONE


def test_organizations_with_one_name_are_told_apart():
    rows = [body(ONE, "CARE INC", city="HARTFORD"), body(TWO, "CARE INC", city="WARWICK"), body(THREE, "CARE INC", city="WARWICK")]
    providers(*rows)
    assert Organization.objects.count() == 3
    assert len(set(Organization.objects.values_list("folded_name", flat=True))) == 3
    assert counts(providers(*reversed(rows))) == (0, 0, 3)


def test_an_organization_of_the_network_gets_its_number():
    network(("Care, Inc.", "employed", "", "", "Cardiology"))
    providers(body(ONE, "CARE INC"))
    organization = Organization.objects.get()
    assert (organization.npi, organization.name, organization.service_line.name) == (ONE, "Care, Inc.", "Cardiology")


def test_another_file_is_refused_by_a_sentence():
    with pytest.raises(InputError, match="not a registry file"):
        load("providers", ("practice", "zip"), [("a", "b")])


def test_practices_before_providers_and_after():
    outcome = practices(
        ("Elm Practice", "1 Elm St", "06103", ONE),
        ("Oak Practice", "2 Oak St", "06105-1234", ONE),
        ("Oak Practice", "2 Oak St", "6105", TWO),
    )
    assert counts(outcome) == (3, 0, 0)
    assert outcome.findings == {"provider not known yet": 2}
    assert {(a.practice.name, a.provider.npi, a.is_primary) for a in Affiliation.objects.all()} == {
        ("Elm Practice", ONE, True), ("Oak Practice", ONE, False), ("Oak Practice", TWO, True)}  # fmt: skip
    elm = Practice.objects.get(name="Elm Practice")
    assert (elm.county, elm.city, elm.state) == ("CT/Hartford", "Hartford", "CT")
    assert Provider.objects.get(npi=ONE).last_name == f"NPI {ONE}"
    assert counts(providers(person())) == (0, 1, 0)
    assert str(Provider.objects.get(npi=ONE)) == "Ana O'Brien"


def test_practices_sent_twice_and_changed():
    rows = [("Elm Practice", "1 Elm St", "06103", ONE), ("Elm Practice", "1 Elm St", "06103", TWO)]
    practices(*rows)
    assert counts(practices(*rows)) == (0, 0, 2)
    assert counts(practices(("ELM  practice", "9 Elm St", "06103", ONE), rows[1])) == (0, 1, 1)
    assert Practice.objects.get().address == "9 Elm St"


def test_practices_are_placed_by_the_rules(world):
    practices(("Elm Practice", "", "44101", ONE), ("Nowhere", "", "06103", TWO))
    elm = Practice.objects.get(name="Elm Practice")
    assert (elm.territory, elm.placed_by) == (world.north, "zip")
    assert Practice.objects.get(name="Nowhere").territory is None


def test_bad_practice_rows():
    outcome = practices(("", "", "06103", ONE), ("Elm", "", "ABC", ONE), ("Elm", "", "06103", "12"), ("Elm", "", "06103", ""))
    assert outcome.rejected == {"no practice": 1, "bad zip": 1, "bad npi": 1}
    assert Practice.objects.get().name == "Elm"
    assert not Provider.objects.exists()


def test_the_roster_may_come_first():
    assert roster(("Elm", "employed", "", "")).findings == {"practice not known yet": 1}
    practices(("Elm", "1 Elm St", "06103", ONE))
    practice = Practice.objects.get()
    assert (practice.zip, practice.county) == ("06103", "CT/Hartford")
    assert spans(practice=practice) == [("employed", "", "")]


def test_a_dated_roster_in_any_order_twice():
    rows = [("Elm", "independent", "", "2026-01-01"), ("Elm", "Employed", "01/01/2026", "")]
    for order in (rows, rows[::-1]):
        Practice.objects.all().delete()
        assert counts(roster(*order)) == (2, 0, 0)
        assert spans() == [("independent", "", "2026-01-01"), ("employed", "2026-01-01", "")]
        assert counts(roster(*order)) == (0, 0, 2)


def test_a_newer_word_ends_the_one_before():
    roster(("Elm", "independent", "", ""))
    assert counts(roster(("Elm", "employed", "2026-05-01", ""))) == (0, 1, 0)
    assert spans() == [("independent", "", "2026-05-01"), ("employed", "2026-05-01", "")]


def test_bad_roster_rows():
    outcome = roster(
        ("Elm", "married", "", ""), ("Elm", "employed", "soon", ""), ("Elm", "employed", "2026-02-01", "2026-01-01"),
        ("", "employed", "", ""), ("Oak", "employed", "", "2026-03-01"), ("Oak", "affiliated", "2026-02-01", ""),
    )  # fmt: skip
    assert outcome.rejected == {"unknown alignment": 1, "bad date": 2, "no practice": 1, "overlap": 1}
    assert spans() == [("employed", "", "2026-03-01")]


def test_a_roster_speaks_to_every_office_of_the_name_unless_it_names_the_zip():
    practices(("Elm", "", "06103", ""), ("Elm", "", "06105", ""))
    assert counts(roster(("Elm", "employed", "", ""))) == (1, 0, 0)
    assert spans() == [("employed", "", "")] * 2
    outcome = load("roster", ("practice", "zip", "alignment"), [("Elm", "06105", "competitor"), ("Elm", "06401", "competitor")])
    assert outcome.rejected == {"no such office": 1}
    assert spans(practice__zip="06105") == [("competitor", "", "")]
    assert spans(practice__zip="06103") == [("employed", "", "")]


def test_the_network_with_its_history():
    rows = [
        ("Lakeshore", "affiliated", "", "2026-01-01", "Cardiology"),
        ("Lakeshore", "competitor", "2026-01-01", "", "Cardiology"),
        ("Summit", "competitor", "", "", ""),
    ]
    assert counts(network(*rows)) == (3, 0, 0)
    assert Organization.objects.get(name="Lakeshore").service_line.name == "Cardiology"
    assert counts(network(*reversed(rows))) == (0, 0, 3)
    outcome = network(("Summit", "competitor", "", "", "cardiology"))
    assert outcome.findings == {"service line changed": 1}
    assert Organization.objects.get(name="Summit").service_line.name == "Cardiology"


def test_a_dry_run_keeps_nothing():
    outcome = providers(person(), dry_run=True)
    assert counts(outcome) == (1, 0, 0)
    assert not Provider.objects.exists()
    assert not AuditEvent.objects.exists()
    assert not Job.objects.exists()


def test_an_import_is_in_the_history_and_its_consequences_are_queued():
    practice = factories.make_practice("Elm")
    roster(("Elm", "employed", "", ""), ("Oak", "bad", "", ""))
    event = AuditEvent.objects.get(event="contacts.imported")
    assert event.details["new"] == 1
    assert event.details["refused"][0]["line"] == 3
    assert Job.objects.filter(name="referrals.derive").get().args == ["practices", [practice.pk]]


def test_the_invented_world_in_two_orders(tmp_path, monkeypatch):
    """All files of make_world: any order ends in the same contacts, and a second round changes nothing."""
    monkeypatch.setattr("sys.argv", ["make_world", "--out", str(tmp_path), "--providers", "80", "--referrals", "50"])
    make_world.main()
    files = {"providers": "nppes.csv", "practices": "practices.csv", "roster": "roster.csv", "network": "network.csv"}
    seen = []
    for order in (list(files), list(files)[::-1]):
        for model in (Alignment, Affiliation, Practice, Provider, Organization):
            model.objects.all().delete()
        for kind in order:
            assert not import_file(kind=kind, source=tmp_path / files[kind], file_name="", by=None).rejected
        for kind in order:
            again = import_file(kind=kind, source=tmp_path / files[kind], file_name="", by=None)
            assert (again.new, again.changed) == (0, 0)
        seen.append((
            sorted(Provider.objects.values_list("npi", "first_name", "last_name", "kind", "specialty__name")),
            sorted(Affiliation.objects.values_list("provider__npi", "practice__name", "practice__zip", "is_primary")),
            sorted(map(str, Alignment.objects.values_list("practice__name", "organization__name", "kind", "started_on", "ended_on"))),
        ))  # fmt: skip
    assert seen[0] == seen[1]
    assert len(seen[0][0]) == 80


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=ABSENT)
def test_the_real_sample():
    first = import_file(kind="providers", source=SAMPLES / "nppes" / "nppes_ct_ri.csv", file_name="", by=None)
    assert (first.rows, first.new, first.rejected.total()) == (1144, 1144, 0)
    assert not Provider.objects.filter(is_stale=True).exists()  # the nineteen deactivated ones were all reactivated
    assert counts(import_file(kind="providers", source=SAMPLES / "nppes" / "nppes_ct_ri.csv", file_name="", by=None)) == (0, 0, 1144)
    assert {"McGrath", "O'Connor", "D'Amato"} <= set(Provider.objects.values_list("last_name", flat=True))
    organizations = import_file(kind="providers", source=SAMPLES / "nppes" / "organizations.csv", file_name="", by=None)
    assert Organization.objects.count() == organizations.new == 40


def test_the_command_tells_json_and_refusals(manage, tmp_path, capsys):
    path = tmp_path / "roster.csv"
    path.write_text("practice,alignment\nElm,employed\nElm,bad\n")
    assert json.loads(manage("import_roster", str(path), "--json").splitlines()[-1]) == {
        "rows": 2, "new": 1, "changed": 0, "unchanged": 0,
        "rejected": {"unknown alignment": 1}, "findings": {"practice not known yet": 1}}  # fmt: skip
    assert 'line 3: "bad" is no alignment' in capsys.readouterr().err
    assert manage("import_roster", str(path), "--dry-run").endswith("this was a dry run.\n")
    path.write_text("")
    with pytest.raises(CommandError, match="empty"):
        manage("import_roster", str(path))
    with pytest.raises(CommandError, match="cannot be read"):
        manage("import_roster", str(tmp_path / "none.csv"))
