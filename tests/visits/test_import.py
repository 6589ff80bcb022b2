"""Visits from another PRM: read once, in any order, each bad row with its reason."""

import datetime as dt
import json
import random

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import AuditEvent
from tests import factories
from visits.importing import RowError, default_owner, parse
from visits.models import Topic, Visit

HEADER = "practice,provider_npi,date,mode,topic\n"


def _file(path, *lines):
    file = path / "visits.csv"
    file.write_text(HEADER + "".join(f"{line}\n" for line in lines))
    return str(file)


def _load(manage, file, **options):
    return json.loads(manage("import_visits", file, "--json", **options).splitlines()[-1])


@pytest.fixture
def lines(world):
    north, south = world.north_practice.name, world.south_practice.name
    return [
        f"{north},{world.north_provider.npi},2026-01-05,in person,access",
        f"{south.upper()},{world.south_provider.npi},2026-02-05,drop-off,introduction",
        f"{north},,03/04/2026,virtual,Access",
        f"{world.unowned_practice.name},{world.unowned_provider.npi},2026-02-06,phone,",
    ]


def test_rows_become_visits_of_whoever_had_the_territory(world, manage, tmp_path, lines):
    assert _load(manage, _file(tmp_path, *lines)) == {"rows": 4, "new": 4, "changed": 0, "unchanged": 0, "rejected": {}, "findings": {}}
    first = Visit.objects.get(visited_at__date=dt.date(2026, 1, 5))
    assert (first.practice, first.owner, first.state, first.mode) == (world.north_practice, world.nora, "done", "in person")
    assert [str(person) for person in first.attendees.all()] == [str(world.north_provider)]
    assert timezone.localdate(first.visited_at) == dt.date(2026, 1, 5)
    assert {visit.owner for visit in Visit.objects.filter(practice=world.unowned_practice)} == {default_owner()}
    assert set(Topic.objects.values_list("name", flat=True)) == {"access", "introduction"}
    assert AuditEvent.objects.get(event="visits.imported").details["new"] == 4


def test_the_owner_is_the_one_of_that_day(world, manage, tmp_path):
    factories.assign(world.sol, world.north, started_on=dt.date(2019, 1, 1), ended_on=dt.date(2019, 6, 1), primary=False)
    manage("import_visits", _file(tmp_path, f"{world.north_practice.name},,2019-07-01,phone,"))
    assert Visit.objects.get().owner == world.past


def test_twice_and_shuffled_changes_nothing(world, manage, tmp_path, lines):
    manage("import_visits", _file(tmp_path, *lines))
    before = list(Visit.objects.order_by("pk").values())
    random.Random(3).shuffle(lines)
    assert _load(manage, _file(tmp_path, *lines, lines[0])) == {
        "rows": 5,
        "new": 0,
        "changed": 0,
        "unchanged": 5,
        "rejected": {},
        "findings": {"row repeated": 1},
    }
    assert list(Visit.objects.order_by("pk").values()) == before


def test_a_dry_run_writes_nothing(world, manage, tmp_path, lines):
    assert _load(manage, _file(tmp_path, *lines), dry_run=True)["new"] == 4
    assert not Visit.objects.exists()
    assert not AuditEvent.objects.exists()


def test_bad_rows_are_told_and_good_ones_loaded(world, manage, tmp_path, lines, capsys):
    factories.make_practice("Twin", zip="1"), factories.make_practice("Twin", zip="2")
    bad = [
        "Nowhere,,2026-01-05,phone,",
        f"{world.north_practice.name},2999999999,2026-01-05,phone,",
        f"{world.north_practice.name},,tomorrow,phone,",
        f"{world.north_practice.name},,2999-01-01,phone,",
        f"{world.north_practice.name},,2026-01-05,pigeon,",
        ",,2026-01-05,phone,",
        "Twin,,2026-01-05,phone,",
    ]
    told = _load(manage, _file(tmp_path, *bad, *lines))
    assert told["new"] == 4
    assert told["rejected"] == {
        reason: 1
        for reason in (
            "unknown practice",
            "unknown provider",
            "bad date",
            "future date",
            "unknown mode",
            "missing practice",
            "ambiguous practice",
        )
    }
    assert 'Line 2: "Nowhere" is no practice here.' in capsys.readouterr().err


def test_of_two_practices_with_one_name_the_providers_own(world, manage, tmp_path):
    factories.make_practice("Twin", zip="1")
    second = factories.make_practice("Twin", zip="2")
    provider = factories.make_provider("Geminus", at=second)
    manage("import_visits", _file(tmp_path, f"Twin,{provider.npi},2026-01-05,phone,"))
    assert Visit.objects.get().practice == second


def test_the_owner_can_be_named(world, manage, tmp_path, lines):
    manage("import_visits", _file(tmp_path, lines[3]), owner="DANA@example.org")
    assert Visit.objects.get().owner == world.dana
    with pytest.raises(CommandError, match="Nobody has the address"):
        manage("import_visits", _file(tmp_path, lines[3]), owner="x@example.org")


def test_files_that_cannot_be_used(world, manage, tmp_path):
    with pytest.raises(CommandError, match="no file"):
        manage("import_visits", str(tmp_path / "none.csv"))
    (tmp_path / "other.csv").write_text("office,day\nA,2026-01-01\n")
    with pytest.raises(CommandError, match="no column practice and no column date"):
        manage("import_visits", str(tmp_path / "other.csv"))


@pytest.mark.django_db
def test_what_nobody_looked_after_belongs_to_the_earlier_team_which_cannot_sign_in():
    stands_in = default_owner()
    assert (stands_in.full_name, stands_in.is_active, stands_in.has_usable_password()) == ("Earlier team", False, False)
    assert default_owner() == stands_in


def test_parsing_needs_no_database():
    today = dt.date(2026, 6, 1)
    row = parse({"practice": "A", "date": "2026-05-31", "mode": "In Person"}, today=today)
    assert not isinstance(row, RowError)
    assert (row.mode, row.on) == ("in person", dt.date(2026, 5, 31))
    assert parse({"practice": "A", "date": "1899-01-01"}, today=today).reason == "bad date"


def test_a_file_uploaded_in_the_browser_is_checked_then_kept_once(as_, world, manage, run_jobs, settings, tmp_path, lines):
    settings.UPLOADS = tmp_path / "uploads"
    settings.UPLOADS.mkdir()
    client = as_("ivan")
    body = (HEADER + "\n".join([*lines, "Nowhere,,2026-01-05,phone,"])).encode()

    def send(**more):
        answer = client.post(reverse("visits:import"), {"file": SimpleUploadedFile("old.csv", body), **more})
        assert "Waiting for a worker" in client.get(answer.url).content.decode()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("django.db.transaction.on_commit", lambda done: done())
            run_jobs()
        assert client.get(answer.url, headers={"HX-Request": "true"})["HX-Redirect"] == answer.url
        return client.get(answer.url).content.decode()

    people = User.objects.count()
    checked = send(dry_run="on")
    assert User.objects.count() == people
    assert "Only checked." in checked
    assert "is no practice here. Import practices first" in checked
    assert not Visit.objects.exists()
    assert "1 row rejected" in send()
    assert Visit.objects.count() == 4
    send()
    manage("import_visits", _file(tmp_path, *lines))
    assert Visit.objects.count() == 4, "whoever sends it again, by whatever way"
    assert not list(settings.UPLOADS.iterdir())
    assert client.post(reverse("visits:import"), {}).status_code == 422
    assert "old.csv" in client.get(reverse("visits:import")).content.decode()
    assert as_("nora").get(reverse("visits:import")).status_code == 403


def test_an_uploaded_file_that_is_no_list_of_visits(as_, world, run_jobs, settings, tmp_path):
    settings.UPLOADS = tmp_path
    url = as_("ivan").post(reverse("visits:import"), {"file": SimpleUploadedFile("a.csv", b"one,two\n1,2\n")}).url
    run_jobs()
    assert "has no column practice" in as_("ivan").get(url).content.decode()
    assert not list(tmp_path.iterdir())
