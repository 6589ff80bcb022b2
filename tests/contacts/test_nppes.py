"""The registry: the fast way equals the slow one, whatever the file; its other files, its zip, the choice of whom to take."""

import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError
from django.db import connection, transaction
from django.urls import reverse
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from common.exceptions import InputError
from common.npi import is_valid_npi, with_check_digit
from contacts.importing import nppes_staging
from contacts.importing.nppes import Choice
from contacts.importing.nppes_texts import is_npi
from contacts.importing.outcome import Outcome, Pace, in_words
from contacts.imports import import_file
from contacts.models import Organization, Provider, ProviderLocation, ProviderName, Specialty
from jobs.models import Job
from tests.contacts.registry import (
    BACK,
    BODY,
    CITY,
    CODE,
    CREDENTIAL,
    FIRST,
    GONE,
    HEADERS,
    LAST,
    LOCATIONS,
    MIDDLE,
    NAMES,
    NPI,
    OTHER_BODY,
    OTHER_BODY_KIND,
    OTHER_FIRST,
    OTHER_KIND,
    OTHER_LAST,
    PHONE,
    REPLACED,
    STATE,
    SWITCH,
    TYPE,
    UPDATED,
    slow,
    slow_bodies,
    text,
)  # fmt: skip
from tests.samples import ABSENT, SAMPLES

pytestmark = pytest.mark.django_db
ONE, TWO, THREE, FOUR = (with_check_digit(f"29100000{n}") for n in range(1, 5))
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=ABSENT)


def cells(record: dict[str, str], header: Sequence[str] = HEADERS) -> list[str]:
    return [record.get(name, "") for name in header]


def person(npi: str = ONE, **more: str) -> dict[str, str]:
    known = {"last": LAST, "first": FIRST, "updated": UPDATED, "state": STATE, "city": CITY, "code": CODE.format(1)}
    given = {known.get(name, name): value for name, value in more.items()}
    return {NPI: npi, TYPE: "1", LAST: "O'BRIEN", FIRST: "ANA", UPDATED: "06/01/2026", **given}


def body(npi: str, name: str, **more: str) -> dict[str, str]:
    return {**person(npi, **more), TYPE: "2", LAST: "", FIRST: "", BODY: name}


def load(file: bytes, kind: str = "providers", **options: Any) -> Outcome:
    return import_file(kind=kind, source=io.BytesIO(file), file_name="given", by=None, **options)


def records(*given: dict[str, str], **options: Any) -> Outcome:
    return load(text(HEADERS, map(cells, given)), **options)


def people() -> dict[str, tuple[Any, ...]]:
    fields = ("npi", "last_name", "first_name", "middle_name", "folded_name", "credential", "kind", "specialty__code", "phone",
              "deactivated_on", "registry_updated_on")  # fmt: skip
    return {npi: (*rest[:6], rest[6] or "", *rest[7:]) for npi, *rest in Provider.objects.values_list(*fields)}


@contextmanager
def undone() -> Iterator[None]:
    """Nothing of it stays, neither rows nor the locks of temporary tables."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


# The slow twin


@needs_samples
def test_the_real_sample_equals_the_slow_way():
    path = SAMPLES / "nppes" / "nppes_ct_ri.csv"
    with path.open(encoding="utf-8", newline="") as file:
        told = list(csv.DictReader(file))
    load(path.read_bytes())
    assert people() == slow(told)
    assert len(people()) > 900
    assert dict(Organization.objects.values_list("npi", "name")) == slow_bodies(told)


def test_the_patient_reader_stages_the_same(tmp_path):
    given = [person(n, middle="", **{CODE.format(2): "207R00000X", SWITCH.format(2): "Y", MIDDLE: " Q. "}) for n in (ONE, TWO)]
    plain = text(HEADERS, map(cells, given))
    expected = None
    sheet = Workbook()
    for line in [HEADERS, *map(cells, given)]:
        sheet.active.append(line)
    sheet.save(tmp_path / "a.xlsx")
    for file in (
        plain,
        b"\xef\xbb\xbf" + plain,
        plain.decode().encode("utf-16"),
        plain.replace(b"\n", b"\r\n"),
        text(HEADERS, map(cells, given), delimiter="|", quoting=csv.QUOTE_MINIMAL),
        (tmp_path / "a.xlsx").read_bytes(),
        zipped(npidata_pfile__csv=plain),
    ):
        Provider.objects.all().delete()
        assert load(file).new == 2
        expected = expected or people()
        assert people() == expected
    assert expected[ONE][2] == "Q"
    assert expected[ONE][6] == "207R00000X"


def test_what_the_fast_reader_stumbles_over_is_read_all_the_same():
    short = text(HEADERS, [cells(person(ONE)), [TWO, "1", "", "", "SHORT", "SUE"], [*cells(person(THREE, last="LONG")), "more"]])
    assert load(short).new == 3
    assert set(Provider.objects.values_list("last_name", flat=True)) == {"O'Brien", "Short", "Long"}
    broken = text(HEADERS, [cells(person(FOUR, last="TWO\nLINES"))])
    assert load(broken).new == 1
    assert Provider.objects.get(npi=FOUR).last_name == "Two Lines"
    latin = text(HEADERS, [cells(person(FOUR, last="NÚÑEZ", updated="07/01/2026"))]).decode().encode("latin-1")
    assert load(latin).changed == 1
    assert Provider.objects.get(npi=FOUR).folded_name == "nunezana"
    with pytest.raises(InputError, match="NUL"):
        load(text(HEADERS, [cells(person(last="A\0B"))]))
    with pytest.raises(InputError, match="no rows"):
        load(text(HEADERS, []))


_TEXTS = st.sampled_from(["", " ", "SMITH", "O'BRIEN", "d'amato", "St. John", "***", "\\N", 'A "B" C', "ÉCOLE", "x" * 250, ",", "-"])
_DAYS = st.sampled_from(["", "06/01/2026", "2026-05-01", "02/30/2026", "1/2/2020", "soon", "06/02/2026"])


@st.composite
def _records(draw: Any) -> list[dict[str, str]]:
    count = draw(st.integers(1, 6))
    return [
        {
            **dict.fromkeys(HEADERS, ""),
            NPI: draw(st.sampled_from([ONE, TWO, THREE, "1234567890", "", f"{FOUR} "])),
            TYPE: draw(st.sampled_from(["1", "1", "1", "", "7"])),
            **{name: draw(_TEXTS) for name in (LAST, FIRST, MIDDLE, CREDENTIAL, CITY)},
            **{name: draw(_DAYS) for name in (UPDATED, GONE, BACK)},
            PHONE: draw(st.sampled_from(["", "2035551234", "555", "٢" * 4])),
            CODE.format(1): draw(st.sampled_from(["", "207Q00000X", "363LF0000X"])),
            CODE.format(2): draw(st.sampled_from(["", "363A00000X", "99Z"])),
            SWITCH.format(2): draw(st.sampled_from(["", "Y", "N"])),
        }
        for _ in range(count)
    ]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_records())
@example([{**dict.fromkeys(HEADERS, ""), **person(ONE, last=last, updated="")} for last in ("O'BRIEN", "SMITH")])
def test_odd_rows_equal_the_slow_way_one_file_a_row(given):
    """Whatever the rows hold. One file a row, since of a number given twice in one file only the latest is written."""
    with undone():
        for record in given:
            outcome = load(text(HEADERS, [cells(record)]))
            assert outcome.rows == outcome.new + outcome.changed + outcome.unchanged + outcome.rejected.total() == 1
        mine = people()
    for npi, person_ in slow(given).items():
        kept = (*mine[npi][:7], person_[7], *mine[npi][8:])  # of phones the first stays
        assert kept == person_
    assert mine.keys() == slow(given).keys()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["CARE INC", "CARE INC (WARWICK)", "***", "Care, Inc.", "HILL CLINIC"]), min_size=1, max_size=7), st.data())
def test_bodies_of_one_name_are_told_apart_in_any_order(names, data):
    given = [body(with_check_digit(f"29200000{n}"), name, city="WARWICK" if n % 2 else "") for n, name in enumerate(names)]
    held = []
    for order in (given, data.draw(st.permutations(given))):
        with undone():
            outcome = records(*order)
            assert outcome.new + outcome.rejected.total() == len(given)
            held.append(dict(Organization.objects.values_list("npi", "name")))
    assert held[0] == held[1]


@given(st.text("0123456789", min_size=9, max_size=11) | st.sampled_from([ONE, "", "123456789X", "٢" * 10]))
def test_the_check_digit_in_sql(npi):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {is_npi('npi')} FROM (SELECT %s::text AS npi) given", [npi])  # noqa: S608
        assert cursor.fetchone()[0] == is_valid_npi(npi)


# Order, weeks, deactivations


def test_a_week_after_the_month_in_either_order():
    month, week = (
        text(HEADERS, [cells(person(last="OLD")), cells(person(TWO))]),
        text(HEADERS, [cells(person(last="NEW", updated="06/08/2026"))]),
    )
    held = []
    for order in ((month, week), (week, month)):
        Provider.objects.all().delete()
        for file in order:
            load(file)
        held.append(people())
    assert held[0] == held[1]
    assert held[0][ONE][0] == "New"


def test_a_number_given_twice_in_one_file_counts_once():
    outcome = records(person(last="OLD", updated="01/01/2020"), person(last="NEW"), person(last="OLDER", updated=""))
    assert (outcome.new, outcome.unchanged) == (1, 2)
    assert outcome.findings == {"npi given twice": 2, "no update date": 1}
    assert Provider.objects.get().last_name == "New"


def test_the_report_of_deactivations(tmp_path):
    records(person(), person(TWO, updated="01/01/2026"))
    sheet = Workbook()
    told = [[ONE, "07/01/2026"], [TWO, "06/01/2025"], [THREE, "07/01/2026"]]
    for line in (["NPPES Deactivated Records as of Jul 13 2026"], ["NPI", "NPPES Deactivation Date"], *told):
        sheet.active.append(line)
    sheet.save(tmp_path / "report.xlsx")
    outcome = load((tmp_path / "report.xlsx").read_bytes())
    assert (outcome.rows, outcome.changed, outcome.unchanged) == (3, 1, 2)
    assert outcome.findings["deactivated and not ours"] == 1
    gone = Provider.objects.get(is_stale=True)
    assert (gone.npi, gone.deactivated_on, gone.last_name) == (ONE, dt.date(2026, 7, 1), "O'Brien")
    packed = zipped(**{"NPPES Deactivated NPI Report__xlsx": (tmp_path / "report.xlsx").read_bytes()})
    assert load(packed).unchanged == 3
    back = person(updated="08/01/2026", **{GONE: "07/01/2026", BACK: "08/01/2026"})
    assert records(back).changed == 1
    assert not Provider.objects.filter(is_stale=True).exists()


def test_replaced_by_a_number_that_is_none_changes_nothing_else():
    outcome = records(person(**{REPLACED: "123"}), person(TWO, **{REPLACED: TWO}))
    assert outcome.new == 2
    assert "replaced npi" not in outcome.findings
    unknown = records(person(THREE, **{REPLACED: FOUR}))
    assert (unknown.unchanged, unknown.findings["replaced npi"]) == (1, 1)


# Whom to take


def test_only_some_states_and_specialties_and_whom_we_know():
    everybody = [person(ONE, state="CT", code="207RC0000X"), person(TWO, state="RI", code="363LF0000X"),
                 person(THREE, state="TX", code="207RC0000X"), body(FOUR, "FAR CLINIC", state="TX")]  # fmt: skip
    outcome = records(*everybody, choice=Choice.of(states="ct, ri"))
    assert (outcome.new, outcome.findings["outside the states or specialties chosen"]) == (2, 2)
    assert not Organization.objects.exists()
    moved = person(ONE, state="TX", updated="07/01/2026", last="MOVED", code="363A00000X")
    assert records(moved, choice=Choice.of(states="CT", taxonomies="207")).changed == 1
    assert records(*everybody, choice=Choice.of(taxonomies="207r 99")).new == 1
    assert set(Provider.objects.values_list("npi", flat=True)) == {ONE, TWO, THREE}


@pytest.mark.parametrize(
    ("states", "taxonomies", "match"), [("XX", "", "no state"), ("Ohio", "", "no state"), ("", "207-R", "no taxonomy")]
)
def test_a_choice_that_means_nothing(states, taxonomies, match):
    with pytest.raises(InputError, match=match):
        Choice.of(states=states, taxonomies=taxonomies)


# Other names, further locations


def test_other_names_of_people_and_bodies():
    maiden = person(last="SMITH", **{OTHER_LAST: "JONES", OTHER_FIRST: "ANA", OTHER_KIND: "1"})
    outcome = records(maiden, body(TWO, "CARE INC", **{OTHER_BODY: "ELM CLINIC", OTHER_BODY_KIND: "3"}))
    assert outcome.findings["other name learned"] == 2
    named = load(text(NAMES, [[TWO, "OLD ELM, LLC", "4"], [TWO, "CARE INC", "5"], [THREE, "NOT OURS", "3"], ["1", "BAD", "3"]]))
    assert (named.new, named.unchanged, named.rejected, named.findings) == (1, 1, {"bad npi": 1}, {"of somebody who is not in our list": 1})
    told = ("name", "folded_name", "kind", "provider__npi", "organization__npi")
    assert set(ProviderName.objects.values_list(*told)) == {
        ("Ana Jones", "jonesana", "former", ONE, None),
        ("Elm Clinic", "elmclinic", "dba", None, TWO),
        ("Old Elm, LLC", "oldelmllc", "former", None, TWO),
    }
    assert records(maiden).findings == {}
    assert str(ProviderName.objects.get(kind="dba")) == "Elm Clinic"


def place(npi: str, street: str, zip_: str = "06103", phone: str = "", more: str = "") -> list[str]:
    return [npi, street, more, "HARTFORD", "CT", zip_, "US", phone, "", ""]


def test_further_locations():
    records(person(), body(TWO, "CARE INC"))
    first = [place(ONE, "1 ELM ST", "061031234", "2035551234", "SUITE 2"), place(ONE, "9 OAK AVE"), place(TWO, "5 HILL RD"),
             place(THREE, "7 FAR LN"), place("1", "x")]  # fmt: skip
    outcome = load(text(LOCATIONS, first))
    assert (outcome.rows, outcome.new, outcome.unchanged, outcome.rejected) == (5, 3, 0, {"bad npi": 1})
    elm = ProviderLocation.objects.get(folded_address="1elmstsuite2")
    assert (str(elm), elm.provider.npi, elm.state, elm.phone) == ("1 Elm St, Suite 2, Hartford 06103", ONE, "CT", "203-555-1234")
    assert load(text(LOCATIONS, first)).unchanged == 3
    again = load(text(LOCATIONS, [place(ONE, "1 Elm St", "06103", "2035550000", "Suite 2"), place(ONE, "3 NEW ST")]))
    assert (again.new, again.changed, again.findings) == (1, 1, {"location that is gone": 1})
    assert set(ProviderLocation.objects.values_list("folded_address", flat=True)) == {"1elmstsuite2", "3newst", "5hillrd"}


# The zip of a month


def test_the_zip_as_it_is_downloaded():
    main = text(HEADERS, [cells(person()), cells(body(TWO, "CARE INC"))])
    packed = zipped(
        pl_pfile_20050523__csv=text(LOCATIONS, [place(ONE, "1 ELM ST")]), othername_pfile__csv=text(NAMES, [[TWO, "ELM", "3"]]),
        endpoint_pfile__csv=text((NPI, "Endpoint Type", "Endpoint"), [[ONE, "DIRECT", "a@b"]]), readme__pdf=b"%PDF-1.4",
        npidata_pfile_20050523__csv=main, npidata_pfile_20050523_fileheader__csv=text(HEADERS, []), notes__txt=b"Hello\nthere\n",
    )  # fmt: skip
    notes: list[str] = []
    outcome = load(packed, progress=lambda done, total, note: notes.append(note))
    assert (outcome.rows, outcome.new) == (4, 4)
    assert (ProviderLocation.objects.count(), ProviderName.objects.count()) == (1, 1)
    assert outcome.findings["file of electronic addresses, which is passed over"] == 1
    assert notes[0].startswith("File 1 of 4: 2 rows read")


@pytest.mark.parametrize(
    ("file", "match"),
    [
        (zipped(readme__pdf=b"%PDF"), "holds no file of the registry"),
        (zipped(a__csv=b"a,b\n1,2\n"), "not a registry file"),
        (zipped(a__csv=text(HEADERS, [cells(person())]))[:-40], "damaged"),
        (text((NPI, "Endpoint Type", "Endpoint"), [[ONE, "DIRECT", "a@b"]]), "electronic addresses"),
        (b"PK\x03\x04 and nothing", "damaged"),
        (b"", "empty"),
    ],
)
def test_other_files_are_refused_by_a_sentence(file, match):
    with pytest.raises(InputError, match=match):
        load(file)


def test_a_stream_that_ends_early_is_no_half_import():
    packed = bytearray(zipped(npidata_pfile__csv=text(HEADERS, [cells(person(with_check_digit(f"{293000000 + n}"))) for n in range(4000)])))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(InputError, match="damaged"):
        load(bytes(packed))
    assert not Provider.objects.exists()


def test_the_plain_file_never_needs_the_patient_reader(monkeypatch):
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(nppes_staging, "open_patiently", never)
    assert records(person(), person(TWO)).new == 2


def test_pace_in_words(monkeypatch):
    assert in_words(1) == "about 1 second"
    assert in_words(80) == "about 80 seconds"
    assert in_words(600) == "about 10 minutes"
    assert in_words(9000) == "about 2 hours"
    pace = Pace()
    assert pace.note(1000, 0.5).startswith("1,000 rows read")
    pace._started -= 10
    assert pace.note(1000, 0.5).endswith("100 a second, about 10 seconds of reading left")


# The command and the page


def test_the_command_takes_several_files_and_a_choice(manage, tmp_path, capsys):
    (tmp_path / "main.csv").write_bytes(text(HEADERS, [cells(person(state="CT")), cells(person(TWO, state="TX"))]))
    (tmp_path / "pl.csv").write_bytes(text(LOCATIONS, [place(ONE, "1 ELM ST")]))
    told = manage("import_providers", str(tmp_path / "main.csv"), str(tmp_path / "pl.csv"), "--states", "CT", "--json").splitlines()
    assert [json.loads(line)["new"] for line in told] == [1, 1]
    assert "rows read" in capsys.readouterr().err
    assert manage("import_providers", *[str(tmp_path / name) for name in ("main.csv", "pl.csv")], "--dry-run").startswith(
        "main.csv: 2 rows"
    )
    with pytest.raises(CommandError, match="no state"):
        manage("import_providers", str(tmp_path / "main.csv"), "--states", "QQ")


def test_a_check_is_loaded_without_a_second_upload(as_, world, run_jobs, settings, tmp_path, django_capture_on_commit_callbacks):
    settings.UPLOADS = tmp_path
    client = as_("ivan")
    file = text(HEADERS, [cells(person(state="CT")), cells(person(TWO, state="TX"))])

    def post(**more: str) -> Any:
        return client.post(
            reverse("contacts:imports"), {"kind": "providers", "file": SimpleUploadedFile("npidata.csv", file), "dry_run": "on", **more}
        )

    assert "no state" in post(states="QQ").content.decode()
    assert "no taxonomy code" in post(taxonomies="?").content.decode()
    checked = post(states="CT").url
    assert "npidata.csv" in client.get(reverse("contacts:imports")).content.decode()
    run_jobs()
    assert not Provider.objects.filter(npi=ONE).exists()
    page = client.get(checked).content.decode()
    assert "Load it now" in page
    assert "ready to be loaded" in client.get(reverse("contacts:imports")).content.decode()
    job = Job.objects.get(name="contacts.import_file")
    assert as_("nora").post(reverse("contacts:import-load", args=[job.pk])).status_code == 403
    client = as_("ivan")
    loaded = client.post(reverse("contacts:import-load", args=[job.pk])).url
    assert client.post(reverse("contacts:import-load", args=[job.pk])).url == loaded
    with django_capture_on_commit_callbacks(execute=True):
        run_jobs()
    assert Provider.objects.filter(npi__in=[ONE, TWO]).get().npi == ONE
    assert not list(tmp_path.iterdir())
    assert "1" in client.get(loaded).content.decode()
    assert "no longer here" in client.get(checked).content.decode()
    gone = client.post(reverse("contacts:import-load", args=[job.pk]), follow=True).content.decode()
    assert "Upload it again" in gone


# The code set of specialties

CODES = ("Code", "Grouping", "Classification", "Specialization", "Definition", "Notes", "Display Name", "Section")
NURSE, HEART, OWN = "363LX0001X", "207RC0000X", "999ZZ0000X"


def codes(*rows: tuple[str, str, str], **options: Any) -> Outcome:
    return load(text(CODES, [[code, "g", "Class", "", "d", notes, name, "s"] for code, name, notes in rows]), "taxonomy", **options)


def test_a_code_set_names_what_nobody_named():
    records(person(code=NURSE), person(TWO, code=HEART), person(THREE, code=OWN))
    Specialty.objects.filter(code=OWN).update(name="Our word")
    outcome = codes((NURSE, "First words", ""), (HEART, "Long words", ""), (OWN, "Their word", ""), ("12", "x", ""), (NURSE, "again", ""))
    assert (outcome.new, outcome.rejected) == (3, {"bad code": 1, "code given twice": 1})
    assert dict(Specialty.objects.values_list("code", "name")) == {NURSE: "First words", HEART: "Cardiology", OWN: "Our word"}
    assert not Job.objects.filter(name="referrals.rematch", state="queued").count() > 1
    new = codes((NURSE, "Better words", ""), (HEART, "Long words", "[1/1/2026: marked inactive]"), ("111ZZ0000X", "", "1/1/2026: new"))
    assert (new.new, new.changed, new.unchanged) == (1, 2, 0)
    assert new.findings == {"code that was retired": 2, "specialty named": 1}
    assert Specialty.objects.get(code=NURSE).name == "Better words"
    assert Specialty.objects.get(code=HEART).service_line.name == "Cardiology"
    records(person(FOUR, code="111ZZ0000X"))
    assert Specialty.objects.get(code="111ZZ0000X").name == "Class"


@needs_samples
def test_the_real_code_sets():
    old, new = (SAMPLES / "nucc" / f"nucc_taxonomy_{version}.csv" for version in ("220", "251"))
    records(person(code="207LP4000X"))
    assert load(old.read_bytes(), "taxonomy").new == 868
    assert Specialty.objects.get(code="207LP4000X").name == "207LP4000X"
    upgrade = load(new.read_bytes(), "taxonomy")
    assert (upgrade.rows, upgrade.new) == (883, 15)
    assert Specialty.objects.get(code="207LP4000X").name != "207LP4000X"
    again = load(new.read_bytes(), "taxonomy")
    assert (again.new, again.changed, again.unchanged) == (0, 0, 883)


def test_the_command_and_the_page_of_specialties(manage, tmp_path, as_, world):
    path = tmp_path / "nucc.csv"
    path.write_bytes(text(CODES, [[NURSE, "g", "Class", "", "d", "", "First words", "s"]]))
    assert manage("import_taxonomy", str(path)).startswith("1 rows: 1 new")
    assert "Load the code set" in as_("ada").get(reverse("contacts:specialties")).content.decode()
    assert 'value="taxonomy"' in as_("ivan").get(reverse("contacts:imports") + "?kind=taxonomy").content.decode()
    with pytest.raises(InputError, match="not the code set"):
        load(b"a,b\n1,2\n", "taxonomy")
